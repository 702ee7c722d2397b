"""The exact interval of a share, against R's tables and scipy's search for the same limits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from alktrace.stats.intervals import clopper_pearson, share, upper_bound

COUNTED = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (2, 20, 0.0123, 0.3170),
    ],
)
def test_tabulated_values(count: int, total: int, low: float, high: float) -> None:
    """Values of binom.test in R."""
    assert clopper_pearson(count, total) == pytest.approx((low, high), abs=1e-4)


@given(COUNTED, st.sampled_from([0.8, 0.95, 0.99]))
def test_limits_are_those_of_the_binomial_test(counted: tuple[int, int], confidence: float) -> None:
    expected = binomtest(*counted).proportion_ci(confidence, method="exact")
    assert clopper_pearson(*counted, confidence) == pytest.approx((expected.low, expected.high), abs=1e-10)


@pytest.mark.parametrize(
    ("count", "total", "confidence"),
    [(0, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, -1, 0.95), (1, 2, 1.0), (1, 2, 95)],
)
def test_what_has_no_interval_is_refused(count: int, total: int, confidence: float) -> None:
    with pytest.raises(
        ValueError, match=f"{count} of {total} at a confidence of {confidence} has no interval"
    ):
        clopper_pearson(count, total, confidence)


def test_a_share_without_a_denominator_is_not_stated() -> None:
    assert share(0, 0) == (None, None, None)
    assert share(1, 10) == (0.1, *clopper_pearson(1, 10))
    with pytest.raises(ValueError, match="3 of 2"):
        share(3, 2)
    with pytest.raises(ValueError, match="1 of 0"):
        share(1, 0)


@pytest.mark.parametrize("total", [1, 6, 45, 200])
def test_bound_of_none_is_the_rule_of_three_exactly(total: int) -> None:
    assert upper_bound(0, total) == pytest.approx(1 - 0.05 ** (1 / total), rel=1e-9)


def test_the_bound_leaves_five_percent_below() -> None:
    share = upper_bound(2, 30)
    below = sum(math.comb(30, k) * share**k * (1 - share) ** (30 - k) for k in range(3))
    assert below == pytest.approx(0.05, rel=1e-9)
    assert upper_bound(5, 5) == 1.0
