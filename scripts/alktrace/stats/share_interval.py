"""Exact interval of a share from counts."""

from scipy.special import betaincinv

CONFIDENCE = 0.95


def share_interval(hits: int, total: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a binomial share.

    Args:
        hits: successes.
        total: trials; with none the interval is the whole range.
        confidence: probability that the interval holds the share, at least.
    """
    if total <= 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = float(betaincinv(hits, total - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, total - hits, 1 - tail)) if hits < total else 1.0
    return low, high
