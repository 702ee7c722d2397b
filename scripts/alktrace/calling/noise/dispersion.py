"""How much sites of one kind differ in noise: the gamma shape of a factor on their rates.

Were all sites alike, mutant molecules of noise would be Poisson. They are not: some positions recur. The
factor of a site is taken as gamma with mean 1; its shape, and a correction of the mean rate, are fitted by
maximum likelihood to the counts of the training alternatives, cut off above so that true variants do not
count.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS_PER_DECADE = 10
SHAPES = np.geomspace(0.1, 100.0, 91)
SCALES = np.geomspace(0.5, 4.0, 61)
NODES = 12
ROUNDS = 8
LARGEST_EXPECTED = 300.0


@dataclass(frozen=True)
class Dispersion:
    """What is assumed of the gamma shape before a sample is seen; resources/noise/dispersion.tsv.

    Attributes:
        shape, shape_spread: median of the shape, standard deviation of its logarithm.
        repeat_shape: the shape of insertions and deletions in long repeats, at most: how much such a repeat
            slips depends on more than its length.
    """

    shape: float
    shape_spread: float
    repeat_shape: float


def fit_dispersion(
    counts: NDArray[np.int64], expected: NDArray[np.float64], prior: Dispersion
) -> tuple[float, float]:
    """Return the gamma shape and the factor on the mean rate.

    Args:
        counts: int64[n], molecules with an alternative.
        expected: float64[n], from the rates of its kind, larger than 0 where it counts.
        prior: of the shape.
    """
    # Where nothing is expected one molecule would drag the shape to its lower end.
    usable = (expected > 1e-6) & (expected < LARGEST_EXPECTED)
    counts, expected = counts[usable], expected[usable]
    if not len(counts):
        return prior.shape, 1.0
    bins = np.rint(np.log10(expected) * BINS_PER_DECADE).astype(np.int64)
    lowest = int(bins.min())
    number = np.bincount(bins - lowest)
    mean = np.bincount(bins - lowest, weights=expected) / np.maximum(number, 1)
    tables = [_table(counts[bins - lowest == k], mean[k]) for k in np.flatnonzero(number)]

    def objective(shapes: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
        value = sum(_log_likelihood(seen, m * scales, shapes) for seen, m in tables)
        off = np.log(shapes / prior.shape) ** 2 + np.log(scales) ** 2
        return np.asarray(value - off / (2 * prior.shape_spread**2))

    shape, scale = prior.shape, 1.0
    for _ in range(ROUNDS):
        before = shape, scale
        shape = SHAPES[np.argmax(objective(SHAPES, np.full(len(SHAPES), scale)))].item()
        scale = SCALES[np.argmax(objective(np.full(len(SCALES), shape), SCALES))].item()
        if (shape, scale) == before:
            break
    return shape, scale


def _table(counts: NDArray[np.int64], mean: float) -> tuple[NDArray[np.int64], float]:
    """Return how many alternatives have 0, 1, ... molecules, up to the cut-off of their bin."""
    # Cut off, not capped: a heap of true variants at the last count would look like noise that differs.
    cut = 3 + math.ceil(3 * mean)
    return np.bincount(counts[counts <= cut], minlength=cut + 1), mean


def _log_likelihood(
    seen: NDArray[np.int64], means: NDArray[np.float64], shapes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the log-likelihoods of counts under negative binomials cut off behind the table.

    Args:
        seen: int64[counts], alternatives with 0, 1, ... molecules.
        means: float64[n], of each negative binomial.
        shapes: float64[n], likewise.
    """
    mean, shape, k = means[:, None], shapes[:, None], np.arange(1, len(seen))
    steps = np.log((shape + k - 1) / k * (mean / (mean + shape)))
    log_p = np.cumsum(np.hstack([-shape * np.log1p(mean / shape), steps]), axis=1)
    top = log_p.max(axis=1, keepdims=True)
    # Normalised over the counts kept, or the cut would count as evidence for equal sites.
    total = top + np.log(np.exp(log_p - top).sum(axis=1, keepdims=True))
    return np.asarray((log_p - total) @ seen.astype(np.float64))


def gamma_nodes(shape: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return factors and shares of a discrete stand-in for a gamma factor of mean 1.

    Generalised Gauss-Laguerre nodes: expectations of polynomials up to degree 23 are exact, so that tails of
    counts far beyond every threshold are those of the gamma.
    """
    from scipy.special import roots_genlaguerre

    nodes, weights = roots_genlaguerre(NODES, shape - 1)
    # The nodes are those of a gamma of scale one: its mean is the shape.
    return np.asarray(nodes / shape), np.asarray(weights / weights.sum())
