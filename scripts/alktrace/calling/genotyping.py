"""Known alleles counted in a BAM: what every molecule shows at every allele, by class and in combination.

Substitutions are read off the molecule laid out over the reference. Indels are read by comparing the bases of
the read itself with both haplotypes inside the window of the indel (`alleles.indel_window`), from the aligned
base on the left or, for the mutant, back from the aligned base on the right: it does not matter whether the
aligner wrote a gap, mismatches or a soft clip. A substitution beside it (an inherited one, or one in cis)
does not hide an indel that the read was aligned with.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam
from numpy.typing import NDArray

from ..errors import DataError
from ..umi.bam_io import read_header
from ..umi.records import cigar_item, cigar_offset, kernel, l_seq, n_cigar, position, ref_id
from .alleles import Fetch, SmallVariant, Window, indel_window
from .classes import N_CLASSES
from .events import NEAR
from .layout import HIDDEN, NOT_COVERED, Read, Records, Row, lay_out
from .molecules import ALONE, iterate_molecules
from .pileup import Scratch, make_scratch
from .reads import (
    CIGAR_D,
    CIGAR_EQ,
    CIGAR_I,
    CIGAR_M,
    CIGAR_N,
    CIGAR_S,
    CIGAR_X,
    LENGTH,
    START,
    VOTES,
    Filters,
    Info,
    base_code,
    class_between,
    strict_at,
)
from .regions import CODES

REF, ALT, OTHER, UNKNOWN, ABSENT = 0, 1, 2, 3, 4
"""What a molecule shows at an allele; UNKNOWN: masked or contradictory, ABSENT: it does not reach it."""
STATES = 5
STATE_BITS = 3
REACH = 1000
"""Bases that a read may reach beyond the start of an indel window."""
PATTERN_LIMIT = 20
FLANK_DIFFERENCES = 2
"""Bases beside an indel, farther off than `NEAR`, in which a read aligned with its gap may differ."""
CODON = 3
"""Longer substitutions are compared as haplotypes: aligners may write them with gaps."""
ANY = 4
"""Code of a reference base that is not known: every base fits."""


class Alleles(NamedTuple):
    """Alleles as arrays for the kernel, sorted by sequence and position.

    Attributes:
        fields: int64[n, 8]: sequence index, start, length of the window, junction, right anchor, its offset,
            first byte in `text`, 1 for an indel.
        text: uint8: codes of the reference and then of the mutant bases of every allele.
        inside: int64[n, k], alleles whose presence overrides this one, -1 filled.
    """

    fields: NDArray[np.int64]
    text: NDArray[np.uint8]
    inside: NDArray[np.int64]


TID, BEGIN, SIZE, JUNCTION, RIGHT, RIGHT_OFFSET, TEXT, IS_INDEL = range(8)


@dataclass(frozen=True)
class AlleleCounts:
    """Molecules at one allele.

    Attributes:
        states: int64[STATES, N_CLASSES], molecules per state and class.
        strict: int64[STATES], of these, strict molecules.
    """

    states: NDArray[np.int64]
    strict: NDArray[np.int64]

    @property
    def alt(self) -> NDArray[np.int64]:
        """int64[N_CLASSES], mutant molecules."""
        mutant: NDArray[np.int64] = self.states[ALT]
        return mutant

    @property
    def total(self) -> NDArray[np.int64]:
        """int64[N_CLASSES], molecules that tell: reference, mutant or another allele."""
        informative: NDArray[np.int64] = self.states[:UNKNOWN].sum(axis=0)
        return informative

    @property
    def strict_total(self) -> int:
        """Strict molecules that tell."""
        return int(self.strict[:UNKNOWN].sum())


def count_alleles(
    bam: Path, variants: Sequence[SmallVariant], filters: Filters, fetch: Fetch, *, threads: int = 1
) -> list[AlleleCounts]:
    """Count every molecule of a BAM at every allele, in one pass.

    A substitution inside a larger variant of the list (the SNVs of an MNV, a base inside a delins) is counted
    on molecules without the larger one: those that show it have OTHER at the smaller.

    Args:
        bam: coordinate-sorted consensus BAM.
        variants: normalised alleles.
        filters: which bases vote.
        fetch: reference bases.
        threads: threads that inflate.

    Returns:
        Counts in the order of `variants`; an indel that no read can tell from the reference has none.
    """
    counted, _ = _walk(bam, variants, filters, fetch, patterns=False, threads=threads)
    return counted


def count_joint(
    bam: Path, variants: Sequence[SmallVariant], filters: Filters, fetch: Fetch, *, threads: int = 1
) -> Counter[tuple[int, ...]]:
    """Count molecules per combination of states over all alleles that they touch.

    Returns:
        Molecules per tuple of states, in the order of `variants`; molecules without any known state are
        left out.
    """
    if len(variants) > PATTERN_LIMIT:
        raise ValueError(
            f"{len(variants)} alleles in one set; at most {PATTERN_LIMIT} can be counted together"
        )
    _, joint = _walk(bam, variants, filters, fetch, patterns=True, threads=threads)
    return joint


def _walk(
    bam: Path,
    variants: Sequence[SmallVariant],
    filters: Filters,
    fetch: Fetch,
    *,
    patterns: bool,
    threads: int,
) -> tuple[list[AlleleCounts], Counter[tuple[int, ...]]]:
    n = len(variants)
    states, strict = np.zeros((n, STATES, N_CLASSES), np.int64), np.zeros((n, STATES), np.int64)
    joint: Counter[tuple[int, ...]] = Counter()
    if n:
        alleles, order = _pack(variants, read_header(bam), fetch, bam)
        sorted_states, sorted_strict = np.zeros_like(states), np.zeros_like(strict)
        scratch = make_scratch()
        for batch in iterate_molecules(bam, threads=threads):
            codes = np.zeros(len(batch.starts) if patterns else 0, np.int64)
            records = Records(batch.data, batch.starts, batch.ends, batch.mates)
            _count_batch(records, filters, alleles, scratch, (sorted_states, sorted_strict, codes))
            for code, number in zip(*np.unique(codes[codes != 0], return_counts=True), strict=True):
                joint[_decode(int(code), order)] += int(number)
        states[order], strict[order] = sorted_states, sorted_strict
    return [AlleleCounts(states[i], strict[i]) for i in range(n)], joint


def _decode(code: int, order: NDArray[np.int64]) -> tuple[int, ...]:
    """Undo the packing of `_count_batch`: three bits per allele, offset so that ABSENT is 0."""
    out = [ABSENT] * len(order)
    for place, index in enumerate(order.tolist()):
        out[index] = ABSENT - ((code >> (STATE_BITS * place)) & 7)
    return tuple(out)


# --- tables for the kernel --------------------------------------------------------------------


def _pack(
    variants: Sequence[SmallVariant], header: pysam.AlignmentHeader, fetch: Fetch, bam: Path
) -> tuple[Alleles, NDArray[np.int64]]:
    parts = []
    for index, variant in enumerate(variants):
        tid = header.get_tid(variant.chrom)
        if tid < 0:
            raise DataError(bam, "sequence is not in the header", "align to this reference", variant.chrom)
        window = None if _by_base(variant) else indel_window(variant, fetch)
        parts.append((tid, window.start if window else variant.start, index, window))
    parts.sort(key=lambda part: part[:3])
    order = np.array([part[2] for part in parts], np.int64)
    fields, text = np.zeros((len(parts), 8), np.int64), bytearray()
    for place, (tid, begin, index, window) in enumerate(parts):
        fields[place] = _fields(variants[index], window, tid, begin, text)
    return Alleles(fields, np.frombuffer(bytes(text) or b"\0", np.uint8), _overrides(variants, order)), order


def _by_base(variant: SmallVariant) -> bool:
    """Tell whether an allele is read off the molecule base by base."""
    return variant.is_substitution and len(variant.ref) <= CODON


def _fields(
    variant: SmallVariant, window: Window | None, tid: int, begin: int, text: bytearray
) -> tuple[int, ...]:
    where = len(text)
    if window is None:
        # An indel without a window keeps size 0 and matches nothing.
        size = len(variant.ref) if variant.is_substitution else 0
        for allele in (variant.ref, variant.alt) if size else ():
            text.extend(CODES[np.frombuffer(allele.encode(), np.uint8)].tobytes())
        return tid, begin, size, 0, 0, 0, where, int(not variant.is_substitution)
    for allele in (window.ref, window.alt):
        text.extend(CODES[np.frombuffer(allele.encode(), np.uint8)].tobytes())
    return tid, begin, len(window.ref), window.junction, window.right, window.right_offset, where, 1


def _overrides(variants: Sequence[SmallVariant], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for every allele, in kernel order, the larger ones that contain it."""
    places = {int(index): place for place, index in enumerate(order)}
    found: list[list[int]] = []
    for index in order.tolist():
        small = variants[index]
        larger = [places[k] for k, big in enumerate(variants) if k != index and _contains(big, small)]
        found.append(larger)
    width = max((len(item) for item in found), default=0)
    table = np.full((len(found), max(1, width)), -1, np.int64)
    for place, larger in enumerate(found):
        table[place, : len(larger)] = larger
    return table


