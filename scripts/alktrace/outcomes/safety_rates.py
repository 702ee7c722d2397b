"""Adverse events by time on treatment: shares alone would make the longer treatment look the worse one."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import poisson_rate
from ..vocabulary.outcomes import ALL
from .clinical_schema import AdverseEventRow, Relation
from .safety import ANY, PERIODS
from .safety_table import SafetyRateRow
from .survival import DAYS_PER_YEAR
from .timeline import Timeline

SEVERE, RELATED = "severe", "related"
HUNDRED_YEARS = 100 * DAYS_PER_YEAR


@dataclass(frozen=True)
class _Exposed:
    """Time of one patient on a treatment under observation, first and last day; its events from the start."""

    first: dt.date
    last: dt.date
    events: tuple[AdverseEventRow, ...]

    @property
    def days(self) -> int:
        # Both days count: an event on the first day would otherwise have no time.
        return (self.last - self.first).days + 1


def safety_rate_rows(timelines: Sequence[Timeline], settings: CohortSettings) -> list[SafetyRateRow]:
    """Return rates of adverse events by treatment, term, relation and grade.

    Periods are those of `safety.tsv`, from enrolment on. A first event counts against the time until it.
    """
    found: list[SafetyRateRow] = []
    for treatment in PERIODS:
        exposed = [item for timeline in timelines if (item := _exposed(timeline, treatment, settings))]
        found += _rows(treatment, exposed, settings)
    return found


def _exposed(timeline: Timeline, treatment: str, settings: CohortSettings) -> _Exposed | None:
    period, enrolled, seen = PERIODS[treatment](timeline, settings), timeline.enrolled, timeline.last_alive
    if period is None or enrolled is None or seen is None:
        return None
    start, end = period
    # Before enrolment nobody could die or stop and be missed: that time would dilute the rate.
    first, last = max(start, enrolled), min(end or seen, seen)
    events = tuple(event for event in timeline.record.adverse_events if start <= event.onset <= last)
    # Events before enrolment stay known: they decide who is at risk of a first one.
    return _Exposed(first, last, events) if first <= last else None


def _rows(treatment: str, exposed: Sequence[_Exposed], settings: CohortSettings) -> Iterator[SafetyRateRow]:
    spelling: dict[str, str] = {}
    with_events: dict[str, list[tuple[_Exposed, AdverseEventRow]]] = defaultdict(list)
    for item in exposed:
        for event in item.events:
            spelling.setdefault(event.term.casefold(), event.term)
            # Terms are written in any case; the first spelling names the row.
            for term in (ANY, event.term.casefold()):
                with_events[term].append((item, event))
    days = sum(item.days for item in exposed)
    for term in (ANY, *sorted(spelling)):
        for relation in (ALL, RELATED):
            for grade, least in ((ANY, 1), (SEVERE, settings.severe_grade)):
                own = [
                    (item, event)
                    for item, event in with_events[term]
                    if event.grade >= least and (relation == ALL or event.relation is Relation.RELATED)
                ]
                head = (treatment, spelling.get(term, ANY), relation, grade)
                yield _row(head, own, len(exposed), days, settings)


def _row(
    head: tuple[str, str, str, str],
    own: Sequence[tuple[_Exposed, AdverseEventRow]],
    observed: int,
    days: int,
    settings: CohortSettings,
) -> SafetyRateRow:
    first: dict[int, tuple[_Exposed, dt.date]] = {}
    for item, event in own:
        known = first.get(id(item))
        first[id(item)] = (item, min(event.onset, known[1]) if known else event.onset)
    # Who had it before enrolment cannot have it for the first time after: no time at risk at all.
    earlier = [item for item, onset in first.values() if onset < item.first]
    later = [(item, onset) for item, onset in first.values() if onset >= item.first]
    at_risk = (
        days - sum(item.days for item in earlier) - sum((item.last - onset).days for item, onset in later)
    )
    rate = poisson_rate(len(later), at_risk / HUNDRED_YEARS, settings.confidence)
    events = sum(event.onset >= item.first for item, event in own)
    treatment, term, relation, grade = head
    return SafetyRateRow(
        treatment=treatment,
        term=term,
        relation=relation,
        grade=grade,
        observed=observed,
        patient_years=days / DAYS_PER_YEAR,
        at_risk=observed - len(earlier),
        patients=len(later),
        years_at_risk=at_risk / DAYS_PER_YEAR,
        rate=rate.value,
        low=rate.low,
        high=rate.high,
        events=events,
        event_rate=events / (days / HUNDRED_YEARS) if days else None,
    )
