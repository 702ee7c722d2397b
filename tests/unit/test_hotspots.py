"""Which variants change a base of a hotspot, counted on the bases 101 to 103 (1-based) of one codon."""

import pytest

from alktrace.calling.rule.hotspots import Hotspots, make_hotspots
from alktrace.reference.locus_table import HotspotRow, LocusRow
from alktrace.vocabulary.detection import LocusKind
from alktrace.vocabulary.variant import SmallVariant

CODON = Hotspots({"chr2": [(100, 103)]})


@pytest.mark.parametrize(
    ("pos", "ref", "alt", "inside"),
    [
        pytest.param(100, "A", "C", False, id="base-before"),
        pytest.param(101, "A", "C", True, id="first-base"),
        pytest.param(103, "A", "C", True, id="last-base"),
        pytest.param(104, "A", "C", False, id="base-behind"),
        pytest.param(99, "AA", "CC", False, id="two-bases-before"),
        pytest.param(100, "AA", "CC", True, id="two-bases-into"),
        pytest.param(98, "ACGT", "A", True, id="first-base-lost"),
        pytest.param(97, "ACGT", "A", False, id="base-before-lost"),
        pytest.param(102, "ACGT", "A", True, id="last-base-lost"),
        pytest.param(103, "ACGT", "A", False, id="base-behind-lost-the-last-is-its-anchor"),
        pytest.param(90, "A" * 31, "A", True, id="codon-lost"),
        pytest.param(99, "A", "ACGT", False, id="gained-before-the-base-before"),
        pytest.param(100, "A", "ACGT", True, id="gained-before-the-first"),
        pytest.param(103, "A", "ACGT", True, id="gained-behind-the-last"),
        pytest.param(104, "A", "ACGT", False, id="gained-behind-the-base-behind"),
        pytest.param(99, "AC", "TGTGT", False, id="complex-up-to-it"),
        pytest.param(99, "ACG", "TATATA", True, id="complex-into-it"),
        pytest.param(101, "AC", "A", False, id="frame-shifted"),
        pytest.param(101, "A", "ACG", False, id="frame-shifted-by-two"),
    ],
)
def test_bases_of_a_hotspot(pos: int, ref: str, alt: str, inside: bool) -> None:
    assert CODON.contains(SmallVariant("chr2", pos, ref, alt)) is inside
    assert not CODON.contains(SmallVariant("chr3", pos, ref, alt))


def test_a_shifted_frame_counts_in_an_exon() -> None:
    """MET exon 14 is skipped whatever the number of bases that its border loses."""
    exon = Hotspots({"chr2": [(100, 200)]})
    assert exon.contains(SmallVariant("chr2", 150, "AC", "A"))


def test_hotspots_of_the_tables() -> None:
    """Codons count, whole genes and introns do not; a listed allele counts wherever it lies."""
    kinds = {LocusKind.ALK_HOTSPOT: 10, LocusKind.BYPASS_HOTSPOT: 20, LocusKind.BYPASS_GENE: 30}
    kinds[LocusKind.FUSION_INTRON] = 40
    loci = [LocusRow("G", "L", kind, 1, "c", at, at + 3) for kind, at in kinds.items()]
    made = make_hotspots(loci, [HotspotRow("G", "X1Y", "c", 41, "A", "T")])
    assert [at for at in kinds.values() if made.contains(SmallVariant("c", at + 1, "A", "G"))] == [10, 20]
    listed = SmallVariant("c", 41, "A", "T")
    assert made.is_listed(listed) and made.contains(listed)
    assert not made.is_listed(SmallVariant("c", 41, "A", "C"))
