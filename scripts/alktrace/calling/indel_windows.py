"""How far an indel can move in its repeat, and the window in which reads are compared with its haplotypes."""

from dataclasses import dataclass
from typing import Final

from ..vocabulary.changes import VariantType
from ..vocabulary.variant import Fetch, SmallVariant

FLANK: Final = 5
"""Bases a read must show on both sides of the junction of an indel."""
MIN_DIFFERENCES: Final = 3
"""Bases by which mutant and reference must differ inside the window of an indel."""
MAX_WINDOW: Final = 400


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


def shift_length(variant: SmallVariant, fetch: Fetch) -> int:
    """Return by how many bases a leftmost insertion or deletion could move to the right."""
    kind = variant.kind
    if kind is VariantType.INSERTION:
        unit, behind = variant.alt[1:], variant.start + 1
    elif kind is VariantType.DELETION:
        unit, behind = variant.ref[1:], variant.start + len(variant.ref)
    else:
        return 0
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
