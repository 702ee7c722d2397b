"""One change written in two ways: where a repeat lies beside an indel, both forms fit the same molecules.

`ACCGTACCGT` without its last `CGT` is also one `ACCGT` that gained `AC`: a read that shows one side only fits
both. Of two called forms that the same molecules carry, the one that more reads were
aligned with stays.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from .alleles import SmallVariant
from .genotyping import ALT

REACH = 50
SHARED = 0.8
"""Share of the molecules of the rarer form that carry the other too."""

Joint = Callable[[Sequence[SmallVariant]], Counter[tuple[int, ...]]]
"""Counts molecules per combination of states."""


def twins(
    indels: Sequence[tuple[SmallVariant, int]], aligned: Counter[SmallVariant], joint: Joint
) -> set[SmallVariant]:
    """Return the called insertions and deletions that are another form of a neighbour.

    Args:
        indels: called ones with their molecules.
        aligned: reads that were aligned with each form.
        joint: counts combinations.
    """
    dropped: set[SmallVariant] = set()
    for (one, molecules), (other, others) in pairwise(sorted(indels)):
        if one.chrom != other.chrom or other.start - one.end > REACH:
            continue
        both = joint((one, other))[ALT, ALT]
        if both >= SHARED * min(molecules, others):
            dropped.add(other if aligned[one] >= aligned[other] else one)
    return dropped
