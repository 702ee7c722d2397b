"""Probit regression of hits on the logarithm of a dose, and the dose of a hit rate with its interval."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

ROUNDS = 60
SETTLED = 1e-10
STEEP = 1e3
"""Slope per tenfold dose from which the fit is a step: the levels separate, and have no likeliest slope."""
TWO_SIDED = 0.975
POOR_FIT = 0.05
MAX_10_EXP = sys.float_info.max_10_exp


@dataclass(frozen=True)
class ProbitFit:
    """A fitted line: probability of a hit = Phi(intercept + slope * log10 dose).

    Attributes:
        intercept, slope: estimates by maximum likelihood.
        covariance: of both: variance of the intercept, covariance, variance of the slope.
        fit_p: probability of a worse fit by Pearson's chi-square; None without degrees of freedom.
        scale: chi-square over its degrees of freedom where the fit is poor, else 1: variances count so often.
    """

    intercept: float
    slope: float
    covariance: tuple[float, float, float]
    fit_p: float | None
    scale: float

    def dose(self, rate: float) -> float:
        """Return the dose with that hit rate."""
        return float(10 ** ((ndtri(rate) - self.intercept) / self.slope))

    def interval(self, rate: float) -> tuple[float | None, float | None]:
        """Return the 95 % fiducial interval of a dose (Fieller 1954; Finney, Probit Analysis 1971, 4.21).

        Either end is None where the slope is not significant, so that the data bound the dose on no side; the
        upper end also where the slope is so barely significant that no number holds it.
        """
        z = float(ndtri(TWO_SIDED))
        v11, v12, v22 = (self.scale * value for value in self.covariance)
        g = z**2 * v22 / self.slope**2
        if g >= 1:
            return None, None
        m = (float(ndtri(rate)) - self.intercept) / self.slope
        middle = m + g / (1 - g) * (m + v12 / v22)
        inside = v11 + 2 * m * v12 + m**2 * v22 - g * (v11 - v12**2 / v22)
        half = z / (self.slope * (1 - g)) * float(np.sqrt(max(0.0, inside)))
        high = middle + half
        return 10 ** (middle - half), None if high > MAX_10_EXP else 10**high

    def rate(self, dose: float) -> tuple[float, float, float]:
        """Return the hit rate of a dose with its 95 % interval, by the delta method on the probit scale."""
        x = float(np.log10(dose))
        v11, v12, v22 = (self.scale * value for value in self.covariance)
        middle = self.intercept + self.slope * x
        half = float(ndtri(TWO_SIDED)) * float(np.sqrt(v11 + 2 * x * v12 + x**2 * v22))
        low, value, high = (float(ndtr(middle + step)) for step in (-half, 0.0, half))
        return value, low, high


def fit_probit(doses: Sequence[float], hits: Sequence[int], totals: Sequence[int]) -> ProbitFit | None:
    """Fit by Fisher scoring, as R's `glm(cbind(hits, misses) ~ log10(dose), binomial("probit"))` does.

    Args:
        doses: above 0.
        hits: of every dose.
        totals: trials of every dose, at least one.

    Returns:
        None where no line fits: fewer than two doses, no rise with the dose, or doses that separate hits
        from misses, so that any steep line is as likely.
    """
    x = np.log10(np.asarray(doses, float))
    k, n = np.asarray(hits, float), np.asarray(totals, float)
    if len(set(doses)) < 2 or k.sum() in (0, n.sum()):
        return None
    design = np.stack([np.ones_like(x), x], axis=1)
    eta = ndtri((k + 0.5) / (n + 1))
    beta = np.zeros(2)
    for _ in range(ROUNDS):
        p, density = ndtr(eta), np.exp(-(eta**2) / 2) / np.sqrt(2 * np.pi)
        p, density = np.clip(p, 1e-12, 1 - 1e-12), np.maximum(density, 1e-150)
        weight = n * density**2 / (p * (1 - p))
        working = eta + (k / n - p) / density
        information = design.T @ (design * weight[:, None])
        if not np.isfinite(information).all() or np.linalg.cond(information) > 1 / np.finfo(float).eps:
            return None
        before, beta = beta, np.linalg.solve(information, design.T @ (weight * working))
        if abs(beta[1]) > STEEP:
            return None
        eta = design @ beta
        if np.abs(beta - before).max() < SETTLED * (1 + np.abs(beta).max()):
            break
    else:
        return None
    return None if beta[1] <= 0 else _finished(beta, x, k, n)


def _finished(beta: np.ndarray, x: np.ndarray, k: np.ndarray, n: np.ndarray) -> ProbitFit:
    eta = beta[0] + beta[1] * x
    p = np.clip(ndtr(eta), 1e-12, 1 - 1e-12)
    weight = n * np.exp(-(eta**2)) / (2 * np.pi) / (p * (1 - p))
    design = np.stack([np.ones_like(x), x], axis=1)
    inverse = np.linalg.inv(design.T @ (design * weight[:, None]))
    free = len(x) - 2
    chi2 = float(((k - n * p) ** 2 / (n * p * (1 - p))).sum())
    fit_p = float(chdtrc(free, chi2)) if free > 0 else None
    # Replicates that scatter more than a binomial make the interval of theory too narrow (Finney, 4.12).
    scale = chi2 / free if fit_p is not None and fit_p < POOR_FIT else 1.0
    covariance = float(inverse[0, 0]), float(inverse[0, 1]), float(inverse[1, 1])
    return ProbitFit(float(beta[0]), float(beta[1]), covariance, fit_p, scale)
