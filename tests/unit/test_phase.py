"""Phase of ALK mutations: verdicts at their boundaries, the null against a simulation of molecules."""

import itertools
import math
import random
from typing import Any

import pytest
from golden.build import default_settings

from alktrace.classify.phase import (
    PARENTAL_CLONE,
    PhaseReason,
    copies_share_low,
    count_patterns,
    describe,
    poisson_tail,
    resolve_phase,
)
from alktrace.classify.phase_sets import marginal, resolve_sets
from alktrace.evidence.schema import PhaseObservation
from alktrace.vocabulary.resistance import Phase

SETTINGS = default_settings().phase


def seen(
    patterns: dict[str, int],
    *,
    names: tuple[str, ...] = ("a", "b"),
    specimen: str = "plasma",
    errors: float = 1e-5,
    collisions: float = 0.0,
    chimeras: float = 0.0,
    uninformative: int = 0,
) -> PhaseObservation:
    return PhaseObservation(
        timepoint="PD",
        specimen=specimen,
        alterations=names,
        patterns=patterns,
        uninformative=uninformative,
        span_bp=20,
        error_rates=(errors,) * len(names),
        collision_rate=collisions,
        chimera_rate=chimeras,
    )


# --- the exact pieces ------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "mean"), [(1, 0.01), (3, 0.5), (7, 2.0), (20, 5.5)])
def test_poisson_tail_equals_the_plain_sum(count: int, mean: float) -> None:
    below = sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(count))
    assert poisson_tail(count, mean) == pytest.approx(1 - below, rel=1e-6)


def test_poisson_tail_keeps_tiny_probabilities() -> None:
    """The difference from 1 would lose these digits."""
    mean, count = 1e-4, 4
    plain = sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(count, count + 20))
    assert poisson_tail(count, mean) == pytest.approx(plain, rel=1e-9)
    assert poisson_tail(0, mean) == 1.0


# --- verdicts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patterns", "phase", "reason"),
    [
        pytest.param({"11": 3, "00": 2000}, Phase.CIS, PhaseReason.DOUBLES_PROVEN, id="three-doubles"),
        pytest.param({"11": 2, "00": 2000}, Phase.UNRESOLVED, PhaseReason.TOO_FEW_DOUBLES, id="two-doubles"),
        pytest.param({"10": 3, "01": 3}, Phase.TRANS, PhaseReason.NO_DOUBLE, id="three-and-three"),
        pytest.param({"10": 2, "01": 9}, Phase.UNRESOLVED, PhaseReason.TOO_FEW_MOLECULES, id="two-of-one"),
        pytest.param({"00": 900}, Phase.UNRESOLVED, PhaseReason.TOO_FEW_MOLECULES, id="no-mutant"),
        pytest.param({}, Phase.UNRESOLVED, PhaseReason.NOT_SPANNABLE, id="no-molecule"),
        pytest.param(
            {"11": 30, "10": 3, "00": 900},
            Phase.CIS_AND_SINGLE,
            PhaseReason.DOUBLES_PROVEN,
            id="three-singles",
        ),
        pytest.param(
            {"11": 6, "10": 14, "00": 900}, Phase.CIS_AND_SINGLE, PhaseReason.DOUBLES_PROVEN, id="parental"
        ),
        pytest.param(
            {"11": 30, "10": 2, "00": 900}, Phase.CIS, PhaseReason.DOUBLES_PROVEN, id="two-singles-no-clone"
        ),
    ],
)
def test_verdict(patterns: dict[str, int], phase: Phase, reason: PhaseReason) -> None:
    verdict = resolve_phase([seen(patterns)], SETTINGS)
    assert (verdict.phase, verdict.reason) == (phase, reason)


@pytest.mark.parametrize(
    ("patterns", "phase"),
    [
        pytest.param({"110": 2, "101": 1, "011": 2}, Phase.UNRESOLVED, id="five-informative"),
        pytest.param({"110": 2, "101": 1, "011": 3}, Phase.TRANS, id="six-informative"),
        pytest.param({"110": 4, "101": 2}, Phase.UNRESOLVED, id="six-informative-two-of-one"),
    ],
)
def test_trans_needs_six_informative_molecules(patterns: dict[str, int], phase: Phase) -> None:
    """Of a pair, three of each single are six already; of a triple one molecule counts for two singles."""
    assert resolve_phase([seen(patterns, names=("a", "b", "c"))], SETTINGS).phase is phase


