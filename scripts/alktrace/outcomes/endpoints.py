"""The endpoints of the study: who belongs to each, when it starts, what ends it.

An endpoint is one object, registered once: tables, curves, comparisons, pages and docs take everything they
say and do from it. Definitions are the study's own. rwTTD2 and rwPFS2 start at progression on lorlatinib, not
at the treatment, and death before a treatment is an end of rwTTD2; comparisons by drug or mechanism, where
that matters, are made in `comparisons`.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ..vocabulary.clinical import BestResponse
from ..vocabulary.outcomes import HALF_DAY, Analysis, Exclusion, OutcomeCaveat, Strategy
from .endpoint_table import EndpointPatientRow
from .states import (
    COURSE_STATES,
    NEXT_TREATMENT_STATES,
    StateModel,
    course_days,
    course_state,
    next_treatment_days,
    next_treatment_state,
)
from .timeline import Course, Timeline


@dataclass(frozen=True)
class Population:
    """Who belongs to an endpoint.

    Attributes:
        name: as in an analysis plan.
        exclusion: why a patient does not; None for those who do.
        needs_treatment: do only patients with a next treatment belong. None of them can have the event
            before it, so comparisons let them enter when it starts.
    """

    name: str
    text: str
    exclusion: Callable[[Timeline], Exclusion | None]
    needs_treatment: bool = False


@dataclass(frozen=True)
class Start:
    """Day 0; everybody of the population has that day."""

    text: str
    day: Callable[[Timeline], dt.date | None]


@dataclass(frozen=True)
class Event:
    """What ends the time.

    Attributes:
        find: day and kind of it, such as `death`; None where it has not happened.
        place: in a patient's course; figures and comparisons of endpoints go by it.
    """

    text: str
    find: Callable[[Timeline], tuple[dt.date, str] | None]
    place: int


@dataclass(frozen=True)
class Censoring:
    """When patients without event are censored.

    Attributes:
        rule: as named for those who were not cut off before.
        day: of it; None where there is none after day 0.
    """

    text: str
    rule: str
    day: Callable[[Timeline], dt.date | None] = lambda timeline: timeline.last_alive


@dataclass(frozen=True)
class Intercurrent:
    """An event after day 0 that changes what the endpoint means, and how it is handled (ICH E9(R1))."""

    event: str
    strategy: Strategy
    how: str


@dataclass(frozen=True)
class Sensitivity:
    """What a sensitivity analysis changes of the endpoint that it stands beside."""

    of: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One endpoint.

    Attributes:
        name: as in the tables.
        title: of its curve over all patients on the page; None without one.
        treatment: whose outcome it is.
        intercurrent: events after day 0 that could be handled otherwise, and how they are.
        headline: analysis to quote.
        needs_early_enrolment: can it say nothing where patients were enrolled because lorlatinib had failed.
        compared: is it compared between groups.
        sensitivity: of which endpoint it is a sensitivity analysis, and what it changes.
        states: the ways through which it ends, where their incidence is the figure to quote.
        visits: is its event seen at visits, so that it is also analysed as interval-censored.
    """

    name: str
    title: str | None
    population: Population
    start: Start
    event: Event
    censoring: Censoring
    treatment: str
    intercurrent: tuple[Intercurrent, ...]
    headline: Analysis = Analysis.AS_DEFINED
    needs_early_enrolment: bool = False
    compared: bool = True
    sensitivity: Sensitivity | None = None
    states: StateModel | None = None
    visits: bool = False

    @property
    def curve_file(self) -> str:
        """Name of the table of its curve."""
        return f"km_{self.name}.tsv"


ENDPOINTS: dict[str, Endpoint] = {}
"""By name, in the order of the tables."""


def register(endpoint: Endpoint) -> Endpoint:
    """Make an endpoint one of the study's.

    Raises:
        ValueError: another one has that name.
    """
    if endpoint.name in ENDPOINTS:
        raise ValueError(f"there is an endpoint {endpoint.name} already")
    ENDPOINTS[endpoint.name] = endpoint
    return endpoint


