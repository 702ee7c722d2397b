"""Adverse events under lorlatinib and under the next treatment, and adjustments of the dose."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..vocabulary.outcomes import ALL
from .clinical_schema import AdverseEventRow, DoseChangeRow, Relation
from .drug_names import LORLATINIB
from .endpoints import study_exclusion, switch_exclusion
from .safety_table import DoseRow, SafetyRow
from .timeline import Timeline

ANY = "any"
Period = tuple[dt.date, dt.date | None]


def safety_rows(timelines: Sequence[Timeline], settings: CohortSettings) -> list[SafetyRow]:
    """Return adverse events by treatment, term and relation; each patient counts once, worst grade.

    An event belongs to a treatment if it began between its first dose and `safety_days` after its last; after
    the next treatment has begun it belongs to that one.
    """
    found: list[SafetyRow] = []
    for name, period in PERIODS.items():
        found += _treatment(
            name, [(timeline, period(timeline, settings)) for timeline in timelines], settings
        )
    return found


def dose_rows(timelines: Sequence[Timeline], settings: CohortSettings) -> list[DoseRow]:
    """Return share and reasons of dose adjustments by drug, among patients of the study given the drug."""
    # Doses of patients outside the study have no denominator here.
    inside = [timeline for timeline in timelines if study_exclusion(timeline) is None]
    treated: dict[str, set[str]] = defaultdict(set)
    changes: dict[str, list[DoseChangeRow]] = defaultdict(list)
    for timeline in inside:
        for row in timeline.record.treatments:
            for drug in row.drugs:
                treated[drug].add(timeline.patient)
        for change in timeline.record.dose_changes:
            changes[change.drug].append(change)
    found: list[DoseRow] = []
    for drug in sorted({LORLATINIB, *changes}):
        found += _doses(drug, changes[drug], len(treated[drug]), settings)
    return found


def change_kind(change: DoseChangeRow) -> str:
    """Return `interruption`, `reduction` or `increase`."""
    if change.to_mg == 0:
        return "interruption"
    return "reduction" if change.to_mg < change.from_mg else "increase"


def on_lorlatinib(timeline: Timeline, settings: CohortSettings) -> Period | None:
    """Return the days whose events belong to first-line lorlatinib; None for who is not of the study."""
    given = timeline.lorlatinib
    if study_exclusion(timeline) is not None or given is None:
        return None
    ends = [given.end + dt.timedelta(days=settings.safety_days)] if given.end else []
    # An event belongs to one treatment only: to the next one from its first dose on.
    if timeline.next_treatment:
        ends.append(timeline.next_treatment.start - dt.timedelta(days=1))
    return given.start, min(ends, default=None)


def on_next_treatment(timeline: Timeline, settings: CohortSettings) -> Period | None:
    """Return the days whose events belong to the next treatment; None without one."""
    given = timeline.next_treatment
    if switch_exclusion(timeline) is not None or given is None:
        return None
    return given.start, given.end + dt.timedelta(days=settings.safety_days) if given.end else None


PERIODS = {"lorlatinib": on_lorlatinib, "next_treatment": on_next_treatment}


def _treatment(
    name: str, periods: Iterable[tuple[Timeline, Period | None]], settings: CohortSettings
) -> Iterator[SafetyRow]:
    treated = [(timeline, period) for timeline, period in periods if period is not None]
    events = [
        event
        for timeline, (start, end) in treated
        for event in timeline.record.adverse_events
        if start <= event.onset and (end is None or event.onset <= end)
    ]
    # CTCAE terms are written in any case; the first spelling names the row.
    spelling: dict[str, str] = {}
    for event in events:
        spelling.setdefault(event.term.casefold(), event.term)
    for term in (ANY, *sorted(spelling)):
        of_term = [event for event in events if term in (ANY, event.term.casefold())]
        for relation in (ALL, "related"):
            counted = [e for e in of_term if relation == ALL or e.relation is Relation.RELATED]
            if counted or term == ANY:
                yield _safety(name, spelling.get(term, ANY), relation, counted, len(treated), settings)


def _safety(
    treatment: str,
    term: str,
    relation: str,
    events: Sequence[AdverseEventRow],
    treated: int,
    settings: CohortSettings,
) -> SafetyRow:
    # A patient with ten events is one patient: rows counted as patients would exceed the treated.
    worst: dict[str, int] = {}
    for event in events:
        worst[event.patient] = max(event.grade, worst.get(event.patient, 0))
    severe = sum(grade >= settings.severe_grade for grade in worst.values())
    of_any = share(len(worst), treated, settings.confidence)
    of_severe = share(severe, treated, settings.confidence)
    return SafetyRow(
        treatment=treatment,
        term=term,
        relation=relation,
        treated=treated,
        any_grade=len(worst),
        any_share=of_any.value,
        any_low=of_any.low,
        any_high=of_any.high,
        severe=severe,
        severe_share=of_severe.value,
        severe_low=of_severe.low,
        severe_high=of_severe.high,
        worst_grade=max(worst.values(), default=0),
    )


def _doses(
    drug: str, changes: Sequence[DoseChangeRow], treated: int, settings: CohortSettings
) -> Iterator[DoseRow]:
    for kind in (ANY, "reduction", "interruption", "increase"):
        of_kind = [change for change in changes if kind in (ANY, change_kind(change))]
        reasons = sorted({change.reason.value for change in of_kind})
        for reason in (ANY, *reasons):
            chosen = [change for change in of_kind if reason in (ANY, change.reason.value)]
            if not chosen and kind != ANY:
                continue
            patients = len({change.patient for change in chosen})
            affected = share(patients, treated, settings.confidence)
            yield DoseRow(
                drug=drug,
                change=kind,
                reason=reason,
                patients=patients,
                treated=treated,
                share=affected.value,
                low=affected.low,
                high=affected.high,
                changes=len(chosen),
            )
