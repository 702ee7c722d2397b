"""One pass over a consensus BAM: molecules per site, base and class, and what alignments hint at beyond bases.

Counters are linear in the panel and do not grow with depth. Besides them the pass notes, per molecule,
clusters of differences (substitutions within two bases of each other, insertions, deletions) and soft clips;
equal ones are added up, so that noise costs memory only as far as it repeats or is rare.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..umi.records import Bytes, cigar_item, cigar_offset, kernel, n_cigar, ref_id
from .classes import N_CLASSES
from .layout import HIDDEN, ROW_SIZE, Row, lay_out
from .molecules import ALONE, iterate_molecules
from .reads import (
    CIGAR_D,
    CIGAR_EQ,
    CIGAR_I,
    CIGAR_M,
    CIGAR_S,
    CIGAR_X,
    CLIP_LEFT,
    CLIP_RIGHT,
    END,
    INFO_SIZE,
    LENGTH,
    MODE,
    MODE_SINGLE,
    START,
    VOTES,
    Filters,
    Info,
    base_code,
    class_at,
)
from .regions import BASES, Regions

NEAR = 2
"""Differences at most so many matching bases apart form one cluster: the reach of a codon."""
MIN_CLIP = 8
MAX_CLIP = 80
MAX_ALLELE = 200

SUBSTITUTIONS, INDEL, CLIPPED_LEFT, CLIPPED_RIGHT = 0, 1, 2, 3
EVENT_FIELDS = 6
EVENT_CAPACITY = 1 << 17
EVENT_RESERVE = 1 << 13
POOL_CAPACITY = EVENT_CAPACITY * 32

Event = tuple[int, int, int, str, int]
"""Sequence index, 0-based start, reference length, bases, class."""
ClipKey = tuple[int, int, str, int]
"""Sequence index, 0-based position of the break, clipped bases, class."""


@dataclass
class Pileup:
    """What one pass found.

    Attributes:
        regions: the sites.
        counts: uint32[sites, 4, N_CLASSES], informative molecules per base and class.
        strict: uint32[sites, 4], of these, strict ones.
        clusters: molecules per cluster of two or more substitutions.
        indels: molecules per insertion, deletion or complex change, as aligned.
        clips: molecules per soft clip on the left (`CLIPPED_LEFT`) or right side of a break.
        molecules: molecules that vote anywhere near a target.
        untagged: of these, molecules without depth tags, taken as single.
    """

    regions: Regions
    counts: NDArray[np.uint32]
    strict: NDArray[np.uint32]
    clusters: Counter[Event] = field(default_factory=Counter)
    indels: Counter[Event] = field(default_factory=Counter)
    clips: dict[int, Counter[ClipKey]] = field(
        default_factory=lambda: {CLIPPED_LEFT: Counter(), CLIPPED_RIGHT: Counter()}
    )
    molecules: int = 0
    untagged: int = 0

    @property
    def totals(self) -> NDArray[np.int64]:
        """int64[sites, N_CLASSES], informative molecules per site and class."""
        return self.counts.sum(axis=1, dtype=np.int64)


def pile_up(bam: Path, regions: Regions, filters: Filters, *, threads: int = 1) -> Pileup:
    """Count molecules at every site of the regions.

    Args:
        bam: coordinate-sorted consensus BAM.
        regions: sites, in the order of its header.
        filters: which bases vote.
        threads: threads that inflate.

    Raises:
        DataError: no BAM, or not sorted.
    """
    sites = regions.sites
    found = Pileup(
        regions,
        np.zeros((sites, len(BASES), N_CLASSES), np.uint32),
        np.zeros((sites, len(BASES)), np.uint32),
    )
    if sites == 0:
        return found
    table = np.stack([regions.ref_ids.astype(np.int64), regions.starts, regions.ends, regions.offsets[:-1]])
    row = np.empty((3, ROW_SIZE), np.uint8)
    infos = np.zeros((2, INFO_SIZE), np.int64)
    events = np.empty((EVENT_CAPACITY, EVENT_FIELDS), np.int64)
    pool = np.empty(POOL_CAPACITY, np.uint8)
    state = np.zeros(4, np.int64)
    for batch in iterate_molecules(bam, threads=threads):
        at = 0
        while at < len(batch.starts):
            at = _pile(
                batch.data, batch.starts, batch.ends, batch.mates, at, filters, table, regions.reference,
                found.counts, found.strict, row, infos, events, pool, state,
            )  # fmt: skip
            _drain(found, events, pool, state)
    found.molecules, found.untagged = int(state[2]), int(state[3])
    return found


def _drain(found: Pileup, events: NDArray[np.int64], pool: Bytes, state: NDArray[np.int64]) -> None:
    """Add the noted events to the counters and empty the buffers."""
    text = pool[: state[1]].tobytes().decode("ascii")
    for kind, tid, start, length, packed, where in events[: state[0]].tolist():
        size, molecule_class = packed >> 8, packed & 0xFF
        bases = text[where : where + size]
        if kind == SUBSTITUTIONS:
            found.clusters[(tid, start, length, bases, molecule_class)] += 1
        elif kind == INDEL:
            found.indels[(tid, start, length, bases, molecule_class)] += 1
        else:
            found.clips[kind][(tid, start, bases, molecule_class)] += 1
    state[0] = state[1] = 0


@kernel
def _pile(
    data: Bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    mates: NDArray[np.int64],
    at: int,
    filters: Filters,
    table: NDArray[np.int64],
    reference: NDArray[np.uint8],
    counts: NDArray[np.uint32],
    strict: NDArray[np.uint32],
    row: Row,
    infos: Info,
    events: NDArray[np.int64],
    pool: Bytes,
    state: NDArray[np.int64],
) -> int:
    """Count molecules from record `at` on; return where to go on after the event buffer is drained.

    `state`: events noted, bytes of the pool used, molecules, molecules without tags.
    """
    region = 0
    for i in range(at, len(starts)):
        if state[0] > EVENT_CAPACITY - EVENT_RESERVE or state[1] > POOL_CAPACITY - EVENT_RESERVE * 32:
            return i
        mate = mates[i]
        if mate < ALONE:
            continue
        tid = ref_id(data, starts[i])
        low, high = lay_out(data, starts, ends, i, mate, filters, infos, row)
        if low == high:
            continue
        region = find_region(table, tid, low)
        touched = False
        k = region
        while k < table.shape[1] and table[0, k] == tid and table[1, k] < high:
            touched = True
            _count(row, low, high, tid, table[:, k], reference, counts, strict, events, pool, state)
            k += 1
        if not touched:
            continue
        state[2] += 1
        if infos[0, MODE] == MODE_SINGLE:
            state[3] += 1
        for r in range(2):
            if infos[r, VOTES] == 1:
                start = starts[i] if r == 0 else starts[mate]
                _note_indels(data, start, infos[r], filters, tid, table, reference, events, pool, state)
                _note_clips(data, infos[r], tid, table, events, pool, state)
    return len(starts)


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
def _count(
    row: Row,
    low: int,
    high: int,
    tid: int,
    region: NDArray[np.int64],
    reference: NDArray[np.uint8],
    counts: NDArray[np.uint32],
    strict: NDArray[np.uint32],
    events: NDArray[np.int64],
    pool: Bytes,
    state: NDArray[np.int64],
) -> None:
    """Count one molecule over one region and note clusters of substitutions."""
    shift = region[3] - region[1]
    cluster_start, cluster_end, different = -1, -1, 0
    for position in range(max(low, region[1]), min(high, region[2])):
        at = position - low
        code = row[0, at]
        if code >= HIDDEN:
            continue
        site = position + shift
        counts[site, code, row[1, at]] += 1
        if row[2, at]:
            strict[site, code] += 1
        if code == reference[site] or reference[site] >= HIDDEN:
            continue
        if different and position - cluster_end > NEAR:
            if different > 1:
                _note_row(row, low, tid, cluster_start, cluster_end, events, pool, state)
            different = 0
        if not different:
            cluster_start = position
        different, cluster_end = different + 1, position + 1
    if different > 1:
        _note_row(row, low, tid, cluster_start, cluster_end, events, pool, state)


@kernel
def _note_row(
    row: Row,
    low: int,
    tid: int,
    start: int,
    end: int,
    events: NDArray[np.int64],
    pool: Bytes,
    state: NDArray[np.int64],
) -> None:
    if end - start > MAX_ALLELE:
        return
    where = state[1]
    molecule_class = row[1, start - low]
    for position in range(start, end):
        code = row[0, position - low]
        pool[where + position - start] = _letter(code) if code < HIDDEN else ord("N")
        if code < HIDDEN:
            molecule_class = min(molecule_class, row[1, position - low])
    _note(SUBSTITUTIONS, tid, start, end - start, end - start, molecule_class, events, state)


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
def _note(
    kind: int,
    tid: int,
    start: int,
    length: int,
    size: int,
    molecule_class: int,
    events: NDArray[np.int64],
    state: NDArray[np.int64],
) -> None:
    """Note an event whose bases already lie in the pool."""
    if state[0] >= EVENT_CAPACITY:
        return
    event = events[state[0]]
    event[0], event[1], event[2], event[3] = kind, tid, start, length
    event[4], event[5] = (size << 8) | molecule_class, state[1]
    state[0] += 1
    state[1] += size


@kernel
def _in_regions(table: NDArray[np.int64], tid: int, position: int) -> int:
    """Return the region that holds a position, -1 if none does."""
    k = find_region(table, tid, position)
    if k < table.shape[1] and table[0, k] == tid and table[1, k] <= position:
        return k
    return -1


@kernel
def _note_indels(
    data: Bytes,
    start: int,
    info: Info,
    filters: Filters,
    tid: int,
    table: NDArray[np.int64],
    reference: NDArray[np.uint8],
    events: NDArray[np.int64],
    pool: Bytes,
    state: NDArray[np.int64],
) -> None:
    """Note every cluster of differences of a read that holds an insertion or deletion."""
    cigar, count = cigar_offset(data, start), n_cigar(data, start)
    has_indel = False
    for k in range(count):
        code = cigar_item(data, cigar, k)[1]
        has_indel = has_indel or code == CIGAR_I or code == CIGAR_D
    if not has_indel:
        return
    span = np.zeros(5, np.int64)  # open cluster: reference start and end, query start and end, has an indel
    span[1] = -1 - NEAR
    at, query = info[START], 0
    region = -1
    for k in range(count):
        size, code = cigar_item(data, cigar, k)
        if code in (CIGAR_M, CIGAR_EQ, CIGAR_X):
            for j in range(size):
                if region < 0 or not table[1, region] <= at + j < table[2, region]:
                    region = _in_regions(table, tid, at + j)
                if region < 0:
                    continue
                base = base_code(data, info, query + j, filters.min_base_quality)
                expected = reference[table[3, region] + at + j - table[1, region]]
                if base < HIDDEN and expected < HIDDEN and base != expected:
                    _extend(data, info, filters, tid, table, span, at + j, at + j + 1, query + j, query + j + 1, 0, events, pool, state)  # fmt: skip
            at, query = at + size, query + size
        elif code == CIGAR_I:
            _extend(
                data, info, filters, tid, table, span, at, at, query, query + size, 1, events, pool, state
            )
            query += size
        elif code == CIGAR_D:
            _extend(
                data, info, filters, tid, table, span, at, at + size, query, query, 1, events, pool, state
            )
            at += size
        elif code == CIGAR_S:
            query += size
        else:
            at += size
    _flush(data, info, filters, tid, table, span, events, pool, state)


@kernel
def _extend(
    data: Bytes,
    info: Info,
    filters: Filters,
    tid: int,
    table: NDArray[np.int64],
    span: NDArray[np.int64],
    ref_start: int,
    ref_end: int,
    query_start: int,
    query_end: int,
    is_indel: int,
    events: NDArray[np.int64],
    pool: Bytes,
    state: NDArray[np.int64],
) -> None:
    """Add a difference to the open cluster of a read, or close that and open a new one."""
    if ref_start - span[1] > NEAR:
        _flush(data, info, filters, tid, table, span, events, pool, state)
        span[0], span[2], span[4] = ref_start, query_start, 0
    span[1], span[3] = ref_end, query_end
    span[4] |= is_indel


@kernel
def _flush(
    data: Bytes,
    info: Info,
    filters: Filters,
    tid: int,
    table: NDArray[np.int64],
    span: NDArray[np.int64],
    events: NDArray[np.int64],
    pool: Bytes,
    state: NDArray[np.int64],
) -> None:
    size, length = span[3] - span[2], span[1] - span[0]
    if span[4] == 0 or size > MAX_ALLELE or length > MAX_ALLELE:
        return
    k = find_region(table, tid, span[0] - 1)
    if k >= table.shape[1] or table[0, k] != tid or table[1, k] > span[1]:
        return
    where = state[1]
    for j in range(size):
        code = base_code(data, info, span[2] + j, filters.min_base_quality)
        if code >= HIDDEN:
            return
        pool[where + j] = _letter(code)
    _note(INDEL, tid, span[0], length, size, class_at(data, info, max(0, span[2] - 1)), events, state)


@kernel
def _note_clips(
    data: Bytes,
    info: Info,
    tid: int,
    table: NDArray[np.int64],
    events: NDArray[np.int64],
    pool: Bytes,
    state: NDArray[np.int64],
) -> None:
    """Note soft clips that start inside a region, with the clipped bases next to the break."""
    if info[CLIP_LEFT] >= MIN_CLIP and _in_regions(table, tid, info[START]) >= 0:
        size = min(MAX_CLIP, info[CLIP_LEFT])
        _copy_bases(data, info, info[CLIP_LEFT] - size, size, pool, state[1])
        _note(CLIPPED_LEFT, tid, info[START], 0, size, class_at(data, info, info[CLIP_LEFT]), events, state)
    if info[CLIP_RIGHT] >= MIN_CLIP and _in_regions(table, tid, info[END] - 1) >= 0:
        size = min(MAX_CLIP, info[CLIP_RIGHT])
        first = info[LENGTH] - info[CLIP_RIGHT]
        _copy_bases(data, info, first, size, pool, state[1])
        _note(CLIPPED_RIGHT, tid, info[END], 0, size, class_at(data, info, first - 1), events, state)


@kernel
def _copy_bases(data: Bytes, info: Info, first: int, size: int, pool: Bytes, where: int) -> None:
    for j in range(size):
        pool[where + j] = _letter(base_code(data, info, first + j, 0))
