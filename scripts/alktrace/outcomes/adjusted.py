"""Comparisons of next treatments, adjusted for what was known when they began.

A treatment is chosen: patients differ before it begins. Each patient counts by how unlikely the treatment was
for such a patient, so that the weighted groups are alike in the declared covariates; what nobody measured
stays, and the E-value says how strong it would have to be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ..inputs.settings.cohort_settings import CohortSettings
from ..vocabulary.outcomes import (
    ABSENT,
    OTHERS,
    PRESENT,
    Analysis,
    Exclusion,
    Refusal,
    Status,
    Target,
)
from .adjusted_table import AdjustedRow, BalanceRow, PropensityRow
from .association_table import EXPLORATORY
from .comparisons import Comparison, Grouping, at_risk
from .covariates import COVARIATES
from .cox import refuse
from .e_value import e_value, e_value_of_limit
from .endpoint_figures import columns, counted, strata_of
from .endpoint_table import EndpointPatientRow
from .endpoints import Endpoint
from .predictors import Case
from .propensity import Balance, balance, effective_number, no_overlap, propensities, weights
from .survival import Floats
from .weighted_cox import WeightedTerm, fit_weighted


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One comparison of next treatments.

    Attributes:
        declared: is it in the analysis plan.
        reference: another kind of treatment, or `others`.
        covariates: names of `COVARIATES`.
    """

    name: str
    declared: bool
    endpoint: Endpoint
    analysis: Analysis
    level: str
    reference: str
    target: Target
    covariates: Sequence[str]


@dataclass(frozen=True)
class Adjusted:
    """One comparison with the balance and the propensities behind it; empty where a group is."""

    row: AdjustedRow
    balances: Sequence[BalanceRow] = field(default=())
    propensities: Sequence[PropensityRow] = field(default=())


@dataclass(frozen=True)
class _Weighted:
    """Patients at risk with covariates and weights."""

    treated: Any
    entry: Floats
    time: Floats
    event: Any
    strata: Sequence[str]
    propensity: Floats
    weight: Floats
    balances: Sequence[tuple[str, Balance]]

    def fit(self, weight: Floats, confidence: float) -> WeightedTerm | None:
        """Return the hazard ratio with some weights."""
        days = {"entry": self.entry, "time": self.time, "event": self.event, "strata": self.strata}
        return fit_weighted(self.treated, weight, confidence=confidence, **days)

    def effective(self) -> tuple[float, float]:
        """Return the effective numbers of treated and reference."""
        sides = (self.treated, ~self.treated)
        one, other = (effective_number(self.weight[side]) for side in sides)
        return one, other


def adjusted_comparison(
    asked: Asked,
    rows: Sequence[EndpointPatientRow],
    cases: Sequence[Case],
    regimen: Grouping,
    settings: CohortSettings,
) -> Adjusted:
    """Return one adjusted comparison, or why there is none.

    Args:
        asked: what to compare.
        rows: endpoint_patients.tsv.
        cases: of `cases_of`.
        regimen: kinds of the next treatment.
        settings: section `cohort`.
    """
    values = {
        case.timeline.patient: [COVARIATES[name].before_treatment(case) for name in asked.covariates]
        for case in cases
        if case.timeline.patient in regimen.group_of
    }
    compared = pair(asked.endpoint, asked.level, asked.reference, cases, regimen)
    complete = _complete(compared, values)
    comparison = at_risk(rows, asked.endpoint, asked.analysis, complete)
    missing = _missing(asked.covariates, compared, values)
    weighted, refusal = _weighted(asked, comparison, complete, values, settings)
    row = _row(asked, comparison, complete, missing, refusal)
    if weighted is None:
        return Adjusted(row)
    return Adjusted(
        _filled(row, weighted, refusal, settings),
        [_balance_row(asked.name, name, item) for name, item in weighted.balances],
        [
            PropensityRow(
                comparison=asked.name, patient=item.patient, treated=bool(treated), propensity=p, weight=w
            )
            for item, treated, p, w in zip(
                comparison.observed,
                weighted.treated,
                weighted.propensity.tolist(),
                weighted.weight.tolist(),
                strict=True,
            )
        ],
    )


def pair(
    endpoint: Endpoint, level: str, reference: str, cases: Iterable[Case], regimen: Grouping
) -> Grouping:
    """Return who had a treatment, and who its reference, at risk from the first dose on.

    Where the quoted analysis of the endpoint counts from enrolment, nobody is at risk before it.
    """
    groups: dict[str, str] = {}
    known = dict(regimen.known_from)
    enrolment = endpoint.headline is not Analysis.AS_DEFINED
    for case in cases:
        patient = case.timeline.patient
        kind, start = regimen.group_of.get(patient), known.get(patient)
        if kind is None or start is None or isinstance(start, Exclusion):
            continue
        # Patients on a third treatment are no reference, though they are no treated either.
        if kind != level and reference not in (OTHERS, kind):
            known[patient] = Exclusion.OTHER_TREATMENT
            continue
        groups[patient] = PRESENT if kind == level else ABSENT
        enrolled = case.timeline.record.patient.enrolled
        # Who was enrolled under the treatment had survived until then.
        if enrolment:
            known[patient] = max(start, enrolled) if enrolled else Exclusion.ENROLMENT_MISSING
    return Grouping(regimen.factor, groups, known)


