"""Molecules of a rearrangement are no molecules of a small variant beside its junction."""

from collections import Counter
from pathlib import Path
from typing import Any

import pysam
import pytest
from calling_case import C3805, PASS, Case, found, with_other
from molecule_bam import CHROM, Read, with_bases
from shipped_settings import SHIPPED

from alktrace.calling.candidates.breaks import Break, is_elsewhere
from alktrace.calling.genotyping.allele_states import ABSENT, ALT, REF
from alktrace.calling.molecules.pileup import pile_up
from alktrace.calling.molecules.reads import make_filters
from alktrace.calling.molecules.regions import build_regions
from alktrace.calling.rule.neighbours import Neighbourhood, States, beside_breaks, ends_at_break
from alktrace.io.bam_io import read_header
from alktrace.vocabulary.variant import SmallVariant

BREAK = C3805 + 20
ELSEWHERE = "chr5,4000,+,60S60M,60,0;"
NEARBY = f"{CHROM},{BREAK + 40},+,60S60M,60,0;"
JUNCTION = ("junction",)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    made = Case(tmp_path, SHIPPED.calling)
    made.loci = []
    return made


def other_side(case: Case) -> str:
    """Bases of another place that return to the reference by chance: 3 others, then 20 as 9 bases on.

    Reads that reach few bases over the junction show nothing but that.
    """
    reference = case.reference
    chance = "".join(with_other(base) for base in reference[BREAK : BREAK + 3])
    return chance + reference[BREAK + 9 : BREAK + 29] + "GATTACAGATTACAGATTACAGATTACAGATTACA"


def broken(case: Case, number: int, beyond: str, *, aligned: int = 0, **options: Any) -> list[Read]:
    """Molecules that leave the reference at the break: both mates are clipped, `aligned` bases later."""
    reads = []
    for i in range(number):
        start = BREAK - 90 + i % 30
        bases = case.reference[start:BREAK] + beyond[: 17 + i % 25]
        kept = BREAK + aligned - start
        cigar = f"{kept}M{len(bases) - kept}S"
        more: dict[str, Any] = {
            "tags": {"SA": ELSEWHERE},
            "mate_start": start,
            "template": kept,
            "duplex": (3, 2),
        }
        reads += [Read(f"f{i}", start, cigar, bases, flag=flag, **(more | options)) for flag in (99, 147)]
    return reads


def test_a_junction_is_no_complex_change(case: Case) -> None:
    """The clip returns to the reference by chance: all molecules of the fusion spell a delins out."""
    reads = case.molecules({}, 300, name="wild") + broken(case, 25, other_side(case))
    records = found(case.run(reads))
    assert {filters for _, filters in records.values()} == {JUNCTION}
    assert {molecules for molecules, _ in records.values()} == {25}


def test_the_same_clips_that_go_on_nearby_are_a_complex_change(case: Case) -> None:
    reads = case.molecules({}, 300, name="wild")
    reads += broken(case, 25, other_side(case), tags={"SA": NEARBY})
    assert {filters for _, filters in found(case.run(reads)).values()} == {PASS}


def test_bases_of_the_other_side_that_are_aligned_are_no_substitutions(case: Case) -> None:
    """One mismatch, then seven bases that fit: an aligner goes on behind the junction, and ends later."""
    reference = case.reference
    beyond = with_other(reference[BREAK]) + reference[BREAK + 1 : BREAK + 8] + "GATTACAGATTACAGATTACA"
    reads = case.molecules({}, 300, name="wild") + broken(case, 25, beyond, aligned=8)
    assert found(case.run(reads)) == {
        (BREAK + 1, reference[BREAK], with_other(reference[BREAK])): (25, JUNCTION)
    }


def test_a_pair_that_lies_apart_ends_there_without_a_clip(case: Case) -> None:
    """Reads that reach few bases over the junction are laid straight on; their mates lie elsewhere."""
    reference = case.reference
    beyond = with_other(reference[BREAK]) + reference[BREAK + 1 : BREAK + 6]
    reads = case.molecules({}, 300, name="wild") + broken(case, 25, other_side(case))
    short = broken(case, 12, beyond, aligned=6)
    for read in short[::2]:
        read.name, read.cigar, read.tags = "s" + read.name, f"{len(read.bases)}M", {}
        read.flag, read.mate_start = 97, 5000
    records = found(case.run(reads + short[::2]))
    assert records[BREAK + 1, reference[BREAK], with_other(reference[BREAK])] == (12, JUNCTION)


