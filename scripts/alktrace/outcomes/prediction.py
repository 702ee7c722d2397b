"""Each predictor against early progression on lorlatinib and against benefit from the next treatment."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median

from ..classify.timing import add_months
from ..inputs.settings.cohort_settings import CohortSettings
from ..inputs.settings.resistance_settings import ResistanceSettings
from ..stats.proportions import fisher
from ..vocabulary.outcomes import (
    ABSENT,
    PREDICTOR,
    PRESENT,
    Analysis,
    Exclusion,
    Question,
    Refusal,
    Status,
)
from .association_table import AssociationRow, odds_columns
from .comparisons import Grouping, adjust, relate
from .endpoint_figures import counted, enrolled_at_progression
from .endpoint_table import EndpointPatientRow
from .endpoints import RWPFS2_TREATMENT, study_exclusion
from .predictors import PREDICTORS, Case, Measured, Predictor
from .timeline import Timeline

EARLY = "early_progression"
"""Name of the outcome in the tables."""


def predictor_rows(
    rows: Sequence[EndpointPatientRow],
    cases: Sequence[Case],
    settings: CohortSettings,
    resistance: ResistanceSettings,
) -> list[AssociationRow]:
    """Relate each predictor to rwPFS2 from treatment start, and to early progression on lorlatinib.

    Args:
        rows: endpoint_patients.tsv.
        cases: of `cases_of`.
        settings: section `cohort`.
        resistance: section `resistance`: the months within which a progression is early.
    """
    found = []
    late = enrolled_at_progression(case.timeline for case in cases)
    for predictor in PREDICTORS.values():
        grouping, note = _grouping(predictor, cases)
        if predictor.early:
            row = _early(predictor, grouping, cases, settings, resistance)
            found.append(_with_note(_unless_late(row, late, settings), note))
        row = relate(
            Question.PREDICTOR, rows, RWPFS2_TREATMENT, Analysis.FROM_TREATMENT, grouping,
            predictor.name, predictor.reference, settings,
        )  # fmt: skip
        found.append(_with_note(row, note))
    return adjust(sorted(found, key=lambda row: row.question is Question.PREDICTOR))


def early_outcome(timeline: Timeline, resistance: ResistanceSettings) -> tuple[bool, dt.date] | Exclusion:
    """Return whether a patient progressed or died early on lorlatinib, and on which day that was clear.

    Args:
        timeline: of the patient.
        resistance: section `resistance`: the months, and the days after the last dose that count as on it.

    Returns:
        Event or none, with its day or that of the last of the months; why nobody knows otherwise.
    """
    why, course = study_exclusion(timeline), timeline.lorlatinib
    if why is not None or course is None:
        return why or Exclusion.NO_LORLATINIB
    limit = add_months(course.start, resistance.timing.early_months)
    gap = dt.timedelta(days=resistance.window.days_after_last_dose)
    off = course.end + gap if course.end else None
    # A death long after the last dose says nothing of lorlatinib.
    died = timeline.death if timeline.death and (off is None or timeline.death <= off) else None
    ends = [day for day in (timeline.progression, died) if day is not None]
    if ends:
        return (True, min(ends)) if min(ends) <= limit else (False, limit)
    # Who was lost, or stopped for another reason, before that day may have progressed by it.
    ends = [day for day in (timeline.last_alive, off) if day is not None]
    return (False, limit) if ends and min(ends) >= limit else Exclusion.NO_FOLLOW_UP


def _grouping(predictor: Predictor, cases: Iterable[Case]) -> tuple[Grouping, str | None]:
    measured = {case.timeline.patient: predictor.measure(case) or Exclusion.GROUP_UNKNOWN for case in cases}
    values = {name: item.value for name, item in measured.items() if isinstance(item, Measured)}
    cut, note = 0.5, None
    if predictor.split and values:
        # Of all patients with a value: a cut chosen by the outcome would find a difference anywhere.
        cut = float(median(values.values()))
        note = f"above the median of the cohort, {cut:.3g}, against the others"
    groups = {name: PRESENT if value > cut else ABSENT for name, value in values.items()}
    known = {name: item.known if isinstance(item, Measured) else item for name, item in measured.items()}
    return Grouping(PREDICTOR, groups, known), note


def _early(
    predictor: Predictor,
    grouping: Grouping,
    cases: Iterable[Case],
    settings: CohortSettings,
    resistance: ResistanceSettings,
) -> AssociationRow:
    counts = {PRESENT: [0, 0], ABSENT: [0, 0]}
    left_out: dict[Exclusion, int] = {}
    for case in cases:
        outcome, name = early_outcome(case.timeline, resistance), case.timeline.patient
        known = grouping.known_from[name]
        why = outcome if isinstance(outcome, Exclusion) else known if isinstance(known, Exclusion) else None
        if not isinstance(outcome, Exclusion) and not isinstance(known, Exclusion):
            # Who progressed before it was measured cannot have it: the others would be immortal until then.
            why = Exclusion.EVENT_BEFORE_ENTRY if outcome[1] <= known else None
            if why is None:
                counts[grouping.group_of[name]][0] += outcome[0]
                counts[grouping.group_of[name]][1] += 1
        if why is not None:
            left_out[why] = left_out.get(why, 0) + 1
    (events, patients), (other_events, others) = counts[PRESENT], counts[ABSENT]
    test = fisher(events, patients, other_events, others, settings.confidence)
    months = resistance.timing.early_months
    return AssociationRow(
        question=Question.EARLY_PROGRESSION,
        endpoint=EARLY,
        analysis=f"within_{months}_months",
        factor=PREDICTOR,
        level=predictor.name,
        reference=predictor.reference,
        **odds_columns((events, patients), (other_events, others), test, Refusal.EMPTY_GROUP),
        excluded=counted(left_out),
        note=f"odds of progression or death within {months} months of lorlatinib",
    )


def _unless_late(row: AssociationRow, late: float | None, settings: CohortSettings) -> AssociationRow:
    """Refuse where patients were enrolled because lorlatinib had failed: they say nothing of when it does."""
    limit = settings.max_enrolled_at_progression
    if late is None or late <= limit:
        return row
    reason = f"{Refusal.ENROLLED_AT_PROGRESSION}: {late:.0%} of the patients, at most {limit:.0%}"
    return replace(
        row,
        measure=None,
        estimate=None,
        low=None,
        high=None,
        p=None,
        status=Status.NOT_ESTIMABLE,
        reason=reason,
    )


def _with_note(row: AssociationRow, note: str | None) -> AssociationRow:
    return replace(row, note="; ".join(text for text in (row.note, note) if text)) if note else row
