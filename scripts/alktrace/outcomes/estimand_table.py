"""The columns of `estimands.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.outcomes import Analysis


@dataclass(frozen=True, kw_only=True)
class EstimandRow:
    """`estimands.tsv`: what an endpoint estimates (ICH E9(R1)), in the analysis to quote."""

    endpoint: str = column("name of the endpoint")
    sensitivity_of: str | None = column(
        "endpoint beside which it stands as a sensitivity analysis", default=None
    )
    differs: str | None = column("what the sensitivity analysis changes", default=None)
    population: str = column("whose outcome is described")
    treatment: str = column("under which treatment")
    variable: str = column("what is measured on each patient")
    intercurrent_events: tuple[str, ...] = column("`event: strategy (how)`, `;`-joined")
    summary: str = column("what is stated of the population")
    analysis: Analysis = column("analysis that states it")
    censoring: str = column("when a patient without event is censored")
