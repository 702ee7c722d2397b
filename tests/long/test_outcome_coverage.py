"""Do intervals cover, do tests hold their level, is immortal time gone: 2,000 cohorts with known hazards.

Each test prints what it measured (`pytest -m long -s`).
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from outcome_draws import draw_survival, draw_switches
from present_values import present

from alktrace.outcomes.cox import fit_cox
from alktrace.outcomes.group_tests import compare_groups
from alktrace.outcomes.survival import emptied, kaplan_meier, median, rate_at
from alktrace.stats.intervals import clopper_pearson
from alktrace.stats.proportions import fisher

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

DRAWS = 2000
LEVEL = 0.95
MEAN_DAYS = 400
LATE = (0.3, 120.0)
FOLLOW_UP = (200.0, 900.0)
ENOUGH = {"events_per_parameter": 10, "min_group_patients": 8}


def cohorts(draws: Any) -> Iterator[Any]:
    """Yield entry, time, event and group of the patients that come under observation."""
    for i in range(DRAWS):
        seen = draws.time[i] > draws.entry[i]
        yield draws.entry[i][seen], draws.time[i][seen], draws.event[i][seen], draws.group[i][seen]


def report(name: Any, value: Any) -> None:
    print(f"\n{name}: {value:.4f}")


@pytest.mark.parametrize("late", [(0.0, 0.0), LATE], ids=["from-day-0", "delayed-entry"])
def test_kaplan_meier_intervals_cover(late: Any) -> None:
    rng = np.random.default_rng(101)
    draws = draw_survival(
        rng, draws=DRAWS, patients=60, hazard=1 / MEAN_DAYS, follow_up=FOLLOW_UP, late_entry=late
    )
    covered = {"rate": 0, "median": 0}
    for entry, time, event, _ in cohorts(draws):
        assert emptied(entry, time, event) is None
        curve = kaplan_meier(entry, time, event, confidence=LEVEL)
        rate = rate_at(curve, 365.25, confidence=LEVEL)
        covered["rate"] += present(rate.low) <= math.exp(-365 / MEAN_DAYS) <= present(rate.high)
        middle = median(curve)
        covered["median"] += (middle.low or 0) <= MEAN_DAYS * math.log(2) <= (middle.high or math.inf)
    for name, count in covered.items():
        report(f"coverage of the {name}, late entry {late[0]:.0%}", count / DRAWS)
        assert 0.93 <= count / DRAWS <= 0.97


def test_cox_intervals_cover_under_delayed_entry() -> None:
    rng = np.random.default_rng(102)
    draws = draw_survival(
        rng, draws=DRAWS, patients=80, hazard=1 / MEAN_DAYS, ratio=0.5, follow_up=FOLLOW_UP, late_entry=LATE
    )
    covered = fitted = 0
    for entry, time, event, group in cohorts(draws):
        found = fit_cox(
            pd.DataFrame({"group": group.astype(float)}),
            entry=entry, time=time, event=event, confidence=LEVEL, **ENOUGH,
        )  # fmt: skip
        fitted += bool(found.terms)
        covered += any(term.low <= 0.5 <= term.high for term in found.terms)
    assert fitted == DRAWS
    report("coverage of the hazard ratio", covered / DRAWS)
    assert 0.93 <= covered / DRAWS <= 0.97


def test_exact_intervals_cover() -> None:
    rng = np.random.default_rng(103)
    totals, shares = rng.integers(5, 61, DRAWS * 5), rng.uniform(0.02, 0.8, DRAWS * 5)
    counts = rng.binomial(totals, shares)
    intervals = [clopper_pearson(int(k), int(n), LEVEL) for k, n in zip(counts, totals, strict=True)]
    covered = np.mean([low <= p <= high for (low, high), p in zip(intervals, shares, strict=True)])
    report("coverage of exact intervals", covered)
    assert covered >= 0.95


@pytest.mark.parametrize("late", [(0.0, 0.0), LATE], ids=["log-rank", "score-test"])
def test_group_tests_hold_their_level(late: Any) -> None:
    rng = np.random.default_rng(104)
    draws = draw_survival(
        rng, draws=DRAWS, patients=60, hazard=1 / MEAN_DAYS, follow_up=FOLLOW_UP, late_entry=late
    )
    rejected = 0
    for entry, time, event, group in cohorts(draws):
        found = present(compare_groups(entry, time, event, [str(x) for x in group]))
        assert found.method == ("cox_score" if late[0] else "log_rank")
        rejected += found.p < 0.05
    report(f"null rejection, late entry {late[0]:.0%}", rejected / DRAWS)
    assert rejected / DRAWS <= 0.06


def test_fisher_holds_its_level() -> None:
    rng = np.random.default_rng(105)
    counts = rng.binomial([[12], [36]], 0.3, (2, DRAWS))
    p = [present(fisher(int(a), 12, int(b), 36, LEVEL)).p for a, b in counts.T]
    rejected = np.mean(np.array(p) < 0.05)
    report("null rejection of Fisher's test", rejected)
    assert rejected <= 0.06


def test_the_naive_comparison_is_biased_and_the_corrected_one_is_not() -> None:
    """No difference between the treatments; arm 1 begins on average 46 days later."""
    rng = np.random.default_rng(106)
    draws = draw_switches(
        rng, draws=DRAWS, patients=120, untreated=1 / 150, hazard=1 / 150, ratio=1.0,
        mean_wait=(14, 60), follow_up=(100, 900),
    )  # fmt: skip
    logs: dict[str, list[float]] = {"naive": [], "group_entry": []}
    for i in range(DRAWS):
        treated = draws.treated[i]
        given = {"time": draws.time[i][treated], "event": draws.event[i][treated]}
        arm = pd.DataFrame({"arm": draws.arm[i][treated].astype(float)})
        wait = draws.wait[i][treated]
        for name, entry in (("naive", np.zeros(wait.size)), ("group_entry", wait)):
            found = fit_cox(arm, entry=entry, confidence=LEVEL, **ENOUGH, **given)
            logs[name].append(found.terms[0].coefficient)
    bias = {}
    for name, values in logs.items():
        error = np.std(values, ddof=1) / math.sqrt(DRAWS)
        bias[name] = np.mean(values) / error
        report(f"mean log hazard ratio, {name}", np.mean(values))
        report(f"  in standard errors, {name}", bias[name])
    assert abs(bias["naive"]) > 3
    assert abs(bias["group_entry"]) < 3