def test_a_tail_probability_at_the_limit_proves_nothing() -> None:
    molecules = seen({"11": 6, "10": 300, "01": 300, "00": 1400}, chimeras=0.03)
    p_value = count_patterns(molecules, ("a", "b"), SETTINGS.correlated_error_share).p_value
    assert 0 < p_value < 1

    def at(alpha: float) -> tuple[Phase, PhaseReason]:
        verdict = resolve_phase([molecules], SETTINGS.model_copy(update={"alpha": alpha}))
        return verdict.phase, verdict.reason

    assert at(p_value) == (Phase.UNRESOLVED, PhaseReason.DOUBLES_WITHIN_NOISE)
    assert at(math.nextafter(p_value, 1)) == (Phase.CIS_AND_SINGLE, PhaseReason.DOUBLES_PROVEN)


def test_a_parental_clone_at_the_limit_is_none() -> None:
    """Four single molecules beside 30 doubles, where dropout gives such a number just that often."""
    molecules = seen({"11": 30, "10": 4, "00": 900})
    counts = count_patterns(molecules, ("a", "b"), SETTINGS.correlated_error_share)
    limit = poisson_tail(4, counts.expected_singles[0])

    def at(alpha: float) -> Phase:
        return resolve_phase([molecules], SETTINGS.model_copy(update={"alpha": alpha})).phase

    assert at(limit) is Phase.CIS
    assert at(math.nextafter(limit, 1)) is Phase.CIS_AND_SINGLE


def test_chimeras_need_molecules_of_both_clones() -> None:
    counts = count_patterns(seen({"10": 100, "00": 900}, errors=0.0, chimeras=0.5), ("a", "b"), 0.0)
    assert counts.expected_doubles == 0


def test_a_specimen_without_molecules_adds_no_noise() -> None:
    full = seen({"11": 6, "10": 14, "00": 900})
    both = resolve_phase([full, seen({}, specimen="csf")], SETTINGS)
    assert both.expected_doubles == resolve_phase([full], SETTINGS).expected_doubles


def test_as_many_uninformative_molecules_as_others_are_still_molecules() -> None:
    verdict = resolve_phase([seen({"00": 5}, uninformative=5)], SETTINGS)
    assert verdict.reason is PhaseReason.TOO_FEW_MOLECULES


def test_the_limit_of_the_tail_probability_is_one_in_a_thousand() -> None:
    """`n(a) x n(b) x rate / n` chimeras; 3 doubles: P(X >= 3) = 0.001 at a mean of 0.1905."""

    def with_mean(mean: float) -> Phase:
        # 100 of each single beside 3 doubles, which the null counts into both
        rate = mean * 10_000 / (103 * 103)
        patterns = {"11": 3, "10": 100, "01": 100, "00": 9797}
        return resolve_phase([seen(patterns, errors=0.0, chimeras=rate)], SETTINGS).phase

    assert poisson_tail(3, 0.190) < 0.001 < poisson_tail(3, 0.191)
    assert with_mean(0.190) is Phase.CIS_AND_SINGLE
    assert with_mean(0.191) is Phase.UNRESOLVED


def test_minority_of_doubles_is_cis() -> None:
    """At a compound share of 30 % and 20 informative molecules a majority rule would miss it."""
    verdict = resolve_phase([seen({"11": 6, "10": 14, "00": 1500})], SETTINGS)
    assert verdict.phase is Phase.CIS_AND_SINGLE
    assert verdict.flags == (PARENTAL_CLONE,)


def test_dropout_makes_no_parental_clone() -> None:
    """One in eight molecules lost a mutation to chimeras: 50 singles of 350 need no clone of their own."""
    verdict = resolve_phase([seen({"11": 350, "10": 45, "00": 600}, chimeras=0.15)], SETTINGS)
    assert verdict.phase is Phase.CIS
    apart = resolve_phase([seen({"11": 350, "10": 45, "00": 600}, chimeras=0.001)], SETTINGS)
    assert apart.phase is Phase.CIS_AND_SINGLE


