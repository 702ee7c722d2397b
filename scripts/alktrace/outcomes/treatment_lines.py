"""Lines of treatment after each other: which drug after which, time on each, best response by line."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median as middle

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..vocabulary.clinical import BestResponse, StopReason
from ..vocabulary.outcomes import ALL, HALF_DAY
from .drug_names import LORLATINIB
from .endpoint_figures import NOTHING, Observed, curve_of
from .endpoints import study_exclusion
from .line_table import LinePatientRow, LineRow, SequenceRow
from .response import CONTROL, RESPONSE, best_response
from .survival import Estimate, median
from .timeline import Line, Timeline

DIED, NO_FURTHER, ONGOING = "died", "no_further_line", "ongoing"
ENDS = (ONGOING, NO_FURTHER, DIED)
"""Where a sequence ends: the last two are only known so far."""


def line_patients(timelines: Iterable[Timeline], *, days_after_last_dose: int) -> list[LinePatientRow]:
    """Return the lines of each patient of the study, in order.

    Args:
        timelines: of all patients.
        days_after_last_dose: a response so long after the last dose still belongs to a line.
    """
    return [
        row
        for timeline in timelines
        if study_exclusion(timeline) is None
        for row in _patient(timeline, days_after_last_dose)
    ]


def line_rows(rows: Sequence[LinePatientRow], settings: CohortSettings) -> list[LineRow]:
    """Return response and time on treatment of each line, over all, by kind and by drugs."""
    found = []
    for line in sorted({row.line for row in rows}):
        own = [row for row in rows if row.line == line]
        found.append(_line(line, ALL, ALL, own, settings))
        # Line 1 is lorlatinib for all: its kinds are no groups.
        for level in ("kind", "regimen") if line > 1 else ():
            names = sorted({getattr(row, level) for row in own})
            found += [
                _line(line, level, name, [row for row in own if getattr(row, level) == name], settings)
                for name in names
            ]
    return found


def sequence_rows(rows: Sequence[LinePatientRow], settings: CohortSettings) -> list[SequenceRow]:
    """Return what followed each treatment of each line; where it ended last."""
    after: dict[tuple[int, str, str], list[tuple[str, LinePatientRow | None]]] = {}
    for row, following in _steps(rows):
        for level, treatment in (("kind", row.kind), ("regimen", row.regimen)):
            step = getattr(following, level) if following else row.next_step
            after.setdefault((row.line, level, treatment), []).append((step, following))
    return [
        _sequence(*key, step, [given for name, given in steps if name == step], len(steps), settings)
        for key, steps in sorted(after.items())
        for step in sorted({name for name, _ in steps}, key=lambda name: (name in ENDS, name))
    ]


def _patient(timeline: Timeline, days_after_last_dose: int) -> Iterator[LinePatientRow]:
    first, seen = timeline.lorlatinib, timeline.last_alive
    if first is None or seen is None:
        return
    enrolled = timeline.enrolled
    given: list[tuple[int, str, str, dt.date, dt.date | None, StopReason, BestResponse]] = [
        (
            1,
            LORLATINIB,
            LORLATINIB,
            first.start,
            first.end,
            first.reason,
            timeline.context.best_response or BestResponse.NE,
        ),
    ]
    for line in timeline.later_lines:
        # By the rules of rwORR2, so that line 2 and the headline agree.
        best = best_response(timeline.record, line, days_after_last_dose)
        given.append((line.number, line.kind, _drugs(line), line.start, line.end, line.reason, best))
    for place, (number, kind, regimen, start, end, reason, best) in enumerate(given):
        before, after = given[place - 1] if place else None, given[place + 1 : place + 2]
        yield LinePatientRow(
            patient=timeline.patient,
            line=number,
            kind=str(kind),
            regimen=regimen,
            start=start,
            # From the first dose, not from progression: a line may begin before one.
            start_days=(start - first.start).days,
            wait_days=(start - before[4]).days if before and before[4] else None,
            days=float(((end or seen) - start).days),
            entry_days=float(max(0, (enrolled - start).days)) if enrolled else None,
            stopped=end is not None,
            reason=reason,
            best=best,
            next_step=str(after[0][1]) if after else _end(timeline, end),
        )


def _drugs(line: Line) -> str:
    # Not the name of the regimen: centres call the same drugs by many names.
    return "+".join(sorted(line.drugs))


def _end(timeline: Timeline, end: dt.date | None) -> str:
    # Who died on or after the last line went nowhere else; who is alive may still go on.
    if timeline.death is not None:
        return DIED
    return ONGOING if end is None else NO_FURTHER


def _line(
    line: int, level: str, treatment: str, own: Sequence[LinePatientRow], settings: CohortSettings
) -> LineRow:
    responders = sum(row.best in RESPONSE for row in own)
    controlled = sum(row.best in CONTROL for row in own)
    orr, dcr = (share(count, len(own), settings.confidence) for count in (responders, controlled))
    observed, found = _time_on(own, settings, fewest=settings.min_group_patients if level == "regimen" else 1)
    return LineRow(
        line=line,
        level=level,
        treatment=treatment,
        treated=len(own),
        assessed=sum(row.best is not BestResponse.NE for row in own),
        responders=responders,
        orr=orr.value,
        orr_low=orr.low,
        orr_high=orr.high,
        controlled=controlled,
        dcr=dcr.value,
        dcr_low=dcr.low,
        dcr_high=dcr.high,
        analysed=len(observed),
        stopped=sum(item.event for item in observed),
        median_days=found.value,
        median_low=found.low,
        median_high=found.high,
    )


def _time_on(
    own: Sequence[LinePatientRow], settings: CohortSettings, *, fewest: int
) -> tuple[list[Observed], Estimate]:
    # A median of few jumps with each patient; counts have no minimum.
    observed = [item for row in own if (item := _at_risk(row))]
    curve = curve_of(observed, settings.confidence) if len(own) >= fewest else None
    return observed, median(curve) if curve else NOTHING


def _at_risk(row: LinePatientRow) -> Observed | None:
    # Who stopped a line before enrolment is in no study: patients count from enrolment on.
    if row.entry_days is None:
        return None
    days = row.days + HALF_DAY if row.stopped and row.days == row.entry_days else row.days
    return Observed(row.patient, row.entry_days, days, row.stopped) if days > row.entry_days else None


def _steps(rows: Sequence[LinePatientRow]) -> Iterator[tuple[LinePatientRow, LinePatientRow | None]]:
    """Yield each line with the next one of the same patient, None after the last."""
    for row, after in pairwise((*rows, None)):
        if row is not None:
            yield row, after if after is not None and after.patient == row.patient else None


def _sequence(
    line: int,
    level: str,
    treatment: str,
    step: str,
    given: Sequence[LinePatientRow | None],
    total: int,
    settings: CohortSettings,
) -> SequenceRow:
    following = [row for row in given if row is not None]
    # Without an end of the line before there is no wait: it still goes on beside the next.
    waits = [row.wait_days for row in following if row.wait_days is not None]
    _, found = _time_on(following, settings, fewest=settings.min_group_patients)
    return SequenceRow(
        line=line,
        level=level,
        treatment=treatment,
        next_step=step,
        patients=len(given),
        total=total,
        wait_days=float(middle(waits)) if waits else None,
        responders=sum(row.best in RESPONSE for row in following) if following else None,
        next_median=found.value,
        next_low=found.low,
        next_high=found.high,
    )
