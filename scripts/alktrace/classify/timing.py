"""Primary or acquired resistance to first-line lorlatinib, by response and calendar months.

Acquired: CR or PR at any time, or stable disease with progression at or after the set number of calendar
months (Jackman criterion 2b, doi 10.1200/JCO.2009.24.7049; the months are a setting). Primary: progression
before that without CR or PR. The driver alone (criterion 2a) is not used: it would make every progression
of an ALK-positive patient acquired.
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..evidence.schema import ClinicalContext
from ..inputs.settings.resistance_settings import TimingSettings, WindowSettings
from ..vocabulary.clinical import BestResponse, StopReason
from ..vocabulary.resistance import Timing

NO_PROGRESSION = frozenset(set(StopReason) - {StopReason.PROGRESSION, StopReason.ONGOING})
"""Reasons other than progression for which lorlatinib was stopped; a drug still given was not stopped."""


class TimingReason(StrEnum):
    """The rule that decided."""

    NO_CLINICAL_DATA = "no_clinical_data"
    DATES_CONFLICT = "dates_conflict"
    PROGRESSION_OFF_TREATMENT = "progression_off_treatment"
    RESPONSE = "response"
    STOPPED_WITHOUT_PROGRESSION = "stopped_without_progression"
    PROGRESSION_DATE_MISSING = "progression_date_missing"
    RESPONSE_MISSING = "response_missing"
    START_DATE_MISSING = "start_date_missing"
    STABLE_LONG = "stable_long"
    STABLE_SHORT = "stable_short"
    FIRST_ASSESSMENT_LATE = "first_assessment_late"
    NO_RESPONSE = "no_response"


@dataclass(frozen=True)
class TimingVerdict:
    """Timing of resistance.

    Attributes:
        early: progression within `early_months`; None without both dates.
    """

    timing: Timing
    reason: TimingReason
    early: bool | None


def add_months(start: date, months: int) -> date:
    """Return the same day some calendar months later; the last day of the month if it has none such."""
    count = start.year * 12 + start.month - 1 + months
    year, month = divmod(count, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day)


def judge_timing(
    clinical: ClinicalContext | None, settings: TimingSettings, window: WindowSettings
) -> TimingVerdict:
    """Return the timing of resistance of a patient.

    Args:
        clinical: None where no clinical table was given.
        settings: section `resistance.timing`.
        window: gives the days after the last dose in which progression still counts as on treatment.
    """
    if clinical is None:
        return TimingVerdict(Timing.INDETERMINATE, TimingReason.NO_CLINICAL_DATA, None)
    early = _early(clinical, settings)
    timing, reason = _decide(clinical, settings, window)
    return TimingVerdict(timing, reason, early)


def _decide(
    clinical: ClinicalContext, settings: TimingSettings, window: WindowSettings
) -> tuple[Timing, TimingReason]:
    if _conflicting(clinical):
        return Timing.INDETERMINATE, TimingReason.DATES_CONFLICT
    progression = clinical.progression
    if progression is None:
        return _without_date(clinical)
    # Before response: who stopped for toxicity and progressed months later did not progress on the drug.
    if _off_treatment(clinical, progression, window):
        return Timing.NOT_PD, TimingReason.PROGRESSION_OFF_TREATMENT
    if _responded(clinical):
        return Timing.ACQUIRED, TimingReason.RESPONSE
    return _without_response(clinical, progression, settings)


def _without_date(clinical: ClinicalContext) -> tuple[Timing, TimingReason]:
    if clinical.lorlatinib_stop_reason in NO_PROGRESSION:
        return Timing.NOT_PD, TimingReason.STOPPED_WITHOUT_PROGRESSION
    if clinical.lorlatinib_stop_reason is StopReason.PROGRESSION and _responded(clinical):
        return Timing.ACQUIRED, TimingReason.RESPONSE
    return Timing.INDETERMINATE, TimingReason.PROGRESSION_DATE_MISSING


def _without_response(
    clinical: ClinicalContext, progression: date, settings: TimingSettings
) -> tuple[Timing, TimingReason]:
    if clinical.best_response in (None, BestResponse.NE):
        return Timing.INDETERMINATE, TimingReason.RESPONSE_MISSING
    if clinical.lorlatinib_start is None:
        return Timing.INDETERMINATE, TimingReason.START_DATE_MISSING
    # Calendar months, not 30 days each: progression on the day itself counts as late.
    late = progression >= add_months(clinical.lorlatinib_start, settings.acquired_months)
    if clinical.best_response is BestResponse.SD:
        return (
            (Timing.ACQUIRED, TimingReason.STABLE_LONG)
            if late
            else (Timing.PRIMARY, TimingReason.STABLE_SHORT)
        )
    # PD as best response after many months means that no assessment came before it.
    return (
        (Timing.INDETERMINATE, TimingReason.FIRST_ASSESSMENT_LATE)
        if late
        else (Timing.PRIMARY, TimingReason.NO_RESPONSE)
    )


def _responded(clinical: ClinicalContext) -> bool:
    return clinical.first_cr_pr is not None or clinical.best_response in (BestResponse.CR, BestResponse.PR)


def _conflicting(clinical: ClinicalContext) -> bool:
    start, progression, response = (
        clinical.lorlatinib_start,
        clinical.progression,
        clinical.first_cr_pr,
    )
    pairs = ((start, progression), (start, response), (response, progression))
    return any(early is not None and late is not None and late < early for early, late in pairs)


def _off_treatment(clinical: ClinicalContext, progression: date, window: WindowSettings) -> bool:
    stopped = clinical.lorlatinib_last_dose
    if stopped is None or clinical.lorlatinib_stop_reason not in NO_PROGRESSION:
        return False
    return progression > stopped + timedelta(days=window.days_after_last_dose)


def _early(clinical: ClinicalContext, settings: TimingSettings) -> bool | None:
    # Dates that contradict each other count as none: a swapped pair would always read as early.
    if clinical.lorlatinib_start is None or clinical.progression is None or _conflicting(clinical):
        return None
    return clinical.progression <= add_months(clinical.lorlatinib_start, settings.early_months)
