"""What stands beside an insertion or deletion, against haplotypes written out."""

from collections import Counter
from collections.abc import Iterator

import pytest
from shipped_settings import SHIPPED

from alktrace.calling.genotyping.allele_states import ABSENT, ALT, OTHER, REF
from alktrace.calling.rule.neighbours import Neighbourhood, edges, second_form, two_forms
from alktrace.vocabulary.variant import SmallVariant

SETTINGS = SHIPPED.calling  # a reach of 12 bases, a tenth of the molecules, forms 50 bases apart in 80 %
SEQUENCE = "TGACCATGCAGTTACGGATCCTAGACTTGCATCGAACCTGTCAGGTATTCGCAAGCTGACTTAGC"


def hood(
    indels: dict[SmallVariant, int],
    snvs: dict[SmallVariant, int] | None = None,
    sequence: str = SEQUENCE,
    aligned: dict[SmallVariant, int] | None = None,
) -> Neighbourhood:
    return Neighbourhood(
        snvs or {}, indels, Counter(aligned or {}), SETTINGS, lambda _, start, end: sequence[start:end]
    )


def variant(pos: int, ref: str, alt: str, chrom: str = "c") -> SmallVariant:
    return SmallVariant(chrom, pos, ref, alt)


def of_length(pos: int, lost: int, alt: str) -> SmallVariant:
    return variant(pos, SEQUENCE[pos - 1 : pos - 1 + lost], alt)


def straight_on(indel: SmallVariant, reach: int = 12) -> Iterator[tuple[int, str]]:
    """Place (0-based) and base of what reads show that reach at most so far over the break, straight on.

    One by one: the reads from the left end behind 1, 2, ... of the bases that follow the unchanged ones.
    """
    mutant = SEQUENCE[: indel.start] + indel.alt + SEQUENCE[indel.end :]
    first = indel.start + (indel.ref[0] == indel.alt[0])
    for over in range(reach):
        yield first + over, mutant[first + over]
        yield indel.end - 1 - over, mutant[len(mutant) - (len(SEQUENCE) - indel.end) - 1 - over]


@pytest.mark.parametrize(
    "indel",
    [
        pytest.param(of_length(30, 5, SEQUENCE[29]), id="deletion"),
        pytest.param(of_length(30, 16, SEQUENCE[29]), id="deletion-longer-than-the-reach"),
        pytest.param(of_length(30, 1, SEQUENCE[29] + "GTTAC"), id="insertion"),
        pytest.param(
            of_length(30, 1, SEQUENCE[29] + "GTTACGGTTACAGTT"), id="insertion-longer-than-the-reach"
        ),
        pytest.param(of_length(30, 7, "TGT"), id="complex"),
    ],
)
def test_substitutions_that_ends_of_reads_over_an_indel_show(indel: SmallVariant) -> None:
    """Every substitution within 30 bases is asked for; only what a read end shows is a candidate."""
    snvs = {
        variant(place + 1, SEQUENCE[place], base): 1
        for place in range(1, 64)
        for base in "ACGT"
        if base != SEQUENCE[place]
    }
    found = {(group[0].start, group[0].alt) for group in edges(hood({indel: 100}, snvs))}
    assert found == {(place, base) for place, base in straight_on(indel) if base != SEQUENCE[place]}


def test_no_read_shows_what_lies_before_the_sequence() -> None:
    """The mutant haplotype of a deletion at its start is three bases long on that side."""
    deletion, sequence = variant(3, "GCTTACGTCA", "G"), "ATGCTTACGTCAGG"
    snvs = {
        variant(place + 1, sequence[place], base): 1
        for place in range(12)
        for base in "ACGT"
        if base != sequence[place]
    }
    found = {(g[0].start, g[0].alt) for g in edges(hood({deletion: 100}, snvs, sequence)) if g[0].start < 10}
    # From the left G|GG stands in place of GCTTACGTCA, from the right ATG|GG: its A where T (9) was.
    assert found == {(3, "G"), (4, "G"), (9, "A")}


@pytest.mark.parametrize(
    ("molecules", "chrom", "candidate"), [(10, "c", True), (11, "c", False), (10, "d", False)]
)
def test_at_most_a_tenth_of_the_molecules_of_the_indel(molecules: int, chrom: str, candidate: bool) -> None:
    deletion = of_length(30, 5, SEQUENCE[29])
    place, base = next((p, b) for p, b in straight_on(deletion) if b != SEQUENCE[p])
    snv = SmallVariant(chrom, place + 1, SEQUENCE[place], base)
    assert bool(list(edges(hood({deletion: 100}, {snv: molecules})))) is candidate


