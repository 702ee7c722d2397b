"""Mismatches that are the ends of reads over an insertion or deletion, not variants of their own.

A read that reaches only a few bases over the break is aligned straight on: its last bases then differ from
the reference. They show what the mutant haplotype predicts there, in few of the molecules that the insertion
or deletion has. Hotspots are left alone: a mutation there is not to be explained away.
"""

from collections.abc import Iterable

from .alleles import Fetch, SmallVariant

REACH = 12
"""Bases beyond a break that an aligner may force onto the reference instead of clipping them."""
SHARE = 0.1
"""Molecules with the mismatch, at most, as a share of those with the insertion or deletion."""


def is_edge(
    snv: SmallVariant, molecules: int, indels: Iterable[tuple[SmallVariant, int]], fetch: Fetch
) -> bool:
    """Tell whether a substitution is what ends of reads over a called insertion or deletion show.

    Args:
        snv: one base.
        molecules: with it.
        indels: called insertions, deletions and complex changes with their molecules.
        fetch: reference bases.
    """
    return any(
        indel.chrom == snv.chrom and molecules <= SHARE * number and snv.alt in _predicted(snv, indel, fetch)
        for indel, number in indels
    )


def _predicted(snv: SmallVariant, indel: SmallVariant, fetch: Fetch) -> str:
    """Return what the mutant haplotype shows at the place of the SNV, from the left and from the right."""
    found = ""
    ahead, behind = snv.start - indel.start, indel.end - snv.start
    if 0 < ahead <= REACH + 1:
        found += (indel.alt + fetch(indel.chrom, indel.end, indel.end + REACH + 1))[ahead : ahead + 1]
    if 0 < behind <= REACH:
        before = fetch(indel.chrom, indel.start - REACH, indel.start) + indel.alt
        found += before[-behind:][:1]
    return found
