"""What the endpoints of the cohort page estimate, and how far other analyses of them lie apart."""

from collections.abc import Sequence

from ..outcomes.endpoint_table import EndpointRow
from ..outcomes.estimand_table import EstimandRow
from ..vocabulary.outcomes import Status
from . import outcome_words as say
from .exhibits import NO_PATIENTS, Exhibit


def estimands(rows: Sequence[EstimandRow]) -> Exhibit:
    """Return population, treatment, variable, intercurrent events and summary of each endpoint."""
    lines = tuple(
        (
            row.endpoint,
            row.population,
            row.treatment,
            row.variable,
            "; ".join(row.intercurrent_events),
            f"{row.summary}; censored: {row.censoring}",
        )
        for row in rows
        if row.sensitivity_of is None
    )
    header = ("endpoint", "population", "treatment", "variable", "intercurrent events", "summary")
    caption = (
        "Patients, times and events as the endpoints define them, by the attributes of ICH E9(R1). "
        "Sensitivity analyses stand in the same table.",
    )
    missing = "" if lines else NO_PATIENTS
    return Exhibit(
        "estimands", "What is estimated", (), missing, caption, ("estimands.tsv",), (), header, lines
    )


def sensitivities(rows: Sequence[EndpointRow], defined: Sequence[EstimandRow]) -> Exhibit:
    """Return each endpoint that has sensitivity analyses, and these below it."""
    found = {(row.endpoint, row.analysis): row for row in rows}
    lines = []
    for head in (row for row in defined if row.sensitivity_of is None):
        beside = [row for row in defined if row.sensitivity_of == head.endpoint]
        for estimand in (head, *beside) if beside else ():
            row = found.get((estimand.endpoint, estimand.analysis))
            if row is not None:
                lines.append((head.endpoint, estimand.differs or "as defined", *_figures(row)))
    caption = (
        "Patients analysed, events and median in the analysis of each row; none replaces the quoted figure. "
        "Between two assessments: estimate of Turnbull with bootstrap interval.",
    )
    header = ("endpoint", "analysis", "patients", "events", "median")
    sources = ("endpoints.tsv", "estimands.tsv")
    missing = "" if lines else NO_PATIENTS
    return Exhibit(
        "sensitivity", "Sensitivity analyses", (), missing, caption, sources, (), header, tuple(lines)
    )


def _figures(row: EndpointRow) -> tuple[str, str, str]:
    known = row.status is Status.ESTIMATED
    middle = say.days(row.median_days, row.median_low, row.median_high) if known else (row.reason or "–")
    return str(row.analysed), str(row.events), middle
