"""The one calling rule: a weighted count of mutant molecules against its exact noise distribution.

Every mutant molecule of class c adds an integer weight w[c] (a rounded log-likelihood ratio of "mutant at
the design VAF" against "noise", so that one duplex molecule outweighs several single reads). Under the noise
model the molecules of class c that show the alternative are Binomial(n[c], rate[c]), independent between
classes; where sites differ in noise, rates are a discrete mixture. The score of a candidate is the sum of
weights; it is called if P(score >= observed | noise) <= tail probability and it has enough molecules.
Nothing here depends on other calls, and `power` inverts exactly these functions.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...io.kernels import kernel
from ..noise.molecule_classes import N_CLASSES

LOG_FLOOR = math.log(1e-31)
"""Tails below 1e-30 are not told apart."""
TAIL_FLOOR = 1e-30
LOG_SMALLEST = -600.0
"""Below, the probability of no success is not far from what a float can hold."""
COMPLEMENT_FLOOR = 1e-7
"""Larger tails are taken as one minus the probability of smaller scores."""
WEIGHT_UNITS = 2.0
"""Weights count half nats: finer ones gain less than a per cent of power."""
MAX_WEIGHT = 24
THETAS = 2.0 ** np.arange(-12, 5)


# Compared as objects: arrays have no one truth.
@dataclass(frozen=True, eq=False)
class Noise:
    """False-mutant rates of one alternative at one site.

    Attributes:
        rates: float64[k, N_CLASSES], per molecule and class, one row per component of the mixture.
        mixture: float64[k], share of sites of each component, adds up to 1.
        weights: int64[N_CLASSES], what one mutant molecule of a class adds to the score.
        deamination: whether the alternative is what a deaminated base shows, C>T or G>A.
    """

    rates: NDArray[np.float64]
    mixture: NDArray[np.float64]
    weights: NDArray[np.int64]
    deamination: bool = False


def make_noise(
    rates: NDArray[np.float64],
    *,
    design_vaf: float,
    multipliers: tuple[float, ...] = (1.0,),
    mixture: tuple[float, ...] = (1.0,),
    deamination: bool = False,
) -> Noise:
    """Return the noise of a site from its rates per class.

    Args:
        rates: float64[N_CLASSES], false-mutant molecules per molecule.
        design_vaf: VAF at which the weights separate mutant from noise best.
        multipliers: factor on the rates of each kind of site.
        mixture: share of sites of each kind.
        deamination: whether the alternative is what a deaminated base shows.
    """
    base = np.clip(np.asarray(rates, dtype=np.float64), 1e-12, 0.5)
    table = np.clip(np.outer(np.asarray(multipliers), base), 1e-12, 0.5)
    weights = np.clip(np.rint(WEIGHT_UNITS * np.log1p(design_vaf / base)), 1, MAX_WEIGHT).astype(np.int64)
    return Noise(table, np.asarray(mixture, dtype=np.float64), weights, deamination)


def score(alt: NDArray[np.integer], noise: Noise) -> int:
    """Return the weighted count of mutant molecules (`alt`: int[N_CLASSES])."""
    return int(np.dot(np.asarray(alt, dtype=np.int64), noise.weights))


def noise_tails(total: NDArray[np.integer], noise: Noise) -> NDArray[np.float64]:
    """Return P(score >= s | noise) for s = 0, 1, ... until it falls below 1e-30.

    Args:
        total: int[N_CLASSES], informative molecules per class at the site.
        noise: rates and weights.
    """
    counts = np.asarray(total, dtype=np.int64)
    size = _lattice(counts, noise.rates.max(axis=0), noise.weights)
    mixed = _mixed_pmf(counts, noise.rates, noise.mixture, noise.weights, size)
    # Summed from the small end: one minus the rest would leave nothing of tails below 1e-16.
    return np.minimum(np.cumsum(mixed[::-1])[::-1], 1.0)


def tail(alt: NDArray[np.integer], total: NDArray[np.integer], noise: Noise) -> float:
    """Return the noise tail probability of the mutant molecules seen, at least 1e-30."""
    reached = score(alt, noise)
    if reached == 0:
        return 1.0
    counts = np.asarray(total, dtype=np.int64)
    if reached >= _lattice(counts, noise.rates.max(axis=0), noise.weights):
        return TAIL_FLOOR
    complement = float(_complements(total, noise, reached)[-1])
    if complement > COMPLEMENT_FLOOR:
        return complement
    return max(float(noise_tails(total, noise)[reached]), TAIL_FLOOR)


def threshold(total: NDArray[np.integer], noise: Noise, tail_probability: float) -> int:
    """Return the smallest score whose noise tail is at most the tail probability."""
    counts, size = np.asarray(total, dtype=np.int64), 32
    while tail_probability > COMPLEMENT_FLOOR:
        # It ends: beyond the largest score nothing is left but rounding, far below the floor.
        reached = _first_rare(counts, noise.rates, noise.mixture, noise.weights, size, tail_probability)
        if reached:
            return int(reached)
        size *= 2
    tails = noise_tails(total, noise)
    rare = np.flatnonzero(tails <= tail_probability)
    return int(rare[0]) if len(rare) else len(tails)


def _complements(total: NDArray[np.integer], noise: Noise, size: int) -> NDArray[np.float64]:
    """Return P(score >= s | noise) for s = 1 .. size as one minus the rest: quick, good down to 1e-7."""
    counts = np.asarray(total, dtype=np.int64)
    pmf = _mixed_pmf(counts, noise.rates, noise.mixture, noise.weights, size)
    return np.asarray(1.0 - np.cumsum(pmf), dtype=np.float64)


def _lattice(total: NDArray[np.int64], rates: NDArray[np.float64], weights: NDArray[np.int64]) -> int:
    """Return a size beyond which the score has a probability below 1e-31 (Chernoff's bound)."""
    generating = np.log1p(rates * np.expm1(np.multiply.outer(THETAS, weights))) @ total
    best = float(np.min((generating - LOG_FLOOR) / THETAS))
    return min(math.ceil(best), int(np.dot(total, weights))) + 1


@kernel
def binomial_pmf(n: int, p: float, size: int) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Return the probabilities of 0 .. size-1 successes; float64[size]."""
    out = np.zeros(size)
    if n == 0 or p <= 0.0:
        out[0] = 1.0
        return out
    if p >= 1.0:
        if n < size:
            out[n] = 1.0
        return out
    log_p, log_q = math.log(p), math.log1p(-p)
    log_term = n * log_q
    last = min(size, n + 1)
    if log_term > LOG_SMALLEST:
        # Each from the one before: no logarithm a term.
        out[0], odds = math.exp(log_term), p / (1.0 - p)
        for k in range(1, last):
            out[k] = out[k - 1] * odds * ((n - k + 1) / k)
        return out
    for k in range(last):
        out[k] = math.exp(log_term)
        log_term += math.log((n - k) / (k + 1.0)) + log_p - log_q if k < n else 0.0
    return out


@kernel
def add_class(
    pmf: NDArray[np.float64], n: int, p: float, weight: int
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Convolve a score distribution with weight * Binomial(n, p); same size, the rest is cut off."""
    size = len(pmf)
    steps = (size - 1) // weight + 1
    step_pmf = binomial_pmf(n, p, steps)
    out = np.zeros(size)
    for k in range(min(steps, n + 1)):
        share = step_pmf[k]
        if share <= 0.0:
            continue
        shift = k * weight
        for s in range(size - shift):
            out[s + shift] += share * pmf[s]
    return out


@kernel
def _first_rare(
    total: NDArray[np.int64],
    rates: NDArray[np.float64],
    mixture: NDArray[np.float64],
    weights: NDArray[np.int64],
    size: int,
    tail_probability: float,
) -> int:  # pragma: no cover - compiled
    """Return the smallest score of 1 .. size with so small a complement, as of `_complements`; 0 without."""
    pmf, below = _mixed_pmf(total, rates, mixture, weights, size), 0.0
    for s in range(size):
        below += pmf[s]
        if 1.0 - below <= tail_probability:
            return s + 1
    return 0


@kernel
def _mixed_pmf(
    total: NDArray[np.int64],
    rates: NDArray[np.float64],
    mixture: NDArray[np.float64],
    weights: NDArray[np.int64],
    size: int,
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    mixed = np.zeros(size)
    for k in range(len(mixture)):
        mixed += mixture[k] * _score_pmf(total, rates[k], weights, size)
    return mixed


@kernel
def _score_pmf(
    total: NDArray[np.int64], rates: NDArray[np.float64], weights: NDArray[np.int64], size: int
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    pmf = np.zeros(size)
    pmf[0] = 1.0
    for c in range(N_CLASSES):
        if total[c] > 0:
            pmf = add_class(pmf, total[c], rates[c], weights[c])
    return pmf
