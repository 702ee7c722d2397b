"""The columns of `analysis_plan.tsv`, `planned_comparisons.tsv` and `plan_deviations.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.outcomes import Deviation, Status, Target


@dataclass(frozen=True)
class PlanRow:
    """`analysis_plan.tsv`: one thing that the analysis plan says of itself; empty without a plan."""

    item: str = column("name, version, date, sha256 (of the file), data_cutoff or covariates")
    value: str | None = column("what it is")


@dataclass(frozen=True, kw_only=True)
class PlannedRow:
    """`planned_comparisons.tsv`: one comparison that the analysis plan declares."""

    comparison: str = column("its name in the plan")
    endpoint: str = column("outcome compared")
    analysis: str = column("where the time at risk begins")
    factor: str = column("what the groups differ in")
    level: str = column("group, or `interaction`")
    reference: str = column("group it is compared with")
    estimand: Target | None = column("of an adjusted comparison: whose effect", default=None)
    method: str | None = column("statistical method", default=None)
    estimate: float | None = column("hazard ratio", default=None)
    low: float | None = column("lower end of its interval", default=None)
    high: float | None = column("upper end of its interval", default=None)
    p: float | None = column("two-sided p value", default=None)
    p_holm: float | None = column(
        "p adjusted for the number of declared comparisons (Holm), those without a result among them",
        default=None,
    )
    status: Status = column("estimated, penalised, descriptive or not estimable")
    reason: str | None = column("why there is no estimate, or none but a penalised one", default=None)


@dataclass(frozen=True, kw_only=True)
class DeviationRow:
    """`plan_deviations.tsv`: one way in which what ran differs from the analysis plan."""

    deviation: Deviation = column("`not_in_plan`: ran; `not_run`: planned; `changed`: ran otherwise")
    part: str = column("data_cutoff, date, setting, endpoint, population, covariate or comparison")
    name: str = column("which one")
    planned: str | None = column("what the plan says", default=None)
    ran: str | None = column("what was done", default=None)
    reason: str | None = column("why", default=None)