def by_course() -> list[Endpoint]:
    """Return the endpoints in the order in which their events come in a patient's course."""
    return sorted(ENDPOINTS.values(), key=lambda endpoint: endpoint.event.place)


def patient_rows(timelines: Iterable[Timeline]) -> list[EndpointPatientRow]:
    """Return one row per patient and endpoint.

    Raises:
        ValueError: an endpoint starts on a day that a patient of its population does not have.
    """
    return [_patient_row(timeline, endpoint) for timeline in timelines for endpoint in ENDPOINTS.values()]


def study_exclusion(timeline: Timeline) -> Exclusion | None:
    """Return why a patient does not belong to the study, None for those who do."""
    # Of no study on that day: counted from day 0 on, nothing could have happened to them until enrolment.
    if timeline.enrolled and timeline.cutoff and timeline.enrolled > timeline.cutoff:
        return Exclusion.ENROLLED_AFTER_CUTOFF
    if timeline.lorlatinib is None:
        return Exclusion.NO_LORLATINIB
    if timeline.prior_alk_tki:
        return Exclusion.PRIOR_ALK_TKI
    return None if timeline.first_line else Exclusion.NOT_FIRST_LINE


def progression_exclusion(timeline: Timeline) -> Exclusion | None:
    """Return why a patient has no progression on first-line lorlatinib."""
    why = study_exclusion(timeline)
    return why or (None if timeline.progression else Exclusion.NO_PROGRESSION)


def beyond_exclusion(timeline: Timeline) -> Exclusion | None:
    """Return why a patient had no lorlatinib after progression on it."""
    why, given = progression_exclusion(timeline), timeline.lorlatinib
    if why is not None or given is None or timeline.progression is None:
        return why or Exclusion.NO_LORLATINIB
    stopped = given.end is not None and given.end <= timeline.progression
    return Exclusion.STOPPED_AT_PROGRESSION if stopped else None


def switch_exclusion(timeline: Timeline) -> Exclusion | None:
    """Return why a patient has no first sequential treatment after progression."""
    why = progression_exclusion(timeline)
    if why is not None or timeline.next_treatment is not None:
        return why
    return Exclusion.DIED_UNTREATED if timeline.death else Exclusion.NOT_YET_STARTED


# --- dates of one patient ------------------------------------------------------------------------


def _patient_row(timeline: Timeline, endpoint: Endpoint) -> EndpointPatientRow:
    row = EndpointPatientRow(
        patient=timeline.patient,
        centre=timeline.record.patient.centre,
        endpoint=endpoint.name,
        included=False,
    )
    if (why := endpoint.population.exclusion(timeline)) is not None:
        return replace(row, exclusion=why)
    start, event = endpoint.start.day(timeline), endpoint.event.find(timeline)
    if start is None:
        raise ValueError(f"{endpoint.name}: no {endpoint.start.text} of {timeline.patient}")
    end, kind = event or (max(start, endpoint.censoring.day(timeline) or start), None)
    # A second progression may come before the next treatment: from there on it cannot be an event.
    if end < start:
        return replace(row, exclusion=Exclusion.EVENT_BEFORE_ENTRY)
    enrolled = timeline.enrolled
    on_day_0, late = kind is not None and end == start, enrolled is not None and enrolled > start
    failed = enrolled is not None and timeline.progression is not None and enrolled >= timeline.progression
    caveats = {
        OutcomeCaveat.EVENT_ON_DAY_0: on_day_0,
        OutcomeCaveat.ENROLLED_AFTER_START: late,
        OutcomeCaveat.ENROLLED_AT_PROGRESSION: failed and endpoint.needs_early_enrolment,
    }
    return replace(
        row,
        included=True,
        start=start,
        end=end,
        event=kind is not None,
        event_type=kind,
        censoring=None if kind else "data_cutoff" if timeline.cut else endpoint.censoring.rule,
        # Nobody is at risk at time 0: an event on that day would vanish from every estimate.
        days=HALF_DAY if on_day_0 else float((end - start).days),
        # Left truncation: who had the event before enrolment is in no study, so days before it prove nothing.
        entry_days=float(max(0, (enrolled - start).days)) if enrolled else None,
        free_days=_free_days(timeline, start, end, event=kind is not None) if endpoint.visits else None,
        flags=tuple(caveat for caveat, holds in caveats.items() if holds),
    )


