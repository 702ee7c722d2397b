"""What all genes of a panel say of the noise of one: variances shrunk towards a common one.

With four normals the spread of a gene has three degrees of freedom, and a tail of one in ten thousand lies 22
standard errors out. The other genes were measured in the same normals: empirical Bayes takes their common
variance as a prior, which counts for d0 degrees of freedom (Smyth 2004, Stat Appl Genet Mol Biol 3:3). d0 is
large where genes are alike; a dozen genes cannot tell that they are, so that a dozen more, unlike by
`PRIOR_DF`, are thought beside them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import polygamma, psi

from .normalise import Ratios

PRIOR_DF, PRIOR_GENES = 10.0, 10
ROUNDS = 50
TINY = 1e-12


@dataclass(frozen=True)
class Prior:
    """A variance that counts as so many degrees of freedom."""

    variance: float
    df: float

    def moderated(self, variance: float, df: float) -> tuple[float, float]:
        """Return a variance shrunk towards the common one, and its degrees of freedom."""
        whole = self.df + df
        return (self.df * self.variance + df * variance) / whole, whole


@dataclass(frozen=True)
class SharedNoise:
    """Noise of bins in one sample, and of whole genes between the normals of its pool.

    Attributes:
        bins: variance of a bin of weight 1 around its gene, in this sample.
        common, per_bin: variance of a gene's mean between normals: `common + per_bin / weights`.
        genes: factor on that, by which genes differ.
    """

    bins: Prior
    common: float
    per_bin: float
    genes: Prior

    def of_bins(self, values: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
        """Return variance and degrees of freedom of a gene's mean by its bins in this sample."""
        own = bin_variance(values, weights) if len(values) > 1 else 0.0
        variance, df = self.bins.moderated(own, len(values) - 1)
        return variance / float(weights.sum()), df

    def of_pool(self, residuals: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
        """Return how far the gene strays in a new sample by the normals: variance, degrees of freedom."""
        expected = self.common + self.per_bin / float(weights.sum())
        means = gene_means(residuals, weights)
        count = len(means)
        if count < 2:
            return self.genes.variance * expected, self.genes.df
        factor, df = self.genes.moderated(pool_variance(means) / expected, count - 1)
        # A new sample strays from the mean of the normals, which strays itself.
        return factor * expected * (count + 1) / count, df

    def forecast(self, bins: int, weight: float, normals: int) -> list[tuple[float, float]]:
        """Return the parts of the error of a gene against so many normals: variances, degrees of freedom.

        Args:
            bins: of the gene.
            weight: of all its bins.
            normals: in the pool.
        """
        between = self.genes.variance * (self.common + self.per_bin / weight)
        return [
            (self.bins.variance / weight, self.bins.df + bins - 1),
            (between * (normals + 1) / normals, self.genes.df + normals - 1),
        ]


def learn_shared_noise(ratios: Ratios, genes: Collection[NDArray[np.int64]]) -> SharedNoise | None:
    """Learn the noise of a panel from all its genes.

    Args:
        ratios: a sample against a pool.
        genes: indices of the bins of every autosomal gene.

    Returns:
        None where the pool has fewer than two normals, or there are no two genes to compare.
    """
    normals = len(ratios.residuals)
    if normals < 2 or len(genes) < 2:
        return None
    weights = [ratios.weight[members] for members in genes]
    several = [members for members in genes if len(members) > 1]
    own = [bin_variance(ratios.log2[members], ratios.weight[members]) for members in several]
    bins = learn_prior(own, [len(members) - 1 for members in several])
    per_bin = _per_bin(ratios, several)
    found = [gene_means(ratios.residuals[:, members], w) for members, w in zip(genes, weights, strict=True)]
    known = [(m, float(w.sum())) for m, w in zip(found, weights, strict=True) if len(m) > 1]
    if bins is None or not known:
        return None
    spread = np.array([pool_variance(means) for means, _ in known])
    sampling = per_bin / np.array([weight for _, weight in known])
    common = max(0.0, float((spread - sampling).mean()))
    factors = spread / np.maximum(common + sampling, TINY)
    prior = learn_prior(factors.tolist(), [len(means) - 1 for means, _ in known])
    return None if prior is None else SharedNoise(bins, common, per_bin, prior)


def learn_prior(variances: Sequence[float], dfs: Sequence[int]) -> Prior | None:
    """Return the common variance and for how many degrees of freedom it counts (Smyth 2004, 6.2).

    It never counts for more than all the others were measured with; None without two variances.
    """
    if len(variances) < 2:
        return None
    half = np.asarray(dfs, float) / 2
    logs = np.log(np.maximum(variances, TINY)) - psi(half) + np.log(half)
    thought = PRIOR_GENES * float(polygamma(1, PRIOR_DF / 2))
    seen = float(((logs - logs.mean()) ** 2).sum() - polygamma(1, half).sum() * (1 - 1 / len(logs)))
    # Genes more alike than chance allows were lucky: that must not count against the thought ones.
    excess = (max(0.0, seen) + thought) / (len(logs) - 1 + PRIOR_GENES)
    df = min(2 * _trigamma_inverse(excess), float(sum(dfs) - max(dfs)))
    scale = float(np.exp(logs.mean() + psi(df / 2) - np.log(df / 2)))
    return Prior(scale, df)


def bin_variance(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the variance of a bin of weight 1 around the weighted mean."""
    off = values - np.average(values, weights=weights)
    return float((weights * off**2).sum() / (len(values) - 1))


def gene_means(residuals: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted mean of a gene in every normal that has bins of it."""
    known = ~np.isnan(residuals)
    total = (known * weights).sum(axis=1)
    means = np.where(known, residuals, 0.0) @ weights / np.maximum(total, TINY)
    chosen: NDArray[np.float64] = means[total > 0]
    return chosen


def pool_variance(means: NDArray[np.float64]) -> float:
    """Return the variance between normals; from a reference made of them they stray too little."""
    count = len(means)
    return float((means**2).mean() * count / (count - 1))


def _per_bin(ratios: Ratios, genes: Sequence[NDArray[np.int64]]) -> float:
    """Return the variance of a bin of weight 1 around its gene within the normals, pooled."""
    total, df = 0.0, 0
    for members in genes:
        for row in ratios.residuals[:, members]:
            known = ~np.isnan(row)
            if (count := int(known.sum())) > 1:
                total += bin_variance(row[known], ratios.weight[members][known]) * (count - 1)
                df += count - 1
    normals = len(ratios.residuals)
    return total / max(df, 1) * normals / (normals - 1)


def _trigamma_inverse(value: float) -> float:
    """Return x with trigamma(x) = value, by Newton's method on its inverse (Smyth 2004, appendix)."""
    x = 0.5 + 1 / value
    for _ in range(ROUNDS):
        trigamma = float(polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-10 * x:
            break
    return x
