"""Length of follow-up by the reverse Kaplan-Meier estimate (Schemper and Smith 1996).

The end of follow-up alive is the event, and death censors it: the median of observed times would be short
where many died.
"""

from collections.abc import Sequence
from dataclasses import replace

from ..inputs.settings.cohort_settings import CohortSettings
from ..vocabulary.outcomes import Analysis, Refusal
from .endpoint_figures import NOTHING, Observed, curve_of, observe
from .endpoint_table import EndpointPatientRow
from .endpoints import OS_LORLATINIB, OS_PROGRESSION, Endpoint
from .follow_up_table import FollowUpTimeRow
from .survival import median

ORIGINS = {"first_lorlatinib": OS_LORLATINIB, "progression": OS_PROGRESSION}


def follow_up_rows(rows: Sequence[EndpointPatientRow], settings: CohortSettings) -> list[FollowUpTimeRow]:
    """Return the follow-up from enrolment, lorlatinib start and progression; at risk from enrolment on.

    Args:
        rows: `endpoint_patients.tsv`.
        settings: section `cohort`.
    """
    found = {origin: _reversed(rows, endpoint) for origin, endpoint in ORIGINS.items()}
    # From enrolment nobody enters late: all are seen from their day 0 on.
    enrolled = [
        Observed(item.patient, 0.0, item.time - item.entry, item.event) for item in found["first_lorlatinib"]
    ]
    return [_row(origin, own, settings) for origin, own in {"enrolment": enrolled, **found}.items()]


def _reversed(rows: Sequence[EndpointPatientRow], endpoint: Endpoint) -> list[Observed]:
    own = [row for row in rows if row.endpoint == endpoint.name]
    # Before half a day is added to an event on the day of entry: the other end of the time is the event here.
    observed, _ = observe(own, Analysis.ENROLMENT_ENTRY)
    return [replace(item, event=not item.event) for item in observed]


def _row(origin: str, own: Sequence[Observed], settings: CohortSettings) -> FollowUpTimeRow:
    curve = curve_of(own, settings.confidence)
    middle = median(curve) if curve else NOTHING
    return FollowUpTimeRow(
        origin=origin,
        patients=len(own),
        deaths=sum(not item.event for item in own),
        median_days=middle.value,
        median_low=middle.low,
        median_high=middle.high,
        shortest_alive=min((item.time for item in own if item.event), default=None),
        longest=max((item.time for item in own), default=None),
        reason=middle.reason if curve else Refusal.NO_TIME_AT_RISK.value,
    )
