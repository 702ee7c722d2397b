"""Propensities, weights, overlap and E-values against closed forms; R's: test_survival_against_r."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from present_values import present

from alktrace.outcomes.e_value import e_value, e_value_of_limit
from alktrace.outcomes.propensity import (
    balance,
    effective_number,
    no_overlap,
    propensities,
    weights,
)
from alktrace.outcomes.weighted_cox import fit_weighted
from alktrace.vocabulary.outcomes import Target

Flags = NDArray[np.bool_]


def groups(with_covariate: tuple[int, int], without: tuple[int, int]) -> tuple[NDArray[np.float64], Flags]:
    """Treated and reference patients with and without one covariate."""
    covariate = np.repeat([1.0, 1.0, 0.0, 0.0], [*with_covariate, *without])
    treated = np.repeat([True, False, True, False], [*with_covariate, *without])
    return covariate[:, None], treated


def judged(covariate: NDArray[np.float64], treated: Flags, fewest: int = 8) -> str | None:
    found = propensities(covariate, treated)
    weight = weights(found, treated, Target.ATE)
    balances = [("brain", balance(covariate[:, 0], treated, weight))]
    return no_overlap(found, treated, weight, balances, fewest=fewest)


def test_one_binary_covariate_is_half_a_patient_more_in_every_cell_and_the_intercept_without() -> None:
    covariate, treated = groups((12, 4), (10, 30))
    found = propensities(covariate, treated)
    odds = [(p / (1 - p)) for p in (found[0], found[-1])]
    assert odds[0] / odds[1] == pytest.approx((12.5 / 4.5) / (10.5 / 30.5), rel=1e-10)
    assert found.sum() == pytest.approx(22, rel=1e-10)


def test_covariates_that_say_nothing_new_are_left_out() -> None:
    covariate, treated = groups((12, 4), (10, 30))
    more = np.column_stack([covariate, 1 - covariate, np.ones(len(covariate))])
    assert propensities(more, treated) == pytest.approx(propensities(covariate, treated))


def test_groups_parted_by_a_covariate_are_not_compared() -> None:
    covariate, treated = groups((25, 0), (0, 25))
    assert np.isfinite(propensities(covariate, treated)).all()
    assert judged(covariate, treated) == "no_overlap: 0 of a group with propensity 0.1 to 0.9, 8 needed"


def test_a_level_that_only_one_group_has_is_not_balanced_away() -> None:
    # Ten of the treated alone have it: no reference patient stands for them, whatever the weights.
    covariate, treated = groups((10, 0), (30, 40))
    assert present(judged(covariate, treated)).startswith("not_balanced: brain differs by 0.")


def test_few_patients_that_carry_all_the_weight_are_named() -> None:
    covariate, treated = groups((40, 9), (20, 40))
    assert judged(covariate, treated) is None
    assert present(judged(covariate, treated, fewest=55)).startswith("no_overlap")
    found = np.full(109, 0.5)
    weight = np.where(np.arange(109) == 0, 1000.0, 1.0)
    why = no_overlap(found, treated, weight, [], fewest=8)
    assert present(why).startswith("effectively_too_few: 1.1 of a group, 8 needed")


def test_stabilised_weights_keep_the_size_of_the_groups() -> None:
    rng = np.random.default_rng(1)
    covariate = rng.normal(size=(4000, 1))
    treated = rng.random(4000) < 1 / (1 + np.exp(-covariate[:, 0]))
    found = propensities(covariate, treated)
    for target in Target:
        weight = weights(found, treated, target)
        assert weight[treated].sum() == pytest.approx(treated.sum(), rel=0.03)
        assert weight[~treated].sum() == pytest.approx((~treated).sum(), rel=0.03)
        assert abs(balance(covariate[:, 0], treated, weight).after) < 0.05
    # ATT leaves the treated as they are.
    to_the_treated = weights(found, treated, Target.ATT)
    assert balance(covariate[:, 0], treated, to_the_treated).treated_after == covariate[treated].mean()


def test_the_effective_number_of_equal_weights_is_their_number() -> None:
    assert effective_number(np.full(17, 3.0)) == pytest.approx(17)
    assert effective_number(np.array([1.0, 0.0, 0.0])) == pytest.approx(1)


def test_a_group_without_events_has_no_ratio() -> None:
    treated = np.array([True] * 10 + [False] * 10)
    event = ~treated
    one = np.ones(20)
    assert fit_weighted(treated, one, entry=one * 0, time=one * 5, event=event, confidence=0.95) is None


def test_a_patient_of_weight_two_counts_as_two_without_ties() -> None:
    rng = np.random.default_rng(2)
    treated, time = rng.random(40) < 0.5, np.arange(1.0, 41)
    event, weight = rng.random(40) < 0.7, rng.integers(1, 4, 40).astype(float)
    one = fit_weighted(treated, weight, entry=time * 0, time=time, event=event, confidence=0.95)
    scaled = fit_weighted(treated, weight * 5, entry=time * 0, time=time, event=event, confidence=0.95)
    assert present(one).coefficient == pytest.approx(present(scaled).coefficient)
    assert present(one).error == pytest.approx(present(scaled).error)
    unweighted = fit_weighted(treated, np.ones(40), entry=time * 0, time=time, event=event, confidence=0.95)
    assert present(unweighted).coefficient != pytest.approx(present(one).coefficient, abs=1e-3)


def test_e_values_are_those_of_the_paper() -> None:
    # Maternal smoking and infant mortality by respiratory disease: 3.9 (1.8 to 8.7), a rare event.
    assert e_value(3.9, share=0.01) == pytest.approx(7.26, abs=0.005)
    assert e_value(1 / 3.9, share=0.01) == pytest.approx(7.26, abs=0.005)
    assert e_value_of_limit(1.8, 8.7, share=0.01) == pytest.approx(3.0)
    assert e_value_of_limit(0.8, 1.2, share=0.01) == 1.0
    # A common one: the ratio of risks is nearer to 1 than that of hazards.
    risk = (1 - 0.5 ** math.sqrt(2)) / (1 - 0.5 ** math.sqrt(0.5))
    assert e_value(2.0, share=0.6) == pytest.approx(risk + math.sqrt(risk * (risk - 1)))
    assert e_value(0.5, share=0.6) == pytest.approx(e_value(2.0, share=0.6))
    assert e_value(1.0, share=0.6) == 1.0
