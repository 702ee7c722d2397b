"""Breakends and junctions against the molecules that they stand for."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from present_values import present

from alktrace.reference.gene_models import reverse_complement
from alktrace.structural.fusions.breakpoints import (
    Breakend,
    Junction,
    MalformedAlignment,
    borders_unknown,
    make_segment,
    normalise,
    parse_sa,
    split_junctions,
)
from alktrace.structural.fusions.fusion_vcf import breakend_alt, parse_breakend
from alktrace.structural.fusions.junctions import place_clip
from alktrace.structural.fusions.scan import Regions


class Genome:
    """A genome in memory."""

    def __init__(self, **chroms: str) -> None:
        self.chroms = chroms

    def has(self, chrom: str) -> bool:
        return chrom in self.chroms

    def fetch(self, chrom: str, start: int, end: int) -> str:
        text = self.chroms.get(chrom, "")
        return "".join(text[i] if 0 <= i < len(text) else "N" for i in range(start, end))


def molecule(junction: Junction, genome: Genome, length: int) -> str:
    """The bases of a molecule over the junction, spelled out base by base."""
    first, second = junction.first, junction.second
    left = [
        genome.fetch(first.chrom, p, p + 1)
        if first.side == "L"
        else reverse_complement(genome.fetch(first.chrom, p, p + 1))
        for p in (
            range(first.pos - length + 1, first.pos + 1)
            if first.side == "L"
            else range(first.pos + length - 1, first.pos - 1, -1)
        )
    ]
    right = [
        genome.fetch(second.chrom, p, p + 1)
        if second.side == "R"
        else reverse_complement(genome.fetch(second.chrom, p, p + 1))
        for p in (
            range(second.pos, second.pos + length)
            if second.side == "R"
            else range(second.pos, second.pos - length, -1)
        )
    ]
    return "".join(left) + junction.inserted + "".join(right)


Side = Literal["L", "R"]
SIDES = st.sampled_from("LR")
# Two letters make chance homology common.
TEXT = st.text(alphabet="AC", min_size=80, max_size=80)


class TestNormalise:
    @settings(max_examples=100, deadline=None)
    @given(
        a=TEXT,
        b=TEXT,
        x=st.integers(30, 50),
        y=st.integers(30, 50),
        s=SIDES,
        t=SIDES,
        ins=st.text("ACG", max_size=4),
    )
    def test_same_molecule_and_one_form(
        self, a: str, b: str, x: int, y: int, s: Side, t: Side, ins: str
    ) -> None:
        genome = Genome(chr1=a, chr2=b)
        junction = Junction(Breakend("chr1", x, s), Breakend("chr2", y, t), ins)
        normal, homology = normalise(junction, genome)
        # Same molecule: what the first side gained, the other lost.
        gained = normal.first.pos - x if s == "L" else x - normal.first.pos
        before, after = molecule(junction, genome, 120), molecule(normal, genome, 120)
        assert before[100:140] == after[100 - gained : 140 - gained]
        # Every equivalent junction has the same form: shift within the homology and normalise again.
        if not normal.inserted:
            steps = range(homology + 1) if s == "L" else range(0, -homology - 1, -1)
            for step in steps:
                again, size = normalise(normal.shifted(step), genome)
                assert (again, size) == (normal, homology)
        assert normalise(junction.flipped(), genome) == (normal, homology)

    def test_homology_by_hand(self) -> None:
        # chr1 keeps ...GGTTAC and goes on CATG; chr2 brings CATT: CAT could be of either.
        genome = Genome(chr1="GGTTACCATGAAAA", chr2="TTTGCATTCCGGAA")
        normal, homology = normalise(Junction(Breakend("chr1", 5, "L"), Breakend("chr2", 4, "R")), genome)
        assert (normal.first.pos, normal.second.pos, homology) == (5, 4, 3)
        shifted = Junction(Breakend("chr1", 8, "L"), Breakend("chr2", 7, "R"))
        assert normalise(shifted, genome) == (normal, 3)

    def test_inserted_bases_that_continue_a_side(self) -> None:
        genome = Genome(chr1="GGTTACCATGAAAA", chr2="TTTGCATTCCGGAA")
        junction = Junction(Breakend("chr1", 3, "L"), Breakend("chr2", 8, "R"), "ACT")
        normal, _ = normalise(junction, genome)
        assert (normal.inserted, normal.first.pos, normal.second.pos) == ("", 5, 7)

    def test_unknown_bases_match_nothing(self) -> None:
        genome = Genome(chr1="ACGT" + "N" * 20, chr2="N" * 20 + "ACGT")
        _, homology = normalise(Junction(Breakend("chr1", 3, "L"), Breakend("chr2", 20, "R")), genome)
        assert homology == 0


class TestEdges:
    GENOME = Genome(chr1="ACGTACGTNN", chr2="NNACGTACGT")

    @pytest.mark.parametrize(
        ("first", "second", "unknown"),
        [
            (Breakend("chr1", 5, "L"), Breakend("chr2", 5, "R"), False),
            (Breakend("chr1", 7, "L"), Breakend("chr2", 5, "R"), True),
            (Breakend("chr1", 5, "L"), Breakend("chr2", 2, "R"), True),
            (Breakend("chr1", 0, "R"), Breakend("chr2", 5, "R"), True),
            (Breakend("chr1", 5, "L"), Breakend("absent", 5, "R"), False),
        ],
        ids=["inside", "end", "start", "end-of-chromosome", "not-in-the-genome"],
    )
    def test_borders_unknown(self, first: Breakend, second: Breakend, unknown: bool) -> None:
        assert borders_unknown(Junction(first, second), 0, self.GENOME) is unknown


class TestSegments:
    def test_reverse_read_counts_from_its_5_prime_end(self) -> None:
        segment = make_segment("chr1", 100, True, "30S50M2D10M5I6S", 60)
        assert (segment.start, segment.end) == (100, 162)
        assert (segment.query_start, segment.query_end) == (6, 71)

    def test_hard_clips_count(self) -> None:
        segment = make_segment("chr1", 100, False, "40H60M", 60)
        assert (segment.query_start, segment.query_end) == (40, 100)

    @pytest.mark.parametrize("cigar", ["", "*", "10", "M", "50S", "10M5", "10Q", "10M10S5M"])
    def test_malformed_cigar(self, cigar: str) -> None:
        with pytest.raises(MalformedAlignment):
            make_segment("chr1", 100, False, cigar, 60)

    @pytest.mark.parametrize(
        "text", ["", "chr1,5,+,10M,60", "chr1,5,+,10M,60,0,1", "chr1,-5,+,10M,60,0", "chr1,5,+,10M,x,0"]
    )
    def test_malformed_sa(self, text: str) -> None:
        with pytest.raises(MalformedAlignment):
            parse_sa(text)

    def test_several_entries(self) -> None:
        first, second = parse_sa("chr1,101,+,40M60S,60,0;chr2,201,-,30M70S,7,1;")
        assert (first.chrom, first.start, first.query_end) == ("chr1", 100, 40)
        assert (second.reverse, second.query_start, second.mapq) == (True, 70, 7)


class TestSplitReads:
    @pytest.mark.parametrize(
        ("left", "right", "expected"),
        [
            (("+", "40M60S"), ("+", "40S60M"), ("L", 139, "R", 500)),
            (("+", "40M60S"), ("-", "60M40S"), ("L", 139, "L", 559)),
            (("-", "60S40M"), ("+", "40S60M"), ("R", 100, "R", 500)),
            (("-", "60S40M"), ("-", "60M40S"), ("R", 100, "L", 559)),
        ],
        ids=["LR", "LL", "RR", "RL"],
    )
    def test_orientation(
        self, left: tuple[str, str], right: tuple[str, str], expected: tuple[str, int, str, int]
    ) -> None:
        segments = [
            make_segment("chr1", 100, left[0] == "-", left[1], 60),
            make_segment("chr2", 500, right[0] == "-", right[1], 33),
        ]
        (found,) = split_junctions(segments, "A" * 100)
        first, second = found.junction.first, found.junction.second
        assert (first.side, first.pos, second.side, second.pos) == expected
        assert (found.anchor, found.mapq) == (40, 33)
        assert split_junctions(segments[::-1], "A" * 100) == [found]

    def test_overlap_is_given_to_one_side(self) -> None:
        segments = [
            make_segment("chr1", 100, False, "45M55S", 60),
            make_segment("chr2", 500, False, "40S60M", 60),
        ]
        (found,) = split_junctions(segments, "A" * 100)
        assert (found.junction.first.pos, found.junction.second.pos, found.anchor) == (144, 505, 40)

    def test_gap_is_inserted(self) -> None:
        segments = [
            make_segment("chr1", 100, False, "40M60S", 60),
            make_segment("chr2", 500, False, "43S57M", 60),
        ]
        (found,) = split_junctions(segments, "A" * 40 + "CGT" + "A" * 57)
        assert found.junction.inserted == "CGT"
        (hidden,) = split_junctions(segments, "")
        assert hidden.junction.inserted == "NNN"

    def test_contained_segment_is_no_junction(self) -> None:
        segments = [
            make_segment("chr1", 100, False, "90M10S", 60),
            make_segment("chr2", 500, False, "20S40M40S", 60),
        ]
        assert split_junctions(segments, "A" * 100) == []

    def test_three_parts(self) -> None:
        segments = [
            make_segment("chr1", 100, False, "40M60S", 60),
            make_segment("chr2", 500, False, "40S30M30S", 60),
            make_segment("chr3", 900, False, "70S30M", 60),
        ]
        assert len(split_junctions(segments, "A" * 100)) == 2


class TestAlt:
    @pytest.mark.parametrize(
        ("first", "second", "text"),
        [
            ("L", "R", "GTT[chr2:21["),
            ("L", "L", "GTT]chr2:21]"),
            ("R", "L", "]chr2:21]AAG"),
            ("R", "R", "[chr2:21[AAG"),
        ],
    )
    def test_forms(self, first: Side, second: Side, text: str) -> None:
        # VCF 4.2, section 5.4; inserted bases are written as they stand on the plus strand of the record.
        junction = Junction(Breakend("chr1", 10, first), Breakend("chr2", 20, second), "TT")
        assert breakend_alt("G", junction) == text

    @given(
        x=st.integers(0, 10**8), y=st.integers(0, 10**8), s=SIDES, t=SIDES, ins=st.text("ACGT", max_size=5)
    )
    def test_round_trip(self, x: int, y: int, s: Side, t: Side, ins: str) -> None:
        junction = Junction(Breakend("chr1", x, s), Breakend("HLA-A*01:01", y, t), ins)
        assert parse_breakend("chr1", x + 1, breakend_alt("G", junction)) == junction

    @pytest.mark.parametrize("alt", ["A", "<DEL>", "A[chr2:5]", "A[chr2[", "[chr2:x[A", ""])
    def test_no_breakend(self, alt: str) -> None:
        with pytest.raises(ValueError, match="no breakend"):
            parse_breakend("chr1", 5, alt)


class TestPlaceClip:
    WINDOW = "ACGTTGCAACGGTTAACCGGATATCGCGTACGTAGCTAGCATCGATCGGCTAAGCT"

    def test_exact(self) -> None:
        assert place_clip(self.WINDOW[20:40], self.WINDOW, 12) == (0, 20)

    def test_untemplated_bases_in_front(self) -> None:
        inserted, index = present(place_clip("CCCCC" + self.WINDOW[20:40], self.WINDOW, 12))
        assert self.WINDOW[index : index + 15] == ("CCCCC" + self.WINDOW[20:40])[inserted : inserted + 15]
        assert inserted in (4, 5)

    def test_one_mismatch(self) -> None:
        clip = self.WINDOW[20:32] + "T" + self.WINDOW[33:45]
        assert place_clip(clip, self.WINDOW, 12) == (0, 20)

    @pytest.mark.parametrize("clip", ["TTTTTTTTTTTTTTTTTTTT", "ACGT", ""], ids=["absent", "short", "empty"])
    def test_no_place(self, clip: str) -> None:
        assert place_clip(clip, self.WINDOW, 12) is None

    def test_two_places(self) -> None:
        assert place_clip("ACGTTGCAACGGTTAA", "ACGTTGCAACGGTTAA" * 2, 12) is None


class TestRegions:
    REGIONS = Regions([("chr1", 10, 20), ("chr1", 15, 30), ("chr1", 50, 60)])

    @pytest.mark.parametrize(
        ("start", "end", "hit"),
        [
            (0, 10, False),
            (9, 11, True),
            (29, 30, True),
            (30, 50, False),
            (0, 100, True),
            (60, 70, False),
            (25, 55, True),
        ],
    )
    def test_hit(self, start: int, end: int, hit: bool) -> None:
        assert self.REGIONS.hit("chr1", start, end) is hit

    def test_other_chromosome(self) -> None:
        assert not self.REGIONS.hit("chr2", 10, 20)
        assert not self.REGIONS.hit(None, 10, 20)