def test_uninformative_molecules_take_no_part() -> None:
    verdict = resolve_phase([seen({}, uninformative=50)], SETTINGS)
    assert verdict.reason is PhaseReason.UNINFORMATIVE


def test_expected_doubles_by_hand() -> None:
    """100 a, 40 b of 1000: noise 0.14, collisions 2 x 0.01 x 4000 / 1000, chimeras 0.02 x 4000 / 1000."""
    molecules = seen({"10": 100, "01": 40, "00": 860}, errors=1e-3, collisions=0.01, chimeras=0.02)
    apart = count_patterns(molecules, ("a", "b"), 0.0)
    assert apart.expected_doubles == pytest.approx(0.1 + 0.04 + 860e-6 + 0.08 + 0.08, rel=1e-9)
    together = count_patterns(molecules, ("a", "b"), 0.2)
    assert together.expected_doubles == pytest.approx(0.1 + 0.04 + 860 * 0.2e-3 + 0.08 + 0.08, rel=1e-9)


def test_errors_of_one_molecule_need_not_be_independent() -> None:
    """3 doubles of 20,000 noisy molecules: chance if one error in ten brings the other, else proof."""
    patterns = {"11": 3, "00": 20_000}
    noisy = seen(patterns, errors=2e-4)
    assert resolve_phase([noisy], SETTINGS).reason is PhaseReason.DOUBLES_WITHIN_NOISE
    independent = SETTINGS.model_copy(update={"correlated_error_share": 0.0})
    assert resolve_phase([noisy], independent).phase is Phase.CIS
    # at the error rate of consensus molecules the share makes no difference
    assert resolve_phase([seen(patterns, errors=1e-6)], SETTINGS).phase is Phase.CIS


def test_correlation_is_that_of_the_rarer_error() -> None:
    """Both sites misread cannot be more frequent than the rarer of the two misreadings."""
    molecules = seen({"00": 1000}).model_copy(update={"error_rates": (1e-2, 1e-5)})
    assert count_patterns(molecules, ("a", "b"), 1.0).expected_doubles == pytest.approx(1000 * 1e-5)


def test_order_of_the_alterations_does_not_matter() -> None:
    forward = resolve_phase([seen({"11": 4, "10": 9, "01": 1, "00": 50}, chimeras=0.01)], SETTINGS)
    turned = resolve_phase(
        [seen({"11": 4, "01": 9, "10": 1, "00": 50}, names=("b", "a"), chimeras=0.01)], SETTINGS
    )
    assert forward == turned
    assert forward.singles == (9, 1)


def test_specimens_add_up() -> None:
    """Two doubles in each of two specimens prove together what neither proves alone."""
    one = seen({"11": 2, "00": 800})
    two = seen({"11": 2, "00": 800}, specimen="tissue")
    assert resolve_phase([one], SETTINGS).phase is Phase.UNRESOLVED
    assert resolve_phase([one, two], SETTINGS).phase is Phase.CIS


def test_a_noisy_specimen_takes_no_proof_away() -> None:
    clean = seen({"11": 4, "00": 800})
    noisy = seen({"10": 900, "01": 900, "00": 200}, specimen="tissue", chimeras=0.2)
    assert resolve_phase([clean, noisy], SETTINGS).phase in (Phase.CIS, Phase.CIS_AND_SINGLE)


@pytest.mark.parametrize("observations", [[], [seen({"11": 1}), seen({"11": 1}, names=("a", "c"))]])
def test_observations_must_agree(observations: list[PhaseObservation]) -> None:
    with pytest.raises(ValueError, match="one set"):
        resolve_phase(observations, SETTINGS)


def test_words_name_the_bound() -> None:
    words = describe(resolve_phase([seen({"10": 18, "01": 27})], SETTINGS))
    assert "45 mutant molecules" in words
    assert "6%" in words


# --- the null against a simulation that knows no formula -------------------------------------


