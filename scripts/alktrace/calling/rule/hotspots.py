"""Where the rule uses the hotspot tail: codons of the loci table and alleles of the hotspot table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...reference.locus_table import HotspotRow, LocusRow
from ...vocabulary.changes import VariantType
from ...vocabulary.detection import LocusKind
from ...vocabulary.variant import SmallVariant

CODON = 3
HOTSPOT_KINDS = frozenset({LocusKind.ALK_HOTSPOT, LocusKind.BYPASS_HOTSPOT})


@dataclass(frozen=True)
class Hotspots:
    """Hotspot loci (0-based half-open, by sequence) and alleles."""

    loci: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    alleles: frozenset[SmallVariant] = frozenset()

    def is_listed(self, variant: SmallVariant) -> bool:
        """Tell whether this very allele is in the hotspot table."""
        return variant in self.alleles

    def contains(self, variant: SmallVariant) -> bool:
        """Tell whether the variant is listed or changes a base of a hotspot locus.

        An insertion or deletion that shifts the frame is no mutation of a hotspot codon.
        """
        if variant in self.alleles:
            return True
        start, end = changed(variant)
        if (len(variant.alt) - len(variant.ref)) % CODON:
            return any(s < end and start < e and e - s > CODON for s, e in self.loci.get(variant.chrom, ()))
        # Half-open on both sides: the base before a codon must not get the lenient tail.
        return any(s < end and start < e for s, e in self.loci.get(variant.chrom, ()))


def make_hotspots(loci: Sequence[LocusRow], hotspots: Sequence[HotspotRow]) -> Hotspots:
    """Return the hotspots of the two tables."""
    by_chrom: dict[str, list[tuple[int, int]]] = {}
    for locus in loci:
        if locus.kind in HOTSPOT_KINDS:
            by_chrom.setdefault(locus.chrom, []).append((locus.start, locus.end))
    listed = frozenset(SmallVariant(row.chrom, row.pos, row.ref, row.alt) for row in hotspots)
    return Hotspots(by_chrom, listed)


def changed(variant: SmallVariant) -> tuple[int, int]:
    """Return the reference bases a variant changes, 0-based half-open.

    An insertion changes the two bases it parts.
    """
    if variant.kind is VariantType.INSERTION:
        # The first base of the record lies before the gained ones: between two codons it counts for both.
        return variant.start, variant.start + 2
    if variant.kind is VariantType.DELETION:
        # The first base of the record is unchanged: at the base before a deletion there may be a hotspot.
        return variant.start + 1, variant.end
    return variant.start, variant.end
