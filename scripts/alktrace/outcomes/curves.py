"""Kaplan-Meier curves and numbers at risk as tables, over all patients and by group."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..inputs.settings import CohortSettings
from .comparisons import Comparison, Grouping
from .curve_table import AtRiskRow, KaplanMeierRow
from .endpoint_figures import ANALYSES, Observed, columns, curve_of, observe, refuse
from .endpoint_table import EndpointPatientRow
from .endpoints import ENDPOINTS
from .survival import numbers_at_risk

ALL = "all"
Tables = tuple[list[KaplanMeierRow], list[AtRiskRow]]


def overall_curves(
    rows: Sequence[EndpointPatientRow], settings: CohortSettings, *, enrolled_late: float | None
) -> Tables:
    """Return the curves of every endpoint that has figures, in both analyses."""
    steps: list[KaplanMeierRow] = []
    numbers: list[AtRiskRow] = []
    for endpoint in ENDPOINTS.values():
        own = [row for row in rows if row.endpoint == endpoint.name]
        for analysis in ANALYSES:
            observed, _ = observe(own, analysis)
            if refuse(endpoint, observed, settings, enrolled_late) is None:
                comparison = Comparison(endpoint, analysis, observed, {})
                steps += _steps(comparison, ALL, ALL, observed, settings)
                numbers += _numbers(comparison, ALL, ALL, observed, settings)
    return steps, numbers


def group_curves(comparisons: Iterable[tuple[Grouping, Comparison]], settings: CohortSettings) -> Tables:
    """Return one curve per group of every comparison."""
    steps: list[KaplanMeierRow] = []
    numbers: list[AtRiskRow] = []
    for grouping, comparison in comparisons:
        for group, observed in _by_group(comparison.observed, grouping.group_of).items():
            steps += _steps(comparison, grouping.factor, group, observed, settings)
            numbers += _numbers(comparison, grouping.factor, group, observed, settings)
    return steps, numbers


def _by_group(observed: Iterable[Observed], group_of: Mapping[str, str]) -> dict[str, list[Observed]]:
    groups: dict[str, list[Observed]] = {}
    for item in observed:
        groups.setdefault(group_of[item.patient], []).append(item)
    return dict(sorted(groups.items()))


def _steps(
    comparison: Comparison, grouping: str, group: str, observed: Sequence[Observed], settings: CohortSettings
) -> Iterator[KaplanMeierRow]:
    curve = curve_of(observed, settings.confidence)
    if curve is None:
        return
    start = KaplanMeierRow(
        endpoint=comparison.endpoint.name,
        analysis=comparison.analysis,
        grouping=grouping,
        group=group,
        days=0.0,
        at_risk=_at(observed, [0])[0],
        events=0,
        censored=0,
        survival=1.0,
    )
    yield start
    for i, days in enumerate(curve.days):
        inner = not np.isnan(curve.low[i])
        yield replace(
            start,
            days=float(days),
            at_risk=int(curve.at_risk[i]),
            events=int(curve.events[i]),
            censored=int(curve.censored[i]),
            survival=float(curve.survival[i]),
            low=float(curve.low[i]) if inner else None,
            high=float(curve.high[i]) if inner else None,
        )


def _numbers(
    comparison: Comparison, grouping: str, group: str, observed: Sequence[Observed], settings: CohortSettings
) -> Iterator[AtRiskRow]:
    last = max(item.time for item in observed)
    days = list(range(0, int(last) + 1, settings.at_risk_days))
    for day, number in zip(days, _at(observed, days), strict=True):
        yield AtRiskRow(
            endpoint=comparison.endpoint.name,
            analysis=comparison.analysis,
            grouping=grouping,
            group=group,
            days=day,
            at_risk=number,
        )


def _at(observed: Sequence[Observed], days: Sequence[float]) -> list[int]:
    entries, times, _ = columns(observed)
    return [int(number) for number in numbers_at_risk(entries, times, days)]
