"""Exact interval of a fraction from counts."""

CONFIDENCE = 0.95


def clopper_pearson(alt: int, total: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact central interval of a binomial fraction (Clopper and Pearson 1934).

    Args:
        alt: successes.
        total: trials; with none the interval is 0 to 1.
        confidence: of the interval.

    Raises:
        ValueError: more successes than trials.
    """
    from scipy.special import betaincinv

    if not 0 <= alt <= total:
        raise ValueError(f"{alt} of {total} is no fraction")
    if total == 0:
        return 0.0, 1.0
    half = (1 - confidence) / 2
    low = 0.0 if alt == 0 else float(betaincinv(alt, total - alt + 1, half))
    high = 1.0 if alt == total else float(betaincinv(alt + 1, total - alt, 1 - half))
    return low, high