def _contains(big: SmallVariant, small: SmallVariant) -> bool:
    """Tell whether a molecule with `big` would show `small` too by its bases alone."""
    if big.chrom != small.chrom or not small.is_substitution:
        return False
    if not (big.start <= small.start and small.end <= big.end):
        return False
    if not big.is_substitution:
        return big.kind == "delins"
    if len(big.ref) == len(small.ref):
        return False
    shift = small.start - big.start
    return big.alt[shift : shift + len(small.alt)] == small.alt


# --- kernel -----------------------------------------------------------------------------------


@kernel
def _count_batch(
    records: Records,
    filters: Filters,
    alleles: Alleles,
    scratch: Scratch,
    into: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
) -> None:
    """Count one batch into states, strict states and codes.

    The codes, if there is room for them, get three bits per allele and molecule, 0 for ABSENT.
    """
    states, strict, codes = into
    n = len(alleles.fields)
    seen = np.full((3, n), ABSENT, np.int64)  # state, class, strict
    for i in range(len(records.starts)):
        if records.mates[i] < ALONE:
            continue
        tid = ref_id(records.data, records.starts[i])
        if tid < alleles.fields[0, TID] or tid > alleles.fields[n - 1, TID]:
            continue
        if not _may_reach(records, i, tid, alleles.fields):
            continue
        low, high = lay_out(records, i, filters, scratch.infos, scratch.row)
        if low == high:
            continue
        first = _first_allele(alleles.fields, tid, low - REACH)
        last = _look(records, i, filters, (alleles, first, seen), (scratch, tid, low, high))
        code = 0
        for k in range(first, last):
            state = _override(alleles, k, first, last, seen)
            states[k, state, max(0, seen[1, k])] += 1
            strict[k, state] += seen[2, k] == 1
            if len(codes):
                code |= (ABSENT - state) << (STATE_BITS * k)
        if len(codes):
            codes[i] = code