def simulate(
    rng: random.Random,
    shares: dict[str, float],
    total: int,
    rates: tuple[float, float, float],
    together: float = 0.0,
) -> Any:
    """Draw molecules one by one: two originals may be taken for one, halves may be joined, bases misread.

    A share `together` of the misread molecules is misread everywhere.
    """
    error, collision, chimera = rates
    size = len(next(iter(shares)))
    originals, weights = list(shares), list(shares.values())
    patterns: dict[str, int] = {}
    for first, second in zip(
        rng.choices(originals, weights, k=total), rng.choices(originals, weights, k=total), strict=True
    ):
        molecule, fate = first, rng.random()
        if fate < collision:
            molecule = "".join(max(pair) for pair in zip(first, second, strict=True))
        elif fate < collision + chimera:
            cut = rng.randint(1, size - 1)
            molecule = first[:cut] + second[cut:]
        misread = [rng.random() < error for _ in molecule]
        if misread[0] and rng.random() < together:
            misread = [True] * size
        molecule = "".join("1" if wrong else base for wrong, base in zip(misread, molecule, strict=True))
        patterns[molecule] = patterns.get(molecule, 0) + 1
    return patterns


@pytest.mark.parametrize(
    ("shares", "rates", "together"),
    [
        pytest.param({"10": 0.3, "01": 0.3, "00": 0.4}, (0.0, 0.0, 0.02), 0.0, id="chimeras"),
        pytest.param({"10": 0.3, "01": 0.2, "00": 0.5}, (0.0, 0.02, 0.0), 0.0, id="collisions"),
        pytest.param({"10": 0.4, "01": 0.1, "00": 0.5}, (0.003, 0.0, 0.0), 0.0, id="noise"),
        pytest.param({"10": 0.2, "01": 0.2, "00": 0.6}, (0.001, 0.01, 0.01), 0.0, id="all"),
        pytest.param(
            {"110": 0.3, "001": 0.2, "000": 0.5}, (0.0, 0.01, 0.01), 0.0, id="triple-of-a-pair-and-one"
        ),
        pytest.param({"10": 0.1, "01": 0.1, "00": 0.8}, (0.01, 0.0, 0.0), 0.1, id="correlated-noise"),
    ],
)
def test_false_doubles_stay_within_the_null(
    shares: dict[str, float], rates: tuple[float, float, float], together: float
) -> None:
    rng = random.Random(7)
    names = tuple("abc"[: len(next(iter(shares)))])
    rounds, total = 300, 800
    doubles, expected, rejected = 0.0, 0.0, 0
    for _ in range(rounds):
        patterns = simulate(rng, shares, total, rates, together)
        counts = count_patterns(
            seen(patterns, names=names, errors=rates[0], collisions=rates[1], chimeras=rates[2]),
            names,
            SETTINGS.correlated_error_share,
        )
        doubles += counts.doubles
        expected += counts.expected_doubles
        rejected += counts.p_value < 0.05
    spread = math.sqrt(doubles)
    assert doubles <= expected + 3 * spread, "the null is too small: false cis"
    assert expected <= 2.5 * doubles + 3 * spread, "the null is too large: compounds are missed"
    assert rejected / rounds <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / rounds)


def test_true_compounds_are_found() -> None:
    """One per cent of doubles inside ten per cent of singles, at ordinary error rates."""
    rng = random.Random(11)
    found = 0
    for _ in range(40):
        patterns = simulate(rng, {"11": 0.01, "10": 0.1, "00": 0.89}, 1500, (1e-5, 1e-4, 1e-4))
        verdict = resolve_phase([seen(patterns, collisions=1e-4, chimeras=1e-4)], SETTINGS)
        found += verdict.phase is Phase.CIS_AND_SINGLE
    assert found >= 38


# --- larger sets -----------------------------------------------------------------------------


def test_marginal_keeps_every_molecule() -> None:
    triple = seen({"111": 3, "110": 4, "011": 5, "000": 6}, names=("a", "b", "c"))
    assert marginal(triple, ["a", "c"]).patterns == {"11": 3, "10": 4, "01": 5, "00": 6}


