"""Each mechanism under each kind of next treatment: response, rwPFS2 and rwTTD2 from treatment start."""

from collections.abc import Iterable, Mapping, Sequence

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..vocabulary.outcomes import ALL, Analysis, RegimenKind
from .endpoint_figures import NOTHING, curve_of, observe
from .endpoint_table import EndpointPatientRow
from .endpoints import RWPFS2_TREATMENT, RWTTD2_TREATMENT, Endpoint
from .mechanism_treatment_table import MechanismTreatmentRow
from .mechanisms import Finding
from .response import CONTROL, RESPONSE, is_assessed
from .response_table import ResponsePatientRow
from .survival import Estimate, median

NO_SAMPLE = "no_sample"


def mechanism_treatment_rows(
    found: Mapping[str, Finding],
    responses: Iterable[ResponsePatientRow],
    endpoints: Sequence[EndpointPatientRow],
    settings: CohortSettings,
) -> list[MechanismTreatmentRow]:
    """Return one row per component and kind of treatment that occur; a patient may have two components."""
    # Of all treated, classified or not: who has no sample is a group of its own.
    treated = [row for row in responses if row.included]
    groups = {
        row.patient: found[row.patient].groups if row.patient in found else (NO_SAMPLE,) for row in treated
    }
    rows = []
    for component in (ALL, *sorted({group for names in groups.values() for group in names})):
        of_component = [row for row in treated if component in (ALL, *groups[row.patient])]
        for kind in (None, *RegimenKind):
            members = [row for row in of_component if kind in (None, row.regimen_kind)]
            if members:
                rows.append(_row(component, kind.value if kind else ALL, members, endpoints, settings))
    return rows


def _row(
    component: str,
    kind: str,
    members: Sequence[ResponsePatientRow],
    endpoints: Sequence[EndpointPatientRow],
    settings: CohortSettings,
) -> MechanismTreatmentRow:
    responders = sum(row.best in RESPONSE for row in members)
    controlled = sum(row.best in CONTROL for row in members)
    names = {row.patient for row in members}
    # From the first dose: from progression on, a slow start would count as benefit (immortal time).
    pfs_events, pfs = _median(RWPFS2_TREATMENT, names, endpoints, settings)
    ttd_events, ttd = _median(RWTTD2_TREATMENT, names, endpoints, settings)
    orr, dcr = (share(count, len(members), settings.confidence) for count in (responders, controlled))
    return MechanismTreatmentRow(
        component=component,
        regimen_kind=kind,
        treated=len(members),
        assessed=sum(is_assessed(row) for row in members),
        responders=responders,
        orr=orr.value,
        orr_low=orr.low,
        orr_high=orr.high,
        controlled=controlled,
        dcr=dcr.value,
        dcr_low=dcr.low,
        dcr_high=dcr.high,
        pfs_events=pfs_events,
        pfs_median=pfs.value,
        pfs_low=pfs.low,
        pfs_high=pfs.high,
        ttd_events=ttd_events,
        ttd_median=ttd.value,
        ttd_low=ttd.low,
        ttd_high=ttd.high,
    )


def _median(
    endpoint: Endpoint, names: set[str], endpoints: Sequence[EndpointPatientRow], settings: CohortSettings
) -> tuple[int, Estimate]:
    own = [row for row in endpoints if row.endpoint == endpoint.name and row.patient in names]
    observed, _ = observe(own, Analysis.AS_DEFINED)
    curve = curve_of(observed, settings.confidence)
    return sum(item.event for item in observed), median(curve) if curve else NOTHING
