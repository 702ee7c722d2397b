"""The columns of `mechanism_treatment.tsv` and `treatment_detail.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class MechanismTreatmentRow:
    """`mechanism_treatment.tsv`: one mechanism under one kind of next treatment."""

    component: str = column("component, `none_found`, `on_target_excluded`, `not_evaluable` or `no_sample`")
    regimen_kind: str = column("kind of first sequential treatment, or `all`")
    treated: int = column("patients treated")
    assessed: int = column("of these, with an evaluable assessment")
    responders: int = column("patients with CR or PR")
    orr: float | None = column("their share of the treated")
    orr_low: float | None = column("lower end of the exact interval")
    orr_high: float | None = column("upper end of the exact interval")
    controlled: int = column("patients with CR, PR or SD")
    dcr: float | None = column("their share of the treated")
    dcr_low: float | None = column("lower end of the exact interval")
    dcr_high: float | None = column("upper end of the exact interval")
    pfs_events: int = column("rwPFS2 events counted from treatment start")
    pfs_median: float | None = column("median rwPFS2 from treatment start, days")
    pfs_low: float | None = column("lower end of its interval")
    pfs_high: float | None = column("upper end of its interval")
    ttd_events: int = column("rwTTD2 events counted from treatment start")
    ttd_median: float | None = column("median rwTTD2 from treatment start, days")
    ttd_low: float | None = column("lower end of its interval")
    ttd_high: float | None = column("upper end of its interval")


@dataclass(frozen=True, kw_only=True)
class TreatmentDetailRow:
    """`treatment_detail.tsv`: the same by gene, alteration, drug and class of drug.

    Of groups with `min_group_patients` treated or more.
    """

    mechanism_level: str = column("`all`, `component`, `gene` or `alteration`")
    mechanism: str = column("`all`, or the mechanism at progression")
    treatment_level: str = column("`all`, `kind`, `class` or `drug` of the first sequential treatment")
    treatment: str = column("`all`, or the treatment; one of several drugs counts under each of them")
    treated: int = column("patients treated")
    assessed: int = column("of these, with an evaluable assessment")
    responders: int = column("patients with CR or PR")
    orr: float | None = column("their share of the treated")
    orr_low: float | None = column("lower end of the exact interval")
    orr_high: float | None = column("upper end of the exact interval")
    controlled: int = column("patients with CR, PR or SD")
    dcr: float | None = column("their share of the treated")
    dcr_low: float | None = column("lower end of the exact interval")
    dcr_high: float | None = column("upper end of the exact interval")
    pfs_events: int = column("rwPFS2 events counted from treatment start")
    pfs_median: float | None = column("median rwPFS2 from treatment start, days")
    pfs_low: float | None = column("lower end of its interval")
    pfs_high: float | None = column("upper end of its interval")
    ttd_events: int = column("rwTTD2 events counted from treatment start")
    ttd_median: float | None = column("median rwTTD2 from treatment start, days")
    ttd_low: float | None = column("lower end of its interval")
    ttd_high: float | None = column("upper end of its interval")
