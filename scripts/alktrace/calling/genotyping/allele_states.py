"""What one molecule shows at one known allele.

Substitutions are read off the molecule laid out over the reference. Indels are read by comparing the bases of
the read itself with both haplotypes inside the window of the indel (`alleles.indel_window`), from the aligned
base on the left or, for the mutant, back from the aligned base on the right: it does not matter whether the
aligner wrote a gap, mismatches or a soft clip. A substitution beside it (an inherited one, or one in cis)
does not hide an indel that the read was aligned with.
"""

import numpy as np
from numpy.typing import NDArray

from ...io.kernels import kernel
from ...io.records import cigar_item, cigar_offset, n_cigar
from ..candidates.breaks import ELSEWHERE
from ..candidates.events import NEAR
from ..molecules.layout import HIDDEN, NOT_COVERED, Read, Row
from ..molecules.reads import (
    CIGAR_D,
    CIGAR_EQ,
    CIGAR_I,
    CIGAR_M,
    CIGAR_N,
    CIGAR_S,
    CIGAR_X,
    CLIP_LEFT,
    CLIP_RIGHT,
    END,
    LENGTH,
    START,
    VOTES,
    Filters,
    Info,
    base_code,
    class_between,
    mate_is_elsewhere,
    strict_at,
)
from ..molecules.stream import Records
from ..noise.molecule_classes import N_CLASSES
from .allele_arrays import BEGIN, JUNCTION, RIGHT, RIGHT_OFFSET, SIZE, TEXT, Alleles

REF, ALT, OTHER, UNKNOWN, ABSENT = 0, 1, 2, 3, 4
"""What a molecule shows at an allele; UNKNOWN: masked or contradictory, ABSENT: it does not reach it."""
FLANK_DIFFERENCES = 2
"""Bases beside an indel, farther off than `NEAR`, in which a read aligned with its gap may differ."""
ANY = 4
"""Code of a reference base that is not known: every base fits."""


@kernel
def substitution_state(
    alleles: Alleles, k: int, span: tuple[int, int], row: Row, seen: NDArray[np.int64]
) -> None:
    """Read a substitution off the molecule.

    Args:
        alleles: of the list.
        k: its place there.
        span: bases that the molecule covers, 0-based half-open.
        row: the molecule laid out over the reference.
        seen: int64[3, n]: state, class and strictness; column k is filled.
    """
    low, high = span
    begin, size, text = alleles.fields[k, BEGIN], alleles.fields[k, SIZE], alleles.fields[k, TEXT]
    seen[0, k], seen[1, k], seen[2, k] = ABSENT, -1, 0
    if begin < low or begin + size > high:
        return
    is_ref, is_alt, masked, strict, best = True, True, False, 1, N_CLASSES
    for j in range(size):
        at = begin + j - low
        code = row[0, at]
        if code == NOT_COVERED:
            return
        if code >= HIDDEN:
            masked = True
            continue
        is_ref = is_ref and code == alleles.text[text + j]
        is_alt = is_alt and code == alleles.text[text + size + j]
        best, strict = min(best, row[1, at]), min(strict, row[2, at])
    if masked:
        seen[0, k] = UNKNOWN
        return
    seen[0, k] = ALT if is_alt else (REF if is_ref else OTHER)
    seen[1, k], seen[2, k] = best, strict


@kernel
def indel_state(
    records: Records,
    first: int,
    filters: Filters,
    what: tuple[Alleles, int, Info],
    seen: NDArray[np.int64],
) -> None:
    """Compare both reads with the haplotypes; reads that contradict each other make it UNKNOWN."""
    alleles, k, infos = what
    seen[0, k], seen[1, k], seen[2, k] = ABSENT, -1, 0
    begin, right = alleles.fields[k, BEGIN], alleles.fields[k, RIGHT]
    for r in range(2):
        if infos[r, VOTES] != 1:
            continue
        # Most alleles that are looked at lie off the read: its clip is all that reaches beyond its alignment.
        if begin >= infos[r, END] or right < infos[r, START] - infos[r, CLIP_LEFT]:
            continue
        start = records.starts[first] if r == 0 else records.starts[records.mates[first]]
        read = Read(records.data, start, infos[r])
        state, at = _read_state(read, filters, alleles, k)
        if state in (UNKNOWN, ABSENT):
            seen[0, k] = min(seen[0, k], state)
            continue
        if seen[1, k] >= 0 and seen[0, k] != state:
            seen[0, k], seen[1, k], seen[2, k] = UNKNOWN, -1, 0
            return
        best, strict = _stretch(read, at, alleles.fields[k], filters)
        seen[0, k] = state
        seen[1, k], seen[2, k] = max(seen[1, k], best), max(seen[2, k], strict)


