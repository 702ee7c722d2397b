"""Do intervals cover, do tests hold their level, is immortal time gone: 2,000 cohorts with known hazards.

Each test prints what it measured (`pytest -m long -s`).
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from outcome_draws import ChosenDraw, draw_chosen, draw_survival, draw_switches
from present_values import present

from alktrace.outcomes.cox import fit_cox
from alktrace.outcomes.group_tests import compare_groups
from alktrace.outcomes.interval_censoring import estimate_intervals
from alktrace.outcomes.penalised_cox import fit_penalised
from alktrace.outcomes.propensity import balance, no_overlap, propensities, weights
from alktrace.outcomes.state_curves import Stay, aalen_johansen, log_log_band
from alktrace.outcomes.survival import emptied, kaplan_meier, median, rate_at
from alktrace.outcomes.weighted_cox import WeightedTerm, fit_weighted
from alktrace.stats.intervals import clopper_pearson
from alktrace.stats.meta_analysis import pool
from alktrace.stats.proportions import fisher
from alktrace.vocabulary.outcomes import Target

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


@pytest.mark.parametrize("late", [(0.0, 0.0), LATE], ids=["from-day-0", "delayed-entry"])
@pytest.mark.parametrize("ratio", [1.0, 0.4])
def test_penalised_intervals_of_few_events_cover(late: Any, ratio: float) -> None:
    """Twenty patients, about ten events: where the ordinary model is refused."""
    rng = np.random.default_rng(109)
    draws = draw_survival(
        rng, draws=DRAWS, patients=20, hazard=1 / MEAN_DAYS, ratio=ratio, follow_up=FOLLOW_UP, late_entry=late
    )
    covered = rejected = fitted = 0
    for entry, time, event, group in cohorts(draws):
        if event.sum() < 2 or np.unique(group).size < 2:
            continue
        design = group[:, None].astype(float)
        for term in fit_penalised(design, entry=entry, time=time, event=event, confidence=LEVEL):
            fitted += 1
            low = -math.inf if term.low is None else term.low
            covered += low <= math.log(ratio) <= (math.inf if term.high is None else term.high)
            rejected += term.p < 0.05
    report(f"penalised, ratio {ratio}, late entry {late[0]:.0%}: coverage", covered / fitted)
    report("  rejected at 5 %", rejected / fitted)
    assert 0.93 <= covered / fitted <= 0.975
    assert ratio != 1.0 or rejected / fitted <= 0.06


def test_between_visits_the_median_is_found_again() -> None:
    """True median 120 days, visits every 56 days, 15 % missed: dated to visits it is far too long."""
    rng = np.random.default_rng(107)
    patients, median_days = 100, 120.0
    covered, dated, found = 0, [], []
    for _ in range(DRAWS):
        times = rng.exponential(median_days / math.log(2), patients)
        ends = rng.uniform(*FOLLOW_UP, patients)
        spans = []
        for time, end in zip(times, ends, strict=True):
            visits = [56.0 * k for k in range(1, 17) if 56 * k <= end and rng.random() > 0.15]
            before, after = [v for v in visits if v < time], [v for v in visits if v >= time]
            spans.append((max(before, default=0.0), after[0] if after else math.inf))
        left, right = zip(*spans, strict=True)
        middle = estimate_intervals(left, right, confidence=LEVEL).median()
        found.append(present(middle.value))
        covered += present(middle.low) <= median_days <= (middle.high or math.inf)
        seen = [math.isfinite(day) for day in right]
        time = [r if s else e for r, s, e in zip(right, seen, ends, strict=True)]
        dated.append(present(median(kaplan_meier([0] * patients, time, seen, confidence=LEVEL)).value))
    report("mean median, dated to visits", np.mean(dated))
    report("mean median, between visits", np.mean(found))
    report("coverage of its interval", covered / DRAWS)
    assert np.mean(dated) > 160
    assert abs(np.mean(found) - median_days) < 8
    assert 0.90 <= covered / DRAWS <= 0.99


@pytest.mark.parametrize("late", [(0.0, 0.0), LATE], ids=["from-day-0", "delayed-entry"])
def test_intervals_of_competing_states_cover(late: Any) -> None:
    """Two ends with hazards 1/300 and 1/600 a day: incidence of the first at 365 days."""
    rng = np.random.default_rng(108)
    hazards, day, patients = np.array([1 / 300, 1 / 600]), 365.0, 60
    total = hazards.sum()
    truth = hazards[0] / total * (1 - math.exp(-total * day))
    lasting = (1 - math.exp(-total * day)) / total
    covered = {"incidence": 0, "expected days": 0}
    for _ in range(DRAWS):
        time = np.ceil(rng.exponential(1 / total, patients))
        cause = 1 + (rng.random(patients) > hazards[0] / total)
        end = np.floor(rng.uniform(*FOLLOW_UP, patients))
        entry = np.where(rng.random(patients) < late[0], np.floor(rng.uniform(1, late[1] + 1, patients)), 0)
        stays = [
            Stay(i, 0, entry[i], min(time[i], end[i]), int(cause[i]) if time[i] <= end[i] else None)
            for i in range(patients)
            if min(time[i], end[i]) > entry[i]
        ]
        curve = aalen_johansen(stays, 3, ends=[1, 2], horizons=[day])
        step = int((curve.days <= day).sum()) - 1
        low, high = log_log_band(curve.probability, curve.error, LEVEL)
        covered["incidence"] += low[step, 1] <= truth <= high[step, 1]
        times = curve.times[day]
        covered["expected days"] += abs(times.days[0] - lasting) <= 1.96 * times.error[0]
    for name, count in covered.items():
        report(f"coverage of the {name}, late entry {late[0]:.0%}", count / DRAWS)
        assert 0.92 <= count / DRAWS <= 0.97


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


def adjusted(d: ChosenDraw, target: Target) -> WeightedTerm | None:
    """The comparison as it is made, None where it is refused."""
    covariates = np.column_stack([d.brain, d.months])
    found = propensities(covariates, d.treated)
    weight = weights(found, d.treated, target)
    names = ("brain", "months")
    balances = [(n, balance(c, d.treated, weight)) for n, c in zip(names, covariates.T, strict=True)]
    if no_overlap(found, d.treated, weight, balances, fewest=8) or d.event.sum() < 10:
        return None
    return weighted(d, weight)


def weighted(d: ChosenDraw, weight: Any) -> WeightedTerm | None:
    return fit_weighted(d.treated, weight, entry=d.entry, time=d.time, event=d.event, confidence=LEVEL)


def of_a_trial(ratio: float, late: bool, target: Target) -> float:
    """Log hazard ratio of 400,000 patients of the target population, treated by a coin."""
    rng = np.random.default_rng(112)
    d = draw_chosen(rng, patients=400_000, ratio=ratio, late=late, chosen=False)
    # The treated are a population of their own: each counts as often as it would have been chosen.
    share = 1 / (1 + np.exp(0.4 - 1.0 * d.brain + 0.03 * (d.months - 20)))
    weight = share if target is Target.ATT else np.ones_like(share)
    return present(weighted(d, weight)).coefficient


@pytest.mark.parametrize("patients", [50, 120])
@pytest.mark.parametrize("late", [False, True], ids=["from-day-0", "delayed-entry"])
@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_adjusted_comparisons_cover_where_a_choice_would_mislead(
    patients: int, late: bool, target: Target, ratio: float
) -> None:
    """Treated are those who would fare worse: unadjusted, a treatment without effect seems to harm."""
    rng = np.random.default_rng(111)
    truth = of_a_trial(ratio, late, target) if ratio != 1 else 0.0
    logs, crude, covered, rejected, crude_rejected = [], [], 0, 0, 0
    for _ in range(DRAWS):
        d = draw_chosen(rng, patients=patients, ratio=ratio, late=late)
        term, plain = adjusted(d, target), weighted(d, np.ones_like(d.time))
        if term is None or plain is None:
            continue
        logs.append(term.coefficient)
        crude.append(plain.coefficient)
        covered += term.low <= math.exp(truth) <= term.high
        rejected += term.p < 0.05
        crude_rejected += plain.p < 0.05
    report(f"{target}, {patients} patients, ratio {ratio}, late {late}: refused", 1 - len(logs) / DRAWS)
    report("  bias of the log ratio, unadjusted", np.mean(crude) - truth)
    report("  bias of the log ratio, adjusted", np.mean(logs) - truth)
    report("  coverage, adjusted", covered / len(logs))
    report("  rejected at 5 %, adjusted", rejected / len(logs))
    report("  rejected at 5 %, unadjusted", crude_rejected / len(logs))
    assert np.mean(crude) - truth > 0.12
    assert abs(np.mean(logs) - truth) < 0.05
    assert 0.93 <= covered / len(logs) <= 0.98
    assert ratio != 1 or rejected / len(logs) <= 0.065


@pytest.mark.parametrize("centres", [2, 3, 5, 10])
@pytest.mark.parametrize("between", [0.0, 0.2, 0.5])
def test_pooled_intervals_cover_the_mean_of_the_centres(centres: int, between: float) -> None:
    rng = np.random.default_rng([113, centres, int(10 * between)])
    covered = heterogeneous = 0
    for _ in range(DRAWS):
        errors = rng.uniform(0.25, 0.6, centres)
        found = pool(list(0.3 + rng.normal(0, between, centres) + rng.normal(0, errors)), list(errors), LEVEL)
        covered += found.low <= 0.3 <= found.high
        heterogeneous += found.between_low <= between**2 <= found.between_high
    report(f"mean of {centres} centres, {between} between them", covered / DRAWS)
    report("  variance between centres", heterogeneous / DRAWS)
    assert covered / DRAWS >= 0.93
    # At 0 the lower end cannot fail.
    assert 0.93 <= heterogeneous / DRAWS <= (0.99 if between == 0 else 0.97)


def test_within_centres_the_treatment_that_a_better_centre_prefers_is_no_better() -> None:
    """No difference between the treatments; three centres differ in hazard and in what they give."""
    rng, level = np.random.default_rng(114), {"pooled": 0, "within": 0}
    logs: dict[str, list[float]] = {"pooled": [], "within": []}
    for _ in range(DRAWS):
        centre = rng.integers(0, 3, 150)
        treated = rng.random(150) < np.array([0.25, 0.5, 0.75])[centre]
        event_day = np.ceil(rng.exponential(np.array([120.0, 200.0, 320.0])[centre]))
        left = np.ceil(rng.uniform(100, 700, 150))
        given: dict[str, Any] = {"time": np.minimum(event_day, left), "event": event_day <= left}
        arm = pd.DataFrame({"arm": treated.astype(float)})
        for name, strata in (("pooled", []), ("within", [str(one) for one in centre])):
            found = fit_cox(arm, entry=np.zeros(150), confidence=LEVEL, strata=strata, **ENOUGH, **given)
            (term,) = found.terms
            logs[name].append(term.coefficient)
            level[name] += not term.low <= 1 <= term.high
    for name, values in logs.items():
        report(f"mean log hazard ratio, {name}", np.mean(values))
        report(f"  intervals without 1, {name}", level[name] / DRAWS)
    assert np.mean(logs["pooled"]) < -0.2
    assert abs(np.mean(logs["within"])) < 3 * np.std(logs["within"]) / math.sqrt(DRAWS)
    assert level["within"] / DRAWS <= 0.065
