"""Exact intervals of shares and rates from counts."""

from typing import NamedTuple

CONFIDENCE = 0.95


class Share(NamedTuple):
    """A share or rate with its exact interval, as tables state it: all None without a denominator."""

    value: float | None
    low: float | None
    high: float | None


def share(count: int, total: int, confidence: float = CONFIDENCE) -> Share:
    """Return a share with its Clopper-Pearson interval.

    Args:
        count: successes.
        total: trials; without any nothing is stated.
        confidence: probability that the interval holds the true share, at least.

    Raises:
        ValueError: as for `clopper_pearson`.
    """
    if count == total == 0:
        return Share(None, None, None)
    return Share(count / max(total, 1), *clopper_pearson(count, total, confidence))


def clopper_pearson(count: int, total: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact central interval of a binomial share (Clopper and Pearson 1934).

    Args:
        count: successes.
        total: trials, at least one.
        confidence: probability that the interval holds the true share, at least.

    Raises:
        ValueError: no trials, more successes than trials, or a confidence outside 0 to 1.
    """
    from scipy.special import betaincinv

    if not (0 <= count <= total and total > 0 and 0 < confidence < 1):
        raise ValueError(f"{count} of {total} at a confidence of {confidence} has no interval")
    tail = (1 - confidence) / 2
    low = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    return low, upper_bound(count, total, 1 - tail)


def upper_bound(count: int, total: int, confidence: float = CONFIDENCE) -> float:
    """Return the one-sided exact upper bound of a binomial share, as the upper end of `clopper_pearson`.

    Args:
        count: successes, at most `total`.
        total: trials, at least one.
        confidence: probability that the true share is not above it, at least.
    """
    from scipy.special import betaincinv

    return float(betaincinv(count + 1, total - count, confidence)) if count < total else 1.0


def poisson_rate(count: int, time: float, confidence: float = CONFIDENCE) -> Share:
    """Return events per unit of time with their exact interval (Garwood 1936).

    Args:
        count: events.
        time: exposure, in the unit of the rate; without any nothing is stated.
        confidence: probability that the interval holds the true rate, at least.
    """
    from scipy.special import gammaincinv

    if time <= 0:
        return Share(None, None, None)
    tail = (1 - confidence) / 2
    low = float(gammaincinv(count, tail)) if count else 0.0
    return Share(count / time, low / time, float(gammaincinv(count + 1, 1 - tail)) / time)