@kernel
def break_state(
    records: Records, first: int, what: tuple[Alleles, int, Info], seen: NDArray[np.int64]
) -> None:
    """Tell whether a molecule ends at a break (ALT) or reads over it (REF).

    It ends there with a clip, or a few bases beyond it without one where its mate lies elsewhere.
    """
    alleles, k, infos = what
    at, reach, right = alleles.fields[k, RIGHT], alleles.fields[k, RIGHT_OFFSET], alleles.fields[k, JUNCTION]
    seen[0, k], seen[1, k], seen[2, k] = ABSENT, -1, 0
    for r in range(2):
        info = infos[r]
        if info[VOTES] != 1:
            continue
        start = records.starts[first] if r == 0 else records.starts[records.mates[first]]
        end, clip = (info[END], info[CLIP_RIGHT]) if right else (info[START], info[CLIP_LEFT])
        if abs(end - at) <= reach and (clip > 0 or mate_is_elsewhere(records.data, start, ELSEWHERE)):
            seen[0, k] = ALT
            return
        if info[START] <= at - reach and info[END] >= at + reach:
            seen[0, k] = REF


@kernel
def _stretch(read: Read, first: int, field: NDArray[np.int64], filters: Filters) -> tuple[int, int]:
    """Return the lowest class over the window of a read and whether all its bases are strict."""
    best, strict, span = N_CLASSES - 1, 1, (field[BEGIN], field[RIGHT])
    for i in range(first, first + field[SIZE]):
        if base_code(read.data, read.info, i, filters.min_base_quality) < HIDDEN:
            best = min(best, class_between(read.data, read.info, i, span, filters.end_zone))
            if not strict_at(read.data, read.info, i, filters):
                strict = 0
    return best, strict


@kernel
def _read_state(read: Read, filters: Filters, alleles: Alleles, k: int) -> tuple[int, int]:
    """Return the state of one read and the query index of its window."""
    field = alleles.fields[k]
    size, length = field[SIZE], read.info[LENGTH]
    if size == 0:
        return ABSENT, 0
    state, found = ABSENT, 0
    left = _query_at(read, field[BEGIN])
    if left >= 0 and left + size <= length:
        found = left
        state = _compare(read, filters, alleles, k, left)
    if state in (REF, ALT):
        return state, found
    anchor = max(field[RIGHT], read.info[START])
    right = _query_at(read, anchor)
    first = right - field[RIGHT_OFFSET] - (anchor - field[RIGHT])
    inside = right >= 0 and first >= 0 and first + size <= length
    if inside and _compare(read, filters, alleles, k, first) == ALT:
        return ALT, first
    if (
        state == OTHER
        and _is_gapped(read, field, left)
        and _is_mutant_inside(read, filters, alleles, k, left)
    ):
        return ALT, left
    return state, found


@kernel
def _is_gapped(read: Read, field: NDArray[np.int64], left: int) -> bool:
    """Tell whether a read was aligned so that both ends of the window lie as far apart as in the mutant."""
    last = field[RIGHT] + field[SIZE] - 1 - field[RIGHT_OFFSET]
    return bool(_query_at(read, last) == left + field[SIZE] - 1)


@kernel
def _is_mutant_inside(read: Read, filters: Filters, alleles: Alleles, k: int, first: int) -> bool:
    """Tell whether a read shows the mutant but for a few substitutions that are not near the change."""
    field = alleles.fields[k]
    size, text = field[SIZE], field[TEXT]
    begin, end = field[JUNCTION] - NEAR, field[RIGHT_OFFSET] + NEAR
    ref_differs, alt_differs = 0, 0
    for j in range(size):
        code = base_code(read.data, read.info, first + j, filters.min_base_quality)
        if code >= HIDDEN:
            continue
        ref_differs += _differs(code, alleles.text[text + j])
        if _differs(code, alleles.text[text + size + j]):
            if begin <= j < end:
                return False
            alt_differs += 1
    return bool(alt_differs <= FLANK_DIFFERENCES and alt_differs < ref_differs)


@kernel
def _differs(code: int, expected: int) -> bool:
    return bool(expected not in (code, ANY))


@kernel
def _compare(read: Read, filters: Filters, alleles: Alleles, k: int, first: int) -> int:
    """Compare a stretch of a read with both haplotypes; masked bases match anything."""
    size, text = alleles.fields[k, SIZE], alleles.fields[k, TEXT]
    ref_differs, alt_differs = 0, 0
    for j in range(size):
        code = base_code(read.data, read.info, first + j, filters.min_base_quality)
        if code < HIDDEN:
            ref_differs += _differs(code, alleles.text[text + j])
            alt_differs += _differs(code, alleles.text[text + size + j])
    if ref_differs == 0 and alt_differs == 0:
        return UNKNOWN
    if ref_differs == 0:
        return REF
    return ALT if alt_differs == 0 else OTHER


@kernel
def _query_at(read: Read, position: int) -> int:
    """Return the query index aligned to a reference position, -1 if none is."""
    cigar, at, query = cigar_offset(read.data, read.start), read.info[START], 0
    for k in range(n_cigar(read.data, read.start)):
        size, code = cigar_item(read.data, cigar, k)
        if code in (CIGAR_M, CIGAR_EQ, CIGAR_X):
            if at <= position < at + size:
                return int(query + position - at)
            at, query = at + size, query + size
        elif code in (CIGAR_I, CIGAR_S):
            query += size
        elif code in (CIGAR_D, CIGAR_N):
            at += size
    return -1
