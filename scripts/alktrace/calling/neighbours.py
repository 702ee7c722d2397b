"""What an insertion or deletion makes of its surroundings: read ends laid out wrongly, and second forms.

A read that reaches only a few bases over the break is aligned straight on: its last bases then differ from
the reference. They show what the mutant haplotype predicts there, in few of the molecules that the insertion
or deletion has. Hotspots are left alone: a mutation there is not to be explained away.

Where a repeat lies beside an insertion or deletion, it can be written in two ways: `ACCGTACCGT` without its
last `CGT` is also one `ACCGT` that gained `AC`. A read that shows one side only fits both. Of two forms that
the same molecules carry, the one that more reads were aligned with is called.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from ..settings import NeighbourSettings
from .alleles import Fetch, SmallVariant
from .genotyping import ALT

Joint = Callable[[Sequence[SmallVariant]], Counter[tuple[int, ...]]]
"""Counts molecules per combination of states."""
Counted = tuple[SmallVariant, int]
"""An allele and its molecules."""


def indel_edges(
    snvs: Iterable[Counted], indels: Sequence[Counted], settings: NeighbourSettings, fetch: Fetch
) -> set[SmallVariant]:
    """Return the substitutions that are what ends of reads over an insertion or deletion show.

    Args:
        snvs: single bases off hotspots.
        indels: insertions, deletions and complex changes that noise does not explain.
        settings: reach and share.
        fetch: reference bases.
    """
    return {
        snv
        for snv, molecules in snvs
        for indel, number in indels
        if indel.chrom == snv.chrom
        and molecules <= settings.edge_share * number
        and snv.alt in _predicted(snv, indel, settings.edge_reach, fetch)
    }


def _predicted(snv: SmallVariant, indel: SmallVariant, reach: int, fetch: Fetch) -> str:
    """Return what the mutant haplotype shows at the place of the SNV, from the left and from the right."""
    found = ""
    ahead, behind = snv.start - indel.start, indel.end - snv.start
    if 0 < ahead <= reach + 1:
        found += (indel.alt + fetch(indel.chrom, indel.end, indel.end + reach + 1))[ahead : ahead + 1]
    if 0 < behind <= reach:
        before = fetch(indel.chrom, max(0, indel.start - reach), indel.start) + indel.alt
        found += before[-behind:][:1]
    return found


def second_forms(
    indels: Sequence[Counted], aligned: Counter[SmallVariant], joint: Joint, settings: NeighbourSettings
) -> set[SmallVariant]:
    """Return the insertions and deletions that are another form of a neighbour.

    Args:
        indels: those that noise does not explain.
        aligned: reads that were aligned with each form.
        joint: counts combinations.
        settings: reach and share.
    """
    second: set[SmallVariant] = set()
    for (one, molecules), (other, others) in pairwise(sorted(indels)):
        if one.chrom != other.chrom or other.start - one.end > settings.form_reach:
            continue
        both = joint((one, other))[ALT, ALT]
        if both >= settings.form_share * min(molecules, others):
            second.add(other if aligned[one] >= aligned[other] else one)
    return second