def _free_days(timeline: Timeline, start: dt.date, end: dt.date, *, event: bool) -> float:
    """Days to the last assessment without progression; one on the day of the event says nothing."""
    until = end - dt.timedelta(days=1) if event else end
    return float((_last_assessed(timeline, start, until) - start).days)


def _last_assessed(timeline: Timeline, start: dt.date, until: dt.date) -> dt.date:
    # Not evaluable is no assessment; a PD within the window is the first progression seen again.
    answers = (BestResponse.CR, BestResponse.PR, BestResponse.SD)
    rows = timeline.record.assessments
    return max(
        (row.date for row in rows if row.response in answers and start < row.date <= until), default=start
    )


def _last_scan(timeline: Timeline) -> dt.date | None:
    first, alive = timeline.progression, timeline.last_alive
    return _last_assessed(timeline, first, alive) if first and alive else None


def _stop(course: Course | None) -> tuple[dt.date, str] | None:
    return (course.end, course.reason.value) if course and course.end else None


def _stop_or_death(timeline: Timeline) -> tuple[dt.date, str] | None:
    # Death before the treatment is an end too: starters alone would be immortal until the start.
    return _stop(timeline.next_treatment) if timeline.next_treatment else _death(timeline)


def _death(timeline: Timeline) -> tuple[dt.date, str] | None:
    return (timeline.death, "death") if timeline.death else None


def _progression_or_death(timeline: Timeline) -> tuple[dt.date, str] | None:
    again = timeline.second_progression
    if again is None:
        return _death(timeline)
    scanned = again == timeline.second_scan
    return _sooner(timeline, again, "progression" if scanned else "clinical_progression")


def _scan_or_death(timeline: Timeline) -> tuple[dt.date, str] | None:
    again = timeline.second_scan
    return _sooner(timeline, again, "progression") if again else _death(timeline)


def _sooner(timeline: Timeline, day: dt.date, kind: str) -> tuple[dt.date, str] | None:
    # On one day both are one event, and the progression is what ended the treatment's effect.
    return (day, kind) if timeline.death is None or day <= timeline.death else _death(timeline)


# --- the endpoints -------------------------------------------------------------------------------

_TREATED = "first-line lorlatinib, no earlier ALK inhibitor"
_PROGRESSED = f"{_TREATED}, progression on lorlatinib"
_STOPPED = "stopped for any reason: progression, death, toxicity, patient choice, other"
_LAST_ALIVE = "last date known alive, or data cut-off"

TREATED = Population("treated", _TREATED, study_exclusion)
PROGRESSED = Population("progressed", _PROGRESSED, progression_exclusion)
CONTINUED = Population("continued", f"{_PROGRESSED}, lorlatinib given after it", beyond_exclusion)
SWITCHED = Population(
    "switched", f"{_PROGRESSED}, first sequential treatment started", switch_exclusion, needs_treatment=True
)

FIRST_DOSE = Start("first lorlatinib dose", lambda t: t.lorlatinib.start if t.lorlatinib else None)
PROGRESSION = Start("progression on lorlatinib", lambda t: t.progression)
NEXT_DOSE = Start(
    "first dose of the first sequential treatment",
    lambda t: t.next_treatment.start if t.next_treatment else None,
)

LORLATINIB_STOPPED = Event(f"lorlatinib {_STOPPED}", lambda t: _stop(t.lorlatinib), place=0)
PROGRESSED_OR_DIED = Event(
    "next progression, by scan or by a stop of the drug for it, or death", _progression_or_death, place=1
)
SCANNED_OR_DIED = Event("next progression by scan, or death", _scan_or_death, place=1)
NEXT_STOPPED = Event(f"first sequential treatment {_STOPPED}", lambda t: _stop(t.next_treatment), place=2)
NEXT_ENDED = Event(f"{NEXT_STOPPED.text}; or death before it began", _stop_or_death, place=2)
DIED = Event("death", _death, place=3)

