"""How strong an unmeasured confounder would have to be to explain a hazard ratio away.

The E-value is the least risk ratio with both treatment and outcome, beyond the measured covariates, that
could move the estimate to 1 (VanderWeele and Ding 2017). Where the event is common by the end of follow-up,
the hazard ratio is first turned into an approximate risk ratio, as they do; R's EValue does likewise.
"""

import math

COMMON = 0.15
"""Share with the event from which on a hazard ratio is not near a risk ratio (VanderWeele and Ding 2017)."""


def e_value(ratio: float, *, share: float) -> float:
    """Return the E-value of a hazard ratio; of an end of its interval likewise.

    Args:
        ratio: hazard ratio, above 0.
        share: of the patients who had the event by the end of follow-up.
    """
    above = max(ratio, 1 / ratio)
    # A hazard ratio of a common event overstates the risk ratio, and with it how robust a finding is.
    if share > COMMON:
        above = (1 - 0.5 ** math.sqrt(above)) / (1 - 0.5 ** math.sqrt(1 / above))
    return above + math.sqrt(above * (above - 1))


def e_value_of_limit(low: float, high: float, *, share: float) -> float:
    """Return the E-value of the end of an interval that is nearer to 1; 1 where the interval holds 1."""
    if low <= 1 <= high:
        return 1.0
    return e_value(low if low > 1 else high, share=share)
