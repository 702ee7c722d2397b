"""Cox models with delayed entry, and the two score tests that lifelines does not have for it.

Both tests sum over event times what the Efron approximation gives for a risk set: covariates of those who
had the event minus their weighted mean, and their weighted covariance (Therneau and Grambsch, 2000, sections
3.1 and 6.2). lifelines fits the model.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr, ndtri

from ..vocabulary.outcomes import Refusal
from .survival import Floats, GroupTest, after_events

PRECISION = 1e-18
"""Largest Newton decrement at the end. lifelines steps by 95 % of the way and stops up to sqrt(2 x this)
standard errors early: 1e-10 leaves 1.4e-5, which the sixth digit of a table shows."""
MAX_HAZARD_RATIO_LOG = 15.0
"""A coefficient beyond it means that the likelihood has no maximum (one group without events)."""


@dataclass(frozen=True)
class CoxTerm:
    """One covariate of a fitted model; `hazards_p` tests proportional hazards of this covariate."""

    name: str
    coefficient: float
    error: float
    ratio: float
    low: float
    high: float
    p: float
    hazards_p: float | None


@dataclass(frozen=True)
class CoxFit:
    """A fitted model, or the reason why there is none."""

    terms: tuple[CoxTerm, ...]
    refusal: str | None


@dataclass(frozen=True)
class RiskSet:
    """What one event time contributes; arrays of length p and p x p."""

    time: float
    deaths: int
    residual: Floats
    variance: Floats


def fit_cox(
    covariates: pd.DataFrame,
    *,
    entry: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    confidence: float,
    events_per_parameter: int,
    min_group_patients: int,
    strata: ArrayLike = (),
) -> CoxFit:
    """Fit a Cox model (Efron ties, delayed entry, Wald intervals).

    Args:
        covariates: one numeric column per parameter.
        entry: days at which patients come under observation.
        time: days of event or censoring, later than the entry.
        event: whether the event happened.
        confidence: level of the intervals.
        events_per_parameter: with fewer events there is no model.
        min_group_patients: with fewer patients in a compared group there is no model.
        strata: of each patient, such as the centre: each has a baseline hazard of its own; empty: one for
            all.
    """
    # Refused before fitting: a fit of few events converges, to a ratio that means nothing.
    times, events = np.asarray(time, float), np.asarray(event, bool)
    refusal = refuse(
        covariates,
        events,
        events_per_parameter=events_per_parameter,
        min_group_patients=min_group_patients,
    )
    if refusal:
        return CoxFit((), refusal)
    fitted = _lifelines(covariates, np.asarray(entry, float), times, events, strata)
    if fitted is None:
        return CoxFit((), Refusal.NO_MAXIMUM.value)
    coefficients, errors = fitted
    z = ndtri(0.5 + confidence / 2)
    checks = hazards_test(
        covariates.to_numpy(float), np.asarray(entry, float), times, events, coefficients, strata
    )
    terms = []
    for name, coefficient, error, check in zip(covariates, coefficients, errors, checks, strict=True):
        low, high = np.exp([coefficient - z * error, coefficient + z * error])
        p = 2 * ndtr(-abs(coefficient / error))
        ratio = float(np.exp(coefficient))
        term = CoxTerm(
            str(name), float(coefficient), float(error), ratio, float(low), float(high), float(p), check
        )
        terms.append(term)
    return CoxFit(tuple(terms), None)


def refuse(
    covariates: pd.DataFrame,
    event: NDArray[np.bool_],
    *,
    events_per_parameter: int,
    min_group_patients: int,
) -> str | None:
    """Return why there can be no model or group test, None where there can.

    Args:
        covariates: one numeric column per parameter.
        event: whether each patient had the event.
        events_per_parameter: events needed per column.
        min_group_patients: patients needed in every compared group; a group of one or two gets a hazard ratio
            that says what became of one person, and its test rejects too often (DECISIONS).
    """
    parameters = covariates.shape[1]
    needed, found = events_per_parameter * parameters, int(event.sum())
    if found < needed:
        given = f"{found} for {parameters} parameter{'s' * (parameters > 1)}, {needed} needed"
        return f"{Refusal.TOO_FEW_EVENTS}: {given}"
    values = covariates.to_numpy(float)
    for name, column in zip(covariates, values.T, strict=True):
        if np.unique(column).size < 2:
            return f"{Refusal.ONE_GROUP_ONLY}: {name}"
    if np.linalg.matrix_rank(values - values.mean(axis=0)) < parameters:
        return f"{Refusal.GROUPS_COINCIDE}: {', '.join(map(str, covariates))}"
    groups = list(_groups(covariates))
    smallest = min((int(member.sum()) for _, member in groups), default=min_group_patients)
    if smallest < min_group_patients:
        return f"{Refusal.GROUP_TOO_SMALL}: {smallest} in the smallest, {min_group_patients} needed"
    # Without events in a group the likelihood rises for ever: lifelines stops somewhere and reports it.
    without = next((name for name, member in groups if not event[member].any()), None)
    return f"{Refusal.NO_EVENTS_IN_A_GROUP}: {without}" if without else None


def _groups(covariates: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the groups that a design compares, by name and membership.

    Where indicators describe every combination that occurs (one group against the others, all groups, a
    treatment crossed with a mechanism) each combination is a group; else both levels of every indicator are.
    """
    values = covariates.to_numpy(float)
    binary = [bool(np.isin(column, (0, 1)).all()) for column in values.T]
    rows = np.unique(values, axis=0)
    if all(binary) and len(rows) == values.shape[1] + 1:
        for row in rows:
            names = [str(name) for name, one in zip(covariates, row, strict=True) if one]
            yield "+".join(names) or "reference", np.asarray((values == row).all(axis=1))
        return
    for name, column, indicator in zip(covariates, values.T, binary, strict=True):
        if indicator:
            yield str(name), column == 1
            yield f"not {name}", column == 0


