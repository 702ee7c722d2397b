"""Response to the first sequential treatment: rwORR2 and rwDCR2 over all treated and over the assessed."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..vocabulary.clinical import BestResponse
from ..vocabulary.outcomes import ALL
from .clinical_context import RANKED
from .clinical_schema import AssessmentRow, PatientRecord
from .endpoints import switch_exclusion
from .response_table import ResponsePatientRow, ResponseRow
from .timeline import NextTreatment, Timeline

RESPONSE = frozenset({BestResponse.CR, BestResponse.PR})
CONTROL = RESPONSE | {BestResponse.SD}


def response_rows(
    timelines: Iterable[Timeline], settings: CohortSettings, *, days_after_last_dose: int
) -> list[ResponsePatientRow]:
    """Return the best response of each patient to the first sequential treatment.

    Assessments count from the day after the first dose to the first PD, the start of another systemic
    treatment or the last dose plus `days_after_last_dose`, whichever is first. A response is confirmed by
    another CR or PR at least `confirmation_days` later with no PD between.
    """
    return [_patient(timeline, settings, days_after_last_dose) for timeline in timelines]


def response_rates(
    rows: Sequence[ResponsePatientRow], settings: CohortSettings, groups: Mapping[str, Mapping[str, str]]
) -> list[ResponseRow]:
    """Return rates overall and by group.

    Args:
        rows: of `response_rows`.
        settings: section `cohort`.
        groups: by grouping, the group of each patient; patients that are missing are left out.
    """
    treated = [row for row in rows if row.included]
    found = list(_rates(treated, ALL, ALL, settings))
    for grouping, group_of in groups.items():
        for group in sorted(set(group_of.values())):
            members = [row for row in treated if group_of.get(row.patient) == group]
            found += _rates(members, grouping, group, settings)
    return found


def best_response(record: PatientRecord, given: NextTreatment, days_after_last_dose: int) -> BestResponse:
    """Return the best response to a treatment; treated without an evaluable assessment is NE."""
    return _best(_assessments(record, given, days_after_last_dose))


def is_assessed(row: ResponsePatientRow) -> bool:
    """Return whether at least one assessment was evaluable."""
    return row.best not in (None, BestResponse.NE)


def _patient(timeline: Timeline, settings: CohortSettings, days_after_last_dose: int) -> ResponsePatientRow:
    why, given = switch_exclusion(timeline), timeline.next_treatment
    if why is not None or given is None:
        return ResponsePatientRow(patient=timeline.patient, included=False, exclusion=why, assessments=0)
    seen = _assessments(timeline.record, given, days_after_last_dose)
    best = _best(seen)
    confirmed = _confirmed(seen, settings.confirmation_days) if best in RESPONSE else None
    return ResponsePatientRow(
        patient=timeline.patient,
        included=True,
        regimen=given.regimen,
        regimen_kind=given.kind,
        start=given.start,
        assessments=len(seen),
        best=best,
        confirmed=confirmed,
    )


def _best(seen: Iterable[AssessmentRow]) -> BestResponse:
    # Treated without a scan is NE and stays in the denominator: leaving them out would flatter the rate.
    return min((row.response for row in seen), key=RANKED.index, default=BestResponse.NE)


def _assessments(
    record: PatientRecord, given: NextTreatment, days_after_last_dose: int
) -> list[AssessmentRow]:
    # A response after another drug was added is not a response to this treatment.
    limits = [
        row.start - dt.timedelta(days=1)
        for row in record.treatments
        if row.start > given.start and set(row.drugs) - set(given.drugs)
    ]
    if given.end:
        limits.append(given.end + dt.timedelta(days=days_after_last_dose))
    limit = min(limits, default=None)
    seen = []
    for day, rows in _by_day(record.assessments):
        if day <= given.start or (limit and day > limit):
            continue
        # Two readings of one day, such as brain and body: the progression decides.
        worst = [row for row in rows if row.response is BestResponse.PD]
        seen += worst[:1] or rows
        if worst:
            break
    return seen


def _by_day(rows: Sequence[AssessmentRow]) -> Iterator[tuple[dt.date, list[AssessmentRow]]]:
    for day in sorted({row.date for row in rows}):
        yield day, [row for row in rows if row.date == day]


def _confirmed(seen: Sequence[AssessmentRow], days: int) -> bool:
    # No PD lies between: assessments end with the first.
    dates = [row.date for row in seen if row.response in RESPONSE]
    return (max(dates) - min(dates)).days >= days


def _rates(
    rows: Sequence[ResponsePatientRow], grouping: str, group: str, settings: CohortSettings
) -> Iterator[ResponseRow]:
    denominators = {"treated": rows, "assessed": [row for row in rows if is_assessed(row)]}
    for name, members in denominators.items():
        counts = {
            "rwORR2": sum(row.best in RESPONSE for row in members),
            "rwORR2_confirmed": sum(bool(row.confirmed) for row in members),
            "rwDCR2": sum(row.best in CONTROL for row in members),
        }
        for measure, count in counts.items():
            rate = share(count, len(members), settings.confidence)
            yield ResponseRow(
                measure=measure,
                grouping=grouping,
                group=group,
                denominator=name,
                responders=count,
                patients=len(members),
                rate=rate.value,
                low=rate.low,
                high=rate.high,
            )
