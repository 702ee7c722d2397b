"""Marginal patterns against a plain count over simulated molecules."""

import random
from typing import Any

import pytest

from alktrace.calling.genotyping.allele_states import ALT, OTHER, REF, UNKNOWN
from alktrace.evidence.phase_counts import joined_sets, marginal_patterns, phase_observations
from alktrace.vocabulary.variant import SmallVariant

HIDDEN = UNKNOWN + 1
VARIANTS = (
    SmallVariant("chr2", 100, "A", "C"),
    SmallVariant("chr2", 120, "G", "T"),
    SmallVariant("chr2", 1700, "C", "T"),
)

Joint = dict[tuple[int, ...], int]
"""Molecules by what they show at each variant."""


def plain_patterns(molecules: Any, members: Any) -> Any:
    """Count molecules one by one: the definition, without any table in between."""
    patterns: dict[str, int] = {}
    silent = 0
    for states in molecules:
        own = [states[i] for i in members]
        if HIDDEN in own:
            continue
        if set(own) <= {REF, ALT}:
            key = "".join("1" if state == ALT else "0" for state in own)
            patterns[key] = patterns.get(key, 0) + 1
        else:
            silent += 1
    return patterns, silent


@pytest.mark.parametrize("seed", range(5))
def test_marginals_agree_with_a_plain_count(seed: Any) -> None:
    rng = random.Random(seed)
    molecules = [tuple(rng.choice((REF, ALT, OTHER, UNKNOWN, HIDDEN)) for _ in range(3)) for _ in range(400)]
    joint = {states: molecules.count(states) for states in set(molecules)}
    for members in ((0, 1), (1, 2), (0, 1, 2)):
        assert marginal_patterns(joint, members) == plain_patterns(molecules, members)


def test_sets_that_molecules_carry_together_are_found_once() -> None:
    joint: Joint = {(ALT, ALT, REF): 3, (ALT, REF, REF): 9, (REF, REF, ALT): 4, (REF, REF, REF): 100}
    assert joined_sets(joint, 3) == [(0, 1), (2,)]


def test_pairs_out_of_reach_have_no_patterns_and_their_span() -> None:
    joint: Joint = {(ALT, REF, HIDDEN): 5, (REF, ALT, HIDDEN): 6, (HIDDEN, HIDDEN, ALT): 7}
    found = phase_observations(
        timepoint="T1",
        specimen="plasma",
        keys=("a", "b", "c"),
        variants=VARIANTS,
        joint=joint,
        error_rates=(1e-5, 2e-5, 3e-5),
        collision_rate=0.01,
        chimera_rate=0.001,
    )
    by_pair = {item.alterations: item for item in found}
    assert by_pair["a", "b"].patterns == {"01": 6, "10": 5}
    assert by_pair["a", "c"].patterns == {}
    assert by_pair["a", "c"].span_bp == 1601
    assert by_pair["b", "c"].error_rates == (2e-5, 3e-5)


def test_a_triple_on_one_molecule_is_observed_as_a_set() -> None:
    found = phase_observations(
        timepoint="T1",
        specimen="plasma",
        keys=("a", "b", "c"),
        variants=VARIANTS,
        joint={(ALT, ALT, ALT): 4},
        error_rates=(0.0, 0.0, 0.0),
        collision_rate=0.0,
        chimera_rate=0.0,
    )
    assert found[-1].alterations == ("a", "b", "c")
    assert found[-1].patterns == {"111": 4}
