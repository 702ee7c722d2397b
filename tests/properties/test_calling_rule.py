"""The calling rule and its inversion against slow exact references."""

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies._internal.core import DataObject
from numpy.typing import NDArray
from shipped_settings import SHIPPED

from alktrace.calling.noise.molecule_classes import DUPLEX_2, N_CLASSES, SIMPLEX_3, SINGLE
from alktrace.calling.rule.power import power_at, vaf_detectable
from alktrace.calling.rule.tail_test import Noise, make_noise, noise_tails, score, tail, threshold
from alktrace.calling.rule.verdict import judge

CHOSEN = (SINGLE, SIMPLEX_3, DUPLEX_2)
LIMITS: dict[str, Any] = {"tail_probability": 1e-4, "min_alt_molecules": 3}
SETTINGS = SHIPPED.calling.model_copy(update=LIMITS)

small_totals = st.tuples(*[st.integers(0, 6) for _ in CHOSEN])
rates_ = st.tuples(*[st.floats(1e-7, 0.3) for _ in CHOSEN])


def spread(values: Sequence[float], fill: float = 0) -> NDArray[Any]:
    out = [fill] * N_CLASSES
    for c, value in zip(CHOSEN, values, strict=True):
        out[c] = value
    return np.array(out)


def is_called(alt: Any, total: Any, noise: Noise) -> bool:
    return judge(alt, total, (0, 0), (noise, "prior"), hotspot=False, settings=SETTINGS).detected


def power(total: NDArray[Any], noise: Noise, vaf: float) -> float:
    return power_at(total, noise.weights, threshold(total, noise, LIMITS["tail_probability"]), 3, vaf)


def binomial(n: int, k: int, p: Fraction) -> Fraction:
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


def outcomes(
    totals: tuple[int, ...], probabilities: Sequence[Fraction]
) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """Every outcome per class with its exact probability."""
    for ks in itertools.product(*[range(n + 1) for n in totals]):
        yield (
            ks,
            math.prod(
                (binomial(n, k, p) for n, k, p in zip(totals, ks, probabilities, strict=True)),
                start=Fraction(1),
            ),
        )


def exact_tail(totals: tuple[int, ...], noise: Noise, reached: int) -> Fraction:
    found = Fraction(0)
    weights = [int(noise.weights[c]) for c in CHOSEN]
    for share, rates in zip(noise.mixture, noise.rates, strict=True):
        probabilities = [Fraction(float(rates[c])) for c in CHOSEN]
        for ks, p in outcomes(totals, probabilities):
            if sum(w * k for w, k in zip(weights, ks, strict=True)) >= reached:
                found += Fraction(float(share)) * p
    return found


@settings(max_examples=60, deadline=None)
@given(totals=small_totals, rates=rates_, data=st.data())
def test_tail_is_the_binomial_convolution(
    totals: tuple[int, ...], rates: tuple[float, ...], data: DataObject
) -> None:
    noise = make_noise(spread(rates, 1e-6), design_vaf=0.01)
    alts = tuple(data.draw(st.integers(0, n)) for n in totals)
    expected = exact_tail(totals, noise, score(spread(alts), noise))
    assert tail(spread(alts), spread(totals), noise) == pytest.approx(max(float(expected), 1e-30), rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(totals=small_totals, rates=rates_, share=st.floats(0.01, 0.5))
def test_tail_of_a_mixture_of_sites(totals: tuple[int, ...], rates: tuple[float, ...], share: float) -> None:
    noise = make_noise(
        spread(rates, 1e-6), design_vaf=0.01, multipliers=(1.0, 5.0), mixture=(1 - share, share)
    )
    tails = noise_tails(spread(totals), noise)
    for reached in range(1, len(tails)):
        expected = float(exact_tail(totals, noise, reached))
        assert tails[reached] == pytest.approx(expected, rel=1e-9, abs=1e-29)


@settings(max_examples=60, deadline=None)
@given(totals=small_totals, rates=rates_, vaf=st.floats(0.0, 1.0))
def test_power_is_the_share_of_outcomes_that_the_rule_calls(
    totals: tuple[int, ...], rates: tuple[float, ...], vaf: float
) -> None:
    """Power uses threshold and lattice; the reference applies the verdict to every outcome."""
    noise = make_noise(spread(rates, 1e-6), design_vaf=0.01)
    expected = Fraction(0)
    for ks, p in outcomes(totals, [Fraction(vaf)] * len(totals)):
        if is_called(spread(ks), spread(totals), noise):
            expected += p
    assert power(spread(totals), noise, vaf) == pytest.approx(float(expected), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    totals=st.tuples(*[st.integers(0, 20_000) for _ in CHOSEN]),
    rates=st.tuples(*[st.floats(1e-8, 1e-2) for _ in CHOSEN]),
    asked=st.floats(0.5, 0.99),
)
def test_detectable_vaf_is_the_exact_inversion(
    totals: tuple[int, ...], rates: tuple[float, ...], asked: float
) -> None:
    noise = make_noise(spread(rates, 1e-6), design_vaf=0.002)
    vaf = vaf_detectable(spread(totals), noise, power=asked, **LIMITS)
    if vaf is None:
        assert power(spread(totals), noise, 1.0) < asked
        return
    assert power(spread(totals), noise, vaf) >= asked > power(spread(totals), noise, vaf * (1 - 1e-6))


@settings(max_examples=40, deadline=None)
@given(totals=st.tuples(*[st.integers(10, 5_000) for _ in CHOSEN]), rates=rates_, data=st.data())
def test_more_molecules_never_lose_a_call(
    totals: tuple[int, ...], rates: tuple[float, ...], data: DataObject
) -> None:
    noise = make_noise(spread(rates, 1e-6) * 1e-2, design_vaf=0.002)
    alts = [data.draw(st.integers(0, 9)) for _ in totals]
    if is_called(spread(alts), spread(totals), noise):
        grown = list(alts)
        grown[data.draw(st.integers(0, len(alts) - 1))] += 1
        assert is_called(spread(grown), spread(totals), noise)


def test_threshold_holds_the_tail_on_simulated_noise() -> None:
    """A million sites of noise: the share above the threshold stays below the tail probability."""
    rng = np.random.default_rng(5)
    totals, rates = spread((800, 3000, 2000)), spread((2e-4, 2e-5, 1e-6), 1e-6)
    noise = make_noise(rates, design_vaf=0.002)
    needed = threshold(totals, noise, 1e-3)
    drawn = sum(rng.binomial(totals[c], rates[c], 1_000_000) * noise.weights[c] for c in CHOSEN)
    above = float(np.mean(drawn >= needed))
    assert above <= 1e-3 + 4 * math.sqrt(1e-3 / 1e6)
    assert np.mean(drawn >= needed - 1) > 1e-3 - 4 * math.sqrt(1e-3 / 1e6)


def test_fewer_molecules_than_the_minimum_are_never_called() -> None:
    noise = make_noise(np.full(N_CLASSES, 1e-9), design_vaf=0.002)
    totals = spread((0, 0, 5000))
    assert not is_called(spread((0, 0, 2)), totals, noise)
    assert is_called(spread((0, 0, 3)), totals, noise)


def test_duplex_molecules_outweigh_single_reads() -> None:
    noise = make_noise(spread((2e-4, 2e-5, 5e-7), 1e-6), design_vaf=0.002)
    totals = spread((5000, 5000, 5000))
    assert tail(spread((0, 0, 3)), totals, noise) < 1e-5
    assert tail(spread((3, 0, 0)), totals, noise) > 1e-2
