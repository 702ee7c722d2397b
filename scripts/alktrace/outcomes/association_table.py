"""The columns of `associations.tsv`."""

from dataclasses import dataclass
from typing import Any

from ..io.tables import column
from ..stats.proportions import OddsRatio
from ..vocabulary.outcomes import Question, Refusal, Status

EXPLORATORY = "exploratory"


@dataclass(frozen=True, kw_only=True)
class AssociationRow:
    """`associations.tsv`: one comparison; rows with an estimate are the rows of the forest plot."""

    question: Question = column("what is asked, such as `primary_vs_acquired` or `mechanism_outcome`")
    endpoint: str = column("outcome compared")
    analysis: str = column("where the time at risk begins; of shares `counts`, or the months they span")
    factor: str = column("what the groups differ in")
    level: str = column("group, or `interaction`")
    reference: str = column("group it is compared with")
    patients: int = column("patients in the group")
    events: int = column("events, or patients with the finding")
    reference_patients: int = column("patients in the reference; of crossed factors, in the cells compared")
    reference_events: int = column("events, or patients with the finding")
    method: str = column("statistical method")
    measure: str | None = column("HR, or OR of exact tests", default=None)
    estimate: float | None = column("the ratio", default=None)
    low: float | None = column("lower end of its interval", default=None)
    high: float | None = column("upper end of its interval", default=None)
    p: float | None = column("two-sided p value", default=None)
    q: float | None = column(
        "p value adjusted over its question and analysis (Benjamini-Hochberg)", default=None
    )
    hazards_p: float | None = column(
        "test of proportional hazards (score test against the ranks of time)", default=None
    )
    interval_factor: float | None = column(
        "precision: the interval of a hazard ratio is about the ratio divided and multiplied by this, by "
        "the number of events and the sizes of the groups alone",
        default=None,
    )
    excluded: tuple[str, ...] = column("patients left out, `reason=number`", default=())
    status: Status = column(
        "estimated; penalised: too few for an ordinary model, Firth's with profile interval; descriptive; "
        "or not estimable"
    )
    reason: str | None = column("why there is no model, or none but a penalised one", default=None)
    note: str | None = column("how to read it", default=None)
    plan: str = column("its name in the analysis plan, or `exploratory`", default=EXPLORATORY)


def odds_columns(
    one: tuple[int, int], other: tuple[int, int], test: OddsRatio | None, refusal: Refusal
) -> dict[str, Any]:
    """Return the columns of a comparison of two shares by Fisher's test.

    Args:
        one: who has the finding, and patients, of the group.
        other: the same of the reference.
        test: None where there is none.
        refusal: why there is none.
    """
    estimate, low, high, p = (test.estimate, test.low, test.high, test.p) if test else (None,) * 4
    return {
        "events": one[0],
        "patients": one[1],
        "reference_events": other[0],
        "reference_patients": other[1],
        "method": "fisher_exact",
        "measure": None if estimate is None else "OR",
        "estimate": estimate,
        "low": low,
        "high": high,
        "p": p,
        "status": Status.ESTIMATED if test else Status.NOT_ESTIMABLE,
        "reason": None if test else refusal.value,
    }
