from typing import Any

import numpy as np
import pandas as pd
import pytest
from present_values import present

from alktrace.outcomes.cox import fit_cox, hazards_test, refuse, score_test
from alktrace.outcomes.group_tests import compare_groups
from alktrace.outcomes.survival import (
    early_small_risk_set,
    emptied,
    kaplan_meier,
    median,
    numbers_at_risk,
    rate_at,
)

ENOUGH = {"events_per_parameter": 10, "min_group_patients": 5}
# Remission of leukaemia in weeks: Freireich 1963, as in Cox 1972 (J R Stat Soc B 34:187), table 1.
MERCAPTOPURINE = {
    "time": [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
    "event": [1] * 9 + [0] * 12,
}
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def both_arms() -> Any:
    time = MERCAPTOPURINE["time"] + PLACEBO
    event = MERCAPTOPURINE["event"] + [1] * len(PLACEBO)
    arm = [0] * len(MERCAPTOPURINE["time"]) + [1] * len(PLACEBO)
    return np.zeros(len(time)), np.array(time, float), np.array(event, bool), arm


def curve(time: Any, event: Any, entry: Any = None) -> Any:
    return kaplan_meier(np.zeros(len(time)) if entry is None else entry, time, event, confidence=0.95)


@pytest.mark.parametrize(
    ("week", "survival"),
    [(6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448)],
)
def test_published_product_limit_estimates(week: int, survival: float) -> None:
    found = rate_at(curve(**MERCAPTOPURINE), week, confidence=0.95)
    assert round(present(found.value), 3) == survival


def test_published_medians() -> None:
    assert median(curve(**MERCAPTOPURINE)).value == 23
    assert median(curve(PLACEBO, [1] * 21)).value == 8


def test_published_log_rank_statistic() -> None:
    entry, time, event, arm = both_arms()
    assert round(present(compare_groups(entry, time, event, [str(x) for x in arm])).statistic, 2) == 16.79


def test_published_cox_estimate_with_efron_ties() -> None:
    entry, time, event, arm = both_arms()
    fitted = fit_cox(
        pd.DataFrame({"placebo": arm}),
        entry=entry, time=time, event=event, confidence=0.95, **ENOUGH,
    )  # fmt: skip
    term = fitted.terms[0]
    assert (round(term.coefficient, 3), round(term.error, 3)) == (1.572, 0.412)


def test_delayed_entry_leaves_out_who_is_not_yet_there() -> None:
    # At day 5 two are at risk (the third enters at 6), at day 8 the two that are left.
    found = curve([5, 8, 9], [1, 1, 0], entry=[0, 0, 6])
    assert found.at_risk.tolist() == [2, 2, 1]
    assert found.survival == pytest.approx([0.5, 0.25, 0.25])


def test_entry_on_the_day_of_an_event_comes_after_it() -> None:
    found = curve([5, 9, 9], [1, 0, 0], entry=[0, 0, 5])
    assert found.at_risk.tolist() == [2, 2]
    assert found.survival == pytest.approx([0.5, 0.5])


def test_all_patients_may_enter_late() -> None:
    found = curve([20, 30, 40], [1, 0, 1], entry=[5, 6, 7])
    assert found.survival == pytest.approx([2 / 3, 2 / 3, 0])
    assert numbers_at_risk([5, 6, 7], [20, 30, 40], [0, 6, 7, 25]).tolist() == [0, 1, 2, 2]


def test_ties_of_event_and_censoring_keep_the_censored_at_risk() -> None:
    assert curve([5, 5, 5, 5], [1, 1, 0, 0]).survival == pytest.approx([0.5])


def test_median_on_a_plateau_at_one_half_is_its_middle() -> None:
    assert median(curve([2, 4, 8, 9], [1, 1, 1, 0])).value == 6


def test_one_patient_with_the_event() -> None:
    found = curve([10], [1])
    assert found.survival.tolist() == [0]
    assert median(found).value == 10
    assert median(found).low is None
    assert rate_at(found, 20, confidence=0.95).reason == "no_interval_at_zero"


def test_one_patient_without_the_event() -> None:
    found = curve([10], [0])
    assert (median(found).value, median(found).reason) == (None, "median_not_reached")
    assert rate_at(found, 20, confidence=0.95).reason == "follow_up_too_short"


def test_without_events_the_rate_gets_an_exact_interval() -> None:
    found = rate_at(curve([100] * 10, [0] * 10), 50, confidence=0.95)
    # Ten of ten: Clopper-Pearson lower end is 0.025 ** (1 / 10).
    assert (found.value, found.method) == (1.0, "exact_at_risk")
    assert (found.low, found.high) == pytest.approx((0.025**0.1, 1.0))


def test_no_rate_beyond_the_last_patient() -> None:
    assert rate_at(curve([100, 200], [1, 0]), 201, confidence=0.95).reason == "follow_up_too_short"
    assert rate_at(curve([100, 200], [1, 0]), 200, confidence=0.95).value == 0.5


@pytest.mark.parametrize(
    ("entry", "time", "event", "day"),
    [
        ([0, 20], [10, 30], [1, 1], 10),
        ([0, 10], [10, 30], [1, 1], 10),
        ([0, 20], [10, 30], [0, 1], 10),
        ([0, 5], [10, 30], [1, 1], None),
        ([0, 0], [10, 10], [1, 1], None),
    ],
    ids=["all-die-then-one-enters", "enters-that-day", "gap-by-censoring", "overlap", "all-die-at-the-end"],
)
def test_a_risk_set_that_empties_is_found(
    entry: list[int], time: list[int], event: list[int], day: int | None
) -> None:
    assert emptied(entry, time, event) == day
    if day is not None:
        with pytest.raises(ValueError, match="nobody is at risk after day 10"):
            curve(time, event, entry=entry)


def test_early_event_among_few_is_flagged() -> None:
    entry = np.array([0.0, 0, 50, 50, 50, 50])
    found = curve([10, 90, 90, 95, 99, 99], [1, 1, 1, 0, 0, 0], entry=entry)
    assert early_small_risk_set(entry, found, 3)
    assert not early_small_risk_set(entry, found, 2)


def test_time_before_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="must lie after its entry"):
        curve([5], [1], entry=[5])
    with pytest.raises(ValueError, match="no patient"):
        curve([], [])


