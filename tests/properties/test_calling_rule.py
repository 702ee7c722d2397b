"""The calling rule and its inversion against slow exact references."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies._internal.core import DataObject
from numpy.typing import NDArray
from present_values import present
from shipped_settings import SHIPPED

from alktrace.calling.noise.molecule_classes import DUPLEX_2, N_CLASSES, SIMPLEX_3, SINGLE
from alktrace.calling.rule.power import Ceilings, power_at, vaf_detectable
from alktrace.calling.rule.tail_test import (
    TAIL_FLOOR,
    Noise,
    binomial_pmf,
    make_noise,
    noise_tails,
    score,
    tail,
    threshold,
)
from alktrace.calling.rule.verdict import judge, limit, mean_rate, worst_limit

CHOSEN = (SINGLE, SIMPLEX_3, DUPLEX_2)
LIMITS: dict[str, Any] = {"tail_probability": 1e-4, "min_alt_molecules": 3, "min_alt_duplex": 2}
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
    return power_at(total, noise.weights, threshold(total, noise, LIMITS["tail_probability"]), (3, 2), vaf)


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


@pytest.mark.parametrize(
    ("n", "rate", "seen"),
    [
        (2000, 1e-6, 2),
        (2000, 1e-6, 3),
        (2000, 1e-6, 5),
        (50, 1e-4, 7),
        (3000, 1e-3, 9),
        (3, 1e-8, 3),
        (4, 1e-8, 4),
    ],
)
def test_tail_of_one_class_is_the_binomial_one(n: int, rate: float, seen: int) -> None:
    """Down to 1e-30, far below what one minus the rest could tell; smaller ones are that."""
    noise = make_noise(np.full(N_CLASSES, rate), design_vaf=0.001)
    exact = sum(binomial(n, k, Fraction(rate)) for k in range(seen, min(n, seen + 20) + 1))
    found = tail(spread((0, 0, seen)), spread((0, 0, n)), noise)
    assert found == pytest.approx(max(float(exact), TAIL_FLOOR), rel=1e-8)


@pytest.mark.parametrize(
    ("n", "p", "size", "expected"),
    [
        (2, 0.25, 4, [0.5625, 0.375, 0.0625, 0.0]),
        (2, 0.25, 2, [0.5625, 0.375]),
        (3, 0.5, 4, [0.125, 0.375, 0.375, 0.125]),
        (2, 0.0, 3, [1.0, 0.0, 0.0]),
        (0, 0.5, 2, [1.0, 0.0]),
        (2, 1.0, 3, [0.0, 0.0, 1.0]),
        (2, 1.0, 2, [0.0, 0.0]),
        (1, 1.0, 3, [0.0, 1.0, 0.0]),
    ],
)
def test_binomial_probabilities(n: int, p: float, size: int, expected: list[float]) -> None:
    assert binomial_pmf(n, p, size) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rate", "weight"),
    # 2 ln(1 + 0.001 / rate) in half nats, rounded: ln 2, ln 101, ln 1001; at least 1, at most 24.
    [(0.3, 1), (1e-3, 1), (1e-5, 9), (1e-6, 14), (1e-8, 23), (1e-9, 24), (0.0, 24), (0.9, 1)],
)
def test_weight_of_a_molecule_is_its_log_likelihood_ratio(rate: float, weight: int) -> None:
    noise = make_noise(np.full(N_CLASSES, rate), design_vaf=0.001)
    assert set(noise.weights.tolist()) == {weight}
    assert noise.rates == pytest.approx(np.full((1, N_CLASSES), min(max(rate, 1e-12), 0.5)))


def test_noise_of_a_site_is_at_most_one_half() -> None:
    noise = make_noise(np.full(N_CLASSES, 0.1), design_vaf=0.001, multipliers=(2.0, 9.0), mixture=(0.9, 0.1))
    assert noise.rates[:, 0].tolist() == [0.2, 0.5]
    assert mean_rate(spread((4, 0, 0)), noise) == pytest.approx(0.9 * 0.2 + 0.1 * 0.5)


def test_mean_rate_weighs_classes_by_their_molecules() -> None:
    noise = make_noise(spread((1e-3, 1e-4, 1e-6), 1e-5), design_vaf=0.001)
    assert mean_rate(spread((1, 3, 0)), noise) == pytest.approx((1e-3 + 3 * 1e-4) / 4)
    assert mean_rate(spread((0, 0, 0)), noise) == pytest.approx(1e-3), "no molecules: the worst"


@pytest.mark.parametrize("totals", [(0, 0, 0), (2, 0, 0), (0, 3, 2), (4, 4, 4), (6, 0, 6)], ids=str)
@pytest.mark.parametrize("probability", [0.9, 0.2, 1e-4, 3e-7, 1e-8, 1e-12])
def test_threshold_is_the_smallest_score_that_noise_reaches_so_rarely(
    totals: tuple[int, ...], probability: float
) -> None:
    noise = make_noise(spread((0.2, 1e-2, 1e-5), 1e-6), design_vaf=0.1)
    most = sum(n * int(noise.weights[c]) for n, c in zip(totals, CHOSEN, strict=True))
    expected = next(s for s in range(1, most + 2) if exact_tail(totals, noise, s) <= probability)
    assert threshold(spread(totals), noise, probability) == expected


@pytest.mark.parametrize(
    ("duplex", "asked", "vaf"),
    # Both of two must be mutant: vaf^2 = 0.95; of three two at least: 3 v^2 - 2 v^3 = 0.5.
    [(1, 0.95, None), (2, 0.95, 0.95 ** (1 / 2)), (2, 1.0, 1.0), (3, 0.5, 0.5)],
)
def test_detectable_vaf_of_few_molecules(duplex: int, asked: float, vaf: float | None) -> None:
    noise = make_noise(np.full(N_CLASSES, 1e-9), design_vaf=0.001)
    found = vaf_detectable(spread((0, 0, duplex)), noise, power=asked, **LIMITS)
    assert found == (None if vaf is None else pytest.approx(vaf, abs=1e-6))


def test_verdict_of_one_allele() -> None:
    """Three duplex molecules and one of one strand, of 400: what the table of counts states of them."""
    noise = make_noise(spread((1e-3, 1e-4, 1e-6), 1e-5), design_vaf=0.001)
    alt, total = spread((0, 1, 3)), spread((0, 100, 300))
    found = judge(alt, total, (2, 250), (noise, "sample"), hotspot=False, settings=SETTINGS)
    assert found.detected and found.above_noise and found.filters == ()
    assert (found.alt_molecules, found.total_molecules, found.duplex_alt) == (4, 400, 3)
    assert (found.strict_alt, found.strict_total, found.noise_level) == (2, 250, "sample")
    assert found.by_class.tolist() == [alt.tolist(), total.tolist()]
    assert found.vaf == 0.01 and present(found.vaf_low) < 0.01 < present(found.vaf_high)
    assert found.p_noise == tail(alt, total, noise)
    assert found.error_rate == pytest.approx((100 * 1e-4 + 300 * 1e-6) / 400)
    assert found.vaf_detectable == limit(total, noise, hotspot=False, settings=SETTINGS)


@pytest.mark.parametrize(
    ("molecules", "hotspot", "repeats", "filters", "above"),
    [
        # One single read in a thousand errs: of 1000 five or more by chance in 0.4 %, nine in 1e-6.
        pytest.param(5, True, 0, ("noise",), False, id="noise-at-a-hotspot"),
        pytest.param(9, True, 0, (), True, id="hotspot"),
        pytest.param(9, False, 0, ("noise",), False, id="no-hotspot"),
        pytest.param(60, False, 11, (), True, id="eleven-units-beyond-the-first"),
        pytest.param(60, False, 12, ("long_repeat",), True, id="twelve"),
        pytest.param(0, False, 0, ("noise", "few_molecules"), False, id="none"),
        pytest.param(5, False, 12, ("noise", "long_repeat"), False, id="noise-in-a-long-repeat"),
    ],
)
def test_reasons_against_an_allele(
    molecules: int, hotspot: bool, repeats: int, filters: tuple[str, ...], above: bool
) -> None:
    noise = make_noise(np.full(N_CLASSES, 1e-3), design_vaf=0.001)
    found = judge(
        spread((molecules, 0, 0)), spread((1000, 0, 0)), (0, 0), (noise, "prior"),
        hotspot=hotspot, settings=SHIPPED.calling, repeats=repeats,
    )  # fmt: skip
    assert (found.filters, found.detected, found.above_noise) == (filters, not filters, above)
    assert (found.vaf_detectable is None) is ("long_repeat" in filters)


@pytest.mark.parametrize(
    ("molecules", "deamination", "called"),
    [
        pytest.param((9, 0, 0), True, False, id="deamination-without-UMI"),
        pytest.param((9, 0, 0), False, True, id="another-change-without-UMI"),
        pytest.param((0, 9, 0), True, True, id="deamination-of-a-known-strand"),
    ],
)
def test_deamination_of_unknown_strand_is_not_called_by_the_looser_tail(
    molecules: tuple[int, int, int], deamination: bool, called: bool
) -> None:
    """Nine of 1000 at one false in a thousand have a tail of 1e-6: enough at a hotspot only."""
    noise = make_noise(np.full(N_CLASSES, 1e-3), design_vaf=0.001, deamination=deamination)
    total = 1000 // 9 * spread(molecules)
    found = judge(spread(molecules), total, (0, 0), (noise, ""), hotspot=True, settings=SHIPPED.calling)
    elsewhere = limit(total, noise, hotspot=False, settings=SHIPPED.calling)
    assert found.detected is called
    assert (found.vaf_detectable == elsewhere) is not called


def test_hotspots_are_seen_at_a_smaller_vaf() -> None:
    noise = make_noise(np.full(N_CLASSES, 1e-3), design_vaf=0.001)
    general, hotspot = (
        present(limit(spread((1000, 0, 0)), noise, hotspot=hotspot, settings=SHIPPED.calling))
        for hotspot in (False, True)
    )
    assert hotspot < general


@pytest.mark.parametrize(("p_noise", "quality"), [(1.0, 0), (0.1, 10), (1e-30, 300)])
def test_quality_is_the_tail_phred_scaled(p_noise: float, quality: float) -> None:
    noise = make_noise(np.full(N_CLASSES, 1e-3), design_vaf=0.001)
    found = judge(spread((0, 0, 0)), spread((9, 0, 0)), (0, 0), (noise, ""), hotspot=False, settings=SETTINGS)
    assert replace(found, p_noise=p_noise).quality == pytest.approx(quality)
    assert str(replace(found, p_noise=1.0).quality) == "0.0", "never minus zero"


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


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(st.tuples(*[st.floats(1e-8, 1e-2) for _ in CHOSEN]), min_size=1, max_size=3),
    loci=st.lists(st.lists(st.tuples(*[st.integers(0, 400) for _ in CHOSEN]), max_size=6), max_size=4),
    hotspot=st.booleans(),
)
def test_worst_limit_is_the_largest_of_all(
    kinds: list[tuple[float, ...]], loci: list[list[tuple[int, ...]]], hotspot: bool
) -> None:
    """It inverts few of them: the others are only shown to be no larger."""
    noises = [make_noise(spread(rates, 1e-6), design_vaf=0.002) for rates in kinds]
    sites = [spread(totals) for locus in loci for totals in locus]
    ceilings = Ceilings(np.max(sites, axis=0, initial=0) if sites else spread((0, 0, 0)))
    for locus in loci:
        pairs = list(itertools.product(map(spread, locus), noises))
        limits = [limit(*pair, hotspot=hotspot, settings=SETTINGS) for pair in pairs]
        expected = None if None in limits else max(map(present, limits), default=None)
        assert worst_limit(pairs, hotspot=hotspot, settings=SETTINGS, ceilings=ceilings) == expected


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
    assert not is_called(spread((0, 0, 1)), totals, noise)
    assert is_called(spread((0, 0, 2)), totals, noise)
    totals = spread((0, 5000, 5000))
    assert not is_called(spread((0, 2, 0)), totals, noise)
    assert not is_called(spread((0, 1, 1)), totals, noise)
    assert is_called(spread((0, 3, 0)), totals, noise)
    assert is_called(spread((0, 1, 2)), totals, noise)


def test_duplex_molecules_outweigh_single_reads() -> None:
    noise = make_noise(spread((2e-4, 2e-5, 5e-7), 1e-6), design_vaf=0.002)
    totals = spread((5000, 5000, 5000))
    assert tail(spread((0, 0, 3)), totals, noise) < 1e-5
    assert tail(spread((3, 0, 0)), totals, noise) > 1e-2