def test_pairs_come_from_a_triple() -> None:
    triple = seen({"111": 5, "000": 700}, names=("a", "b", "c"))
    verdicts = resolve_sets("abc", [triple], SETTINGS)
    sets = [tuple(item) for size in (2, 3) for item in itertools.combinations("abc", size)]
    assert set(verdicts) == set(sets)
    assert all(verdict.phase is Phase.CIS for verdict in verdicts.values())


def test_the_larger_count_of_a_pair_is_used() -> None:
    """Fewer molecules span three sites than two; those of the pair are more."""
    triple = seen({"110": 1, "000": 30}, names=("a", "b", "c"))
    pair = seen({"11": 6, "00": 300})
    assert resolve_sets("abc", [triple, pair], SETTINGS)["a", "b"].doubles == 6


def test_a_triple_fills_in_for_a_poorer_pair() -> None:
    """Molecules counted over three sites are molecules over two of them."""
    triple = seen({"110": 6, "000": 300}, names=("a", "b", "c"))
    pair = seen({"11": 1, "00": 30})
    assert resolve_sets("abc", [pair, triple], SETTINGS)["a", "b"].doubles == 6


def test_of_equal_counts_those_of_the_pair_itself_are_used() -> None:
    pair = seen({"10": 6, "01": 4})
    triple = seen({"111": 5, "000": 5}, names=("a", "b", "c"))
    assert resolve_sets(["a", "b", "c"], [pair, triple], SETTINGS)["a", "b"].singles == (6, 4)


def test_a_proven_triple_makes_a_pair_that_looks_apart_cis() -> None:
    pair = seen({"10": 30, "01": 30})
    triple = seen({"111": 8, "000": 20}, names=("a", "b", "c"))
    verdicts = resolve_sets(["a", "b", "c"], [pair, triple], SETTINGS)
    assert verdicts["a", "b", "c"].phase is Phase.CIS
    told = verdicts["a", "b"]
    assert (told.phase, told.reason) == (Phase.CIS, PhaseReason.PROVEN_BY_LARGER_SET)
    assert told.max_double_share is None


def test_a_pair_that_is_proven_itself_keeps_its_own_proof() -> None:
    pair = seen({"11": 20, "10": 30, "00": 900})
    triple = seen({"111": 8, "000": 20}, names=("a", "b", "c"))
    told = resolve_sets(["a", "b", "c"], [pair, triple], SETTINGS)["a", "b"]
    assert (told.phase, told.reason) == (Phase.CIS_AND_SINGLE, PhaseReason.DOUBLES_PROVEN)


def test_of_seven_alterations_the_first_six_are_set_against_each_other() -> None:
    """2^6 subsets, less six of one and the empty one."""
    names = tuple("abcdefg")
    assert len(resolve_sets(names, [seen({"1111111": 3}, names=names)], SETTINGS)) == 64 - 7


def test_dropped_alterations_leave_the_rest() -> None:
    """A neutral variant in a set does not hide the pair."""
    triple = seen({"111": 5, "000": 700}, names=("a", "neutral", "b"))
    verdicts = resolve_sets(["a", "b"], [triple], SETTINGS)
    assert set(verdicts) == {("a", "b")}
    assert verdicts["a", "b"].phase is Phase.CIS


def test_a_triple_of_pairs_is_not_cis() -> None:
    triple = seen({"110": 20, "011": 20, "000": 700}, names=("a", "b", "c"))
    verdicts = resolve_sets("abc", [triple], SETTINGS)
    assert verdicts["a", "b"].phase is Phase.CIS_AND_SINGLE
    assert verdicts["a", "c"].phase is Phase.TRANS
    assert verdicts["a", "b", "c"].phase is Phase.TRANS


# --- the pigeonhole --------------------------------------------------------------------------


@pytest.mark.parametrize("fraction", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("copies", [2.0, 3.0, 6.0])
def test_share_of_copies_inverts_the_mixture(fraction: float, copies: float) -> None:
    """A mutation on a known number of tumour copies gives a VAF; the share of copies comes back."""
    mutated = 1.0
    vaf = fraction * mutated / (fraction * copies + 2 * (1 - fraction))
    assert copies_share_low(vaf, fraction, copies) == pytest.approx(mutated / copies)


def test_no_tumour_no_share() -> None:
    assert copies_share_low(0.3, 0.0, 2.0) == 0.0
