"""Each mechanism under each kind of next treatment: response, rwPFS2 and rwTTD2 from treatment start."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..vocabulary.outcomes import ALL, Analysis, RegimenKind
from .endpoint_figures import NOTHING, curve_of, observe
from .endpoint_table import EndpointPatientRow
from .endpoints import RWPFS2_TREATMENT, RWTTD2_TREATMENT
from .mechanism_treatment_table import MechanismTreatmentRow
from .mechanisms import Finding
from .response import CONTROL, RESPONSE, is_assessed
from .response_table import ResponsePatientRow
from .survival import Estimate, median

NO_SAMPLE = "no_sample"
Events = Mapping[str, Mapping[str, EndpointPatientRow]]


def mechanism_treatment_rows(
    found: Mapping[str, Finding],
    responses: Iterable[ResponsePatientRow],
    endpoints: Sequence[EndpointPatientRow],
    settings: CohortSettings,
) -> list[MechanismTreatmentRow]:
    """Return one row per component and kind of treatment that occur; a patient may have two components."""
    # Of all treated, classified or not: who has no sample is a group of its own.
    treated = [row for row in responses if row.included]
    events = treatment_events(endpoints)
    groups = {
        row.patient: found[row.patient].groups if row.patient in found else (NO_SAMPLE,) for row in treated
    }
    rows = []
    for component in (ALL, *sorted({group for names in groups.values() for group in names})):
        of_component = [row for row in treated if component in (ALL, *groups[row.patient])]
        for kind in (None, *RegimenKind):
            members = [row for row in of_component if kind in (None, row.regimen_kind)]
            if members:
                rows.append(_row(component, kind.value if kind else ALL, members, events, settings))
    return rows


def treatment_events(endpoints: Iterable[EndpointPatientRow]) -> Events:
    """Return the rows of the endpoints from treatment start, by endpoint and patient."""
    # From the first dose: from progression on, a slow start would count as benefit (immortal time).
    found: dict[str, dict[str, EndpointPatientRow]] = {RWPFS2_TREATMENT.name: {}, RWTTD2_TREATMENT.name: {}}
    for row in endpoints:
        if row.endpoint in found:
            found[row.endpoint][row.patient] = row
    return found


def measures(
    members: Sequence[ResponsePatientRow], events: Events, settings: CohortSettings
) -> dict[str, Any]:
    """Return the columns of response and time that `mechanism_treatment.tsv` has of a group."""
    responders = sum(row.best in RESPONSE for row in members)
    controlled = sum(row.best in CONTROL for row in members)
    names = [row.patient for row in members]
    pfs_events, pfs = _median(events[RWPFS2_TREATMENT.name], names, settings)
    ttd_events, ttd = _median(events[RWTTD2_TREATMENT.name], names, settings)
    orr, dcr = (share(count, len(members), settings.confidence) for count in (responders, controlled))
    return {
        "treated": len(members),
        "assessed": sum(is_assessed(row) for row in members),
        "responders": responders,
        "orr": orr.value,
        "orr_low": orr.low,
        "orr_high": orr.high,
        "controlled": controlled,
        "dcr": dcr.value,
        "dcr_low": dcr.low,
        "dcr_high": dcr.high,
        "pfs_events": pfs_events,
        "pfs_median": pfs.value,
        "pfs_low": pfs.low,
        "pfs_high": pfs.high,
        "ttd_events": ttd_events,
        "ttd_median": ttd.value,
        "ttd_low": ttd.low,
        "ttd_high": ttd.high,
    }


def _row(
    component: str,
    kind: str,
    members: Sequence[ResponsePatientRow],
    events: Events,
    settings: CohortSettings,
) -> MechanismTreatmentRow:
    return MechanismTreatmentRow(
        component=component, regimen_kind=kind, **measures(members, events, settings)
    )


def _median(
    rows: Mapping[str, EndpointPatientRow], names: Iterable[str], settings: CohortSettings
) -> tuple[int, Estimate]:
    observed, _ = observe([rows[name] for name in names if name in rows], Analysis.AS_DEFINED)
    curve = curve_of(observed, settings.confidence)
    return sum(item.event for item in observed), median(curve) if curve else NOTHING
