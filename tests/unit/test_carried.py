"""Repeats on haplotypes of a sample, counted by hand."""

import pytest

from alktrace.calling.noise.carried import Haplotypes
from alktrace.calling.noise.kinds import repeats
from alktrace.vocabulary.variant import SmallVariant

#        0         10        20        30
TEXT = "CCATCGAACTTGTGTGTATGTGTGCCAGTCAAAAATAAAAACGT"
A_TO_G = (17, "G")
T_TO_A = (35, "A")


def fetch(chrom: str, start: int, end: int) -> str:
    return TEXT[max(0, start) : max(0, end)]


def units(variant: SmallVariant, *changes: tuple[int, str]) -> int:
    return repeats(*Haplotypes(fetch, {"1": sorted(changes)}).longest(variant))


def variant(start: int, ref: str, alt: str) -> SmallVariant:
    return SmallVariant("1", start + 1, ref, alt).normalised(fetch)


@pytest.mark.parametrize(
    ("change", "changes", "expected"),
    [
        pytest.param((10, "TG", ""), (), 2, id="reference"),
        pytest.param((10, "TG", ""), (A_TO_G,), 6, id="joined"),
        pytest.param((18, "TG", ""), (A_TO_G,), 6, id="behind"),
        pytest.param((16, "TA", ""), (A_TO_G,), 6, id="the gap spans the substitution"),
        pytest.param((10, "", "TG"), (A_TO_G,), 7, id="insertion"),
        pytest.param((30, "A", ""), (T_TO_A,), 10, id="homopolymer"),
        pytest.param((35, "T", ""), (T_TO_A,), 10, id="homopolymer, the gap takes the T"),
        pytest.param((10, "TG", ""), (T_TO_A,), 2, id="another repeat"),
        pytest.param((10, "TG", ""), (A_TO_G, T_TO_A), 6, id="two substitutions"),
        pytest.param((4, "CGA", ""), (A_TO_G,), 0, id="no repeat"),
        pytest.param((12, "T", "C"), (A_TO_G,), 0, id="substitution"),
    ],
)
def test_units(change: tuple[int, str, str], changes: tuple[tuple[int, str], ...], expected: int) -> None:
    assert units(variant(*change), *changes) == expected


def test_a_carried_base_that_shortens_the_repeat_changes_nothing() -> None:
    """The other haplotype keeps its length, and nobody asks here which one a molecule has."""
    assert units(variant(30, "A", ""), (33, "C")) == 4
