"""Kaplan-Meier curves, medians and rates, with delayed entry.

A patient is at risk over (entry, time]: who enters on a day is not at risk for the events of that day, as in
R's `Surv(entry, time, event)`. Bands are log-log (Kalbfleisch and Prentice, 2002, section 1.4), medians
follow R's `survfit`: where the curve stands at exactly one half, the middle of that step.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..stats.intervals import clopper_pearson
from ..vocabulary.outcomes import HALF_DAY, Refusal

Floats = NDArray[np.float64]
DAYS_PER_YEAR = 365.25
ENTRY_SHIFT, CENSORING_SHIFT = 0.1, 0.2
"""Put entries after the events of their day, and censoring after entries; below half a day."""
TOLERANCE = float(np.sqrt(np.finfo(float).eps))


@dataclass(frozen=True)
class Curve:
    """Steps of a Kaplan-Meier curve; all arrays of one length, in order of time.

    Attributes:
        days: distinct times at which somebody had an event or was censored.
        at_risk: patients at risk just before; `events`, `censored` on that day.
        survival: from then on; `low`, `high` its band, NaN where survival is 0 or 1.
    """

    days: Floats
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]
    censored: NDArray[np.int64]
    survival: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; None where it cannot be given, for the reason stated."""

    value: float | None
    low: float | None
    high: float | None
    method: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class GroupTest:
    """Test of equal hazards."""

    statistic: float
    p: float
    method: str


