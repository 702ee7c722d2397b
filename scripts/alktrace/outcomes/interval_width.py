"""How precise a hazard ratio can be: from the number of events and the sizes of the groups alone.

The variance of a log hazard ratio is about one over the information: events x share x (1 - share) for two
groups (Schoenfeld 1983), for an interaction of two indicators with the product over both (Schmoor 2000). It
holds near a ratio of 1, of groups that enter alike.
"""

import math
from collections.abc import Sequence

from scipy.special import ndtri


def interval_factor(events: int, shares: Sequence[float], confidence: float) -> float | None:
    """Return by what the interval of a hazard ratio divides and multiplies it.

    Args:
        events: in all groups.
        shares: of the patients with the indicator; two of them for the interaction of two indicators.
        confidence: level of the interval.

    Returns:
        The factor; None without events or where everybody is in one group.
    """
    information = events * math.prod(share * (1 - share) for share in shares)
    if information <= 0:
        return None
    return math.exp(float(ndtri(0.5 + confidence / 2)) / math.sqrt(information))


def events_needed(factor: float, shares: Sequence[float], confidence: float) -> int:
    """Return how many events make an interval no wider than a factor.

    Raises:
        ValueError: a factor of 1 or less, or a share of 0 or 1.
    """
    spread = math.prod(share * (1 - share) for share in shares)
    if factor <= 1 or spread <= 0:
        raise ValueError("the factor must be above 1, and every share between 0 and 1")
    return math.ceil((float(ndtri(0.5 + confidence / 2)) / math.log(factor)) ** 2 / spread)
