"""The columns of `adjusted_comparisons.tsv`, `balance.tsv` and `propensities.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.outcomes import Analysis, Status, Target


@dataclass(frozen=True, kw_only=True)
class AdjustedRow:
    """`adjusted_comparisons.tsv`: one comparison of next treatments, weighted by propensity."""

    comparison: str = column("its name in the analysis plan, else `LEVEL:ENDPOINT`")
    plan: str = column("`declared` in the analysis plan, or `exploratory`")
    endpoint: str = column("outcome compared")
    analysis: Analysis = column("where the time at risk begins")
    level: str = column("next treatment")
    reference: str = column("next treatment it is compared with, or `others`")
    estimand: Target = column(
        "whose effect: `ATE` of all who had one of the two, `ATT` of those who had the first"
    )
    covariates: tuple[str, ...] = column("covariates of the propensity, `;`-joined")
    patients: int = column("patients at risk with the treatment")
    events: int = column("events among them")
    reference_patients: int = column("patients at risk with the reference")
    reference_events: int = column("events among them")
    effective_patients: float | None = column(
        "patients with the treatment, as many as the weights leave", default=None
    )
    effective_reference: float | None = column(
        "patients with the reference, as many as the weights leave", default=None
    )
    largest_weight: float | None = column("largest stabilised weight", default=None)
    difference_before: float | None = column("largest standardised difference of a covariate", default=None)
    difference_after: float | None = column(
        "the same after weighting; below 0.1 the groups count as alike", default=None
    )
    unadjusted: float | None = column("hazard ratio of the same patients without weights", default=None)
    unadjusted_low: float | None = column("lower end of its interval", default=None)
    unadjusted_high: float | None = column("upper end of its interval", default=None)
    estimate: float | None = column(
        "hazard ratio of the weighted groups: marginal, not of one patient", default=None
    )
    low: float | None = column("lower end of its interval, by robust variance", default=None)
    high: float | None = column("upper end of its interval, by robust variance", default=None)
    p: float | None = column("two-sided p value", default=None)
    e_value: float | None = column(
        "risk ratio that an unmeasured confounder needs with treatment and outcome to explain the ratio away",
        default=None,
    )
    e_value_limit: float | None = column(
        "the same for the end of the interval that is nearer to 1; 1 where it holds 1", default=None
    )
    missing: tuple[str, ...] = column(
        "patients for whom a covariate was not known before the treatment, `covariate=number`"
    )
    excluded: tuple[str, ...] = column("patients left out, `reason=number`")
    status: Status = column("estimated, or not estimable")
    reason: str | None = column("why there is no estimate", default=None)


@dataclass(frozen=True, kw_only=True)
class BalanceRow:
    """`balance.tsv`: one covariate of one adjusted comparison."""

    comparison: str = column("as in `adjusted_comparisons.tsv`")
    covariate: str = column("covariate of the propensity")
    mean: float = column("mean, or share, with the treatment")
    reference_mean: float = column("with the reference")
    difference: float = column("standardised difference: of the means, by the spread within the groups")
    weighted_mean: float = column("mean with the treatment, weighted")
    weighted_reference_mean: float = column("mean with the reference, weighted")
    weighted_difference: float = column("their difference by the spread before weighting")


@dataclass(frozen=True, kw_only=True)
class PropensityRow:
    """`propensities.tsv`: one patient of one adjusted comparison."""

    comparison: str = column("as in `adjusted_comparisons.tsv`")
    patient: str = column("patient id")
    treated: bool = column("had the treatment, not the reference")
    propensity: float = column("probability of the treatment by the covariates")
    weight: float = column("stabilised weight")
