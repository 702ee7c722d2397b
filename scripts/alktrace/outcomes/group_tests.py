"""Tests of equal hazards between groups, with delayed entry."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from .cox import score_test
from .survival import GroupTest, observed_times


def compare_groups(
    entry: ArrayLike, time: ArrayLike, event: ArrayLike, group: Sequence[str], strata: ArrayLike = ()
) -> GroupTest | None:
    """Test whether groups have equal hazards.

    Log-rank where all are observed from day 0, the score test of a Cox model (Efron ties) where some enter
    later, or where they are compared within strata.

    Returns:
        The test; None where fewer than two groups are ever at risk at an event.
    """
    entries, times, events = observed_times(entry, time, event)
    levels = sorted(set(group))
    if len(levels) < 2 or not events.any():
        return None
    labels = np.asarray(group)
    # lifelines' log-rank test knows no entries: late patients would be at risk before they came.
    if entries.any() or np.size(strata):
        design = np.column_stack([labels == level for level in levels[1:]]).astype(float)
        return score_test(design, entries, times, events, strata)
    from lifelines.statistics import multivariate_logrank_test

    # Groups never at risk together at an event have a variance of 0.
    with np.errstate(divide="ignore", invalid="ignore"):
        found = multivariate_logrank_test(times, labels, events)
    statistic = float(found.test_statistic)
    if not np.isfinite(statistic):
        return None
    return GroupTest(statistic, float(chdtrc(len(levels) - 1, statistic)), "log_rank")