@pytest.mark.parametrize(
    ("event", "group"),
    [([0, 0, 0, 0], "aabb"), ([1, 1, 1, 1], "aaaa")],
    ids=["no-events", "one-group"],
)
def test_no_group_test_without_events_or_groups(event: list[int], group: str) -> None:
    assert compare_groups([0] * 4, [1, 2, 3, 4], event, list(group)) is None


def test_groups_never_at_risk_together_give_no_test() -> None:
    entry, time = np.array([0.0, 0, 50, 50]), np.array([10.0, 20, 60, 70])
    design = np.array([[0.0], [0], [1], [1]])
    assert score_test(design, entry, time, np.array([True] * 4)) is None


FEW: dict[str, Any] = {"entry": np.zeros(12), "time": np.arange(1.0, 13), "confidence": 0.95, **ENOUGH}


def test_too_few_events_give_no_model_but_the_reason() -> None:
    event = np.array([True] * 9 + [False] * 3)
    fitted = fit_cox(pd.DataFrame({"x": [0, 1] * 6}), event=event, **FEW)
    assert fitted.terms == ()
    assert fitted.refusal == "too_few_events: 9 for 1 parameter, 10 needed"


@pytest.mark.parametrize("patients", [1, 4])
def test_a_group_below_the_minimum_has_no_hazard_ratio(patients: int) -> None:
    event = np.full(12, True)
    for small in (1, 0):
        group = [1 - small] * (12 - patients) + [small] * patients
        fitted = fit_cox(pd.DataFrame({"x": group}), event=event, **FEW)
        assert fitted.terms == ()
        assert fitted.refusal == f"group_too_small: {patients} in the smallest, 5 needed"


def test_a_group_of_the_minimum_has_a_hazard_ratio() -> None:
    given = FEW | {"time": np.array([1.0, 3, 5, 7, 9, 11, 12, 2, 4, 6, 8, 10])}
    fitted = fit_cox(pd.DataFrame({"x": [0] * 7 + [1] * 5}), event=np.full(12, True), **given)
    assert fitted.refusal is None
    assert fitted.terms[0].low < fitted.terms[0].ratio < fitted.terms[0].high


def test_crossed_factors_need_patients_in_every_cell() -> None:
    """Twenty patients at each level of two factors, but only two in one cell."""
    a, b = np.repeat([1.0, 1, 0, 0], [18, 2, 2, 18]), np.repeat([1.0, 0, 1, 0], [18, 2, 2, 18])
    crossed = pd.DataFrame({"a": a, "b": b, "ab": a * b})
    event = np.full(40, True)
    assert refuse(crossed, event, **ENOUGH) == "group_too_small: 2 in the smallest, 5 needed"
    assert refuse(crossed[["a", "b"]], event, **ENOUGH) is None
    never_alone = np.maximum(a, b)
    empty_cell = pd.DataFrame({"a": a, "b": never_alone, "ab": a * never_alone})
    assert refuse(empty_cell, event, **ENOUGH) == "groups_coincide: a, b, ab"


def test_numbers_make_no_groups() -> None:
    assert refuse(pd.DataFrame({"age": np.arange(30.0, 42)}), np.full(12, True), **ENOUGH) is None


@pytest.mark.parametrize(("without", "name"), [(1, "x"), (0, "reference")])
def test_a_group_without_events_has_no_hazard_ratio(without: int, name: str) -> None:
    group = [without] * 5 + [1 - without] * 12
    given = FEW | {"time": np.arange(1.0, 18), "entry": np.zeros(17)}
    fitted = fit_cox(pd.DataFrame({"x": group}), event=np.array([False] * 5 + [True] * 12), **given)
    assert fitted.refusal == f"no_events_in_a_group: {name}"


def test_one_group_has_no_hazard_ratio() -> None:
    fitted = fit_cox(pd.DataFrame({"x": [1] * 12}), event=np.array([True] * 12), **FEW)
    assert fitted.refusal == "one_group_only: x"


def test_separated_groups_have_no_hazard_ratio() -> None:
    given = FEW | {"time": np.arange(1.0, 13)}
    fitted = fit_cox(pd.DataFrame({"x": [1] * 6 + [0] * 6}), event=np.array([True] * 12), **given)
    assert fitted.refusal == "no_maximum_of_the_likelihood"


def test_hazards_that_cross_are_noticed() -> None:
    # Group 1 fails early or not at all, group 0 late.
    time = np.concatenate([np.linspace(1, 20, 30), np.full(10, 200.0), np.linspace(60, 150, 40)])
    event = np.array([True] * 30 + [False] * 10 + [True] * 40)
    design = np.array([[1.0]] * 40 + [[0.0]] * 40)
    fitted = fit_cox(
        pd.DataFrame({"x": design[:, 0]}),
        entry=np.zeros(80), time=time, event=event, confidence=0.95, **ENOUGH,
    )  # fmt: skip
    assert present(fitted.terms[0].hazards_p) < 1e-4
    assert hazards_test(design[:1], np.zeros(1), time[:1], event[:1], np.zeros(1)) == [None]
