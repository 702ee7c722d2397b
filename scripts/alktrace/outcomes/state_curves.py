"""Probabilities of states over time, with delayed entry (Aalen-Johansen).

A patient is at risk over (begin, end] of a stay, as in R's `Surv(begin, end, event)`. Variances are those of
the infinitesimal jackknife: how the weight of each patient moves each probability, as `survfit` of R has them
for several states (package `survival`, vignette on its methods).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .survival import Floats


@dataclass(frozen=True)
class Stay:
    """One patient in one state over (begin, end]; `moved_to` is the state after it, None where censored."""

    patient: int
    state: int
    begin: float
    end: float
    moved_to: int | None


@dataclass(frozen=True)
class StateTimes:
    """Expected days in each state up to a horizon, with standard errors; arrays of S."""

    days: Floats
    error: Floats


@dataclass(frozen=True)
class StateCurve:
    """Steps at the days on which somebody moves or is censored.

    Attributes:
        days: T days, rising.
        at_risk: T x S patients in each state just before.
        probability, error: T x S, from then on.
        open_error: T, standard error of the sum over the states that are no end.
        times: by horizon, for those up to the last day.
    """

    days: Floats
    at_risk: NDArray[np.int64]
    probability: Floats
    error: Floats
    open_error: Floats
    times: dict[float, StateTimes]


class _Stays:
    """The stays as arrays."""

    def __init__(self, stays: Sequence[Stay]) -> None:
        self.who = np.array([stay.patient for stay in stays])
        self.state = np.array([stay.state for stay in stays])
        self.begin = np.array([stay.begin for stay in stays], float)
        self.end = np.array([stay.end for stay in stays], float)
        self.target = np.array([-1 if stay.moved_to is None else stay.moved_to for stay in stays])


class _Estimate:
    """Probabilities and influences as they are after the days so far, and their integrals over time."""

    def __init__(self, patients: int, states: int) -> None:
        self.probability = np.zeros(states)
        self.probability[0] = 1.0
        self.influence = np.zeros((patients, states))
        self.day = 0.0
        self.spent, self.spent_influence = np.zeros(states), np.zeros((patients, states))

    def until(self, day: float) -> tuple[Floats, Floats]:
        """Return the time in each state up to a day, and its influences."""
        width = day - self.day
        return self.spent + width * self.probability, self.spent_influence + width * self.influence

    def wait(self, day: float) -> None:
        self.spent, self.spent_influence = self.until(day)
        self.day = day

    def move(self, stays: _Stays, under: NDArray[np.bool_], moving: NDArray[np.int64]) -> None:
        """Let the moves of this day happen."""
        states = self.probability.size
        at_risk = np.bincount(stays.state[under], minlength=states)
        origin, target = stays.state[moving], stays.target[moving]
        hazard = np.zeros((states, states))
        np.add.at(hazard, (origin, target), 1.0)
        hazard /= np.maximum(at_risk, 1)[:, None]
        # Rows add up to 0: what leaves a state arrives in another.
        np.fill_diagonal(hazard, hazard.diagonal() - hazard.sum(axis=1))
        change = self.influence @ hazard
        # A weight moves the hazard as well: by the patient's own move, and by being at risk for it.
        for state in np.unique(origin):
            share = self.probability[state] / at_risk[state]
            change[stays.who[under & (stays.state == state)]] -= share * hazard[state]
        share = self.probability[origin] / at_risk[origin]
        np.add.at(change, (stays.who[moving], target), share)
        np.add.at(change, (stays.who[moving], origin), -share)
        self.influence = self.influence + change
        self.probability = self.probability + self.probability @ hazard


def aalen_johansen(
    given: Sequence[Stay], states: int, *, ends: Collection[int], horizons: Collection[float]
) -> StateCurve:
    """Return the probabilities of all states; everybody is in the first one on day 0.

    Args:
        given: stays of all patients, at least one; those of one patient follow each other without overlap.
        states: how many there are.
        ends: those that nobody leaves.
        horizons: days up to which time in the states is asked for.
    """
    stays = _Stays(given)
    now = _Estimate(int(stays.who.max()) + 1, states)
    # Ends alone: entries change who is at risk, but no probability.
    days = np.unique(stays.end)
    still = [state for state in range(states) if state not in ends]
    at_risk, times = np.zeros((days.size, states), np.int64), {}
    probability, error, open_error = (
        np.zeros((days.size, states)),
        np.zeros((days.size, states)),
        np.zeros(days.size),
    )
    waiting = sorted(horizon for horizon in horizons if horizon <= days[-1])
    for place, day in enumerate(days):
        while waiting and waiting[0] <= day:
            spent, moved = now.until(waiting[0])
            times[waiting.pop(0)] = StateTimes(spent, np.sqrt((moved**2).sum(axis=0)))
        now.wait(day)
        # (begin, end]: who enters a state on a day is not at risk for its moves of that day.
        under = (stays.begin < day) & (stays.end >= day)
        at_risk[place] = np.bincount(stays.state[under], minlength=states)
        moving = np.flatnonzero((stays.end == day) & (stays.target >= 0))
        if moving.size:
            now.move(stays, under, moving)
        probability[place] = now.probability
        error[place] = np.sqrt((now.influence**2).sum(axis=0))
        open_error[place] = np.sqrt((now.influence[:, still].sum(axis=1) ** 2).sum())
    return StateCurve(days, at_risk, probability, error, open_error, times)


def log_log_band(value: Floats, error: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return the ends of log-log intervals of probabilities; NaN at 0 and 1, where there is none."""
    from scipy.special import ndtri

    z = ndtri(0.5 + confidence / 2)
    inner = (value > EXACT) & (value < 1 - EXACT)
    safe = np.where(inner, value, 0.5)
    spread = z * error / (safe * np.abs(np.log(safe)))
    low, high = safe ** np.exp(spread), safe ** np.exp(-spread)
    return np.where(inner, low, np.nan), np.where(inner, high, np.nan)


EXACT = 1e-12
"""What sums of fractions leave of 0 and 1."""
