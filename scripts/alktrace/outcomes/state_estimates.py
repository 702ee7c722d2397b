"""Tables of the states: probabilities, expected days, the curve of an endpoint that ends in several ways."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..inputs.settings.cohort_settings import CohortSettings
from ..vocabulary.outcomes import Refusal
from .state_curves import StateCurve, Stay, aalen_johansen, log_log_band
from .state_table import PathRow, StateRow, StateTimeRow
from .states import StateModel
from .survival import DAYS_PER_YEAR, Curve, window_of


@dataclass(frozen=True)
class Fitted:
    """The states of one model; `curve` None without patients, `gap` as for `emptied`."""

    model: StateModel
    stays: Sequence[Stay]
    curve: StateCurve | None
    gap: float | None


def fit_states(model: StateModel, paths: Iterable[PathRow], settings: CohortSettings) -> Fitted:
    """Return the probabilities of the states of a model, up to the gap where the risk set empties.

    Args:
        model: what was passed through.
        paths: `state_paths.tsv`.
        settings: section `cohort`.
    """
    names, number = list(model.states), dict[str, int]()
    stays = [
        Stay(
            number.setdefault(row.patient, len(number)),
            names.index(row.state),
            row.begin_days,
            row.end_days,
            names.index(row.next_state) if row.next_state else None,
        )
        for row in paths
        if row.model == model.name
    ]
    seen, gap = stays_until_gap(stays)
    if not seen:
        return Fitted(model, seen, None, gap)
    horizons = [years * DAYS_PER_YEAR for years in settings.rate_years]
    ends = [names.index(name) for name in model.ends]
    return Fitted(model, seen, aalen_johansen(seen, len(names), ends=ends, horizons=horizons), gap)


def state_rows(fitted: Fitted, settings: CohortSettings) -> Iterator[StateRow]:
    """Yield the probability of each state on day 0, where it changes, and on the last day."""
    curve = fitted.curve
    if curve is None:
        return
    at_start = sum(stay.begin == 0 for stay in fitted.stays)
    low, high = log_log_band(curve.probability, curve.error, settings.confidence)
    for place, name in enumerate(fitted.model.states):
        first = float(place == 0)
        yield StateRow(
            model=fitted.model.name,
            state=name,
            days=0.0,
            at_risk=at_start if place == 0 else 0,
            probability=first,
        )
        before = first
        for step, days in enumerate(curve.days):
            value = float(curve.probability[step, place])
            if value != before or step == curve.days.size - 1:
                yield StateRow(
                    model=fitted.model.name,
                    state=name,
                    days=float(days),
                    at_risk=int(curve.at_risk[step, place]),
                    probability=value,
                    low=_end(low[step, place]),
                    high=_end(high[step, place]),
                )
            before = value


def state_time_rows(fitted: Fitted, settings: CohortSettings) -> Iterator[StateTimeRow]:
    """Yield the probability of each state at the years of the settings, and the expected days in it."""
    from scipy.special import ndtri

    z = ndtri(0.5 + settings.confidence / 2)
    for place, name in enumerate(fitted.model.states):
        for years in settings.rate_years:
            row = StateTimeRow(model=fitted.model.name, state=name, years=years)
            curve, horizon = fitted.curve, years * DAYS_PER_YEAR
            spent = curve.times.get(horizon) if curve else None
            if curve is None or spent is None:
                short = Refusal.FOLLOW_UP_TOO_SHORT if curve else Refusal.NO_TIME_AT_RISK
                yield replace(row, reason=(Refusal.RISK_SET_EMPTIED if fitted.gap else short).value)
                continue
            step = int(np.searchsorted(curve.days, horizon, side="right")) - 1
            value, error = curve.probability[step, place], curve.error[step, place]
            low, high = log_log_band(np.array([value]), np.array([error]), settings.confidence)
            days, spread = float(spent.days[place]), float(z * spent.error[place])
            yield replace(
                row,
                probability=float(value),
                probability_low=_end(low[0]),
                probability_high=_end(high[0]),
                expected_days=days,
                low=max(0.0, days - spread),
                high=min(horizon, days + spread),
            )


def open_curve(fitted: Fitted, confidence: float) -> Curve | None:
    """Return the probability of no end yet as a curve: 1 minus the incidences of all ends."""
    curve, names = fitted.curve, list(fitted.model.states)
    if curve is None:
        return None
    ends = [names.index(name) for name in fitted.model.ends]
    # The sum of the ends and not the product of their curves: each end takes patients from the others.
    value = np.clip(1 - curve.probability[:, ends].sum(axis=1), 0, 1)
    value[np.isclose(value, 0, atol=1e-12)] = 0
    low, high = log_log_band(value, curve.open_error, confidence)
    ended = np.array([stay.end for stay in fitted.stays if stay.moved_to in ends])
    left = np.array([stay.end for stay in fitted.stays if stay.moved_to is None])
    return Curve(
        days=curve.days,
        at_risk=curve.at_risk.sum(axis=1),
        events=(ended == curve.days[:, None]).sum(axis=1),
        censored=(left == curve.days[:, None]).sum(axis=1),
        survival=value,
        low=low,
        high=high,
    )


def stays_until_gap(stays: Sequence[Stay]) -> tuple[list[Stay], float | None]:
    """Return the stays up to the day when nobody is at risk while others enter; None if it never comes."""
    entry, last = dict[int, float](), dict[int, tuple[float, bool]]()
    for stay in stays:
        entry[stay.patient] = min(stay.begin, entry.get(stay.patient, stay.begin))
        last[stay.patient] = max((stay.end, stay.moved_to is not None), last.get(stay.patient, (0.0, False)))
    names = list(entry)
    window = window_of([entry[n] for n in names], [last[n][0] for n in names], [last[n][1] for n in names])
    if window is None:
        return list(stays), None
    # A stay over the gap is cut, not left out: until then the patient was under observation.
    cut = [
        stay if stay.end <= window.end else Stay(stay.patient, stay.state, stay.begin, window.end, None)
        for stay in stays
        if stay.begin < window.end
    ]
    return cut, window.gap


def _end(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
