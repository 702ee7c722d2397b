"""The columns of `centre_effects.tsv` and `centre_shares.tsv`; both are empty of one centre."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.outcomes import Question


@dataclass(frozen=True, kw_only=True)
class CentreEffectRow:
    """`centre_effects.tsv`: a comparison in one centre, or over all centres with random effects."""

    question: Question = column("what is asked, as in associations.tsv")
    endpoint: str = column("outcome compared")
    analysis: str = column("where the time at risk begins")
    factor: str = column("what the groups differ in")
    level: str = column("group")
    reference: str = column("group it is compared with")
    centre: str = column("the centre; `all`: the pooled estimate")
    patients: int = column("patients in the group")
    events: int = column("events among them")
    reference_patients: int = column("patients in the reference")
    reference_events: int = column("events among them")
    estimate: float | None = column("hazard ratio", default=None)
    low: float | None = column(
        "lower end of its interval: Wald's of a centre, Hartung's and Knapp's of all", default=None
    )
    high: float | None = column("upper end of its interval", default=None)
    centres: int | None = column("of `all`: centres with an estimate", default=None)
    between: float | None = column(
        "of `all`: variance of log hazard ratios between centres (Paule and Mandel)", default=None
    )
    i2: float | None = column("of `all`: share of the variance that lies between centres (I2)", default=None)
    i2_low: float | None = column("lower end of its interval (Q profile)", default=None)
    i2_high: float | None = column("upper end of its interval", default=None)
    heterogeneity_p: float | None = column("of `all`: Cochran's test of equal centres", default=None)
    reason: str | None = column("why there is no estimate", default=None)


@dataclass(frozen=True, kw_only=True)
class CentreShareRow:
    """`centre_shares.tsv`: how often one centre sees a finding at progression, where it could."""

    centre: str = column("the centre")
    category: str = column("component, finding or gene")
    name: str = column("the finding")
    patients: int = column("patients with a sample at progression")
    n: int = column("patients with the finding")
    total: int | None = column(
        "patients with it, or in whom it was excluded; missing where no sample states what it excludes of it"
    )
    seen_share: float | None = column(
        "total by patients: in how many of them the tests of the centre answer the question"
    )
    share: float | None = column("n by total; missing where blind samples alone lack the finding")
    low: float | None = column("lower end of the exact interval")
    high: float | None = column("upper end of the exact interval")
    not_assessable: int = column("patients whose sample was to show it and could not")
    not_targeted: int = column("patients in whom nobody looked, or no report says so")
