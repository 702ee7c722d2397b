"""log2 ratio of a gene with its standard error, from bins and from the normals of the pool."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from .bins import MAD_TO_SD
from .normalise import Ratios

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


def summarise(ratios: Ratios, members: NDArray[np.int64], noise: float | None) -> BinStatistics:
    """Return log2 ratio and standard error of a gene.

    The error joins two parts as independent: the bootstrap over the gene's bins, and how far the same gene
    strays in the normals of the pool (for a new sample, (n + 1) / (n - 1) times the mean square of those in
    the pool). A reference of CNVkit's own making tells the spread of bins only, which are then taken as
    independent. The degrees of freedom follow Welch and Satterthwaite.

    Args:
        ratios: normalised bins.
        members: indices of the gene's bins.
        noise: standard deviation between genes, in place of the pool under a flat reference.
    """
    values, weights = ratios.log2[members], ratios.weight[members]
    count = len(members)
    parts = [(_bootstrap(values, weights), max(count - 1, 1))]
    normals = len(ratios.residuals)
    if noise is not None:
        parts.append((noise, MIN_GENES))
    elif normals > 1:
        parts.append((_pool_error(ratios.residuals[:, members], weights), normals - 1))
    else:
        spread = float(np.sqrt(((weights * ratios.spread[members]) ** 2).sum()) / weights.sum())
        parts.append((spread, FOREIGN_DF))
    variance = sum(error**2 for error, _ in parts)
    tail = sum(error**4 / df for error, df in parts)
    df = variance**2 / tail if tail > 0 else 1.0
    return BinStatistics(count, float(np.average(values, weights=weights)), float(np.sqrt(variance)), df)


def between_genes(ratios: Ratios, genes: Mapping[str, NDArray[np.int64]]) -> float:
    """Return how much genes differ without copy-number change, from the sample itself.

    A flat reference knows nothing of capture: genes differ by their probes. The median absolute deviation of
    the gene means is that noise, as long as most genes are neutral. With fewer than five genes the deviation
    of single bins stands in, which is larger.
    """
    autosomal = [
        m for m in genes.values() if len(m) and plain_name(ratios.chrom[m[0]]) not in SEX_CHROMOSOMES
    ]
    means = np.array([float(ratios.log2[m].mean()) for m in autosomal])
    values = means if len(means) >= MIN_GENES else ratios.log2
    if not len(values):
        return 0.0
    return float(MAD_TO_SD * np.median(np.abs(values - np.median(values))))


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


def _pool_error(residuals: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    known = ~np.isnan(residuals)
    total = (known * weights).sum(axis=1)
    means = np.where(known, residuals, 0.0) @ weights / np.maximum(total, 1e-12)
    means = means[total > 0]
    count = len(means)
    if count < 2:
        return 0.0
    return float(np.sqrt((means**2).mean() * (count + 1) / (count - 1)))
