"""Kaplan-Meier curves and numbers at risk as tables, over all patients and by group."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..inputs.settings.cohort_settings import CohortSettings
from ..vocabulary.outcomes import ALL, Analysis
from .comparisons import Grouping, prepare
from .curve_table import AtRiskRow, KaplanMeierRow
from .endpoint_figures import ANALYSES, Analysed, Observed, columns, curve_of
from .endpoint_table import EndpointPatientRow
from .survival import numbers_at_risk

Tables = tuple[list[KaplanMeierRow], list[AtRiskRow]]


@dataclass(frozen=True)
class _Group:
    endpoint: str
    analysis: Analysis
    grouping: str
    group: str
    observed: Sequence[Observed]


def overall_curves(analysed: Iterable[Analysed], settings: CohortSettings) -> Tables:
    """Return the curves of every endpoint that has figures, in both analyses."""
    return _tables(
        [
            _Group(item.endpoint.name, item.analysis, ALL, ALL, item.observed)
            for item in analysed
            if item.refusal is None and item.analysis in ANALYSES
        ],
        settings,
    )


def group_curves(
    rows: Sequence[EndpointPatientRow], groupings: Iterable[Grouping], settings: CohortSettings
) -> Tables:
    """Return one curve per group of every comparison."""
    return _tables(
        [
            _Group(comparison.endpoint.name, comparison.analysis, grouping.factor, group, observed)
            for grouping in groupings
            for comparison in prepare(rows, grouping)
            for group, observed in _by_group(comparison.observed, grouping.group_of).items()
        ],
        settings,
    )


def _by_group(observed: Iterable[Observed], group_of: Mapping[str, str]) -> dict[str, list[Observed]]:
    groups: dict[str, list[Observed]] = {}
    for item in observed:
        groups.setdefault(group_of[item.patient], []).append(item)
    return dict(sorted(groups.items()))


def _tables(groups: Sequence[_Group], settings: CohortSettings) -> Tables:
    steps = [row for group in groups for row in _steps(group, settings)]
    return steps, [row for group in groups for row in _numbers(group, settings)]


def _steps(group: _Group, settings: CohortSettings) -> Iterator[KaplanMeierRow]:
    curve = curve_of(group.observed, settings.confidence)
    if curve is None:
        return
    start = KaplanMeierRow(
        endpoint=group.endpoint,
        analysis=group.analysis,
        grouping=group.grouping,
        group=group.group,
        days=0.0,
        # Under delayed entry nobody may be at risk on day 0: the curve starts at 1 all the same.
        at_risk=_at(group.observed, [0])[0],
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


def _numbers(group: _Group, settings: CohortSettings) -> Iterator[AtRiskRow]:
    last = max(item.time for item in group.observed)
    days = list(range(0, int(last) + 1, settings.at_risk_days))
    for day, number in zip(days, _at(group.observed, days), strict=True):
        yield AtRiskRow(
            endpoint=group.endpoint,
            analysis=group.analysis,
            grouping=group.grouping,
            group=group.group,
            days=day,
            at_risk=number,
        )


def _at(observed: Sequence[Observed], days: Sequence[float]) -> list[int]:
    entries, times, _ = columns(observed)
    return [int(number) for number in numbers_at_risk(entries, times, days)]
