"""Where patients progress, in the CNS, in few places or in many, by mechanism and treatment."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..vocabulary.clinical import BestResponse, ProgressionSite
from ..vocabulary.outcomes import ALL, Analysis, Refusal
from .beyond import WIDEST_FIRST
from .endpoint_figures import observe
from .endpoint_table import EndpointPatientRow
from .endpoints import RWPFS2_TREATMENT, progression_exclusion
from .mechanism_treatment import NO_SAMPLE
from .mechanisms import Finding
from .progression_table import SiteRow, WayRow
from .state_curves import StateCurve, Stay, aalen_johansen, log_log_band
from .state_estimates import stays_until_gap
from .survival import DAYS_PER_YEAR
from .timeline import Timeline

UNKNOWN, DEATH = "unknown", "death"
SITES = (*(site.value for site in ProgressionSite), UNKNOWN)
WAYS = (*SITES, DEATH)
MECHANISM, NEXT_TREATMENT = "mechanism", "next_treatment"


def site_on(timeline: Timeline, day: dt.date | None) -> str:
    """Return where a scan of a day shows progression, the widest site; `unknown` without."""
    seen = {
        row.site for row in timeline.record.assessments if row.date == day and row.response is BestResponse.PD
    }
    return next((site.value for site in WIDEST_FIRST if site in seen), UNKNOWN)


def site_rows(
    timelines: Sequence[Timeline], found: Mapping[str, Finding], settings: CohortSettings
) -> list[SiteRow]:
    """Return the sites of the progression on lorlatinib and of the one after it.

    Args:
        timelines: of all patients.
        found: findings at progression, by patient.
        settings: section `cohort`.
    """
    progressed = [item for item in timelines if progression_exclusion(item) is None]
    again = [item for item in progressed if item.second_progression is not None]
    rows: list[SiteRow] = []
    for (grouping, group), own in _groups(progressed, found, False).items():
        sites = [site_on(item, item.progression) for item in own]
        rows += _sites("on_lorlatinib", grouping, group, sites, settings)
    # By next treatment only here: the first progression came before it.
    for (grouping, group), own in _groups(again, found, True).items():
        sites = [site_on(item, item.second_progression) for item in own]
        rows += _sites("next", grouping, group, sites, settings)
    return rows


def way_rows(
    timelines: Sequence[Timeline],
    found: Mapping[str, Finding],
    endpoints: Sequence[EndpointPatientRow],
    settings: CohortSettings,
) -> list[WayRow]:
    """Return the incidence of each way in which rwPFS2 from treatment start ends.

    Args:
        timelines: of all patients.
        found: findings at progression, by patient.
        endpoints: `endpoint_patients.tsv`.
        settings: section `cohort`.
    """
    rows = {
        row.patient: row
        for row in endpoints
        if row.endpoint == RWPFS2_TREATMENT.name and row.included and row.start
    }
    treated = [item for item in timelines if item.patient in rows]
    way_of = {item.patient: _way(item, rows[item.patient]) for item in treated}
    return [
        row
        for (grouping, group), own in _groups(treated, found, True).items()
        for row in _ways(
            grouping,
            group,
            [_entered(rows[item.patient], item, found, grouping) for item in own],
            way_of,
            settings,
        )
    ]


def _groups(
    members: Sequence[Timeline], found: Mapping[str, Finding], treated: bool
) -> dict[tuple[str, str], list[Timeline]]:
    groups: dict[tuple[str, str], list[Timeline]] = {(ALL, ALL): list(members)} if members else {}
    for item in members:
        finding = found.get(item.patient)
        # Components of two families count twice, as in mechanism_treatment.tsv.
        names = [(MECHANISM, str(name)) for name in (finding.groups if finding else (NO_SAMPLE,))]
        if treated and item.next_treatment:
            names.append((NEXT_TREATMENT, item.next_treatment.kind.value))
        for name in names:
            groups.setdefault(name, []).append(item)
    return dict(sorted(groups.items()))


def _sites(
    name: str, grouping: str, group: str, sites: Sequence[str], settings: CohortSettings
) -> Iterator[SiteRow]:
    known = len(sites) - sites.count(UNKNOWN)
    for site in SITES:
        # Of those known: a stop for progression without a scan is no progression outside the CNS.
        part = share(sites.count(site), known, settings.confidence) if site != UNKNOWN else None
        yield SiteRow(
            progression=name,
            grouping=grouping,
            group=group,
            patients=len(sites),
            site=site,
            count=sites.count(site),
            share=part.value if part else None,
            low=part.low if part else None,
            high=part.high if part else None,
        )


def _way(timeline: Timeline, row: EndpointPatientRow) -> int | None:
    # Death without progression ends all other ways: censored, each of them would be overestimated.
    if not row.event:
        return None
    return 1 + WAYS.index(DEATH if row.event_type == DEATH else site_on(timeline, row.end))


def _entered(
    row: EndpointPatientRow, timeline: Timeline, found: Mapping[str, Finding], grouping: str
) -> EndpointPatientRow:
    """Return the row at risk from enrolment on; by mechanism not before the report, which makes the group."""
    finding = found.get(timeline.patient)
    if grouping != MECHANISM or finding is None or row.start is None or row.entry_days is None:
        return row
    # Who died before the report is in no group by mechanism: its members are immortal until then.
    known = None if finding.reported is None else float(max(0, (finding.reported - row.start).days))
    return replace(row, entry_days=None if known is None else max(row.entry_days, known))


def _ways(
    grouping: str,
    group: str,
    rows: Sequence[EndpointPatientRow],
    way_of: Mapping[str, int | None],
    settings: CohortSettings,
) -> Iterator[WayRow]:
    # Not from day 0: the ways add up to 1 only over those who were under observation.
    observed, _ = observe(rows, Analysis.ENROLMENT_ENTRY)
    stays = [
        Stay(place, 0, item.entry, item.time, way_of[item.patient]) for place, item in enumerate(observed)
    ]
    seen, gap = stays_until_gap(stays) if stays else ([], None)
    reason: str | None = None
    if len(observed) < settings.min_group_patients:
        reason = f"{Refusal.GROUP_TOO_SMALL}: {len(observed)}, {settings.min_group_patients} needed"
    curve = None
    if reason is None and seen:
        curve = aalen_johansen(seen, len(WAYS) + 1, ends=range(1, len(WAYS) + 1), horizons=())
    for years in settings.rate_years:
        for place, way in enumerate(WAYS, start=1):
            row = WayRow(
                grouping=grouping,
                group=group,
                way=way,
                years=years,
                patients=len(observed),
                events=sum(stay.moved_to == place for stay in stays),
            )
            short = Refusal.RISK_SET_EMPTIED if gap is not None else Refusal.FOLLOW_UP_TOO_SHORT
            yield _incidence(row, curve, place, reason or short.value, settings)


def _incidence(
    row: WayRow, curve: StateCurve | None, place: int, reason: str, settings: CohortSettings
) -> WayRow:
    days = row.years * DAYS_PER_YEAR
    # Once everybody has ended, nothing changes any more: the incidence stands at any later day.
    if curve is None or (days > curve.days[-1] and curve.probability[-1, 0] > 0):
        return replace(row, reason=reason)
    step = int(np.searchsorted(curve.days, days, side="right")) - 1
    if step < 0:
        return replace(row, incidence=0.0)
    value, error = curve.probability[step, place], curve.error[step, place]
    low, high = log_log_band(np.array([value]), np.array([error]), settings.confidence)
    return replace(
        row,
        incidence=float(value),
        low=None if np.isnan(low[0]) else float(low[0]),
        high=None if np.isnan(high[0]) else float(high[0]),
    )
