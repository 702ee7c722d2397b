"""What the calling rule could have seen: its exact power, and the VAF at which the power suffices."""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from ...io.kernels import kernel
from ..noise.molecule_classes import DUPLEX_1, N_CLASSES, TO_END
from .tail_test import Noise, add_class, binomial_pmf, threshold

RELATIVE_WIDTH = 1e-9
"""Width of the last bracket of the inversion, relative to the VAF."""


class Demands(TypedDict):
    """What a call needs, and the power that is asked for.

    `min_alt_duplex`: duplex molecules that are enough without others.
    """

    power: float
    tail_probability: float
    min_alt_molecules: int
    min_alt_duplex: int


@dataclass(frozen=True)
class Ceilings:
    """Scores that are enough for a call at every site of a sample, by noise and tail.

    More molecules never lower a threshold: that of the most molecules is none too low for any site. For most
    alternatives it tells as much as their own, and is looked up.

    Attributes:
        most: int64[N_CLASSES], the most molecules of each class at any of the sites.
    """

    most: NDArray[np.int64]
    _found: dict[tuple[Noise, float], int | None] = field(default_factory=dict, init=False)

    def of(self, noise: Noise, tail_probability: float) -> int | None:
        """Return such a score; None where a noise is asked for the first time, as it may be for the last."""
        key = noise, tail_probability
        if key not in self._found:
            self._found[key] = None
            return None
        found = self._found[key]
        if found is None:
            found = self._found[key] = threshold(self.most, noise, tail_probability)
        return found


def vaf_detectable(total: NDArray[np.integer], noise: Noise, **demands: Unpack[Demands]) -> float | None:
    """Return the smallest VAF that the rule calls with at least this power; None if there is none.

    Power rises with the VAF, so the crossing is bracketed by bisection; the upper end of the last bracket
    is returned, at which the power is reached.
    """
    needed = threshold(total, noise, demands["tail_probability"])
    counts = tuple(np.asarray(total).tolist())
    return _invert(counts, tuple(noise.weights.tolist()), needed, _floors(demands), demands["power"])


def is_detectable(
    total: NDArray[np.integer], noise: Noise, vaf: float, ceilings: Ceilings, **demands: Unpack[Demands]
) -> bool:
    """Tell whether the rule calls this VAF with at least this power: is its smallest one no larger?

    `ceilings`: of sites of which the molecules `total` are one.
    """
    counts, probability = np.asarray(total, dtype=np.int64), demands["tail_probability"]

    def reached(needed: int) -> bool:
        return bool(power_at(counts, noise.weights, needed, _floors(demands), vaf) >= demands["power"])

    ceiling = ceilings.of(noise, probability)
    # A higher score than needed is reached less often: what suffices for it suffices.
    return (ceiling is not None and reached(ceiling)) or reached(threshold(total, noise, probability))


def _floors(demands: Demands) -> tuple[int, int]:
    return demands["min_alt_molecules"], demands["min_alt_duplex"]


@lru_cache(maxsize=65536)
def _invert(
    total: tuple[int, ...], weights: tuple[int, ...], needed: int, floors: tuple[int, int], power: float
) -> float | None:
    counts, scores = np.array(total, dtype=np.int64), np.array(weights, dtype=np.int64)
    found = float(_bisect(counts, scores, needed, floors, power))
    return None if math.isnan(found) else found


@kernel
def _bisect(
    total: NDArray[np.int64], weights: NDArray[np.int64], needed: int, floors: tuple[int, int], power: float
) -> float:  # pragma: no cover - compiled
    if power_at(total, weights, needed, floors, 1.0) < power:
        return math.nan
    low, high = 0.0, 1.0
    while high - low > RELATIVE_WIDTH * high:
        middle = 0.5 * (low + high)
        if power_at(total, weights, needed, floors, middle) >= power:
            high = middle
        else:
            low = middle
    return high


@kernel
def power_at(
    total: NDArray[np.int64], weights: NDArray[np.int64], needed: int, floors: tuple[int, int], vaf: float
) -> float:  # pragma: no cover - compiled
    """Return the probability that the rule calls a variant of this VAF.

    `floors`: molecules of any class, or of the duplex classes alone, that a call needs.
    P(call) = 1 - P(score < needed) - P(few) + P(both). Mutant molecules of class c are Binomial(total[c],
    vaf). Noise that happens to help is left out, so that the power is never overstated.
    """
    # A score below `needed` fails; with nothing needed the array still holds the score of zero.
    size = max(needed, 1)
    low_score = np.zeros(size)
    low_score[0] = 1.0
    # Up to one below either floor: molecules of one strand or without UMI, and duplex ones.
    others, duplex = np.zeros((floors[0], size)), np.zeros((min(floors), size))
    others[0, 0] = duplex[0, 0] = 1.0
    numbers = np.zeros(2, np.int64)
    for c in range(N_CLASSES):
        if total[c] == 0:
            continue
        low_score = add_class(low_score, total[c], vaf, weights[c])
        if c < DUPLEX_1 - TO_END:
            others = _add_counted(others, total[c], vaf, weights[c])
            numbers[0] += total[c]
        else:
            duplex = _add_counted(duplex, total[c], vaf, weights[c])
            numbers[1] += total[c]
    others_pmf = binomial_pmf(numbers[0], vaf, floors[0])
    duplex_pmf = binomial_pmf(numbers[1], vaf, len(duplex))
    few, overlap = 0.0, 0.0
    for d in range(len(duplex)):
        few += duplex_pmf[d] * others_pmf[: floors[0] - d].sum()
        if needed > 0:
            rest = others[: floors[0] - d].sum(axis=0).cumsum()
            for s in range(size):
                overlap += duplex[d, s] * rest[size - 1 - s]
    below = low_score.sum() if needed > 0 else 0.0
    # Rounding may leave the unit interval by 1e-16.
    return float(min(1.0, max(0.0, 1.0 - below - few + overlap)))


@kernel
def _add_counted(
    both: NDArray[np.float64], n: int, p: float, weight: int
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    rows, size = both.shape
    pmf = binomial_pmf(n, p, rows)
    out = np.zeros((rows, size))
    for k in range(rows):
        shift = k * weight
        for before in range(rows - k):
            for s in range(size - shift):
                out[before + k, s + shift] += pmf[k] * both[before, s]
    return out
