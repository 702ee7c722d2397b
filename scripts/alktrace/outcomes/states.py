"""The states that a patient passes through, and the stays in them.

A model is one object, as an endpoint is: tables, figures and the estimates of rwTTD2 take it from here.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ..vocabulary.clinical import StopReason
from ..vocabulary.outcomes import HALF_DAY, Exclusion
from .state_table import PathRow
from .timeline import Timeline


@dataclass(frozen=True)
class StateModel:
    """States after a day 0.

    Attributes:
        title: on the page.
        states: names with what they mean; everybody begins in the first.
        ends: of these, those that nobody leaves.
        exclusion: why a patient does not belong, None for those who do.
        start: day 0.
        state_on: state of a patient on a day.
        changes: days on which it may change.
    """

    name: str
    title: str
    states: dict[str, str]
    ends: tuple[str, ...]
    exclusion: Callable[[Timeline], Exclusion | None]
    start: Callable[[Timeline], dt.date | None]
    state_on: Callable[[Timeline, dt.date], str]
    changes: Callable[[Timeline], Iterable[dt.date | None]]


def paths_of(model: StateModel, timelines: Iterable[Timeline]) -> list[PathRow]:
    """Return the stays of all patients under observation, from enrolment on."""
    return [row for timeline in timelines for row in _path(model, timeline)]


def _path(model: StateModel, timeline: Timeline) -> Iterator[PathRow]:
    start, enrolled = model.start(timeline), timeline.enrolled
    # Unknown enrolment is not enrolment on day 0: that would count unseen time as survived.
    if model.exclusion(timeline) is not None or start is None or enrolled is None:
        return
    entry = float(max(0, (enrolled - start).days))
    last = float(((timeline.last_alive or start) - start).days)
    state, begin = next(iter(model.states)), 0.0
    for day, after in _moves(model, timeline, start):
        end = max(float((day - start).days), begin + HALF_DAY)
        # A last move on the day of entry would not be in its own risk set.
        if after in model.ends and end == entry:
            end += HALF_DAY
        # Before enrolment nothing was seen: earlier stays tell only in which state a patient enters.
        if end > entry:
            yield _stay(model, timeline, state, max(begin, entry), end, after)
        state, begin = after, end
    if state not in model.ends and last > max(begin, entry):
        yield _stay(model, timeline, state, max(begin, entry), last, None)


def _moves(model: StateModel, timeline: Timeline, start: dt.date) -> Iterator[tuple[dt.date, str]]:
    state = next(iter(model.states))
    # Changes before day 0 count as made on it: who is treated at progression starts half a day later.
    days = {day for day in model.changes(timeline) if day is not None and day >= start}
    for day in sorted({start} | days):
        after = model.state_on(timeline, day)
        if after != state:
            yield day, after
            state = after
        if state in model.ends:
            return


def _stay(
    model: StateModel, timeline: Timeline, state: str, begin: float, end: float, after: str | None
) -> PathRow:
    return PathRow(
        model=model.name,
        patient=timeline.patient,
        state=state,
        begin_days=begin,
        end_days=end,
        next_state=after,
    )


# --- from progression to the end of the next treatment --------------------------------------------


def next_treatment_state(timeline: Timeline, day: dt.date) -> str:
    """Return where a patient is between progression and the end of the next treatment."""
    given = timeline.next_treatment
    if given is None or given.start > day:
        dead = timeline.death is not None and timeline.death <= day
        return "died_before_treatment" if dead else "not_yet_treated"
    if given.end is None or given.end > day:
        return "on_next_treatment"
    died = given.reason is StopReason.DEATH or timeline.death == given.end
    return "died_on_treatment" if died else "next_treatment_stopped"


NEXT_TREATMENT_STATES = {
    "not_yet_treated": "alive, the first sequential treatment has not begun",
    "on_next_treatment": "on the first sequential treatment",
    "next_treatment_stopped": "it was stopped: progression, toxicity, patient choice, other",
    "died_on_treatment": "it was stopped for death",
    "died_before_treatment": "died before it began",
}


def next_treatment_days(timeline: Timeline) -> Iterator[dt.date | None]:
    """Yield the days on which that may change."""
    given = timeline.next_treatment
    yield from (given.start, given.end) if given else ()
    yield timeline.death


# --- from lorlatinib to death ---------------------------------------------------------------------


def course_state(timeline: Timeline, day: dt.date) -> str:
    """Return where a patient is between the first dose of lorlatinib and death."""
    if timeline.death is not None and timeline.death <= day:
        return "dead"
    # The latest of lines that overlap: a drug that runs out beside the next line is no line of its own.
    given = [line.number for line in timeline.later_lines if line.start <= day and _goes_on(line.end, day)]
    if given:
        return "line_2" if max(given) == 2 else "line_3_or_later"
    first = timeline.lorlatinib
    if first is not None and _goes_on(first.end, day):
        progressed = timeline.progression is not None and timeline.progression <= day
        return "lorlatinib_beyond_progression" if progressed else "on_lorlatinib"
    return "untreated"


def _goes_on(end: dt.date | None, day: dt.date) -> bool:
    return end is None or end > day


COURSE_STATES = {
    "on_lorlatinib": "on first-line lorlatinib, no progression yet",
    "lorlatinib_beyond_progression": "lorlatinib goes on after progression",
    "untreated": "alive without systemic treatment",
    "line_2": "on the second line",
    "line_3_or_later": "on a later line",
    "dead": "dead",
}


def course_days(timeline: Timeline) -> Iterator[dt.date | None]:
    """Yield the days on which that may change."""
    for line in timeline.later_lines:
        yield line.start
        yield line.end
    yield timeline.lorlatinib.end if timeline.lorlatinib else None
    yield timeline.progression
    yield timeline.death
