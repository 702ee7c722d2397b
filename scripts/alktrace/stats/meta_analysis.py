"""Estimates of several centres pooled: random effects between centres, and how far the centres differ.

The variance between centres is that of Paule and Mandel (1982), its interval that of the Q profile
(Viechtbauer 2007), the interval of the mean that of Hartung and Knapp, or the normal one where that is wider
(Jackson 2017). Of 2 to 10 centres it covers 95 to 99 %; the normal one alone 73 to 95 %.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, gammaincinv, ndtri, stdtrit

FIRST_BOUND = 1.0


@dataclass(frozen=True)
class Pooled:
    """The mean of the centres with its interval, and their heterogeneity.

    Attributes:
        centres: how many.
        between: variance between centres.
        i2: share of the variance of the estimates that lies between centres, not in chance (Higgins).
        q, p: Cochran's test of no difference between centres.
    """

    centres: int
    mean: float
    low: float
    high: float
    between: float
    between_low: float
    between_high: float
    i2: float
    i2_low: float
    i2_high: float
    q: float
    p: float


def pool(estimates: Sequence[float], errors: Sequence[float], confidence: float) -> Pooled:
    """Pool estimates of two or more centres.

    Args:
        estimates: of each centre, on a scale where they are about normal, such as log hazard ratios.
        errors: their standard errors.
        confidence: level of all intervals.

    Raises:
        ValueError: fewer than two estimates, or an error that is not above 0.
    """
    y, v = np.asarray(estimates, float), np.asarray(errors, float) ** 2
    if y.size < 2 or not (v > 0).all():
        raise ValueError("two estimates or more, each with a standard error above 0")
    freedom, tail = y.size - 1, (1 - confidence) / 2
    between = _between(y, v, freedom)
    weight = 1 / (v + between)
    mean = float(weight @ y / weight.sum())
    # Centres that agree by chance would leave nothing of the interval of Hartung and Knapp.
    spread = math.sqrt(_q(y, v, between) / freedom)
    quantiles = float(stdtrit(freedom, 1 - tail)) * spread, float(ndtri(1 - tail))
    reach = max(quantiles) / math.sqrt(weight.sum())
    low, high = (_between(y, v, float(2 * gammaincinv(freedom / 2, share))) for share in (1 - tail, tail))
    q = _q(y, v, 0.0)
    typical = freedom * (1 / v).sum() / ((1 / v).sum() ** 2 - (1 / v**2).sum())
    i2, i2_low, i2_high = (float(value / (value + typical)) for value in (between, low, high))
    return Pooled(
        y.size,
        mean,
        mean - reach,
        mean + reach,
        between,
        low,
        high,
        i2,
        i2_low,
        i2_high,
        q,
        float(chdtrc(freedom, q)),
    )


def _q(y: NDArray[np.float64], v: NDArray[np.float64], between: float) -> float:
    weight = 1 / (v + between)
    return float(weight @ (y - weight @ y / weight.sum()) ** 2)


def _between(y: NDArray[np.float64], v: NDArray[np.float64], wanted: float) -> float:
    """Return the variance between centres at which Q takes a value; 0 where it lies below even then."""
    from scipy import optimize

    if _q(y, v, 0.0) <= wanted:
        return 0.0
    bound = FIRST_BOUND
    while _q(y, v, bound) > wanted:
        bound *= 4
    return float(optimize.brentq(lambda value: _q(y, v, value) - wanted, 0.0, bound, xtol=1e-14))
