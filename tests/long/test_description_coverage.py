"""Do rates, follow-up, states that are left again and the landmark hold: 2,000 cohorts with known hazards.

Each test prints what it measured (`pytest -m long -s`).
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from outcome_draws import draw_survival
from present_values import present

from alktrace.outcomes.cox import fit_cox
from alktrace.outcomes.state_curves import Stay, aalen_johansen, log_log_band
from alktrace.outcomes.survival import kaplan_meier, median
from alktrace.stats.intervals import poisson_rate

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

DRAWS = 2000
LEVEL = 0.95
MEAN_DAYS = 400
LATE = (0.3, 120.0)
FOLLOW_UP = (200.0, 900.0)
ENOUGH = {"events_per_parameter": 10, "min_group_patients": 8}


def cohorts(draws: Any) -> Iterator[Any]:
    """Yield entry, time and event of the patients that come under observation."""
    for i in range(DRAWS):
        seen = draws.time[i] > draws.entry[i]
        yield draws.entry[i][seen], draws.time[i][seen], draws.event[i][seen]


def report(name: Any, value: Any) -> None:
    print(f"\n{name}: {value:.4f}")


@pytest.mark.parametrize("late", [(0.0, 0.0), LATE], ids=["from-day-0", "delayed-entry"])
@pytest.mark.parametrize("patients", [10, 60])
def test_exact_intervals_of_rates_cover(patients: int, late: Any) -> None:
    """Time to a first adverse event at 1 per 400 days: the exact interval of the rate."""
    rng = np.random.default_rng(111)
    draws = draw_survival(
        rng, draws=DRAWS, patients=patients, hazard=1 / MEAN_DAYS, follow_up=FOLLOW_UP, late_entry=late
    )
    # Times are rounded up to days: the daily chance is that of whole days.
    truth = -math.expm1(-1 / MEAN_DAYS)
    covered = 0
    for entry, time, event in cohorts(draws):
        rate = poisson_rate(int(event.sum()), float((time - entry).sum()), LEVEL)
        covered += present(rate.low) <= truth <= present(rate.high)
    report(f"coverage of the rate, {patients} patients, late entry {late[0]:.0%}", covered / DRAWS)
    # Exact: at least the level, more with few events.
    assert 0.945 <= covered / DRAWS <= 0.99


@pytest.mark.parametrize("late", [(0.0, 0.0), LATE], ids=["from-day-0", "delayed-entry"])
def test_follow_up_is_found_behind_deaths(late: Any) -> None:
    """Follow-up uniform over 200 to 900 days, half of the patients dead by then: median 550."""
    rng = np.random.default_rng(112)
    draws = draw_survival(
        rng, draws=DRAWS, patients=60, hazard=1 / MEAN_DAYS, follow_up=FOLLOW_UP, late_entry=late
    )
    covered, observed, middles = 0, [], []
    for entry, time, event in cohorts(draws):
        found = median(kaplan_meier(entry, time, ~event, confidence=LEVEL))
        covered += (found.low or 0) <= 550 <= (found.high or math.inf)
        observed.append(np.median(time))
        if found.value is not None:
            middles.append(found.value)
    report("median of observed times", np.mean(observed))
    report("reverse Kaplan-Meier", np.mean(middles))
    report(f"coverage of the median follow-up, late entry {late[0]:.0%}", covered / DRAWS)
    assert np.mean(observed) < 400
    assert abs(np.mean(middles) - 550) < 12
    assert 0.93 <= covered / DRAWS <= 0.975


@pytest.mark.parametrize("late", [(0.0, 0.0), LATE], ids=["from-day-0", "delayed-entry"])
def test_intervals_of_states_that_are_left_again_cover(late: Any) -> None:
    """On treatment, off it, dead: who is off may take it up again; enrolled late also while off it."""
    rng = np.random.default_rng(113)
    off, on, dies, day, patients = 1 / 200, 1 / 150, 1 / 500, 365.0, 60
    # Chances of a day, so that whole days are exact.
    daily = np.array([[1 - off - dies, off, dies], [on, 1 - on - dies, dies], [0, 0, 1]])
    truth = np.linalg.matrix_power(daily, int(day))[0]
    lasting = sum(np.linalg.matrix_power(daily, k)[0, 1] for k in range(int(day)))
    covered = {"probability": 0, "expected days": 0}
    for _ in range(DRAWS):
        stays = list(_lives(rng, daily, patients, late))
        curve = aalen_johansen(stays, 3, ends=[2], horizons=[day])
        step = int((curve.days <= day).sum()) - 1
        low, high = log_log_band(curve.probability, curve.error, LEVEL)
        covered["probability"] += low[step, 1] <= truth[1] <= high[step, 1]
        times = curve.times[day]
        covered["expected days"] += abs(times.days[1] - lasting) <= 1.96 * times.error[1]
    for name, count in covered.items():
        report(f"coverage of the {name} of a state left again, late entry {late[0]:.0%}", count / DRAWS)
        assert 0.92 <= count / DRAWS <= 0.97


def _lives(rng: Any, daily: Any, patients: int, late: Any) -> Iterator[Stay]:
    for patient in range(patients):
        entry = float(np.floor(rng.uniform(1, late[1] + 1))) if rng.random() < late[0] else 0.0
        end, state, begin = float(np.floor(rng.uniform(*FOLLOW_UP))), 0, 0.0
        while state < 2 and begin < end:
            leaves = 1 - daily[state, state]
            after = begin + float(rng.geometric(leaves))
            chances = np.delete(daily[state], state) / leaves
            target = int(rng.choice(np.delete(np.arange(3), state), p=chances))
            moved = target if after <= end else None
            if min(after, end) > entry:
                yield Stay(patient, state, max(begin, entry), min(after, end), moved)
            state, begin = target, after


def test_a_landmark_leaves_no_immortal_time() -> None:
    """Clearance without effect, seen on day 20 to 80: counted from day 0 it looks like benefit."""
    rng = np.random.default_rng(114)
    patients, landmark, mean = 80, 84, 200
    logs: dict[str, list[float]] = {"from day 0": [], "landmark": []}
    covered = 0
    for _ in range(DRAWS):
        time = np.ceil(rng.exponential(mean, patients))
        end = np.floor(rng.uniform(*FOLLOW_UP, patients))
        sampled = np.floor(rng.uniform(20, 80, patients))
        # Who stops before the sample is never seen to clear, and counts as not cleared.
        cleared = (rng.random(patients) < 0.6) & (sampled < np.minimum(time, end))
        event, last = time <= end, np.minimum(time, end)
        for name, entry in (("from day 0", 0.0), ("landmark", float(landmark))):
            seen = last > entry
            found = fit_cox(
                pd.DataFrame({"cleared": cleared[seen].astype(float)}),
                entry=np.full(int(seen.sum()), entry),
                time=last[seen],
                event=event[seen],
                confidence=LEVEL,
                **ENOUGH,
            )
            (term,) = found.terms
            logs[name].append(term.coefficient)
            covered += name == "landmark" and term.low <= 1 <= term.high
    for name, values in logs.items():
        report(f"mean hazard ratio of clearance, {name}", math.exp(float(np.mean(values))))
    report("coverage of the hazard ratio, landmark", covered / DRAWS)
    assert math.exp(float(np.mean(logs["from day 0"]))) < 0.9
    assert abs(np.mean(logs["landmark"])) < 3 * np.std(logs["landmark"], ddof=1) / math.sqrt(DRAWS)
    assert 0.93 <= covered / DRAWS <= 0.97
