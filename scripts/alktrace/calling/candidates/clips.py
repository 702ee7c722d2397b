"""Long insertions and deletions that aligners hide in soft clips, found by local re-alignment of the clips.

A clip that continues on the reference some bases farther on is a deletion; one that returns to the break
after some bases is an insertion; both together a complex change. Found alleles are candidates only: their
molecules are counted on haplotypes (`genotyping`), clipped or not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from ...vocabulary.variant import Fetch, SmallVariant
from ..molecules.pileup import ClipKey, Pileup
from .events import CLIPPED_LEFT, CLIPPED_RIGHT
from .from_pileup import is_targeted

ANCHOR = 10
"""Bases of a clip that must continue on the reference without a mismatch."""
COMPLEX_ANCHOR = 14
MAX_MISMATCHES = 2
"""Beyond the anchor, and at most one per ten bases: an inherited substitution does not hide the change."""
MAX_DELETED = 100
MAX_INSERTED = 40
MAX_SEQUENCES = 20
"""Clips tried per break, the most frequent and longest first."""


def clip_candidates(pileup: Pileup, min_molecules: int, fetch: Fetch) -> list[SmallVariant]:
    """Return normalised alleles that the soft clips of so many molecules spell out."""
    names = dict(zip(pileup.regions.ref_ids.tolist(), pileup.regions.chroms, strict=True))
    found: Counter[SmallVariant] = Counter()
    for side in (CLIPPED_LEFT, CLIPPED_RIGHT):
        for (tid, position), clips in _by_break(pileup.clips[side]).items():
            if clips.total() >= min_molecules:
                found.update(_realign_break(names[tid], position, side, clips, fetch))
    return sorted(
        variant
        for variant, molecules in found.items()
        if molecules >= min_molecules and is_targeted(pileup, variant, fetch)
    )


def realign(clip: str, chrom: str, position: int, side: int, fetch: Fetch) -> SmallVariant | None:
    """Return the change that explains a clip, normalised; None if none does.

    Args:
        clip: clipped bases in the direction of the reference.
        chrom: sequence name.
        position: 0-based; the first aligned base of a left clip, the first base behind the alignment of a
            right clip.
        side: `CLIPPED_LEFT` or `CLIPPED_RIGHT`.
        fetch: reference bases.
    """
    reach = MAX_DELETED + len(clip)
    if side == CLIPPED_RIGHT:
        outward, bases = fetch(chrom, position, position + reach), clip
    else:
        outward, bases = fetch(chrom, max(0, position - reach), position)[::-1], clip[::-1]
    best = explain(bases, outward)
    if best is None:
        return None
    inserted, deleted = best
    if side == CLIPPED_RIGHT:
        start, alt = position, clip[:inserted]
    else:
        start, alt = position - deleted, clip[len(clip) - inserted :]
    ref = fetch(chrom, start, start + deleted)
    if set(ref + alt) - set("ACGT"):
        return None
    variant = SmallVariant(chrom, start + 1, ref, alt).normalised(fetch)
    return None if variant.is_substitution else variant


def explain(clip: str, reference: str) -> tuple[int, int] | None:
    """Return inserted and deleted bases before the rest of a clip is the reference; None if it never is.

    The simplest explanation wins: a deletion alone, an insertion alone, either with a substitution farther
    on, both together; then the shortest.

    Args:
        clip: clipped bases from the break on.
        reference: bases from the break on, in the same direction.
    """
    for mismatches in (0, MAX_MISMATCHES):
        for deleted in _places(clip[:ANCHOR], reference, MAX_DELETED, ANCHOR):
            if _follows(clip, reference[deleted:], ANCHOR, mismatches):
                return 0, deleted
        for inserted in _places(reference[:ANCHOR], clip, MAX_INSERTED, ANCHOR):
            if _follows(clip[inserted:], reference, ANCHOR, mismatches):
                return inserted, 0
    for inserted in range(1, MAX_INSERTED + 1):
        rest = clip[inserted:]
        for deleted in _places(rest[:COMPLEX_ANCHOR], reference, MAX_DELETED, COMPLEX_ANCHOR):
            if _follows(rest, reference[deleted:], COMPLEX_ANCHOR):
                return inserted, deleted
    return None


def _places(anchor: str, text: str, last: int, size: int) -> Iterator[int]:
    """Yield where an anchor lies in a text, from 1 to `last`; nowhere if it has less than `size` bases."""
    at = text.find(anchor, 1, last + size) if len(anchor) == size else -1
    while at >= 0:
        yield at
        at = text.find(anchor, at + 1, last + size)


def _follows(clip: str, reference: str, anchor: int, mismatches: int = 0) -> bool:
    """Tell whether a clip is the reference, but for mismatches behind its first bases, which are."""
    rest = reference[anchor : len(clip)]
    if len(rest) < len(clip) - anchor:
        return False
    return sum(a != b for a, b in zip(clip[anchor:], rest, strict=True)) <= min(
        mismatches, len(rest) // ANCHOR
    )


def _by_break(clips: Counter[ClipKey]) -> dict[tuple[int, int], Counter[str]]:
    grouped: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for (tid, position, bases, _), molecules in clips.items():
        grouped[(tid, position)][bases] += molecules
    return grouped


def _realign_break(
    chrom: str, position: int, side: int, clips: Counter[str], fetch: Fetch
) -> Counter[SmallVariant]:
    found: Counter[SmallVariant] = Counter()
    ranked = sorted(clips.items(), key=lambda item: (-item[1], -len(item[0]), item[0]))
    for bases, molecules in ranked[:MAX_SEQUENCES]:
        variant = realign(bases, chrom, position, side, fetch)
        if variant is not None:
            found[variant] += molecules
    return found
