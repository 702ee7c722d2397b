"""Cox models of few events: Firth's penalised partial likelihood with profile intervals.

With few events the partial likelihood may have no maximum, and Wald intervals are too narrow. Half of the log
determinant of the information, added to the log likelihood, takes the bias of first order away and always
leaves a maximum (Firth 1993; Heinze and Schemper 2001). Intervals hold the coefficients that the penalised
likelihood ratio does not reject; p is that of its test at 0. Ties by Efron, delayed entry, as in `cox`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, gammaincinv

from .survival import Floats

CLOSE, STEPS, LONGEST_STEP = 1e-10, 200, 2.0
FARTHEST = 25.0
"""Coefficients up to which an end of an interval is looked for: beyond it there is none."""


@dataclass(frozen=True)
class PenalisedTerm:
    """One coefficient; an end of its interval is None where the likelihood bounds it on one side alone."""

    coefficient: float
    low: float | None
    high: float | None
    p: float


class _Likelihood:
    """Events and numbers at risk by pattern of covariates: patients with equal covariates count together."""

    def __init__(
        self, design: Floats, entry: Floats, time: Floats, event: NDArray[np.bool_], strata: NDArray[np.str_]
    ) -> None:
        self.patterns, of = np.unique(design, axis=0, return_inverse=True)
        number = np.eye(len(self.patterns))[of.ravel()]
        rows = []
        for stratum, day in sorted(set(zip(strata[event].tolist(), time[event].tolist(), strict=True))):
            own = strata == stratum
            # Strictly before: an entry on the day of the event comes after it.
            at_risk = number[own & (entry < day) & (time >= day)].sum(axis=0)
            died = number[own & event & (time == day)].sum(axis=0)
            deaths = int(died.sum())
            # Efron: of d tied events the k-th sees the weight of the tied lessened by k/d.
            rows += [at_risk - k / deaths * died for k in range(deaths)]
        self.at_risk = np.array(rows)
        self.total = number[event].sum(axis=0) @ self.patterns

    def at(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Return the penalised log likelihood, its score and the information at some coefficients."""
        linear = self.patterns @ beta
        shift = float(linear.max())
        weight = self.at_risk * np.exp(linear - shift)
        sums = weight.sum(axis=1)
        share = weight / sums[:, None]
        mean = share @ self.patterns
        centred = self.patterns[None, :, :] - mean[:, None, :]
        information = np.einsum("eu,eui,euj->ij", share, centred, centred)
        third = np.einsum("eu,eui,euj,euk->ijk", share, centred, centred, centred)
        sign, determinant = np.linalg.slogdet(information)
        if sign <= 0:
            return -np.inf, np.zeros_like(beta), information
        likelihood = float(self.total @ beta) - float((np.log(sums) + shift).sum())
        penalty = 0.5 * np.einsum("ij,ijk->k", np.linalg.inv(information), third)
        score = self.total - mean.sum(axis=0) + penalty
        return likelihood + 0.5 * float(determinant), score, information

    def maximum(self, start: Floats, fixed: Sequence[int] = ()) -> tuple[Floats, float]:
        """Return the coefficients with the largest penalised likelihood, some held where they start."""
        beta = start.copy()
        free = [i for i in range(beta.size) if i not in fixed]
        value, score, information = self.at(beta)
        for _ in range(STEPS if free else 0):
            step = np.zeros_like(beta)
            step[free] = np.linalg.solve(information[np.ix_(free, free)], score[free])
            step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
            # Halved until it climbs: far from the maximum the information misleads.
            while True:
                after = self.at(beta + step)
                if after[0] >= value - 1e-12 or np.abs(step).max() < CLOSE:
                    break
                step = step / 2
            beta, (value, score, information) = beta + step, after
            if np.abs(step).max() < CLOSE:
                break
        return beta, value


def fit_penalised(
    design: ArrayLike,
    *,
    entry: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    confidence: float,
    strata: ArrayLike = (),
) -> list[PenalisedTerm]:
    """Return every coefficient of a penalised Cox model with its profile interval.

    Args:
        design: patients x parameters; of full rank, each with two values or more.
        entry: days at which patients come under observation.
        time: days of event or censoring, later than the entry.
        event: whether the event happened; at least once.
        confidence: level of the intervals.
        strata: of each patient, as of `fit_cox`; empty: one for all.

    Returns:
        The terms; none where the groups are never at risk together, so that nothing compares them.
    """
    values = np.asarray(design, float)
    labels = np.asarray(strata, str) if np.size(strata) else np.full(len(values), "")
    likelihood = _Likelihood(
        values, np.asarray(entry, float), np.asarray(time, float), np.asarray(event, bool), labels
    )
    start = np.zeros(values.shape[1])
    if not np.isfinite(likelihood.at(start)[0]):
        return []
    beta, top = likelihood.maximum(start)
    return [_term(likelihood, beta, top, place, confidence) for place in range(beta.size)]


def _term(likelihood: _Likelihood, beta: Floats, top: float, place: int, confidence: float) -> PenalisedTerm:
    allowed = float(gammaincinv(0.5, confidence))  # half of the quantile of chi-squared(1)

    def lost(value: float) -> float:
        """How far the profile of the likelihood lies below its maximum at a value of the coefficient."""
        held = beta.copy()
        held[place] = value
        return top - likelihood.maximum(held, (place,))[1]

    p = float(chdtrc(1, max(0.0, 2 * lost(0.0))))
    low, high = (_end(lost, float(beta[place]), allowed, side) for side in (-1.0, 1.0))
    return PenalisedTerm(float(beta[place]), low, high, p)


def _end(lost: Callable[[float], float], value: float, allowed: float, side: float) -> float | None:
    from scipy import optimize

    inner, width = value, 0.5
    while width < FARTHEST:
        outer = value + side * width
        if lost(outer) > allowed:
            return float(optimize.brentq(lambda x: lost(x) - allowed, inner, outer, xtol=1e-10))
        inner, width = outer, width * 1.6
    return None
