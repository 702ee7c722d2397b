"""Hints of one molecule at changes beyond single bases: substitutions side by side, indels, clips, junctions.

They propose candidates and show the noise of indels; molecules of candidates are counted elsewhere.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...io.kernels import kernel
from ...io.records import Bytes, cigar_item, cigar_offset, n_cigar, ref_id
from ..molecules.layout import HIDDEN, Read, Row
from ..molecules.reads import (
    CIGAR_D,
    CIGAR_EQ,
    CIGAR_I,
    CIGAR_M,
    CIGAR_S,
    CIGAR_X,
    CLIP_LEFT,
    CLIP_RIGHT,
    END,
    LENGTH,
    REVERSE,
    SPLIT,
    SPLIT_LENGTH,
    START,
    Filters,
    base_code,
    class_at,
    class_between,
    mate_is_elsewhere,
)
from ..noise.molecule_classes import N_CLASSES
from .breaks import ELSEWHERE

NEAR = 2
"""Differences at most so many matching bases apart form one cluster: the reach of a codon."""
NEAR_GAPS = 5
"""Two gaps at most so many bases apart are one complex change: neither shows in the flank of the other."""
MIN_CLIP = 8
MAX_CLIP = 80
MAX_ALLELE = 200
MAX_DIFFERENCES = 256

MAX_SPLIT = 200
"""Bytes of an SA tag that are looked at: four other alignments and more."""

SUBSTITUTIONS, INDEL, CLIPPED_LEFT, CLIPPED_RIGHT, BROKEN_LEFT, BROKEN_RIGHT = range(6)
EVENT_FIELDS = 6
EVENT_CAPACITY = 1 << 17
EVENT_RESERVE = 1 << 13
"""Events that one molecule may add; the buffers are emptied before fewer are left."""
POOL_CAPACITY = EVENT_CAPACITY * 32
POOL_RESERVE = EVENT_RESERVE * 32

COUNT, USED, MOLECULES, UNTAGGED = range(4)


class Sites(NamedTuple):
    """The regions for kernels.

    Attributes:
        table: int64[4, regions]: sequence index, start, end, first site; sorted.
        reference: uint8[sites], 0-3, 4 unknown.
    """

    table: NDArray[np.int64]
    reference: NDArray[np.uint8]


class Notes(NamedTuple):
    """Buffers of events.

    Attributes:
        events: int64[EVENT_CAPACITY, EVENT_FIELDS]: kind, sequence index, start, reference length (of a break
            1 for a reverse read), bases << 8 | class, first byte in the pool.
        pool: uint8[POOL_CAPACITY], bases as letters; of a break the SA tag, empty where the mate tells.
        state: int64[4]: events, bytes of the pool in use, molecules counted, molecules without tags.
    """

    events: NDArray[np.int64]
    pool: Bytes
    state: NDArray[np.int64]


def make_notes() -> Notes:
    """Return empty buffers."""
    return Notes(
        np.empty((EVENT_CAPACITY, EVENT_FIELDS), np.int64),
        np.empty(POOL_CAPACITY, np.uint8),
        np.zeros(4, np.int64),
    )


@kernel
def find_region(table: NDArray[np.int64], tid: int, position: int) -> int:
    """Return the first region of a sequence that ends behind a position."""
    low, high = 0, table.shape[1]
    while low < high:
        middle = (low + high) // 2
        if table[0, middle] < tid or (table[0, middle] == tid and table[2, middle] <= position):
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def region_of(table: NDArray[np.int64], tid: int, position: int) -> int:
    """Return the region that holds a position, -1 if none does."""
    k = find_region(table, tid, position)
    if k < table.shape[1] and table[0, k] == tid and table[1, k] <= position:
        return k
    return -1


@kernel
def is_full(notes: Notes) -> bool:
    """Tell whether the buffers must be emptied before the next molecule."""
    used: bool = notes.state[COUNT] > EVENT_CAPACITY - EVENT_RESERVE
    return used or notes.state[USED] > POOL_CAPACITY - POOL_RESERVE


@kernel
def note_substitutions(row: Row, low: int, tid: int, span: tuple[int, int], notes: Notes) -> None:
    """Note a cluster of substitutions; `span` is 0-based half-open, `low` the start of the row."""
    start, end = span
    if end - start > MAX_ALLELE:
        return
    where = notes.state[USED]
    molecule_class = N_CLASSES - 1
    for position in range(start, end):
        code = row[0, position - low]
        notes.pool[where + position - start] = _letter(code)
        if code < HIDDEN:
            molecule_class = min(molecule_class, row[1, position - low])
    _note(notes, (SUBSTITUTIONS, tid, start, end - start), end - start, molecule_class)


@kernel
def note_indels(read: Read, filters: Filters, sites: Sites, notes: Notes) -> None:
    """Note every cluster of differences of a read that holds an insertion or deletion."""
    cigar, count = cigar_offset(read.data, read.start), n_cigar(read.data, read.start)
    has_indel = False
    for k in range(count):
        has_indel = has_indel or cigar_item(read.data, cigar, k)[1] in (CIGAR_I, CIGAR_D)
    if not has_indel:
        return
    found = np.empty((MAX_DIFFERENCES, 5), np.int64)
    number = _differences(read, filters, sites, found)
    first = 0
    for k in range(1, number + 1):
        if k == number or not _continues(found[:number], first, k):
            if found[first:k, 4].any():
                _note_cluster(read, filters, sites, notes, (found[first], found[k - 1]))
            first = k


@kernel
def _continues(found: NDArray[np.int64], first: int, k: int) -> bool:
    """Tell whether difference k belongs to the cluster that begins with `first` and ends before it.

    Two clusters with a gap each may lie farther apart than other differences.
    """
    apart = found[k, 0] - found[k - 1, 1]
    if apart <= NEAR:
        return True
    if apart > NEAR_GAPS or not found[first:k, 4].any():
        return False
    last = k
    while last + 1 < len(found) and found[last + 1, 0] - found[last, 1] <= NEAR:
        last += 1
    return bool(found[k : last + 1, 4].any())


@kernel
def _differences(read: Read, filters: Filters, sites: Sites, found: NDArray[np.int64]) -> int:
    """List differences of a read in order: reference start and end, query start and end, 1 for an indel."""
    cigar = cigar_offset(read.data, read.start)
    at, query, number = read.info[START], 0, 0
    for k in range(n_cigar(read.data, read.start)):
        size, code = cigar_item(read.data, cigar, k)
        on_reference, on_query = 0, 0
        if code in (CIGAR_M, CIGAR_EQ, CIGAR_X):
            number = _mismatches(read, filters, sites, found, (number, at, query, size))
            on_reference = on_query = size
        elif code == CIGAR_D:
            on_reference = size
        elif code in (CIGAR_I, CIGAR_S):
            on_query = size
        else:
            on_reference = size
        if code in (CIGAR_I, CIGAR_D) and number < MAX_DIFFERENCES:
            found[number, 0], found[number, 1] = at, at + on_reference
            found[number, 2], found[number, 3], found[number, 4] = query, query + on_query, 1
            number += 1
        at, query = at + on_reference, query + on_query
    return number


@kernel
def _mismatches(
    read: Read,
    filters: Filters,
    sites: Sites,
    found: NDArray[np.int64],
    block: tuple[int, int, int, int],
) -> int:
    """Add mismatches of an aligned block (number so far, reference, query, size); return their number."""
    tid = ref_id(read.data, read.start)
    number, at, query, size = block
    table, region = sites.table, -1
    for j in range(size):
        if region < 0 or not table[1, region] <= at + j < table[2, region]:
            region = region_of(table, tid, at + j)
        if region < 0 or number >= MAX_DIFFERENCES:
            continue
        base = base_code(read.data, read.info, query + j, filters.min_base_quality)
        expected = sites.reference[table[3, region] + at + j - table[1, region]]
        if base < HIDDEN and expected < HIDDEN and base != expected:
            found[number, 0], found[number, 1] = at + j, at + j + 1
            found[number, 2], found[number, 3], found[number, 4] = query + j, query + j + 1, 0
            number += 1
    return number


@kernel
def _note_cluster(
    read: Read,
    filters: Filters,
    sites: Sites,
    notes: Notes,
    ends: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> None:
    """Note the change from the first to the last difference of a cluster; masked bases make it void."""
    tid = ref_id(read.data, read.start)
    start, stop, first, last = ends[0][0], ends[1][1], ends[0][2], ends[1][3]
    if last - first > MAX_ALLELE or stop - start > MAX_ALLELE:
        return
    k = find_region(sites.table, tid, start - 1)
    if k >= sites.table.shape[1] or sites.table[0, k] != tid or sites.table[1, k] > stop:
        return
    where = notes.state[USED]
    for i in range(first, last):
        code = base_code(read.data, read.info, i, filters.min_base_quality)
        if code >= HIDDEN:
            return
        notes.pool[where + i - first] = _letter(code)
    molecule_class = class_between(read.data, read.info, max(0, first - 1), (start, stop), filters.end_zone)
    _note(notes, (INDEL, tid, start, stop - start), last - first, molecule_class)


@kernel
def note_clips(read: Read, sites: Sites, notes: Notes) -> None:
    """Note soft clips that start inside a region, with the clipped bases next to the break.

    Where the rest of the read or its mate lies elsewhere the break is noted too.
    """
    tid = ref_id(read.data, read.start)
    left, right, length = read.info[CLIP_LEFT], read.info[CLIP_RIGHT], read.info[LENGTH]
    start, end = read.info[START], read.info[END]
    if left >= MIN_CLIP and region_of(sites.table, tid, start) >= 0:
        size = min(MAX_CLIP, left)
        _copy(read, left - size, size, notes)
        _note(notes, (CLIPPED_LEFT, tid, start, 0), size, class_at(read.data, read.info, left))
        _note_break(read, (BROKEN_LEFT, tid, start), notes)
    if right >= MIN_CLIP and region_of(sites.table, tid, end - 1) >= 0:
        size, first = min(MAX_CLIP, right), length - right
        _copy(read, first, size, notes)
        _note(notes, (CLIPPED_RIGHT, tid, end, 0), size, class_at(read.data, read.info, first - 1))
        _note_break(read, (BROKEN_RIGHT, tid, end), notes)


@kernel
def _note_break(read: Read, where: tuple[int, int, int], notes: Notes) -> None:
    """Note a clip whose bases, or whose mate, may belong to another place; where the SA tag says."""
    size = min(MAX_SPLIT, read.info[SPLIT_LENGTH])
    if size <= 0 and not mate_is_elsewhere(read.data, read.start, ELSEWHERE):
        return
    size = max(0, size)
    for j in range(size):
        notes.pool[notes.state[USED] + j] = read.data[read.info[SPLIT] + j]
    _note(notes, (where[0], where[1], where[2], read.info[REVERSE]), size, 0)


@kernel
def join_mates(notes: Notes, first: int, second: int) -> None:
    """Let two reads of one molecule that show one change count once: the second's events begin at `second`.

    Of two clips at one break the longer one stays. The better class stands for both.
    """
    events, kept = notes.events, second
    for k in range(second, notes.state[COUNT]):
        same = -1
        for j in range(first, second):
            if _is_same(notes, j, k):
                same = j
        if same < 0:
            events[kept] = events[k]
            kept += 1
            continue
        best = max(events[same, 4] & 0xFF, events[k, 4] & 0xFF)
        if events[k, 4] >> 8 > events[same, 4] >> 8:
            events[same] = events[k]
        events[same, 4] = (events[same, 4] >> 8) << 8 | best
    notes.state[COUNT] = kept


@kernel
def _is_same(notes: Notes, j: int, k: int) -> bool:
    """Tell whether two events of the mates of a molecule are one; of clips and breaks the place decides."""
    one, other = notes.events[j], notes.events[k]
    if one[0] != other[0] or one[1] != other[1] or one[2] != other[2]:
        return False
    if one[0] != INDEL:
        return True
    if one[3] != other[3] or one[4] >> 8 != other[4] >> 8:
        return False
    # A loop, not all(): numba compiles no generators.
    for i in range(one[4] >> 8):  # noqa: SIM110
        if notes.pool[one[5] + i] != notes.pool[other[5] + i]:
            return False
    return True


@kernel
def _copy(read: Read, first: int, size: int, notes: Notes) -> None:
    for j in range(size):
        notes.pool[notes.state[USED] + j] = _letter(base_code(read.data, read.info, first + j, 0))


@kernel
def _letter(code: int) -> int:
    if code == 0:
        return ord("A")
    if code == 1:
        return ord("C")
    if code == 2:
        return ord("G")
    return ord("T") if code == 3 else ord("N")


@kernel
def _note(notes: Notes, what: tuple[int, int, int, int], size: int, molecule_class: int) -> None:
    """Note an event (kind, sequence index, start, reference length) whose bases already lie in the pool."""
    if notes.state[COUNT] >= EVENT_CAPACITY:
        return
    event = notes.events[notes.state[COUNT]]
    event[0], event[1], event[2], event[3] = what
    event[4], event[5] = (size << 8) | molecule_class, notes.state[USED]
    notes.state[COUNT] += 1
    notes.state[USED] += size
