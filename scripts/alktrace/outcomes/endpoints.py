"""The endpoints of the study: who belongs to each, when it starts, what ends it.

Definitions are the study's own. rwTTD2 and rwPFS2 start at progression on lorlatinib, not at the treatment;
comparisons by drug or mechanism, where that matters, are made in `comparisons`.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..vocabulary.clinical import StopReason
from ..vocabulary.outcomes import Analysis, Endpoint, Exclusion, OutcomeCaveat
from .endpoint_table import EndpointPatientRow
from .survival import HALF_DAY
from .timeline import Journey


@dataclass(frozen=True)
class Rule:
    """What the docs and the tables say about an endpoint.

    Attributes:
        headline: analysis to quote; survival and rwTTD1 count from enrolment, as patients enter the study
            only while they are alive and, mostly, on lorlatinib.
    """

    population: str
    start: str
    event: str
    censoring: str
    headline: Analysis


@dataclass(frozen=True)
class Spell:
    """The dates of one patient and endpoint."""

    start: dt.date
    end: dt.date
    event: str | None
    censoring: str | None


TREATED = "first-line lorlatinib, no earlier ALK inhibitor"
PROGRESSED = f"{TREATED}, progression on lorlatinib"
SWITCHED = f"{PROGRESSED}, first sequential treatment started"
LAST_ALIVE = "last date known alive, or data cut-off"
STOPPED = "stopped for any reason: progression, death, toxicity, patient choice, other"

RULES: Mapping[Endpoint, Rule] = MappingProxyType(
    {
        Endpoint.RWTTD1: Rule(
            TREATED, "first lorlatinib dose", f"lorlatinib {STOPPED}", LAST_ALIVE, Analysis.ENROLMENT_ENTRY
        ),
        Endpoint.RWTTD2: Rule(
            SWITCHED,
            "progression on lorlatinib",
            f"first sequential treatment {STOPPED}",
            LAST_ALIVE,
            Analysis.AS_DEFINED,
        ),
        Endpoint.RWTTD2_TREATMENT: Rule(
            SWITCHED,
            "first dose of the first sequential treatment",
            f"first sequential treatment {STOPPED}",
            LAST_ALIVE,
            Analysis.AS_DEFINED,
        ),
        Endpoint.RWPFS2: Rule(
            PROGRESSED,
            "progression on lorlatinib",
            "next progression or death",
            LAST_ALIVE,
            Analysis.AS_DEFINED,
        ),
        Endpoint.RWPFS2_TREATMENT: Rule(
            SWITCHED,
            "first dose of the first sequential treatment",
            "next progression or death",
            LAST_ALIVE,
            Analysis.AS_DEFINED,
        ),
        Endpoint.OS_LORLATINIB: Rule(
            TREATED, "first lorlatinib dose", "death", LAST_ALIVE, Analysis.ENROLMENT_ENTRY
        ),
        Endpoint.OS_PROGRESSION: Rule(
            PROGRESSED, "progression on lorlatinib", "death", LAST_ALIVE, Analysis.ENROLMENT_ENTRY
        ),
    }
)


def patient_rows(journeys: Iterable[Journey]) -> list[EndpointPatientRow]:
    """Return one row per patient and endpoint."""
    return [_patient_row(journey, endpoint) for journey in journeys for endpoint in Endpoint]


def population_exclusion(journey: Journey) -> Exclusion | None:
    """Return why a patient does not belong to the study, None for those who do."""
    if journey.start is None:
        return Exclusion.NO_LORLATINIB
    if journey.prior_alk_tki:
        return Exclusion.PRIOR_ALK_TKI
    return None if journey.first_line else Exclusion.NOT_FIRST_LINE


def switch_exclusion(journey: Journey) -> Exclusion | None:
    """Return why a patient has no first sequential treatment after progression."""
    if (why := population_exclusion(journey)) is not None:
        return why
    if journey.progression is None:
        return Exclusion.NO_PROGRESSION
    if journey.following is None:
        return Exclusion.DIED_UNTREATED if journey.death else Exclusion.NOT_YET_STARTED
    return None


# --- dates of one patient ------------------------------------------------------------------------


def _patient_row(journey: Journey, endpoint: Endpoint) -> EndpointPatientRow:
    found = SPELLS[endpoint](journey)
    if isinstance(found, Spell) and found.end < found.start:
        found = Exclusion.DATES_CONFLICT
    if isinstance(found, Exclusion):
        return EndpointPatientRow(
            patient=journey.patient.patient, endpoint=endpoint, included=False, exclusion=found
        )
    enrolled = journey.patient.enrolled
    days = float((found.end - found.start).days)
    flags = []
    if found.event and not days:
        days = HALF_DAY
        flags.append(OutcomeCaveat.EVENT_ON_DAY_0)
    if enrolled and enrolled > found.start:
        flags.append(OutcomeCaveat.ENROLLED_AFTER_START)
    return EndpointPatientRow(
        patient=journey.patient.patient,
        endpoint=endpoint,
        included=True,
        start=found.start,
        end=found.end,
        event=found.event is not None,
        event_type=found.event,
        censoring=found.censoring,
        days=days,
        entry_days=float(max(0, (enrolled - found.start).days)) if enrolled else None,
        flags=tuple(flags),
    )


def _lorlatinib_stop(journey: Journey) -> Spell | Exclusion:
    if (why := population_exclusion(journey)) is not None or journey.start is None:
        return why or Exclusion.NO_LORLATINIB
    return _stop(journey, journey.start, journey.stop, journey.stop_reason)


def _following_stop(*, from_treatment: bool) -> Callable[[Journey], Spell | Exclusion]:
    def spell(journey: Journey) -> Spell | Exclusion:
        why, given, start = switch_exclusion(journey), journey.following, journey.progression
        if why is not None or given is None or start is None:
            return why or Exclusion.NO_PROGRESSION
        return _stop(journey, given.start if from_treatment else start, given.end, given.reason)

    return spell


def _progression_free(*, from_treatment: bool) -> Callable[[Journey], Spell | Exclusion]:
    def spell(journey: Journey) -> Spell | Exclusion:
        why = switch_exclusion(journey) if from_treatment else _progressed(journey)
        start = journey.following.start if from_treatment and journey.following else journey.progression
        if why is not None or start is None:
            return why or Exclusion.NO_PROGRESSION
        again = journey.progression_again
        if from_treatment and again and again < start:
            return Exclusion.EVENT_BEFORE_ENTRY
        if again and (journey.death is None or again <= journey.death):
            return Spell(start, again, "progression", None)
        return _survival(journey, start)

    return spell


def _overall(*, from_progression: bool) -> Callable[[Journey], Spell | Exclusion]:
    def spell(journey: Journey) -> Spell | Exclusion:
        why = _progressed(journey) if from_progression else population_exclusion(journey)
        start = journey.progression if from_progression else journey.start
        if why is not None or start is None:
            return why or Exclusion.NO_PROGRESSION
        return _survival(journey, start)

    return spell


SPELLS: Mapping[Endpoint, Callable[[Journey], Spell | Exclusion]] = MappingProxyType(
    {
        Endpoint.RWTTD1: _lorlatinib_stop,
        Endpoint.RWTTD2: _following_stop(from_treatment=False),
        Endpoint.RWTTD2_TREATMENT: _following_stop(from_treatment=True),
        Endpoint.RWPFS2: _progression_free(from_treatment=False),
        Endpoint.RWPFS2_TREATMENT: _progression_free(from_treatment=True),
        Endpoint.OS_LORLATINIB: _overall(from_progression=False),
        Endpoint.OS_PROGRESSION: _overall(from_progression=True),
    }
)


def _progressed(journey: Journey) -> Exclusion | None:
    why = population_exclusion(journey)
    return why or (None if journey.progression else Exclusion.NO_PROGRESSION)


def _stop(journey: Journey, start: dt.date, end: dt.date | None, reason: StopReason | None) -> Spell:
    if end is not None:
        return Spell(start, end, (reason or StopReason.OTHER).value, None)
    return Spell(start, journey.last_alive or start, None, _censoring(journey, "ongoing_at_last_contact"))


def _survival(journey: Journey, start: dt.date) -> Spell:
    if journey.death:
        return Spell(start, journey.death, "death", None)
    return Spell(start, journey.last_alive or start, None, _censoring(journey, "alive_at_last_contact"))


def _censoring(journey: Journey, otherwise: str) -> str:
    return "data_cutoff" if journey.cut else otherwise