@kernel
def _may_reach(records: Records, i: int, tid: int, fields: NDArray[np.int64]) -> bool:
    """Tell whether a molecule lies near enough to an allele to be laid out."""
    low = high = position(records.data, records.starts[i])
    longest, mate = l_seq(records.data, records.starts[i]), records.mates[i]
    if mate >= 0:
        other = position(records.data, records.starts[mate])
        low, high = min(low, other), max(high, other)
        longest = max(longest, l_seq(records.data, records.starts[mate]))
    first = _first_allele(fields, tid, low - REACH)
    if first == len(fields) or fields[first, TID] != tid:
        return False
    reach: bool = fields[first, BEGIN] < high + longest + REACH
    return reach


@kernel
def _look(
    records: Records,
    i: int,
    filters: Filters,
    what: tuple[Alleles, int, NDArray[np.int64]],
    where: tuple[Scratch, int, int, int],
) -> int:
    """Fill `seen` for the alleles from `first` on that a molecule may reach; return the one behind them."""
    alleles, last, seen = what
    scratch, tid, low, high = where
    fields = alleles.fields
    while last < len(fields) and fields[last, TID] == tid and fields[last, BEGIN] < high:
        if fields[last, IS_INDEL] == 0:
            _substitution_state(alleles, last, (low, high), scratch.row, seen)
        else:
            _indel_state(records, i, filters, (alleles, last, scratch.infos), seen)
        last += 1
    return last


@kernel
def _first_allele(fields: NDArray[np.int64], tid: int, begin: int) -> int:
    low, high = 0, len(fields)
    while low < high:
        middle = (low + high) // 2
        if fields[middle, TID] < tid or (fields[middle, TID] == tid and fields[middle, BEGIN] < begin):
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _override(alleles: Alleles, k: int, first: int, last: int, seen: NDArray[np.int64]) -> int:
    """Return the state of an allele in view of the larger ones that contain it."""
    state = int(seen[0, k])
    for j in range(alleles.inside.shape[1]):
        larger = alleles.inside[k, j]
        if first <= larger < last and state < UNKNOWN:
            if seen[0, larger] >= UNKNOWN:
                # Mutants and others are left out alike, so that the VAF of the smaller stays unbiased.
                state = UNKNOWN
            elif seen[0, larger] == ALT and state == ALT:
                state = OTHER
    return state


@kernel
def _substitution_state(
    alleles: Alleles, k: int, span: tuple[int, int], row: Row, seen: NDArray[np.int64]
) -> None:
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
def _indel_state(
    records: Records,
    first: int,
    filters: Filters,
    what: tuple[Alleles, int, Info],
    seen: NDArray[np.int64],
) -> None:
    """Compare both reads with the haplotypes; reads that contradict each other make it UNKNOWN."""
    alleles, k, infos = what
    seen[0, k], seen[1, k], seen[2, k] = ABSENT, -1, 0
    for r in range(2):
        if infos[r, VOTES] != 1:
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