def kaplan_meier(entry: ArrayLike, time: ArrayLike, event: ArrayLike, *, confidence: float) -> Curve:
    """Return the curve of one group.

    Args:
        entry: days at which patients come under observation, 0 from the start.
        time: days of event or censoring, each later than its entry; at least one patient.
        event: whether the event happened.
        confidence: level of the band.

    Raises:
        ValueError: no patient, a time not after its entry, or a risk set that empties (see `emptied`).
    """
    from lifelines import KaplanMeierFitter

    entries, times, events = observed_times(entry, time, event)
    if (day := emptied(entries, times, events)) is not None:
        raise ValueError(f"nobody is at risk after day {day:g} while others still enter")
    fitter = KaplanMeierFitter(alpha=1 - confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        if entries.any():
            # Within a day: first events, then entries, then censoring; the day is never without patients.
            fitter.fit(np.where(events, times, times + CENSORING_SHIFT), events, entry=after_events(entries))
        else:
            fitter.fit(times, events)
    # Steps at the days of the tables: lifelines has the shifted ones.
    days = np.unique(times)
    step = np.searchsorted(fitter.survival_function_.index.to_numpy(float), days, side="right") - 1
    survival = fitter.survival_function_.iloc[step, 0].to_numpy(float)
    band = fitter.confidence_interval_.iloc[step].to_numpy(float)
    # ln(-ln S) does not exist at 0 and 1: no interval there, rather than one without width.
    inner = (survival > 0) & (survival < 1)
    on_day = times == days[:, None]
    return Curve(
        days=days,
        at_risk=numbers_at_risk(entries, times, days),
        events=np.asarray((on_day & events).sum(axis=1), np.int64),
        censored=np.asarray((on_day & ~events).sum(axis=1), np.int64),
        survival=survival,
        low=np.where(inner, band[:, 0], np.nan),
        high=np.where(inner, band[:, 1], np.nan),
    )


def after_events(entry: Floats) -> Floats:
    """Return entries moved behind the events of their day, as lifelines takes them as before."""
    return np.where(entry > 0, entry + ENTRY_SHIFT, 0.0)


def numbers_at_risk(entry: ArrayLike, time: ArrayLike, days: ArrayLike) -> NDArray[np.int64]:
    """Return how many patients are under observation just before each day; at day 0 those who start."""
    entries, times, wanted = (np.asarray(item, float) for item in (entry, time, days))
    # (entry, time]: who enters on the day of an event was not at risk for it.
    begun = (entries[None, :] < wanted[:, None]) | ((entries[None, :] == 0) & (wanted[:, None] == 0))
    return np.asarray((begun & (times[None, :] >= wanted[:, None])).sum(axis=1), np.int64)


def median(curve: Curve) -> Estimate:
    """Return the median with the interval that the band gives."""
    value = _crossing(curve.days, curve.survival)
    low, high = _crossing(curve.days, curve.low), _crossing(curve.days, curve.high)
    reason = None if value is not None else Refusal.MEDIAN_NOT_REACHED.value
    return Estimate(value, low, high, "log_log", reason)


def rate_at(curve: Curve, days: float, *, confidence: float) -> Estimate:
    """Return the share without event at a time.

    Where nobody has had an event the log-log interval has no width; the exact binomial interval over the
    patients still at risk is given instead. Beyond the last observation there is no rate.

    Args:
        curve: of one group.
        days: time after day 0.
        confidence: level of the interval.
    """
    before = int(np.searchsorted(curve.days, days, side="right"))
    survival = float(curve.survival[before - 1]) if before else 1.0
    # At 0 the curve stays there; above, what happens after the last patient is unknown.
    if survival > 0 and days > curve.days[-1]:
        return Estimate(None, None, None, None, Refusal.FOLLOW_UP_TOO_SHORT.value)
    if survival >= 1:
        at_risk = int(curve.at_risk[before]) if before < curve.days.size else int(curve.at_risk[-1])
        low, high = clopper_pearson(at_risk, at_risk, confidence)
        return Estimate(1.0, low, high, "exact_at_risk", Refusal.NO_EVENTS_BEFORE.value)
    if survival <= 0:
        return Estimate(0.0, None, None, None, Refusal.NO_INTERVAL_AT_ZERO.value)
    low, high = float(curve.low[before - 1]), float(curve.high[before - 1])
    return Estimate(survival, low, high, "log_log")


def emptied(entry: ArrayLike, time: ArrayLike, event: ArrayLike) -> float | None:
    """Return the first day after which nobody is at risk although others enter later, None without.

    A curve cannot be drawn over such a gap: after an event of all at risk it would stay at 0 whatever happens
    to those who enter later.
    """
    entries, times, events = np.asarray(entry, float), np.asarray(time, float), np.asarray(event, bool)
    days = np.unique(times)
    last = entries.max(initial=0.0)
    left = ((entries <= days[:, None]) & (times > days[:, None])).sum(axis=1)
    deaths = ((times == days[:, None]) & events).sum(axis=1)
    # All at risk had the event on a day when others were still to come, or everybody had left before.
    gone = (deaths > 0) & (numbers_at_risk(entries, times, days) == deaths) & (days <= last)
    gone |= (left == 0) & (days < last)
    return float(days[gone][0]) if gone.any() else None


@dataclass(frozen=True)
class Window:
    """How far a curve can be drawn: `gap` as `emptied` has it, `end` the last day that is used."""

    gap: float
    end: float


def window_of(entry: ArrayLike, time: ArrayLike, event: ArrayLike) -> Window | None:
    """Return how far a curve can be drawn before the risk set empties, None where it never does.

    Where all at risk have the event on the day of the gap, it ends just before: the curve would fall to 0 for
    good, whatever becomes of those who enter later.
    """
    gap = emptied(entry, time, event)
    if gap is None:
        return None
    entries, times, events = np.asarray(entry, float), np.asarray(time, float), np.asarray(event, bool)
    at_risk = (entries < gap) & (times >= gap)
    all_gone = bool((events & (times == gap))[at_risk].all())
    return Window(gap, gap - HALF_DAY if all_gone else gap)


def early_small_risk_set(entry: ArrayLike, curve: Curve, min_at_risk: int) -> bool:
    """Return whether an event fell on few patients at risk while others had not yet entered.

    Under delayed entry one early event among two patients halves the whole curve.
    """
    last_entry = float(np.max(np.asarray(entry, float)))
    few = (curve.events > 0) & (curve.at_risk < min_at_risk) & (curve.days < last_entry)
    return bool(few.any())


def observed_times(
    entry: ArrayLike, time: ArrayLike, event: ArrayLike
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return entries, times and events as arrays.

    Raises:
        ValueError: no patient, or a time not after its entry.
    """
    entries, times = np.asarray(entry, float), np.asarray(time, float)
    if times.size == 0:
        raise ValueError("no patient with time at risk")
    if not (times > entries).all():
        raise ValueError("every time must lie after its entry")
    return entries, times, np.asarray(event, bool)


def _crossing(days: Floats, values: Floats) -> float | None:
    """First time at one half or below; the middle of a step that stands at exactly one half."""
    keep = ~np.isnan(values) & (values < 0.5 + TOLERANCE)
    if not keep.any():
        return None
    x, y = days[keep], values[keep]
    lower = y < y[0]
    if abs(y[0] - 0.5) < TOLERANCE and lower.any():
        return float((x[0] + x[np.argmax(lower)]) / 2)
    return float(x[0])