ONGOING = Censoring(_LAST_ALIVE, "ongoing_at_last_contact")
ALIVE = Censoring(_LAST_ALIVE, "alive_at_last_contact")
LAST_ASSESSED = Censoring(
    "last assessment without progression, or day 0 without any", "last_assessment", _last_scan
)

_LORLATINIB = "first-line lorlatinib"
_FIRST_AND_WHAT_FOLLOWS = "first-line lorlatinib, then whatever follows"
_NEXT = "first sequential treatment: the drugs added to or replacing lorlatinib, by choice of the clinician"
_WHAT_FOLLOWS = "whatever follows lorlatinib, treatment or none"

LOCAL_THERAPY = Intercurrent("local therapy", Strategy.TREATMENT_POLICY, "the time goes on")
PAUSE = Intercurrent("pause of lorlatinib up to the gap", Strategy.TREATMENT_POLICY, "the time goes on")
ADDED = Intercurrent("a drug added to lorlatinib", Strategy.TREATMENT_POLICY, "lorlatinib goes on")
UNSTOPPED = Intercurrent("progression while the drug goes on", Strategy.TREATMENT_POLICY, "the time goes on")
DIED_ON_IT = Intercurrent("death on treatment", Strategy.COMPOSITE, "is a stop")
DIED_BEFORE = Intercurrent("death before the next treatment", Strategy.COMPOSITE, "is an end, told apart")
UNTREATED = Intercurrent("no next treatment yet", Strategy.TREATMENT_POLICY, "at risk until the last contact")
ONLY_STARTERS = Intercurrent(
    "death before, or no, next treatment", Strategy.PRINCIPAL_STRATUM, "left out, known only afterwards"
)
DEATH_IS_EVENT = Intercurrent("death without progression", Strategy.COMPOSITE, "is an event")
ANY_TREATMENT = Intercurrent("start or change of a treatment", Strategy.TREATMENT_POLICY, "the time goes on")
ON_LORLATINIB = (UNSTOPPED, ADDED, PAUSE, LOCAL_THERAPY, DIED_ON_IT)

NEXT_TREATMENT = StateModel(
    name="rwTTD2",
    title="From progression to the end of the next treatment",
    states=NEXT_TREATMENT_STATES,
    ends=("next_treatment_stopped", "died_on_treatment", "died_before_treatment"),
    exclusion=progression_exclusion,
    start=PROGRESSION.day,
    state_on=next_treatment_state,
    changes=next_treatment_days,
)
COURSE = StateModel(
    name="course",
    title="Lines of treatment from lorlatinib on",
    states=COURSE_STATES,
    ends=("dead",),
    exclusion=study_exclusion,
    start=FIRST_DOSE.day,
    state_on=course_state,
    changes=course_days,
)
STATE_MODELS = (NEXT_TREATMENT, COURSE)