def score_test(
    design: Floats, entry: Floats, time: Floats, event: NDArray[np.bool_], strata: ArrayLike = ()
) -> GroupTest | None:
    """Test all coefficients of a Cox model at zero.

    Args:
        design: patients x parameters, such as indicators of all groups but one.
        entry: days at which patients come under observation.
        time: days of event or censoring, later than the entry.
        event: whether the event happened.
        strata: patients are compared within their stratum alone; empty: all with all.

    Returns:
        The test; None where the groups are never at risk together.
    """
    sets = list(_risk_sets(design, entry, time, event, np.zeros(design.shape[1]), strata))
    residual = np.sum([item.residual for item in sets], axis=0)
    variance = np.sum([item.variance for item in sets], axis=0)
    # Groups that never meet in a risk set take degrees of freedom with them.
    freedom = int(np.linalg.matrix_rank(variance)) if sets else 0
    if freedom == 0:
        return None
    statistic = float(residual @ np.linalg.pinv(variance) @ residual)
    return GroupTest(statistic, float(chdtrc(freedom, statistic)), "cox_score")


def hazards_test(
    design: Floats,
    entry: Floats,
    time: Floats,
    event: NDArray[np.bool_],
    coefficients: Floats,
    strata: ArrayLike = (),
) -> list[float | None]:
    """Test proportional hazards of each covariate against a trend over the ranks of all times.

    The score test of adding covariate x (rank of time) to the fitted model, as `cox.zph(transform = "rank")`
    of R's survival 3 does.
    """
    sets = list(_risk_sets(design, entry, time, event, coefficients, strata))
    if len(sets) < 2:
        return [None] * design.shape[1]
    times, tied = np.unique(time, return_counts=True)
    # Of tied times the mean of their ranks.
    rank_of = dict(zip(times, np.cumsum(tied) - (tied - 1) / 2, strict=True))
    weights = np.array([rank_of[item.time] for item in sets])
    # Ranks weighted by deaths, as in R: tied event times count as often as they happened.
    weights -= np.average(weights, weights=[item.deaths for item in sets])
    residuals = np.array([item.residual for item in sets])
    variances = np.array([item.variance for item in sets])
    information = variances.sum(axis=0)
    crossed = np.einsum("k,kij->ij", weights, variances)
    squared = np.einsum("k,kij->ij", weights**2, variances)
    score = weights @ residuals
    inverse = np.linalg.pinv(information)
    found: list[float | None] = []
    for j in range(design.shape[1]):
        variance = squared[j, j] - crossed[j] @ inverse @ crossed[j]
        found.append(float(chdtrc(1, score[j] ** 2 / variance)) if variance > 0 else None)
    return found


