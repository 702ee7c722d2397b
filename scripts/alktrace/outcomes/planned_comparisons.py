"""What the analysis plan declares, as it came out; all other comparisons are exploratory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.proportions import holm
from ..vocabulary.outcomes import REGIMEN, Question, Refusal, RegimenKind, Status, Target
from .adjusted import Adjusted, Asked, adjusted_comparison, pair
from .adjusted_table import AdjustedRow
from .analysis_plan import AnalysisPlan, PlannedComparison
from .association_table import EXPLORATORY, AssociationRow
from .comparisons import Grouping, relate
from .endpoint_table import EndpointPatientRow
from .endpoints import ENDPOINTS, OS_PROGRESSION, RWPFS2_TREATMENT
from .plan_table import PlannedRow
from .predictors import Case

WEIGHTED = "cox, stabilised propensity weights; robust"
WITHOUT_PLAN = (RWPFS2_TREATMENT, OS_PROGRESSION)
"""Endpoints on which treatments are compared adjusted where no plan says on which."""


@dataclass(frozen=True)
class Patients:
    """Who is compared: endpoint_patients.tsv, what is known of each, and the kinds of next treatment."""

    rows: Sequence[EndpointPatientRow]
    cases: Sequence[Case]
    regimen: Grouping


def adjusted_comparisons(
    plan: AnalysisPlan | None, patients: Patients, settings: CohortSettings
) -> list[Adjusted]:
    """Return the adjusted comparisons of the plan; without one, each treatment against the others."""
    return [
        adjusted_comparison(asked, patients.rows, patients.cases, patients.regimen, settings)
        for asked in _asked(plan, patients.regimen, settings)
    ]


def declared(
    plan: AnalysisPlan,
    patients: Patients,
    adjusted: Iterable[AdjustedRow],
    associations: Sequence[AssociationRow],
    settings: CohortSettings,
) -> list[PlannedRow]:
    """Return every comparison of the plan, with p values adjusted over them."""
    weighted = {row.comparison: row for row in adjusted}
    by_key = {_key(row): row for row in associations}
    rows = []
    for item in plan.comparisons:
        # A refused adjustment is not replaced by the unadjusted ratio: that would be another question.
        if item.estimand is not None:
            rows.append(_of_weighted(item, weighted[item.name]))
        else:
            found = by_key.get(_planned_key(item))
            rows.append(_of_association(item, found or _pairwise(item, patients, settings)))
    # Who declares more pays more: a comparison without a result stays one of them.
    corrected = holm([row.p for row in rows])
    return [replace(row, p_holm=p) for row, p in zip(rows, corrected, strict=True)]


def named(plan: AnalysisPlan | None, rows: Sequence[AssociationRow]) -> list[AssociationRow]:
    """Return comparisons with the name that each has in the plan; the others are exploratory."""
    names = (
        {_planned_key(item): item.name for item in plan.comparisons if item.estimand is None} if plan else {}
    )
    return [replace(row, plan=names.get(_key(row), EXPLORATORY)) for row in rows]


def _asked(plan: AnalysisPlan | None, regimen: Grouping, settings: CohortSettings) -> list[Asked]:
    if plan is not None:
        return [
            Asked(
                name=item.name,
                declared=True,
                endpoint=ENDPOINTS[item.endpoint],
                analysis=item.analysis,
                level=item.level,
                reference=item.against,
                target=item.estimand,
                covariates=plan.covariates,
            )
            for item in plan.comparisons
            if item.estimand is not None
        ]
    kinds = [kind.value for kind in RegimenKind if kind.value in regimen.group_of.values()]
    if not settings.covariates or len(kinds) < 2:
        return []
    # Of two kinds one comparison says all.
    asked = []
    for endpoint in WITHOUT_PLAN:
        for kind in kinds if len(kinds) > 2 else kinds[:1]:
            item = PlannedComparison(name=kind, endpoint=endpoint.name, factor=REGIMEN, level=kind)
            asked.append(
                Asked(
                    name=f"{kind}:{endpoint.name}",
                    declared=False,
                    endpoint=endpoint,
                    analysis=item.analysis,
                    level=kind,
                    reference=item.against,
                    target=Target.ATE,
                    covariates=settings.covariates,
                )
            )
    return asked


def _key(row: AssociationRow) -> tuple[str, str, str, str, str]:
    return row.endpoint, row.analysis, row.factor, row.level, row.reference


def _planned_key(item: PlannedComparison) -> tuple[str, str, str, str, str]:
    reference = f"{item.factor.split(' x ')[0]} absent" if " x " in item.factor else item.against
    return item.endpoint, item.analysis.value, item.factor, item.level, reference


def _pairwise(item: PlannedComparison, patients: Patients, settings: CohortSettings) -> AssociationRow | None:
    if item.factor != REGIMEN:
        return None
    endpoint = ENDPOINTS[item.endpoint]
    compared = pair(endpoint, item.level, item.against, patients.cases, patients.regimen)
    return relate(
        Question.TREATMENT_OUTCOME, patients.rows, endpoint, item.analysis, compared,
        item.level, item.against, settings,
    )  # fmt: skip


def _of_weighted(item: PlannedComparison, row: AdjustedRow) -> PlannedRow:
    known = row.status is Status.ESTIMATED
    return replace(
        _empty(item),
        method=WEIGHTED if known else None,
        estimate=row.estimate,
        low=row.low,
        high=row.high,
        p=row.p,
        status=row.status,
        reason=row.reason,
    )


def _of_association(item: PlannedComparison, row: AssociationRow | None) -> PlannedRow:
    if row is None:
        return replace(_empty(item), reason=Refusal.NOBODY_COMPARED.value)
    return replace(
        _empty(item),
        method=row.method,
        estimate=row.estimate,
        low=row.low,
        high=row.high,
        p=row.p,
        status=row.status,
        reason=row.reason,
    )


def _empty(item: PlannedComparison) -> PlannedRow:
    endpoint, analysis, factor, level, reference = _planned_key(item)
    return PlannedRow(
        comparison=item.name,
        endpoint=endpoint,
        analysis=analysis,
        factor=factor,
        level=level,
        reference=reference,
        estimand=item.estimand,
        status=Status.NOT_ESTIMABLE,
    )
