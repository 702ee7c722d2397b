"""Progression treated locally while lorlatinib goes on: how often, and how long it goes on."""

from collections.abc import Iterable, Sequence

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..vocabulary.clinical import BestResponse, ProgressionSite
from ..vocabulary.outcomes import ALL
from .beyond_table import BeyondRow
from .endpoint_figures import NOTHING, curve_of, observe
from .endpoint_table import EndpointPatientRow
from .endpoints import RWTTD1_BEYOND, progression_exclusion
from .survival import median
from .timeline import Timeline

WIDEST_FIRST = (ProgressionSite.SYSTEMIC, ProgressionSite.OLIGO, ProgressionSite.CNS_ONLY)
UNKNOWN, YES, NO = "unknown", "yes", "no"


def beyond_rows(
    timelines: Iterable[Timeline], endpoints: Sequence[EndpointPatientRow], settings: CohortSettings
) -> list[BeyondRow]:
    """Return one row per site of progression, with and without local therapy, and over all.

    Args:
        timelines: of all patients.
        endpoints: `endpoint_patients.tsv`.
        settings: section `cohort`.
    """
    progressed = [timeline for timeline in timelines if progression_exclusion(timeline) is None]
    cells = [(timeline, site_of(timeline) or UNKNOWN, treated_locally(timeline)) for timeline in progressed]
    days = {row.patient: row for row in endpoints if row.endpoint == RWTTD1_BEYOND.name}
    rows = []
    for site in (ALL, *ProgressionSite, UNKNOWN):
        for local in (ALL, YES, NO):
            members = [
                days[timeline.patient]
                for timeline, own, treated in cells
                if site in (ALL, own) and local in (ALL, YES if treated else NO)
            ]
            if members:
                rows.append(_row(site, local, members, settings))
    return rows


def site_of(timeline: Timeline) -> ProgressionSite | None:
    """Return where a patient progressed on lorlatinib, by the assessments of that day; the widest site."""
    seen = {
        row.site
        for row in timeline.record.assessments
        if row.date == timeline.progression and row.response is BestResponse.PD
    }
    return next((site for site in WIDEST_FIRST if site in seen), None)


def treated_locally(timeline: Timeline) -> bool:
    """Return whether local therapy began at or after progression, before the next one and the next drug."""
    first, given, again = timeline.progression, timeline.next_treatment, timeline.second_progression
    # Beyond the next drug it is no longer lorlatinib that local therapy lets go on.
    limits = [day for day in (given and given.start, again) if day]
    return first is not None and any(
        first <= row.start <= min(limits, default=row.start) for row in timeline.record.local_therapies
    )


def _row(site: str, local: str, members: Sequence[EndpointPatientRow], settings: CohortSettings) -> BeyondRow:
    observed, _ = observe(members, RWTTD1_BEYOND.headline)
    curve = curve_of(observed, settings.confidence)
    middle = median(curve) if curve else NOTHING
    # Of all who progressed: a share of those treated locally alone would flatter lorlatinib.
    continued = sum(row.included for row in members)
    part = share(continued, len(members), settings.confidence)
    return BeyondRow(
        site=site,
        local_therapy=local,
        patients=len(members),
        continued=continued,
        share=part.value,
        low=part.low,
        high=part.high,
        analysed=len(observed),
        stopped=sum(item.event for item in observed),
        median_days=middle.value,
        median_low=middle.low,
        median_high=middle.high,
    )
