"""The columns of the Kaplan-Meier curves and of the numbers at risk below them."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.outcomes import Analysis


@dataclass(frozen=True, kw_only=True)
class KaplanMeierRow:
    """`km_<endpoint>.tsv` and `km_mechanism.tsv`: one step of one curve."""

    endpoint: str = column("name of the endpoint")
    analysis: Analysis = column("as in endpoints.tsv, or as in associations.tsv for groups")
    grouping: str = column("`all`, `regimen` or a component such as `on_target`")
    group: str = column("group of the curve")
    days: float = column("days after day 0")
    at_risk: int = column("patients at risk just before")
    events: int = column("events on that day")
    censored: int = column("patients censored on that day")
    survival: float = column("share without event from then on")
    low: float | None = column("lower end of the log-log interval; missing at 0 and 1", default=None)
    high: float | None = column("upper end of the log-log interval", default=None)


@dataclass(frozen=True, kw_only=True)
class AtRiskRow:
    """`km_at_risk.tsv` and `km_mechanism_at_risk.tsv`: numbers at risk below a curve."""

    endpoint: str = column("name of the endpoint")
    analysis: Analysis = column("as in endpoints.tsv, or as in associations.tsv for groups")
    grouping: str = column("as in the curve")
    group: str = column("group of the curve")
    days: int = column("days after day 0")
    at_risk: int = column("patients at risk then")
