"""Propensities of a treatment, the weights they give, and whether the groups can be compared at all.

The propensity is the probability of one treatment rather than the other, given what was known when it
began. It is modelled by logistic regression with Firth's penalty (Heinze and Schemper 2002), which has a
maximum where a covariate parts the groups; the penalty draws probabilities towards one half, so the intercept
is fitted again without it (FLIC, Puhr 2017). Stabilised weights keep the sizes of the groups (Robins 2000).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from ..vocabulary.outcomes import Refusal, Target
from .survival import Floats

CLOSE, STEPS, LONGEST_STEP = 1e-12, 200, 3.0
SUPPORT = (0.1, 0.9)
"""Propensities of patients who could have had either treatment: the rule of thumb of Crump 2009, who leaves
the others out. That a comparison is refused where too few of a group lie between is this project's rule."""
BALANCED, TOO_FAR = 0.1, 0.25
"""Standardised differences: below the first groups count as alike (Austin 2009), above the second what is
left is too much for a regression on the groups (Stuart 2010; Rubin 2001 asks it of the propensity itself).
That a comparison is refused then, and not only marked, is this project's rule."""


@dataclass(frozen=True)
class Balance:
    """One covariate in both groups, before and after weighting.

    Attributes:
        treated, reference: means before.
        before, after: standardised differences; infinite where the groups do not vary and differ.
    """

    treated: float
    reference: float
    before: float
    after: float
    treated_after: float
    reference_after: float


def propensities(covariates: ArrayLike, treated: ArrayLike) -> Floats:
    """Return the probability of being treated of each patient.

    Args:
        covariates: patients x covariates; those that say nothing new are left out of the model.
        treated: who was, and who was not; at least one of each.
    """
    given, group = np.asarray(covariates, float), np.asarray(treated, float)
    columns = [np.ones(len(group))]
    # Two names of one fact would leave the information without an inverse.
    for column in given.T:
        spread = column.std()
        scaled = (column - column.mean()) / spread if spread > 0 else column * 0
        if np.linalg.matrix_rank(np.column_stack([*columns, scaled])) > len(columns):
            columns.append(scaled)
    design = np.column_stack(columns)
    beta = _firth(design, group)
    # Else the propensities of the rarer group are too large on average, and its weights too small.
    offset = design[:, 1:] @ beta[1:]
    return np.asarray(expit(offset + _intercept(offset, group)))


def weights(propensity: Floats, treated: NDArray[np.bool_], target: Target) -> Floats:
    """Return stabilised weights.

    Args:
        propensity: of `propensities`.
        treated: who was.
        target: ATE weighs both groups to all patients, ATT the reference to the treated.
    """
    # Without the share few treated would count as many as the whole cohort, and the error would be too small.
    share = float(treated.mean())
    odds = propensity / (1 - propensity)
    if target is Target.ATT:
        return np.where(treated, 1.0, odds * (1 - share) / share)
    return np.where(treated, share / propensity, (1 - share) / (1 - propensity))


def effective_number(weight: Floats) -> float:
    """Return how many equally weighted patients say as much (Kish 1965)."""
    return float(weight.sum() ** 2 / (weight**2).sum()) if weight.size else 0.0


def balance(covariate: Floats, treated: NDArray[np.bool_], weight: Floats) -> Balance:
    """Return one covariate in both groups; the unit is the spread before weighting, so that both compare."""
    spread = float(np.sqrt((covariate[treated].var() + covariate[~treated].var()) / 2))
    one, other = float(covariate[treated].mean()), float(covariate[~treated].mean())
    one_after = float(np.average(covariate[treated], weights=weight[treated]))
    other_after = float(np.average(covariate[~treated], weights=weight[~treated]))
    before, after = _apart(one, other, spread), _apart(one_after, other_after, spread)
    return Balance(one, other, before, after, one_after, other_after)


def no_overlap(
    propensity: Floats,
    treated: NDArray[np.bool_],
    weight: Floats,
    balances: Sequence[tuple[str, Balance]],
    *,
    fewest: int,
) -> str | None:
    """Return why weighting does not make the groups comparable; None where it does.

    Args:
        propensity: of `propensities`.
        treated: who was.
        weight: of `weights`.
        balances: covariates by name.
        fewest: patients needed in each group, who could have had either treatment, and effectively.
    """
    # First: where groups do not meet, Firth's finite propensities give weights that look harmless.
    either = (propensity >= SUPPORT[0]) & (propensity <= SUPPORT[1])
    fewer = min(int((either & side).sum()) for side in (treated, ~treated))
    if fewer < fewest:
        what = f"{fewer} of a group with propensity {SUPPORT[0]:g} to {SUPPORT[1]:g}, {fewest} needed"
        return f"{Refusal.NO_OVERLAP}: {what}"
    effective = min(effective_number(weight[side]) for side in (treated, ~treated))
    if effective < fewest:
        return f"{Refusal.EFFECTIVELY_TOO_FEW}: {effective:.1f} of a group, {fewest} needed"
    apart = [(abs(item.after), name) for name, item in balances if abs(item.after) > TOO_FAR]
    if apart:
        worst, name = max(apart)
        return (
            f"{Refusal.NOT_BALANCED}: {name} differs by {worst:.2f} SD after weighting, at most {TOO_FAR:g}"
        )
    return None


def _apart(one: float, other: float, spread: float) -> float:
    if one == other:
        return 0.0
    return (one - other) / spread if spread > 0 else float(np.copysign(np.inf, one - other))


def _firth(design: Floats, group: Floats) -> Floats:
    def at(beta: Floats) -> tuple[float, Floats, Floats]:
        linear = design @ beta
        p = expit(linear)
        information = (design.T * (p * (1 - p))) @ design
        sign, determinant = np.linalg.slogdet(information)
        if sign <= 0:
            return -np.inf, beta * 0, information
        leverage = p * (1 - p) * np.einsum("ij,jk,ik->i", design, np.linalg.inv(information), design)
        likelihood = float(group @ linear - np.logaddexp(0, linear).sum()) + 0.5 * float(determinant)
        return likelihood, design.T @ (group - p + leverage * (0.5 - p)), information

    beta = np.zeros(design.shape[1])
    value, score, information = at(beta)
    for _ in range(STEPS):
        step = np.linalg.solve(information, score)
        step *= min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        # Halved until it climbs: far from the maximum the information misleads.
        while (after := at(beta + step))[0] < value - 1e-12 and np.abs(step).max() > CLOSE:
            step = step / 2
        beta, (value, score, information) = beta + step, after
        if np.abs(step).max() < CLOSE:
            break
    return beta


def _intercept(offset: Floats, group: Floats) -> float:
    """Return the intercept with which probabilities add up to the number of the treated."""
    found = 0.0
    for _ in range(STEPS):
        p = expit(offset + found)
        step = float((group - p).sum() / (p * (1 - p)).sum())
        found += max(-LONGEST_STEP, min(LONGEST_STEP, step))
        if abs(step) < CLOSE:
            break
    return found