@pytest.mark.parametrize(
    ("other", "counted"),
    [
        pytest.param(of_length(21, 1, SEQUENCE[20] + "GGG"), True, id="twelve-bases-to-the-left"),
        pytest.param(of_length(20, 1, SEQUENCE[19] + "GGG"), False, id="thirteen-to-the-left"),
        pytest.param(of_length(46, 1, SEQUENCE[45] + "GGG"), True, id="twelve-to-the-right"),
        pytest.param(of_length(47, 1, SEQUENCE[46] + "GGG"), False, id="thirteen-to-the-right"),
    ],
)
def test_a_substitution_is_counted_with_every_indel_near_it(other: SmallVariant, counted: bool) -> None:
    """CATCG has lost ATCG: ends of reads show C of the bases behind it in place of G, at 34."""
    deletion = of_length(30, 5, SEQUENCE[29])
    snv = variant(34, SEQUENCE[33], SEQUENCE[37])
    ((_, *near),) = edges(hood({deletion: 100, other: 9}, {snv: 1}))
    assert near == [deletion, other][: 1 + counted]


# `ACCGTACCGT` without its last `CGT`, read from the right only, is also one `ACCGT` that gained `AC`.
REPEAT = "TTGACTGAAGTCG" + "ACCGTACCGT" + "TTTCCAGGATCAGTTAGC"
LOST, GAINED, FAR = variant(20, "CCGT", "C"), variant(23, "T", "TAC"), variant(33, "TCA", "T")


def test_two_ways_to_write_one_change() -> None:
    forms = hood({FAR: 9, GAINED: 9, LOST: 9}, sequence=REPEAT)
    assert list(two_forms(forms)) == [(LOST, GAINED)]
    elsewhere = SmallVariant("d", GAINED.pos, GAINED.ref, GAINED.alt)
    assert not list(two_forms(hood({LOST: 9, elsewhere: 9}, sequence=REPEAT)))


@pytest.mark.parametrize(
    ("pair", "states", "aligned", "second"),
    [
        pytest.param((LOST, GAINED), {(ALT, ALT): 9}, {LOST: 60, GAINED: 20}, GAINED, id="rarer-in-reads"),
        pytest.param((LOST, GAINED), {(ALT, ALT): 9}, {LOST: 20, GAINED: 60}, LOST, id="rarer-the-other-way"),
        pytest.param((LOST, GAINED), {(ALT, ALT): 9}, {}, LOST, id="equal-reads-the-longer"),
        pytest.param(
            (LOST, GAINED), {(ALT, ALT): 7, (ALT, REF): 3}, {GAINED: 9}, GAINED, id="others-carry-one-alone"
        ),
        pytest.param(
            (LOST, GAINED),
            {(ALT, ALT): 8, (ALT, REF): 2, (REF, ALT): 3},
            {},
            LOST,
            id="eight-of-ten-molecules",
        ),
        pytest.param(
            (LOST, GAINED), {(ALT, ALT): 7, (ALT, OTHER): 2, (OTHER, ALT): 2}, {}, None, id="seven-of-nine"
        ),
        pytest.param(
            (LOST, GAINED),
            {(ALT, ALT): 7, (ALT, ABSENT): 9, (ABSENT, ALT): 9},
            {},
            LOST,
            id="short-ones-tell-not",
        ),
        pytest.param((LOST, GAINED), {(ALT, REF): 9, (REF, ALT): 9}, {}, None, id="in-other-molecules"),
        pytest.param((LOST, GAINED), {(REF, REF): 9}, {}, None, id="in-no-molecule"),
        pytest.param((LOST, GAINED), {(ALT, ALT): 1}, {}, LOST, id="in-one-molecule"),
        pytest.param((LOST, FAR), {(ALT, ALT): 9}, {}, None, id="in-cis-but-another-change"),
    ],
)
def test_which_of_two_forms_is_second(
    pair: tuple[SmallVariant, SmallVariant],
    states: dict[tuple[int, int], int],
    aligned: dict[SmallVariant, int],
    second: SmallVariant | None,
) -> None:
    forms = hood(dict.fromkeys(pair, 9), sequence=REPEAT, aligned=aligned)
    assert second_form(pair, Counter(states), forms) == second


@pytest.mark.parametrize("apart", [50, 51])
def test_forms_lie_at_most_fifty_bases_apart(apart: int) -> None:
    """Which AC of forty is lost cannot be told: every form shows every other."""
    sequence = SEQUENCE[:20] + "AC" * 40 + SEQUENCE[20:]
    one = variant(20, SEQUENCE[19] + "AC", SEQUENCE[19])
    start = one.end + apart
    other = variant(start + 1, sequence[start : start + 3], sequence[start])
    assert list(two_forms(hood({other: 9, one: 9}, sequence=sequence))) == [(one, other)] * (apart == 50)
