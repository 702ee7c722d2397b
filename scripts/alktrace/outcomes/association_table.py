"""The columns of `associations.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.outcomes import Question, Status


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
    excluded: tuple[str, ...] = column("patients left out, `reason=number`", default=())
    status: Status = column("estimated, descriptive or not estimable")
    reason: str | None = column("why there is no model", default=None)
    note: str | None = column("how to read it", default=None)