# Survival and rwTTD1 are quoted from enrolment: patients enter the study only while they are alive and,
# mostly, on lorlatinib.
RWTTD1 = register(
    Endpoint(
        name="rwTTD1",
        title="rwTTD1: time on first-line lorlatinib",
        population=TREATED,
        start=FIRST_DOSE,
        event=LORLATINIB_STOPPED,
        censoring=ONGOING,
        treatment=_LORLATINIB,
        intercurrent=ON_LORLATINIB,
        headline=Analysis.ENROLMENT_ENTRY,
        needs_early_enrolment=True,
    )
)
RWTTD1_BEYOND = register(
    Endpoint(
        name="rwTTD1_beyond",
        title="Time on lorlatinib beyond progression",
        population=CONTINUED,
        start=PROGRESSION,
        event=LORLATINIB_STOPPED,
        censoring=ONGOING,
        treatment=f"{_LORLATINIB} beyond progression",
        intercurrent=ON_LORLATINIB[1:],
        headline=Analysis.ENROLMENT_ENTRY,
        compared=False,
    )
)
RWTTD2 = register(
    Endpoint(
        name="rwTTD2",
        title="rwTTD2: from progression to the end of the next treatment",
        population=PROGRESSED,
        start=PROGRESSION,
        event=NEXT_ENDED,
        censoring=ONGOING,
        treatment=_NEXT,
        intercurrent=(DIED_BEFORE, UNTREATED, UNSTOPPED, LOCAL_THERAPY, DIED_ON_IT),
        headline=Analysis.COMPETING_STATES,
        states=NEXT_TREATMENT,
    )
)
RWTTD2_STARTERS = register(
    replace(
        RWTTD2,
        name="rwTTD2_starters",
        title="rwTTD2 of those who started a next treatment: biased, for comparison",
        population=SWITCHED,
        event=NEXT_STOPPED,
        intercurrent=(ONLY_STARTERS, UNSTOPPED, LOCAL_THERAPY, DIED_ON_IT),
        headline=Analysis.AS_DEFINED,
        compared=False,
        sensitivity=Sensitivity(
            "rwTTD2", "starters alone, from progression: biased, nobody can have the event before the start"
        ),
        states=None,
    )
)
RWTTD2_TREATMENT = register(
    replace(
        RWTTD2_STARTERS,
        name="rwTTD2_treatment",
        title=None,
        start=NEXT_DOSE,
        compared=True,
        sensitivity=Sensitivity("rwTTD2", "starters alone, from the first dose of the next treatment"),
    )
)
RWPFS2 = register(
    Endpoint(
        name="rwPFS2",
        title="rwPFS2: from progression to the next progression or death",
        population=PROGRESSED,
        start=PROGRESSION,
        event=PROGRESSED_OR_DIED,
        censoring=ALIVE,
        treatment=_WHAT_FOLLOWS,
        intercurrent=(DEATH_IS_EVENT, ANY_TREATMENT, LOCAL_THERAPY),
        visits=True,
    )
)
RWPFS2_LAST_ASSESSMENT = register(
    replace(
        RWPFS2,
        name="rwPFS2_last_assessment",
        title=None,
        censoring=LAST_ASSESSED,
        compared=False,
        sensitivity=Sensitivity("rwPFS2", "censored at the last assessment instead of the last contact"),
        visits=False,
    )
)
RWPFS2_SCAN = register(
    replace(
        RWPFS2,
        name="rwPFS2_scan",
        title=None,
        event=SCANNED_OR_DIED,
        compared=False,
        visits=False,
        sensitivity=Sensitivity("rwPFS2", "progression by scan alone"),
    )
)
RWPFS2_TREATMENT = register(
    replace(
        RWPFS2,
        name="rwPFS2_treatment",
        title=None,
        sensitivity=Sensitivity("rwPFS2", "from the first dose of the next treatment"),
        visits=False,
        population=SWITCHED,
        treatment=_NEXT,
        intercurrent=(ONLY_STARTERS, DEATH_IS_EVENT, ANY_TREATMENT, LOCAL_THERAPY),
        start=NEXT_DOSE,
    )
)
OS_LORLATINIB = register(
    Endpoint(
        name="OS_lorlatinib",
        title="Survival from lorlatinib start",
        population=TREATED,
        start=FIRST_DOSE,
        event=DIED,
        censoring=ALIVE,
        treatment=_FIRST_AND_WHAT_FOLLOWS,
        intercurrent=(ANY_TREATMENT, LOCAL_THERAPY),
        headline=Analysis.ENROLMENT_ENTRY,
    )
)
OS_PROGRESSION = register(
    replace(
        OS_LORLATINIB,
        name="OS_progression",
        title="Survival from progression on lorlatinib",
        population=PROGRESSED,
        treatment=_WHAT_FOLLOWS,
        start=PROGRESSION,
    )
)
