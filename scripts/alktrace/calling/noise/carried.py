"""Repeats on the haplotypes that the molecules of a sample carry, not on the reference alone.

An inherited substitution can join two short repeats to a long one: `GTGTGTATGTGTGT` with G for the A. Its
carriers slip as often as a repeat of seven units does, where the reference has three.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...vocabulary.variant import Fetch, SmallVariant
from ..molecules.pileup import Pileup
from ..molecules.regions import BASES
from .kinds import repeats

REACH = 60
"""Bases from an insertion or deletion within which a substitution may lengthen its repeat."""
LEAST_MOLECULES = 3

Change = tuple[int, str]
"""0-based position and base of a substitution."""


@dataclass(frozen=True)
class Haplotypes:
    """The reference and the substitutions that many molecules of a sample have.

    Attributes:
        fetch: bases of the reference.
        changes: substitutions by sequence, in order.
    """

    fetch: Fetch
    changes: dict[str, list[Change]]

    @classmethod
    def of_sample(cls, pileup: Pileup, fetch: Fetch, min_vaf: float) -> "Haplotypes":
        """Return the haplotypes of a sample.

        Args:
            pileup: its molecules.
            fetch: bases of the reference.
            min_vaf: VAF from which a substitution counts as carried by a haplotype.
        """
        changes: dict[str, list[Change]] = {}
        for site, base in _common(pileup, min_vaf):
            chrom, position = pileup.regions.place(site)
            changes.setdefault(chrom, []).append((position, base))
        return cls(fetch, {chrom: sorted(found) for chrom, found in changes.items()})

    @classmethod
    def of_sites(cls, pileup: Pileup, min_vaf: float) -> "Haplotypes":
        """Return the same of the bases of all regions side by side, a sequence without a name."""
        letters = np.frombuffer(f"{BASES}N".encode(), np.uint8)
        text = letters[pileup.regions.reference].tobytes().decode()
        changes = list(_common(pileup, min_vaf))
        return cls(lambda _, start, end: text[max(0, start) : max(0, end)], {"": changes})

    def longest(self, variant: SmallVariant) -> tuple[SmallVariant, Fetch]:
        """Return an insertion or deletion as it stands in the longest of its repeats, and that haplotype.

        That is the variant itself on the reference, unless a carried substitution makes a longer repeat.
        """
        forms = [(variant, self.fetch)]
        if not variant.is_substitution:
            forms += self._elsewhere(variant)
        return max(forms, key=lambda form: repeats(*form)) if len(forms) > 1 else forms[0]

    def _elsewhere(self, variant: SmallVariant) -> Iterator[tuple[SmallVariant, Fetch]]:
        changes = self.changes.get(variant.chrom, [])
        low, high = variant.start - REACH, variant.end + REACH
        near = changes[bisect_left(changes, (low, "")) : bisect_left(changes, (high, ""))]
        sets = [[change] for change in near] + ([near] if len(near) > 1 else [])
        for carried in sets:
            fetch = _carrying(self.fetch, variant.chrom, carried)
            for gap in _gaps(variant, self.fetch, fetch, carried):
                yield gap.normalised(fetch), fetch


def _common(pileup: Pileup, min_vaf: float) -> Iterator[Change]:
    """Yield site and base of the substitutions that many molecules have."""
    reference = pileup.regions.reference
    molecules = pileup.counts.sum(axis=2, dtype=np.int64)
    total = molecules.sum(axis=1)
    known = np.flatnonzero(reference < len(BASES))
    molecules[known, reference[known]] = 0
    common = (molecules >= LEAST_MOLECULES) & (molecules >= min_vaf * total[:, None])
    common[reference >= len(BASES)] = False
    for site, base in zip(*np.nonzero(common), strict=True):
        yield int(site), BASES[base]


def _carrying(fetch: Fetch, chrom: str, changes: Sequence[Change]) -> Fetch:
    def carrying(asked: str, start: int, end: int) -> str:
        text, first = fetch(asked, start, end), max(0, start)
        for position, base in changes:
            at = position - first
            if asked == chrom and 0 <= at < len(text):
                text = text[:at] + base + text[at + 1 :]
        return text

    return carrying


def _gaps(
    variant: SmallVariant, fetch: Fetch, carrying: Fetch, changes: Sequence[Change]
) -> Iterator[SmallVariant]:
    """Yield the insertion or deletion of the haplotype, where it is one, that makes the same molecules.

    A molecule that has slipped may no longer show the substitution: its gap then spans that place.
    """
    first = max(0, variant.start - 2 * REACH)
    # The base before the gap is no part of it: on the haplotype it may be another.
    anchor = _shared(variant.ref, variant.alt)
    start, inserted = variant.start + anchor, variant.alt[anchor:]
    before, behind = start - first, variant.end - first
    haplotype = carrying(variant.chrom, first, variant.end + 2 * REACH)
    texts = [fetch(variant.chrom, first, variant.end + 2 * REACH)]
    if not any(start <= position < variant.end for position, _ in changes):
        texts.append(haplotype)
    for text in texts:
        mutant = text[:before] + inserted + text[behind:]
        same = _shared(haplotype, mutant)
        rest = min(_shared(haplotype[::-1], mutant[::-1]), len(haplotype) - same, len(mutant) - same)
        ref, alt = haplotype[same : len(haplotype) - rest], mutant[same : len(mutant) - rest]
        if (ref == "") != (alt == ""):
            yield SmallVariant(variant.chrom, first + same + 1, ref, alt)


def _shared(one: str, two: str) -> int:
    """Return how many bases two texts begin with alike."""
    alike, most = 0, min(len(one), len(two))
    # Halved: slices are compared at once, letters one by one.
    while alike < most:
        middle = (alike + most + 1) // 2
        if one[alike:middle] == two[alike:middle]:
            alike = middle
        else:
            most = middle - 1
    return alike
