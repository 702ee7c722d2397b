"""Kinds of changes that share a noise rate: substitutions by trinucleotide, indels by the repeat they lie in.

Slips of a polymerase grow with the number of repeats, not with the bases: a unit of two bases four times over
slips like a homopolymer of four. An indel's kind is therefore the number of repeats it could be moved over.
"""

from bisect import bisect_right
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...vocabulary.changes import VariantType
from ...vocabulary.variant import Fetch, SmallVariant
from ..indel_windows import shift_length

TYPES = ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G")
INDELS = ("indel_0_2", "indel_3_5", "indel_6_8", "indel_9_11", "indel_12")
OTHERS = (*INDELS, "indel_long", "mnv")
CATEGORIES = TYPES + OTHERS
CONTEXTS = 16
N_SUBSTITUTIONS = len(TYPES) * CONTEXTS
N_ROWS = N_SUBSTITUTIONS + len(OTHERS)
LONG_INDEL = 4
REPEAT_BINS = (3, 6, 9, 12)
"""Repeats beyond the first from which the next kind of indel begins."""


@lru_cache(maxsize=1)
def substitution_rows() -> NDArray[np.int16]:
    """Return int16[4, 4, 4, 4]: row of 5' base, base, 3' base, alternative; -1 without change."""
    rows = np.full((4, 4, 4, 4), -1, np.int16)
    for before in range(4):
        for base in range(4):
            for after in range(4):
                for alt in range(4):
                    if alt != base:
                        rows[before, base, after, alt] = _substitution_row(before, base, after, alt)
    return rows


def _substitution_row(before: int, base: int, after: int, alt: int) -> int:
    if base in (0, 2):  # A or G: read the other strand
        before, base, after, alt = 3 - after, 3 - base, 3 - before, 3 - alt
    kind = TYPES.index(f"{'ACGT'[base]}>{'ACGT'[alt]}")
    return kind * CONTEXTS + before * 4 + after


def site_rows(reference: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return int16[sites, 4]: the row of every alternative, -1 for the reference base and unknown bases.

    Args:
        reference: uint8[sites], 0-3, 4 unknown.
        offsets: int64[regions + 1], first site of every region; its end sites lack a neighbour.
    """
    # Regions lie side by side in one array: the last base of one is no neighbour of the next one's first.
    padded = np.concatenate([[4], reference, [4]]).astype(np.int64)
    before, base, after = padded[:-2].copy(), padded[1:-1], padded[2:].copy()
    before[offsets[:-1][offsets[:-1] < len(reference)]] = 4
    after[offsets[1:][offsets[1:] > 0] - 1] = 4
    rows = np.full((len(reference), 4), -1, np.int16)
    # A base at a border takes its missing neighbour from itself: one context of the right type.
    known = base < 4
    left, right = np.where(before < 4, before, base), np.where(after < 4, after, base)
    rows[known] = substitution_rows()[left[known], base[known], right[known]]
    return rows


def category_rows(category: int) -> slice:
    """Return the rows of a category: one per trinucleotide for substitutions, else one."""
    if category < len(TYPES):
        return slice(category * CONTEXTS, (category + 1) * CONTEXTS)
    row = N_SUBSTITUTIONS + category - len(TYPES)
    return slice(row, row + 1)


def variant_row(variant: SmallVariant, fetch: Fetch) -> int:
    """Return the row of the rate table for a normalised variant."""
    if variant.kind is VariantType.SNV:
        return _snv_row(variant, fetch)
    if variant.kind is VariantType.MNV:
        return other_row("mnv")
    gap = _gap(variant, fetch)
    if gap is None:
        return other_row("indel_long")
    return indel_row(abs(len(gap.ref) - len(gap.alt)), shift_length(gap, fetch))


def indel_row(length: int, shift: int) -> int:
    """Return the row of an insertion or deletion of so many bases that can be shifted by so many."""
    return other_row(indel_kind(length, shift))


def repeats(variant: SmallVariant, fetch: Fetch) -> int:
    """Return the units beyond the first of the repeat that a normalised insertion or deletion lies in.

    Of a complex change that is one but for a substitution, those of its insertion or deletion; else 0.
    """
    gap = _gap(variant, fetch)
    return shift_length(gap, fetch) // abs(len(gap.ref) - len(gap.alt)) if gap else 0


def _gap(variant: SmallVariant, fetch: Fetch) -> SmallVariant | None:
    """Return the insertion or deletion that a change is but for one substitution, in the longest repeat.

    A slip on a molecule with another base at the border of the repeat, inherited or damaged, looks like a
    complex change and is as frequent as slips are there.
    """
    if variant.kind in (VariantType.INSERTION, VariantType.DELETION):
        return variant
    if variant.is_substitution:
        return None
    deleted = len(variant.ref) > len(variant.alt)
    longer, shorter = (variant.ref, variant.alt) if deleted else (variant.alt, variant.ref)
    size = len(longer) - len(shorter)
    found = []
    for i in range(len(shorter) + 1):
        rest, piece = longer[:i] + longer[i + size :], longer[i : i + size]
        # One mismatch may remain: more would let any complex change pass for a slip.
        if sum(a != b for a, b in zip(rest, shorter, strict=True)) <= 1:
            ref, alt = (piece, "") if deleted else ("", piece)
            found.append(SmallVariant(variant.chrom, variant.pos + i, ref, alt).normalised(fetch))
    return max(found, key=lambda gap: shift_length(gap, fetch), default=None)


def indel_kind(length: int, shift: int) -> str:
    """Return the kind of an insertion or deletion of so many bases that can be shifted by so many."""
    # Units beyond the first: a homopolymer of nine A can be shifted by eight.
    repeats = shift // length
    if length >= LONG_INDEL and not repeats:
        return "indel_long"
    # right: three repeats belong to `indel_3_5`, not to the kind before it.
    return INDELS[bisect_right(REPEAT_BINS, repeats)]


def _snv_row(variant: SmallVariant, fetch: Fetch) -> int:
    start = variant.start
    # At the first base of a sequence nothing stands before it; `fetch` cuts off what lies outside.
    text = fetch(variant.chrom, max(0, start - 1), start + 2)
    if start == 0:
        text = variant.ref + text
    codes = ["ACGT".find(base) for base in text.ljust(3, variant.ref)]
    middle = codes[1]
    before, after = (code if code >= 0 else middle for code in (codes[0], codes[2]))
    if middle < 0:
        raise ValueError(f"{variant}: the reference base is not A, C, G or T")
    return int(substitution_rows()[before, middle, after, "ACGT".index(variant.alt)])


def other_row(category: str) -> int:
    """Return the row of a category that is no substitution type."""
    return N_SUBSTITUTIONS + OTHERS.index(category)
