"""Dose intensity: what was given of a drug by what would have been given at the dose of its start."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from .clinical_schema import TreatmentRow
from .drug_names import LORLATINIB
from .endpoints import study_exclusion, switch_exclusion
from .safety_table import IntensityRow
from .timeline import Course, Timeline

FIRST, NEXT = "lorlatinib", "next_treatment"


@dataclass(frozen=True)
class Intensity:
    """Of one patient: mean daily dose in mg, pauses in it, and the same by the dose of the start."""

    daily_mg: float
    relative: float


def intensity_rows(timelines: Iterable[Timeline], settings: CohortSettings) -> list[IntensityRow]:
    """Return the dose intensity of lorlatinib and of each drug of the next treatment.

    A drug of which nobody's first dose is known has no row, but for lorlatinib.
    """
    given: dict[tuple[str, str], list[Intensity | None]] = {(FIRST, LORLATINIB): []}
    for timeline in timelines:
        for treatment, drug, course in _courses(timeline):
            found = intensity_of(timeline, drug, course)
            given.setdefault((treatment, drug), []).append(found)
    return [
        _row(treatment, drug, items, settings)
        for (treatment, drug), items in sorted(given.items())
        if treatment == FIRST or any(items)
    ]


def intensity_of(timeline: Timeline, drug: str, course: Course) -> Intensity | None:
    """Return the dose intensity of a drug over one course; None where its first dose is not known.

    Args:
        timeline: of the patient.
        drug: canonical name.
        course: from the first to the last dose, both days counted; to the last contact while it goes on.
    """
    end = course.end or timeline.last_alive
    rows = [
        row
        for row in timeline.record.treatments
        if drug in row.drugs and row.start >= course.start and (end is None or row.start <= end)
    ]
    # The dose before a first change would tell it too, but of those alone whose dose was changed.
    if end is None or not rows or rows[0].dose_mg is None:
        return None
    changes = _changes(timeline, drug, rows)
    if any(_interrupted(changes, row.start) for row in rows):
        return None
    days = (end - rows[0].start).days + 1
    total = sum(mg * length for mg, length in _doses(rows, changes, end))
    return Intensity(total / days, total / days / rows[0].dose_mg)


def _courses(timeline: Timeline) -> Iterator[tuple[str, str, Course]]:
    if study_exclusion(timeline) is None and timeline.lorlatinib is not None:
        yield FIRST, LORLATINIB, timeline.lorlatinib
    given = timeline.next_treatment
    if switch_exclusion(timeline) is None and given is not None:
        # Lorlatinib that goes on beside it stays first-line lorlatinib.
        yield from ((NEXT, drug, given) for drug in given.drugs if drug != LORLATINIB)


def _changes(timeline: Timeline, drug: str, rows: Sequence[TreatmentRow]) -> Mapping[dt.date, float]:
    """Return the dose from each day on, by rows of treatment and by changes; a change wins on its day."""
    told = {row.start: row.dose_mg for row in rows if row.dose_mg is not None}
    changed = {row.date: row.to_mg for row in timeline.record.dose_changes if row.drug == drug}
    # `to_mg` is 0 while it is interrupted: the days count, the milligrams do not.
    return dict(sorted({**told, **changed}.items()))


def _interrupted(doses: Mapping[dt.date, float], day: dt.date) -> bool:
    # Of a row that begins, a dose of 0 was the last one told: what was given anew is not known.
    return next((doses[told] for told in sorted(doses, reverse=True) if told <= day), None) == 0


def _doses(
    rows: Sequence[TreatmentRow], doses: Mapping[dt.date, float], end: dt.date
) -> Iterator[tuple[float, int]]:
    """Yield doses in mg with the days of each, rows of treatment one after the other."""
    current, covered = 0.0, rows[0].start
    for row in rows:
        # Days between two rows have no dose: a pause lowers the intensity, and overlap counts once.
        first, last = max(row.start, covered), min(row.end or end, end)
        current = next((doses[day] for day in sorted(doses, reverse=True) if day <= first), current)
        turns = [day for day in doses if first < day <= last]
        for start, after in zip([first, *turns], [*turns, last + dt.timedelta(days=1)], strict=True):
            current = doses.get(start, current)
            yield current, max(0, (after - start).days)
        covered = max(covered, last + dt.timedelta(days=1))


def _row(
    treatment: str, drug: str, items: Sequence[Intensity | None], settings: CohortSettings
) -> IntensityRow:
    known = [item for item in items if item is not None]
    daily, relative = (
        _quartiles([item.daily_mg for item in known]),
        _quartiles([item.relative for item in known]),
    )
    # Sums of days leave a little less than 1 of a full dose.
    reduced = sum(item.relative < 1 - 1e-9 for item in known)
    part = share(reduced, len(known), settings.confidence)
    return IntensityRow(
        treatment=treatment,
        drug=drug,
        patients=len(items),
        known=len(known),
        daily_median=daily[1],
        daily_low=daily[0],
        daily_high=daily[2],
        relative_median=relative[1],
        relative_low=relative[0],
        relative_high=relative[2],
        below_full=reduced,
        below_share=part.value,
        below_low=part.low,
        below_high=part.high,
    )


def _quartiles(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    if not values:
        return None, None, None
    low, middle, high = (float(value) for value in np.percentile(values, (25, 50, 75)))
    return low, middle, high
