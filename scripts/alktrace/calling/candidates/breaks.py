"""Breaks: where molecules of a rearrangement leave the reference, read off their soft clips.

A clip belongs to a break if its bases, by the SA tag, or its mate lie elsewhere. Clips of an insertion or
deletion do not: the rest of such a read continues nearby on the same strand.
"""

from typing import NamedTuple

ELSEWHERE = 500
"""Bases to the start of another alignment that no small change explains: those of a read and of an allele."""
_FIELDS = 6


class Break(NamedTuple):
    """Place at which a junction parts the reference.

    Attributes:
        chrom: sequence name.
        position: 0-based; the first base behind molecules that end on the right, else their first base.
        right: whether molecules of the junction end on the right.
    """

    chrom: str
    position: int
    right: bool

    @property
    def start(self) -> int:
        """0-based position, as of an allele."""
        return self.position


def is_elsewhere(split: str, chrom: str, position: int, *, reverse: bool) -> bool:
    """Tell whether all other alignments of a clipped read lie elsewhere.

    Args:
        split: SA tag, perhaps cut off; empty where the mate told that it lies elsewhere.
        chrom: sequence name of the read.
        position: 0-based place of its clip.
        reverse: whether it is aligned to the reverse strand.
    """
    others = [part.split(",") for part in split.split(";")]
    # The last may be cut off, and a damaged tag proves nothing.
    whole = [fields for fields in others if len(fields) == _FIELDS and fields[1].isdecimal()]
    return not split or (
        bool(whole)
        and all(
            name != chrom or (strand == "-") != reverse or abs(int(start) - 1 - position) > ELSEWHERE
            for name, start, strand, *_ in whole
        )
    )
