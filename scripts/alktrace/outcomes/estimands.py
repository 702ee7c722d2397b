"""What each endpoint estimates, from the one object that defines it."""

from collections.abc import Iterator

from ..vocabulary.outcomes import Analysis
from .endpoints import ENDPOINTS, Endpoint
from .estimand_table import EstimandRow

SUMMARIES = {
    Analysis.AS_DEFINED: "median and share without event (Kaplan-Meier), from day 0",
    Analysis.ENROLMENT_ENTRY: "median and share without event (Kaplan-Meier), at risk from enrolment on",
    Analysis.COMPETING_STATES: "incidence of each end and day on which half have ended "
    "(Aalen-Johansen), at risk from enrolment on",
    Analysis.INTERVAL_CENSORED: "median and share without event (Turnbull), from day 0",
}
BETWEEN_VISITS = "the event lies between two assessments, not on the day of the second"


def estimand_rows() -> list[EstimandRow]:
    """Return one row per endpoint in the analysis to quote, and one for its analysis between visits."""
    return [row for endpoint in ENDPOINTS.values() for row in _rows(endpoint)]


def _rows(endpoint: Endpoint) -> Iterator[EstimandRow]:
    beside = endpoint.sensitivity
    yield _row(endpoint, endpoint.headline, beside.of if beside else None, beside.text if beside else None)
    if endpoint.visits:
        yield _row(endpoint, Analysis.INTERVAL_CENSORED, endpoint.name, BETWEEN_VISITS)


def _row(endpoint: Endpoint, analysis: Analysis, of: str | None, differs: str | None) -> EstimandRow:
    return EstimandRow(
        endpoint=endpoint.name,
        sensitivity_of=of,
        differs=differs,
        population=endpoint.population.text,
        treatment=endpoint.treatment,
        variable=f"days from {endpoint.start.text} to {endpoint.event.text}",
        intercurrent_events=tuple(
            f"{item.event}: {item.strategy.value.replace('_', ' ')} ({item.how})"
            for item in endpoint.intercurrent
        ),
        summary=SUMMARIES[analysis],
        analysis=analysis,
        censoring=endpoint.censoring.text,
    )
