"""log2 ratio of a gene with its standard error, from bins and from the normals of the pool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from .bins import MAD_TO_SD
from .normalise import Ratios
from .shared_noise import SharedNoise

RESAMPLES = 2000
SEED = 20
MIN_GENES = 5
FOREIGN_DF = 5
"""Degrees of freedom of the spread in a reference that does not tell the size of its pool."""
SEX_CHROMOSOMES = frozenset({"X", "Y"})


@dataclass(frozen=True)
class BinStatistics:
    """log2 ratio of a set of bins with its standard error.

    Attributes:
        df: degrees of freedom of the standard error.
    """

    bins: int
    log2: float
    error: float
    df: float

    def bound(self, probability: float) -> float:
        """Return how far the estimate may be off to one side with that probability."""
        return float(stdtrit(self.df, 1 - probability)) * self.error


def summarise(
    ratios: Ratios, members: NDArray[np.int64], *, between: float | None, shared: SharedNoise | None
) -> BinStatistics:
    """Return log2 ratio and standard error of a gene.

    The error joins two parts as independent: the scatter of the gene's bins, and how far the same gene strays
    in the normals of the pool. Against a pool both are shrunk towards what all genes show. Under a flat
    reference, or one of CNVkit's own making, which tells the spread of bins only, the scatter is a bootstrap.
    The degrees of freedom follow Welch and Satterthwaite.

    Args:
        ratios: normalised bins.
        members: indices of the gene's bins.
        between: standard deviation between genes, in place of the pool under a flat reference.
        shared: noise of the panel, where the reference is a pool.
    """
    values, weights = ratios.log2[members], ratios.weight[members]
    count = len(members)
    if shared is not None:
        parts = [shared.of_bins(values, weights), shared.of_pool(ratios.residuals[:, members], weights)]
    else:
        spread = float(np.sqrt(((weights * ratios.spread[members]) ** 2).sum()) / weights.sum())
        other = (spread**2, FOREIGN_DF) if between is None else (between**2, MIN_GENES)
        parts = [(_bootstrap(values, weights) ** 2, max(count - 1, 1)), other]
    return joined(count, float(np.average(values, weights=weights)), parts)


def joined(bins: int, log2: float, parts: Sequence[tuple[float, float]]) -> BinStatistics:
    """Return a log2 ratio with an error of independent parts, each a variance with its degrees of freedom."""
    variance = sum(part for part, _ in parts)
    tail = sum(part**2 / df for part, df in parts)
    return BinStatistics(bins, log2, float(np.sqrt(variance)), variance**2 / tail if tail > 0 else 1.0)


def between_genes(ratios: Ratios, genes: Mapping[str, NDArray[np.int64]]) -> float:
    """Return how much genes differ without copy-number change, from the sample itself.

    A flat reference knows nothing of capture: genes differ by their probes. The median absolute deviation of
    the gene means is that noise, as long as most genes are neutral. With fewer than five genes the deviation
    of single bins stands in, which is larger.
    """
    means = np.array([float(ratios.log2[m].mean()) for m in autosomal_genes(ratios, genes)])
    values = means if len(means) >= MIN_GENES else ratios.log2
    if not len(values):
        return 0.0
    return float(MAD_TO_SD * np.median(np.abs(values - np.median(values))))


def autosomal_genes(ratios: Ratios, genes: Mapping[str, NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Return the bins of the genes on autosomes that have any."""
    return [m for m in genes.values() if len(m) and plain_name(ratios.chrom[m[0]]) not in SEX_CHROMOSOMES]


def plain_name(chrom: str) -> str:
    """Return the name of a chromosome without `chr`."""
    return chrom.removeprefix("chr")


def _bootstrap(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the bootstrap standard error of the weighted mean, widened for few bins by sqrt(n / (n - 1))."""
    count = len(values)
    if count < 2:
        return 0.0
    chosen = np.random.default_rng(SEED).integers(0, count, (RESAMPLES, count))
    picked = weights[chosen]
    means = (values[chosen] * picked).sum(axis=1) / picked.sum(axis=1)
    return float(means.std() * np.sqrt(count / (count - 1)))
