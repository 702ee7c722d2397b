"""Tables behind the figures that show single patients: oncoprint, swimmer plot, flow."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ..vocabulary.clinical import BestResponse
from ..vocabulary.resistance import Classification, Timing
from .endpoints import population_exclusion, switch_exclusion
from .mechanisms import Finding
from .outcome_rows import FlowRow, IntervalKind, OncoprintRow, ResponsePatientRow, SwimmerRow
from .timeline import Journey

TIMINGS = (Timing.PRIMARY, Timing.ACQUIRED, Timing.NOT_PD, Timing.INDETERMINATE)


def oncoprint_rows(found: Collection[Finding]) -> list[OncoprintRow]:
    """Return the cells of the oncoprint, patients by timing, then class, then id."""
    ordered = sorted(
        found,
        key=lambda item: (
            TIMINGS.index(item.timing),
            list(Classification).index(item.classification),
            item.patient,
        ),
    )
    return [row for place, item in enumerate(ordered, start=1) for row in _cells(place, item)]


def swimmer_rows(journeys: Iterable[Journey]) -> list[SwimmerRow]:
    """Return what happened to each patient of the study, in days from the first lorlatinib dose."""
    inside = [j for j in journeys if population_exclusion(j) is None and j.start and j.last_alive]
    ordered = sorted(inside, key=lambda j: (-_span(j), j.patient.patient))
    return [row for place, journey in enumerate(ordered, start=1) for row in _swimmer(place, journey)]


def flow_rows(
    found: Mapping[str, Finding], journeys: Iterable[Journey], responses: Iterable[ResponsePatientRow]
) -> list[FlowRow]:
    """Return how many patients went from which finding to which treatment with which best response."""
    best = {row.patient: row.best for row in responses}
    counts: Counter[tuple[Classification, str, str, str]] = Counter()
    for journey in journeys:
        finding = found.get(journey.patient.patient)
        why = switch_exclusion(journey)
        if finding is None or journey.progression is None or population_exclusion(journey) is not None:
            continue
        given = journey.following.kind.value if journey.following else why.value if why else "unknown"
        response = best.get(finding.patient) if journey.following else None
        shown = (response or BestResponse.NE).value if journey.following else "none"
        # A patient with components of two families flows once: as `mixed`.
        component = finding.groups[0] if len(finding.groups) == 1 else "mixed"
        counts[finding.classification, component, given, shown] += 1
    classes = list(Classification)
    keys = sorted(counts, key=lambda key: (classes.index(key[0]), key[1:]))
    return [FlowRow(*key, counts[key]) for key in keys]


def _cells(place: int, item: Finding) -> Iterator[OncoprintRow]:
    head = (item.patient, place, item.timing, item.classification)
    if not item.rows:
        for component in item.components or (None,):
            yield OncoprintRow(*head, component, None, None, None, None, None)
    for row in item.rows:
        yield OncoprintRow(
            *head,
            row.component,
            row.gene,
            row.alteration,
            row.variant_type.value if row.variant_type else None,
            row.emergence,
            row.confidence.value if row.confidence else None,
        )


def _span(journey: Journey) -> int:
    return (journey.last_alive - journey.start).days if journey.last_alive and journey.start else 0


def _swimmer(place: int, journey: Journey) -> Iterator[SwimmerRow]:
    for kind, label, start, end, ongoing in sorted(_happened(journey), key=lambda item: (item[2], item[0])):
        if journey.start is not None:
            first, last = ((day - journey.start).days for day in (start, end))
            yield SwimmerRow(journey.patient.patient, place, kind, label, first, last, ongoing)


def _happened(journey: Journey) -> Iterator[tuple[IntervalKind, str, dt.date, dt.date, bool]]:
    seen = journey.last_alive or journey.start or dt.date.min
    following = journey.following.start if journey.following else None
    for row in journey.record.treatments:
        kind = _treatment_kind(row.drugs, row.start == following)
        yield kind, "+".join(row.drugs), row.start, row.end or seen, row.end is None
    for assessment in journey.record.assessments:
        yield IntervalKind.RESPONSE, assessment.response.value, assessment.date, assessment.date, False
    for report in journey.record.reports:
        yield IntervalKind.SAMPLE, report.timepoint, report.collected, report.collected, False
        yield IntervalKind.REPORT, report.timepoint, report.reported, report.reported, False
    points: Sequence[tuple[IntervalKind, dt.date | None]] = (
        (IntervalKind.ENROLLED, journey.patient.enrolled),
        (IntervalKind.PROGRESSION, journey.progression),
        (IntervalKind.DEATH, journey.death),
        (IntervalKind.LAST_ALIVE, None if journey.death else seen),
    )
    for kind, day in points:
        if day is not None:
            yield kind, kind.value, day, day, False


def _treatment_kind(drugs: Collection[str], following: bool) -> IntervalKind:
    if following:
        return IntervalKind.NEXT_TREATMENT
    return IntervalKind.LORLATINIB if "lorlatinib" in drugs else IntervalKind.OTHER_TREATMENT