def _complete(compared: Grouping, values: Mapping[str, Sequence[float | None]]) -> Grouping:
    """Leave out who lacks a covariate: filled in, it would look known."""
    lacking = {name for name in compared.group_of if None in values[name]}
    why = dict.fromkeys(lacking, Exclusion.COVARIATE_MISSING)
    return replace(compared, known_from={**compared.known_from, **why})


def _missing(
    covariates: Sequence[str], compared: Grouping, values: Mapping[str, Sequence[float | None]]
) -> tuple[str, ...]:
    numbers = [
        sum(values[name][place] is None for name in compared.group_of) for place in range(len(covariates))
    ]
    return tuple(f"{name}={number}" for name, number in zip(covariates, numbers, strict=True) if number)


def _weighted(
    asked: Asked,
    comparison: Comparison,
    grouping: Grouping,
    values: Mapping[str, Sequence[float | None]],
    settings: CohortSettings,
) -> tuple[_Weighted | None, str | None]:
    """Return weighted patients, None where one group is empty; and why they are not compared."""
    observed = comparison.observed
    entry, time, event = (np.array(one, float) for one in columns(observed))
    treated = np.array([grouping.group_of[item.patient] == PRESENT for item in observed], bool)
    refusal = refuse(
        pd.DataFrame({asked.level: treated.astype(float)}),
        event.astype(bool),
        events_per_parameter=settings.events_per_parameter,
        min_group_patients=settings.min_group_patients,
    )
    if treated.all() or not treated.any():
        return None, refusal
    design = np.array([values[item.patient] for item in observed], float)
    propensity = propensities(design, treated)
    weight = weights(propensity, treated, asked.target)
    balances = [
        (name, balance(column, treated, weight))
        for name, column in zip(asked.covariates, design.T, strict=True)
    ]
    fewest = settings.min_group_patients
    refusal = refusal or no_overlap(propensity, treated, weight, balances, fewest=fewest)
    strata = strata_of(observed)
    died = event.astype(bool)
    return _Weighted(treated, entry, time, died, strata, propensity, weight, balances), refusal


def _row(
    asked: Asked,
    comparison: Comparison,
    grouping: Grouping,
    missing: tuple[str, ...],
    refusal: str | None,
) -> AdjustedRow:
    observed = comparison.observed
    inside = [item for item in observed if grouping.group_of[item.patient] == PRESENT]
    outside = [item for item in observed if grouping.group_of[item.patient] == ABSENT]
    return AdjustedRow(
        comparison=asked.name,
        plan="declared" if asked.declared else EXPLORATORY,
        endpoint=asked.endpoint.name,
        analysis=asked.analysis,
        level=asked.level,
        reference=asked.reference,
        estimand=asked.target,
        covariates=tuple(asked.covariates),
        patients=len(inside),
        events=sum(item.event for item in inside),
        reference_patients=len(outside),
        reference_events=sum(item.event for item in outside),
        missing=missing,
        excluded=counted(comparison.excluded),
        status=Status.NOT_ESTIMABLE,
        reason=refusal,
    )


def _filled(
    row: AdjustedRow, weighted: _Weighted, refusal: str | None, settings: CohortSettings
) -> AdjustedRow:
    effective = weighted.effective()
    row = replace(
        row,
        effective_patients=effective[0],
        effective_reference=effective[1],
        largest_weight=float(weighted.weight.max()),
        difference_before=max(abs(item.before) for _, item in weighted.balances),
        difference_after=max(abs(item.after) for _, item in weighted.balances),
    )
    # An unadjusted ratio in the place of a refused one would be read as the answer.
    if refusal is not None:
        return row
    term = weighted.fit(weighted.weight, settings.confidence)
    plain = weighted.fit(np.ones_like(weighted.weight), settings.confidence)
    if term is None or plain is None:
        return replace(row, reason=Refusal.NO_MAXIMUM.value)
    # Of those compared, not of all patients: the risk is theirs.
    share = float(weighted.event.mean())
    return replace(
        row,
        unadjusted=plain.ratio,
        unadjusted_low=plain.low,
        unadjusted_high=plain.high,
        estimate=term.ratio,
        low=term.low,
        high=term.high,
        p=term.p,
        e_value=e_value(term.ratio, share=share),
        e_value_limit=e_value_of_limit(term.low, term.high, share=share),
        status=Status.ESTIMATED,
        reason=None,
    )


def _balance_row(comparison: str, name: str, item: Balance) -> BalanceRow:
    return BalanceRow(
        comparison=comparison,
        covariate=name,
        mean=item.treated,
        reference_mean=item.reference,
        difference=item.before,
        weighted_mean=item.treated_after,
        weighted_reference_mean=item.reference_after,
        weighted_difference=item.after,
    )
