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
        pytest.param(100, "AC", "A", True, id="first-base-lost"),
        pytest.param(99, "AC", "A", False, id="base-before-lost"),
        pytest.param(102, "AC", "A", True, id="last-base-lost"),
        pytest.param(103, "AC", "A", False, id="base-behind-lost-the-last-is-its-anchor"),
        pytest.param(90, "A" * 30, "A", True, id="codon-lost"),
        pytest.param(99, "A", "AC", False, id="gained-before-the-base-before"),
        pytest.param(100, "A", "AC", True, id="gained-before-the-first"),
        pytest.param(103, "A", "AC", True, id="gained-behind-the-last"),
        pytest.param(104, "A", "AC", False, id="gained-behind-the-base-behind"),
        pytest.param(99, "AC", "TGT", False, id="complex-up-to-it"),
        pytest.param(99, "ACG", "TA", True, id="complex-into-it"),
    ],
)
def test_bases_of_a_hotspot(pos: int, ref: str, alt: str, inside: bool) -> None:
    assert CODON.contains(SmallVariant("chr2", pos, ref, alt)) is inside
    assert not CODON.contains(SmallVariant("chr3", pos, ref, alt))


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
