"""How what ran differs from the analysis plan: what is not in it, what did not run, what ran otherwise."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..inputs.settings.cohort_settings import CohortSettings
from ..vocabulary.outcomes import Deviation, Status
from .adjusted_table import AdjustedRow, BalanceRow
from .analysis_plan import AnalysisPlan
from .association_table import EXPLORATORY, AssociationRow
from .endpoint_table import EndpointRow
from .endpoints import ENDPOINTS
from .plan_table import DeviationRow, PlannedRow, PlanRow

NO_CUTOFF = "all data"
WITHOUT_RESULT = (Status.NOT_ESTIMABLE, Status.DESCRIPTIVE)


@dataclass(frozen=True)
class Ran:
    """What ran: rows of `endpoints.tsv`, `planned_comparisons.tsv`, `associations.tsv`, adjusted, balance."""

    endpoints: Sequence[EndpointRow]
    planned: Sequence[PlannedRow]
    associations: Sequence[AssociationRow]
    adjusted: Sequence[AdjustedRow]
    balances: Sequence[BalanceRow]


def plan_rows(plan: AnalysisPlan) -> list[PlanRow]:
    """Return what a plan says of itself."""
    return [
        PlanRow("name", plan.name),
        PlanRow("version", plan.version),
        PlanRow("date", str(plan.date)),
        PlanRow("sha256", plan.digest),
        PlanRow("data_cutoff", str(plan.data_cutoff or NO_CUTOFF)),
        PlanRow("covariates", ", ".join(plan.covariates) or None),
        PlanRow("comparisons", str(len(plan.comparisons))),
    ]


def deviations(plan: AnalysisPlan, settings: CohortSettings, ran: Ran) -> list[DeviationRow]:
    """Return every deviation: of data and settings, endpoints, covariates, comparisons."""
    return [
        *_of_data(plan, settings),
        *_of_endpoints(plan, ran.endpoints),
        *_of_covariates(ran),
        *_of_comparisons(ran),
    ]


def _of_data(plan: AnalysisPlan, settings: CohortSettings) -> Iterator[DeviationRow]:
    if plan.data_cutoff != settings.data_cutoff:
        yield DeviationRow(
            deviation=Deviation.CHANGED,
            part="data_cutoff",
            name="data_cutoff",
            planned=str(plan.data_cutoff or NO_CUTOFF),
            ran=str(settings.data_cutoff or NO_CUTOFF),
            reason="cohort.data_cutoff of the configuration",
        )
    if settings.data_cutoff and plan.date > settings.data_cutoff:
        yield DeviationRow(
            deviation=Deviation.CHANGED,
            part="date",
            name="date",
            planned=str(plan.date),
            ran=f"data until {settings.data_cutoff}",
            reason="the plan was written after the cut-off: its outcomes may have been known",
        )
    used = settings.model_dump(mode="json")
    for name, value in plan.settings.items():
        # Dates and lists of the plan are as YAML reads them.
        if _plain(value) != used[name]:
            yield DeviationRow(
                deviation=Deviation.CHANGED,
                part="setting",
                name=f"cohort.{name}",
                planned=str(value),
                ran=str(used[name]),
                reason="the configuration",
            )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _of_endpoints(plan: AnalysisPlan, rows: Sequence[EndpointRow]) -> Iterator[DeviationRow]:
    found = {(row.endpoint, row.analysis): row for row in rows}
    for item in plan.endpoints:
        defined = ENDPOINTS[item.endpoint].population.name
        if item.population != defined:
            yield DeviationRow(
                deviation=Deviation.CHANGED,
                part="population",
                name=item.endpoint,
                planned=item.population,
                ran=defined,
                reason="an endpoint has the population of its definition",
            )
        row = found.get((item.endpoint, item.analysis))
        if row is None or row.status is Status.NOT_ESTIMABLE:
            yield DeviationRow(
                deviation=Deviation.NOT_RUN,
                part="endpoint",
                name=item.endpoint,
                planned=item.analysis.value,
                reason=row.reason if row else "the endpoint has no such analysis",
            )
    # All endpoints are computed whatever a plan says: those beside it must not look planned.
    names = {item.endpoint for item in plan.endpoints}
    for name, endpoint in ENDPOINTS.items():
        if name not in names:
            yield DeviationRow(
                deviation=Deviation.NOT_IN_PLAN, part="endpoint", name=name, ran=endpoint.headline.value
            )


def _of_covariates(ran: Ran) -> Iterator[DeviationRow]:
    for row in ran.adjusted:
        own = [item for item in ran.balances if item.comparison == row.comparison]
        for item in own:
            # One value in everybody: there is nothing to adjust for.
            if item.difference == 0 and item.mean in (0, 1) and item.mean == item.reference_mean:
                yield DeviationRow(
                    deviation=Deviation.NOT_RUN,
                    part="covariate",
                    name=f"{row.comparison}: {item.covariate}",
                    planned=item.covariate,
                    reason="alike in all patients compared",
                )


def _of_comparisons(ran: Ran) -> Iterator[DeviationRow]:
    for row in ran.planned:
        if row.status in WITHOUT_RESULT:
            yield DeviationRow(
                deviation=Deviation.NOT_RUN,
                part="comparison",
                name=row.comparison,
                planned=f"{row.level} vs {row.reference}, {row.endpoint}",
                reason=row.reason,
            )
        # An answer, but not by the method that was declared.
        elif row.status is Status.PENALISED:
            yield DeviationRow(
                deviation=Deviation.CHANGED,
                part="comparison",
                name=row.comparison,
                planned="Cox model",
                ran=row.method,
                reason=row.reason,
            )
    beside = Counter(
        (row.question.value, row.endpoint, row.analysis)
        for row in ran.associations
        if row.plan == EXPLORATORY
    )
    for (question, endpoint, analysis), number in beside.items():
        yield DeviationRow(
            deviation=Deviation.NOT_IN_PLAN,
            part="comparison",
            name=f"{question}: {endpoint}, {analysis}",
            ran=f"{number} comparisons",
        )