@pytest.mark.parametrize("at", [BREAK - 8, BREAK + 4])
def test_a_substitution_of_other_molecules_beside_a_junction_is_called(case: Case, at: int) -> None:
    edits = {at: with_other(case.reference[at])}
    reads = case.molecules({}, 300, name="wild") + case.molecules(edits, 20, name="own")
    reads += broken(case, 25, other_side(case))
    records = found(case.run(reads))
    assert records[at + 1, case.reference[at], edits[at]] == (20, PASS)


def test_an_inherited_base_in_cis_is_called(case: Case) -> None:
    """Half of the molecules have it, those of the junction too: most read over the break."""
    at = BREAK - 6
    edits = {at: with_other(case.reference[at])}
    reads = case.molecules({}, 150, name="wild") + case.molecules(edits, 150, name="inherited")
    junction = broken(case, 25, other_side(case))
    for read in junction:
        read.bases = with_bases(read.bases, edits, read.start)
    records = found(case.run(reads + junction))
    assert records[at + 1, case.reference[at], edits[at]] == (175, PASS)


def test_two_mates_are_one_molecule_of_a_candidate(case: Case) -> None:
    """Both mates show the same gap and the same clip; what proposes candidates counts them once."""
    start = C3805 - 60
    bases = case.reference[start:C3805] + case.reference[C3805 + 4 : C3805 + 40]
    gapped = [
        Read(f"g{i}", start, "60M4D36M", bases, flag=flag, mate_start=start, template=100, duplex=(3, 2))
        for i in range(5)
        for flag in (99, 147)
    ]
    case.run(gapped + broken(case, 7, other_side(case)))
    bam = case.folder / "a.bam"
    with pysam.FastaFile(str(case.folder / "ref.fa")) as fasta:
        regions = build_regions([(CHROM, C3805 - 150, C3805 + 150)], fasta=fasta, header=read_header(bam))
    pileup = pile_up(bam, regions, make_filters(case.settings))
    assert sum(pileup.indels.values()) == 5
    assert sum(clips.total() for clips in pileup.clips.values()) == 7
    assert pileup.breaks == {Break(CHROM, BREAK, True): 7}


@pytest.mark.parametrize(
    ("split", "elsewhere"),
    [
        ("", True),
        ("chr5,4000,+,60S60M,60,0;", True),
        ("chr2,9000,+,60S60M,60,0;", True),
        ("chr2,1041,+,60S60M,60,0;", False),
        ("chr2,1041,-,60S60M,60,0;", True),
        ("chr5,4000,+,60S60M,60,0;chr2,1041,+,90S30M,60,0;", False),
        ("chr5,4000,+,60S60M,60,0;chr2,10", True),
        ("nonsense", False),
        ("chr5,x,+,60S60M,60,0;", False),
    ],
)
def test_where_the_rest_of_a_read_lies(split: str, elsewhere: bool) -> None:
    """The read is a forward one clipped at base 1,000 of chr2; 500 bases farther on is elsewhere."""
    assert is_elsewhere(split, "chr2", 1000, reverse=False) == elsewhere


@pytest.mark.parametrize(
    ("over", "ending", "neither", "filtered"),
    [(2, 0, 5, True), (3, 0, 5, False), (3, 4, 0, True), (40, 40, 0, False), (0, 1, 0, True)],
)
def test_which_molecules_speak_for_a_change_beside_a_break(
    over: int, ending: int, neither: int, filtered: bool
) -> None:
    """Three must read over the break, and as many as end there."""
    variant, place = SmallVariant(CHROM, 100, "A", "C"), Break(CHROM, 110, True)
    hood = Neighbourhood(
        {}, {}, Counter(), SHIPPED.calling, lambda *_: "", [variant], [place, Break(CHROM, 300, True)]
    )
    (group,) = beside_breaks(hood)
    states: States = Counter({(ALT, REF): over, (ALT, ALT): ending, (ALT, ABSENT): neither, (REF, ALT): 50})
    assert ends_at_break(group, states, hood) == (variant if filtered else None)
