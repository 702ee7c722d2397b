"""Small variants as alleles: normal form, kind, repeat context and the window in which reads are compared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Fetch = Callable[[str, int, int], str]
"""Returns upper-case reference bases of chromosome, start, end (0-based half-open, clipped to it)."""

FLANK: Final = 5
"""Bases a read must show on both sides of the junction of an indel."""
MIN_DIFFERENCES: Final = 3
"""Bases by which mutant and reference must differ inside the window of an indel."""
MAX_WINDOW: Final = 400


@dataclass(frozen=True, order=True)
class SmallVariant:
    """One alternative allele; `pos` is 1-based, alleles are upper-case and not empty, as in VCF."""

    chrom: str
    pos: int
    ref: str
    alt: str

    @property
    def start(self) -> int:
        """First reference base of the record, 0-based."""
        return self.pos - 1

    @property
    def end(self) -> int:
        """End of the reference allele, 0-based, exclusive."""
        return self.pos - 1 + len(self.ref)

    @property
    def is_substitution(self) -> bool:
        """Whether both alleles have one length: SNV or MNV."""
        return len(self.ref) == len(self.alt)

    @property
    def kind(self) -> str:
        """`snv`, `mnv`, `insertion`, `deletion` or `delins`."""
        if self.is_substitution:
            return "snv" if len(self.ref) == 1 else "mnv"
        if self.alt.startswith(self.ref):
            return "insertion"
        if self.ref.startswith(self.alt):
            return "deletion"
        return "delins"


@dataclass(frozen=True)
class Window:
    """Where reads are compared with both haplotypes of an indel.

    Attributes:
        start: first reference base, 0-based.
        junction: offset of the first base behind the left flank.
        ref, alt: the two haplotypes from `start` on, of one length.
        right: reference position behind the changed bases, 0-based.
        right_offset: offset in `alt` of that position; may lie behind its end.
    """

    start: int
    junction: int
    ref: str
    alt: str
    right: int
    right_offset: int


def normalise(variant: SmallVariant, fetch: Fetch) -> SmallVariant:
    """Return the shortest, leftmost form of a variant (Tan et al. 2015, Bioinformatics 31:2202).

    Args:
        variant: any form whose `ref` matches the reference.
        fetch: gives reference bases.
    """
    chrom, start, ref, alt = variant.chrom, variant.start, variant.ref, variant.alt
    while ref != alt:
        if ref and alt and ref[-1] == alt[-1]:
            ref, alt = ref[:-1], alt[:-1]
        elif ref and alt:
            break
        elif start > 0:
            base = fetch(chrom, start - 1, start)
            start, ref, alt = start - 1, base + ref, base + alt
        else:
            base = fetch(chrom, len(ref), len(ref) + 1)
            return SmallVariant(chrom, 1, ref + base, alt + base)
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        start, ref, alt = start + 1, ref[1:], alt[1:]
    return SmallVariant(chrom, start + 1, ref, alt)


def shift_length(variant: SmallVariant, fetch: Fetch) -> int:
    """Return by how many bases a leftmost insertion or deletion could move to the right."""
    if variant.kind not in ("insertion", "deletion"):
        return 0
    longer = variant.alt if variant.kind == "insertion" else variant.ref
    unit = longer[1:]
    behind = variant.start + 1 + (len(unit) if variant.kind == "deletion" else 0)
    following = fetch(variant.chrom, behind, behind + MAX_WINDOW)
    shift = 0
    while shift < len(following) and following[shift] == unit[shift % len(unit)]:
        shift += 1
    return shift


def indel_window(variant: SmallVariant, fetch: Fetch) -> Window | None:
    """Return the comparison window of a normalised indel; None where no read could tell the alleles apart.

    The window reaches from `FLANK` bases before the change so far to the right that both haplotypes differ
    in `MIN_DIFFERENCES` bases and the inserted bases and `FLANK` bases behind them are seen. It is equally
    long on both haplotypes: molecules of either kind have the same chance to show it, so the VAF is not
    biased.
    """
    shared = 0
    while shared < min(len(variant.ref), len(variant.alt)) and variant.ref[shared] == variant.alt[shared]:
        shared += 1
    change = variant.start + shared
    start = max(0, change - FLANK)
    left = fetch(variant.chrom, start, change)
    inserted = variant.alt[shared:]
    ref = left + fetch(variant.chrom, change, change + MAX_WINDOW)
    alt = left + inserted + fetch(variant.chrom, variant.end, variant.end + MAX_WINDOW)
    size = len(left) + len(inserted) + FLANK
    longest = min(len(ref), len(alt), MAX_WINDOW)
    while size <= longest:
        if (
            sum(a != b and "N" not in a + b for a, b in zip(ref[:size], alt[:size], strict=True))
            >= MIN_DIFFERENCES
        ):
            return Window(start, len(left), ref[:size], alt[:size], variant.end, len(left) + len(inserted))
        size += 1
    return None


def components(variant: SmallVariant) -> tuple[SmallVariant, ...]:
    """Return the single-base substitutions a variant of equal lengths is made of."""
    return tuple(
        SmallVariant(variant.chrom, variant.pos + i, a, b)
        for i, (a, b) in enumerate(zip(variant.ref, variant.alt, strict=True))
        if a != b
    )
