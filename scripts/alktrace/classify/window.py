"""The sampling window: does a sample taken at progression show resistance to lorlatinib?

The window opens some days before the progression date and closes some days after the last lorlatinib
dose, or with a new systemic therapy if that comes first. It never opens before lorlatinib. Lorlatinib
continued beyond progression keeps it open. It holds for samples of the setting `progression` only.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ..evidence.schema import ClinicalContext
from ..inputs.settings.resistance_settings import WindowSettings
from ..vocabulary.clinical import StopReason
from ..vocabulary.samples import Setting


class WindowStatus(StrEnum):
    """Where the date of a sample lies; `unknown` changes no class."""

    NOT_APPLICABLE = "not_applicable"
    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class WindowVerdict:
    """Where the date of one sample lies, and why."""

    status: WindowStatus
    explanation: str


def judge_window(
    collected: date, setting: Setting, clinical: ClinicalContext | None, settings: WindowSettings
) -> WindowVerdict:
    """Return where a sample lies against the sampling window.

    A known bound that is violated puts the sample outside even if other dates are missing;
    inside needs both ends.
    """
    if setting is not Setting.PROGRESSION:
        return WindowVerdict(WindowStatus.NOT_APPLICABLE, "not a progression sample")
    if clinical is None:
        return WindowVerdict(WindowStatus.UNKNOWN, "no clinical dates")
    opens = window_opens(clinical, settings)
    closes = _closes(clinical, settings)
    therapy = clinical.next_systemic_start
    start = clinical.lorlatinib_start
    # A progression dated before the start is a wrong date, and which of the two nobody can tell.
    credible = clinical.progression is None or start is None or clinical.progression >= start
    # Violations first: one broken bound suffices, while "inside" needs both ends known.
    if start is not None and collected < start and credible:
        return WindowVerdict(WindowStatus.OUTSIDE, f"taken before lorlatinib, {start.isoformat()}")
    if opens is not None and collected < opens:
        return WindowVerdict(WindowStatus.OUTSIDE, f"taken before {opens.isoformat()}")
    if therapy is not None and collected >= therapy:
        return WindowVerdict(WindowStatus.OUTSIDE, f"new systemic therapy since {therapy.isoformat()}")
    if closes is not None and collected > closes:
        return WindowVerdict(WindowStatus.OUTSIDE, f"taken after {closes.isoformat()}")
    if opens is None:
        return WindowVerdict(WindowStatus.UNKNOWN, "no progression date")
    if closes is None and clinical.lorlatinib_stop_reason is not StopReason.ONGOING:
        return WindowVerdict(WindowStatus.UNKNOWN, "no date of the last lorlatinib dose")
    return WindowVerdict(WindowStatus.INSIDE, "within the sampling window")


def window_opens(clinical: ClinicalContext, settings: WindowSettings) -> date | None:
    """Return the first day on which a sample shows the progression; None without its date."""
    if clinical.progression is None:
        return None
    return clinical.progression - timedelta(days=settings.days_before_progression)


def _closes(clinical: ClinicalContext, settings: WindowSettings) -> date | None:
    if clinical.lorlatinib_last_dose is None or clinical.lorlatinib_stop_reason is StopReason.ONGOING:
        return None
    return clinical.lorlatinib_last_dose + timedelta(days=settings.days_after_last_dose)
