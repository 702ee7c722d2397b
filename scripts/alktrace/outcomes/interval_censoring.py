"""Survival where events are known to lie between two visits (Turnbull 1976).

An event that a visit shows came after the visit before it. Dated to the visit, it comes late by half the time
between two visits on average, and by more where visits were missed. The estimate is the nonparametric maximum
of the likelihood by expectation and maximisation; its intervals are percentiles of a bootstrap over patients
with a fixed seed, as no formula holds for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..vocabulary.outcomes import HALF_DAY, Refusal
from .survival import Estimate, Floats

DRAWS, SEED = 200, 19760401
FEWEST_EVENTS = 10
"""With fewer, draws hold the same few intervals over and over: theirs would be far too narrow."""
HALF = 0.5
STEPS, CLOSE, CLOSE_OF_DRAWS = 20_000, 1e-9, 1e-4
"""Of the expectation steps: how many at most, and the largest change of a mass at the end."""


@dataclass(frozen=True)
class IntervalEstimate:
    """Masses on the intervals (lower, upper] that alone can have any; `upper` is infinite for no event seen.

    Attributes:
        mass: of the estimate.
        draws: of the bootstrap, draws x intervals.
        left, right: ends of each patient's interval.
        confidence: level of the intervals.
    """

    lower: Floats
    upper: Floats
    mass: Floats
    draws: Floats
    left: Floats
    right: Floats
    confidence: float

    def median(self) -> Estimate:
        """Return the median; within an interval the mass is spread evenly."""
        if self._unseen():
            return Estimate(None, None, None, None, Refusal.NOT_SEEN_BEFORE.value)
        value = float(self._medians(self.mass[None, :])[0])
        reason = None if np.isfinite(value) else Refusal.MEDIAN_NOT_REACHED.value
        low, high = self._percentiles(self._medians(self.draws))
        return Estimate(_finite(value), _finite(low), _finite(high), "npmle_bootstrap", reason)

    def rate(self, days: float) -> tuple[Estimate, int]:
        """Return the share without event at a time, and how many may still be without."""
        open_ = int((self.right > days).sum())
        if self._unseen():
            return Estimate(None, None, None, None, Refusal.NOT_SEEN_BEFORE.value), open_
        # Where the last mass begins and never ends, nothing is known of later days.
        if (days > self.lower[~np.isfinite(self.upper)]).any():
            return Estimate(None, None, None, None, Refusal.FOLLOW_UP_TOO_SHORT.value), open_
        value = float(self._without(self.mass[None, :], days)[0])
        low, high = self._percentiles(self._without(self.draws, days))
        return Estimate(value, _finite(low), _finite(high), "npmle_bootstrap"), open_

    def _unseen(self) -> bool:
        """Tell whether most events lie in the first interval only because it is the shortest of many.

        Patients whom no visit showed without the event have intervals from day 0 on, and the likelihood is
        greatest with all of theirs in the one that ends first. Where that is far shorter than the others,
        its place says nothing. Both halves of the rule are this project's choice.
        """
        never = self.right[(self.left == 0) & np.isfinite(self.right)]
        short = bool(never.size) and self.upper[0] < HALF * np.median(never)
        return bool(self.lower[0] == 0 and self.mass[0] >= HALF - 1e-9 and short)

    def _without(self, mass: Floats, days: float) -> Floats:
        width = np.where(np.isfinite(self.upper), self.upper - self.lower, np.inf)
        begun = np.clip((days - self.lower) / width, 0, 1)
        return np.asarray(1 - mass @ begun)

    def _medians(self, mass: Floats) -> Floats:
        after = np.cumsum(mass, axis=1)
        # Masses of many steps add up to a half only nearly: without slack the median jumps an interval on.
        reached = after >= 0.5 - 1e-9
        place = reached.argmax(axis=1)
        rows = np.arange(len(mass))
        own = mass[rows, place]
        share = np.clip((0.5 - (after[rows, place] - own)) / np.where(own > 0, own, 1), 0, 1)
        upper = self.upper[place]
        safe = np.where(np.isfinite(upper), upper, self.lower[place])
        found = self.lower[place] + share * (safe - self.lower[place])
        return np.where(reached.any(axis=1) & np.isfinite(upper), found, np.inf)

    def _percentiles(self, values: Floats) -> tuple[float, float]:
        if np.isfinite(self.right).sum() < FEWEST_EVENTS:
            return np.inf, np.inf
        tail = (1 - self.confidence) / 2
        # Of order statistics: between a number and infinity there is no mean.
        low, high = np.quantile(values, [tail, 1 - tail], method="inverted_cdf")
        return float(low), float(high)


def estimate_intervals(
    left: Sequence[float], right: Sequence[float], *, confidence: float
) -> IntervalEstimate:
    """Return the estimate from intervals (left, right] that hold the events.

    Args:
        left: last day known to be without event.
        right: first day known to be with it, later than `left`; infinite where none was seen.
        confidence: level of the intervals.

    Raises:
        ValueError: no patient, or an interval without width.
    """
    # Patients with one interval count together: hundreds share the grid of visits.
    start, end = np.asarray(left, float), np.asarray(right, float)
    if not start.size or not (end > start).all():
        raise ValueError("every patient needs an interval with some width")
    spans, which = np.unique(np.column_stack([start, end]), axis=0, return_inverse=True)
    which = which.ravel()
    lower, upper = innermost(spans[:, 0], spans[:, 1])
    holds = ((lower >= spans[:, [0]]) & (upper <= spans[:, [1]])).astype(float)
    counts = np.bincount(which, minlength=len(spans))[None, :].astype(float)
    mass = _maximise(holds, counts, CLOSE)[0]
    # One seed for all: a table must not change when it is written again.
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(start.size, counts[0] / start.size, size=DRAWS).astype(float)
    return IntervalEstimate(
        lower, upper, mass, _maximise(holds, drawn, CLOSE_OF_DRAWS), start, end, confidence
    )


def innermost(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Return the intervals that begin at a left end and end at a right one with no other end between."""
    ends = sorted({(day, 1) for day in left} | {(day, 0) for day in right})
    # An interval is open at its left end: on one day what ends comes before what begins.
    pairs = [(one[0], other[0]) for one, other in pairwise(ends) if one[1] == 1 and other[1] == 0]
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


def span_of(free: float, days: float, *, event: bool) -> tuple[float, float]:
    """Return the interval of one patient.

    Args:
        free: last assessment without progression, days.
        days: of the event, or of the last contact.
        event: did it happen. Without it the patient is free until the last assessment, not the last contact.
    """
    if not event:
        # Alive says nothing of progression: from the last assessment on it may have happened unseen.
        return free, np.inf
    return (free, days) if days > free else (max(0.0, days - HALF_DAY), days)


def _maximise(holds: Floats, counts: Floats, close: float) -> Floats:
    """Return the masses that make each row of counts most likely, by expectation and maximisation."""
    mass = np.full((len(counts), holds.shape[1]), 1 / holds.shape[1])
    total = counts.sum(axis=1, keepdims=True)
    for _ in range(STEPS):
        known = mass @ holds.T
        share = np.divide(counts, known, out=np.zeros_like(counts), where=counts > 0)
        after = mass * (share @ holds) / total
        done = np.abs(after - mass).max() < close
        mass = after
        if done:
            break
    return mass


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