def _risk_sets(
    design: Floats,
    entry: Floats,
    time: Floats,
    event: NDArray[np.bool_],
    coefficients: Floats,
    strata: ArrayLike,
) -> Iterator[RiskSet]:
    labels = np.asarray(strata, str) if np.size(strata) else np.full(len(time), "")
    for label in np.unique(labels):
        own = labels == label
        yield from _of_stratum(design[own], entry[own], time[own], event[own], coefficients)


def _of_stratum(
    design: Floats, entry: Floats, time: Floats, event: NDArray[np.bool_], coefficients: Floats
) -> Iterator[RiskSet]:
    weight = np.exp(design @ coefficients)
    for at in np.unique(time[event]):
        # Strictly before: an entry on the day of the event comes after it.
        at_risk = (entry < at) & (time >= at)
        died = event & (time == at)
        x, w = design[at_risk], weight[at_risk]
        died_x, died_w = design[died], weight[died]
        deaths = int(died.sum())
        residual = died_x.sum(axis=0)
        variance = np.zeros((design.shape[1],) * 2)
        # Efron: of d tied deaths the k-th sees the weight of the tied lessened by k/d.
        for share in np.arange(deaths) / deaths:
            total = w.sum() - share * died_w.sum()
            mean = (w @ x - share * (died_w @ died_x)) / total
            square = (x.T * w) @ x - share * (died_x.T * died_w) @ died_x
            residual = residual - mean
            variance += square / total - np.outer(mean, mean)
        yield RiskSet(float(at), deaths, residual, variance)


def _lifelines(
    covariates: pd.DataFrame, entry: Floats, time: Floats, event: NDArray[np.bool_], strata: ArrayLike
) -> tuple[Floats, Floats] | None:
    """Coefficients and standard errors, None where the likelihood has no maximum."""
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    # Names of groups come from tables: one may be `time` or `event`.
    names = [f"x{i}" for i in range(covariates.shape[1])]
    data = pd.DataFrame(covariates.to_numpy(float), columns=names)
    data["time"], data["event"] = time, event
    entry_column = None
    if entry.any():
        data["entry"] = after_events(entry)
        entry_column = "entry"
    if np.size(strata):
        data["stratum"] = np.asarray(strata, str)
    fitter = CoxPHFitter()
    try:
        with warnings.catch_warnings():
            # lifelines warns of near-separation; what it means is judged below by the coefficients.
            warnings.simplefilter("ignore")
            fitter.fit(
                data,
                "time",
                "event",
                entry_col=entry_column,
                strata="stratum" if "stratum" in data else None,
                fit_options={"precision": PRECISION, "r_precision": 0},
            )
    except (ConvergenceError, np.linalg.LinAlgError, ValueError):
        return None
    coefficients = fitter.params_.to_numpy(float)
    errors = fitter.standard_errors_.to_numpy(float)
    if not np.isfinite(errors).all() or (np.abs(coefficients) > MAX_HAZARD_RATIO_LOG).any():
        return None
    return coefficients, errors
