"""Tables behind the figures that show single patients: oncoprint, swimmer plot, flow."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..vocabulary.outcomes import IntervalKind
from ..vocabulary.resistance import Classification, Timing
from .course_table import FlowRow, OncoprintRow, SwimmerRow
from .endpoints import population_exclusion, switch_exclusion
from .mechanisms import Finding
from .response_table import ResponsePatientRow
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
    counts: Counter[FlowRow] = Counter()
    for journey in journeys:
        name = journey.patient.patient
        if name not in found or journey.progression is None or population_exclusion(journey) is not None:
            continue
        finding, given = found[name], journey.following
        row = FlowRow(
            classification=finding.classification,
            # A patient with components of two families flows once: as `mixed`.
            component=finding.groups[0] if len(finding.groups) == 1 else "mixed",
            next_treatment=str(given.kind if given else switch_exclusion(journey)),
            best=str(best.get(name) or "none"),
            patients=0,
        )
        counts[row] += 1
    return [replace(row, patients=counts[row]) for row in sorted(counts, key=_flow_order)]


def _flow_order(row: FlowRow) -> tuple[int, str, str, str]:
    return list(Classification).index(row.classification), row.component, row.next_treatment, row.best


def _cells(place: int, item: Finding) -> Iterator[OncoprintRow]:
    empty = OncoprintRow(
        patient=item.patient, order=place, timing=item.timing, classification=item.classification
    )
    if not item.rows:
        for component in item.components or (None,):
            yield replace(empty, component=component)
    for row in item.rows:
        yield replace(
            empty,
            component=row.component,
            gene=row.gene,
            alteration=row.alteration,
            variant_type=row.variant_type.value if row.variant_type else None,
            emergence=row.emergence,
            confidence=row.confidence.value if row.confidence else None,
        )


def _span(journey: Journey) -> int:
    return (journey.last_alive - journey.start).days if journey.last_alive and journey.start else 0


def _swimmer(place: int, journey: Journey) -> Iterator[SwimmerRow]:
    for kind, label, start, end, ongoing in sorted(_happened(journey), key=lambda item: (item[2], item[0])):
        if journey.start is not None:
            first, last = ((day - journey.start).days for day in (start, end))
            yield SwimmerRow(
                patient=journey.patient.patient,
                order=place,
                kind=kind,
                label=label,
                start_days=first,
                end_days=last,
                ongoing=ongoing,
            )


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
