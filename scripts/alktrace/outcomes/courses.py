"""Tables behind the figures that show single patients: oncoprint, swimmer plot, flow."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from ..vocabulary.outcomes import IntervalKind
from ..vocabulary.resistance import Classification, Timing
from .course_table import FlowRow, OncoprintRow, SwimmerRow
from .endpoints import progression_exclusion, study_exclusion, switch_exclusion
from .mechanisms import Finding
from .response_table import ResponsePatientRow
from .timeline import Timeline

TIMINGS = (Timing.PRIMARY, Timing.ACQUIRED, None, Timing.INDETERMINATE)


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


def swimmer_rows(timelines: Iterable[Timeline]) -> list[SwimmerRow]:
    """Return what happened to each patient of the study, in days from the first lorlatinib dose."""
    observed = [
        (timeline.lorlatinib.start, timeline.last_alive, timeline)
        for timeline in timelines
        if study_exclusion(timeline) is None and timeline.lorlatinib and timeline.last_alive
    ]
    observed.sort(key=lambda item: (item[0] - item[1], item[2].patient))
    return [
        row
        for place, (start, seen, timeline) in enumerate(observed, start=1)
        for row in _swimmer(place, timeline, start, seen)
    ]


def flow_rows(
    found: Mapping[str, Finding], timelines: Iterable[Timeline], responses: Iterable[ResponsePatientRow]
) -> list[FlowRow]:
    """Return how many patients went from which finding to which treatment with which best response."""
    best = {row.patient: row.best for row in responses}
    counts: Counter[FlowRow] = Counter()
    for timeline in timelines:
        name = timeline.patient
        if name not in found or progression_exclusion(timeline) is not None:
            continue
        finding, given = found[name], timeline.next_treatment
        row = FlowRow(
            classification=finding.classification,
            # A patient with components of two families flows once: as `mixed`.
            component=finding.groups[0] if len(finding.groups) == 1 else "mixed",
            # Who died untreated and who still waits flow too: left out, treatment would look universal.
            next_treatment=str(given.kind if given else switch_exclusion(timeline)),
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


def _swimmer(place: int, timeline: Timeline, start: dt.date, seen: dt.date) -> list[SwimmerRow]:
    def mark(
        kind: IntervalKind, label: str, first: dt.date, last: dt.date | None = None, *, ongoing: bool = False
    ) -> SwimmerRow:
        return SwimmerRow(
            patient=timeline.patient,
            order=place,
            kind=kind,
            label=label,
            start_days=(first - start).days,
            end_days=((last or first) - start).days,
            ongoing=ongoing,
        )

    following = timeline.next_treatment.start if timeline.next_treatment else None
    rows = []
    for row in timeline.record.treatments:
        kind = _treatment_kind(row.drugs, row.start == following)
        # A course without an end is known to go on only as long as the patient was seen.
        rows.append(mark(kind, "+".join(row.drugs), row.start, row.end or seen, ongoing=row.end is None))
    for local in timeline.record.local_therapies:
        label = f"{local.kind} {local.site}"
        rows.append(mark(IntervalKind.LOCAL_THERAPY, label, local.start, local.end))
    for assessment in timeline.record.assessments:
        rows.append(mark(IntervalKind.RESPONSE, assessment.response.value, assessment.date))
    for report in timeline.record.reports:
        rows.append(mark(IntervalKind.SAMPLE, report.timepoint, report.collected))
        rows.append(mark(IntervalKind.REPORT, report.timepoint, report.reported))
    points = {
        IntervalKind.ENROLLED: timeline.enrolled,
        IntervalKind.PROGRESSION: timeline.progression,
        IntervalKind.DEATH: timeline.death,
        IntervalKind.LAST_ALIVE: None if timeline.death else seen,
    }
    rows += [mark(kind, kind.value, day) for kind, day in points.items() if day is not None]
    return sorted(rows, key=lambda row: (row.start_days, row.kind))


def _treatment_kind(drugs: Collection[str], following: bool) -> IntervalKind:
    if following:
        return IntervalKind.NEXT_TREATMENT
    return IntervalKind.LORLATINIB if "lorlatinib" in drugs else IntervalKind.OTHER_TREATMENT
