"""Exact tests of counts: Fisher's and McNemar's; p values adjusted by Benjamini and Hochberg, and Holm.

`scipy.stats` takes half a second to load: what it is needed for loads it, a run that checks a plan does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class OddsRatio:
    """Fisher's exact test of two groups.

    Attributes:
        estimate: conditional maximum-likelihood odds ratio; None where it is 0/0.
        low, high: exact interval; `high` may be infinite.
        p: two-sided.
    """

    estimate: float | None
    low: float | None
    high: float | None
    p: float


def fisher(count: int, total: int, other_count: int, other_total: int, confidence: float) -> OddsRatio | None:
    """Compare two shares; None where a group is empty.

    Estimate and interval are conditional on the margins, as R's `fisher.test` gives them.
    """
    if not total or not other_total:
        return None
    from scipy import stats

    table = np.array([[count, total - count], [other_count, other_total - other_count]])
    p = float(stats.fisher_exact(table).pvalue)
    if not table.sum(axis=0).all():
        return OddsRatio(None, None, None, p)
    found = stats.contingency.odds_ratio(table, kind="conditional")
    interval = found.confidence_interval(confidence_level=confidence)
    return OddsRatio(float(found.statistic), float(interval.low), float(interval.high), p)


def mcnemar(gained: int, lost: int) -> float | None:
    """Return the exact two-sided p value of paired changes; None where nothing changed."""
    if gained + lost == 0:
        return None
    from scipy import stats

    return float(stats.binomtest(gained, gained + lost).pvalue)


def false_discovery(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p values by Benjamini and Hochberg; missing ones stay missing and do not count."""
    from scipy import stats

    known = [p for p in p_values if p is not None]
    adjusted = iter(stats.false_discovery_control(known) if known else ())
    return [None if p is None else float(next(adjusted)) for p in p_values]


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p values by Holm (1979); missing ones stay missing, and count as tests that did not reject."""
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = min(1.0, max(largest, (len(p_values) - rank) * p))
        adjusted[place] = largest
    return adjusted
