"""From aligned records to rows of reads: filters, UMI, unclipped ends.

The key of a template is the pair of its unclipped 5' ends with their strands, or the one of them that is
random, the library and the UMI. An end is one sortable number (`end_key`), so that everything behind this
module handles numbers, not alignments.
"""

from typing import Any

import numpy as np

from ..io.kernels import kernel, lean_kernel
from ..io.records import (
    FLAG_MATE_UNMAPPED,
    FLAG_NOT_PF,
    FLAG_PAIRED,
    FLAG_REVERSE,
    FLAG_SECONDARY,
    FLAG_SUPPLEMENTARY,
    FLAG_UNMAPPED,
    Bytes,
    Offsets,
    after_value,
    cigar_item,
    cigar_offset,
    flag,
    int64,
    l_seq,
    mapq,
    mate_pos,
    mate_ref,
    n_cigar,
    name_length,
    name_offset,
    position,
    ref_id,
    tags_offset,
    text_value,
)
from .losses import (
    COUNT_CUT,
    COUNT_IN,
    COUNT_WITH_UMI,
    COUNT_WITHOUT_MC,
    LOW_MAPQ,
    LOW_QUALITY,
    NONE,
    NOT_PAIRED,
    NOT_PF,
    SECONDARY,
    SUPPLEMENTARY,
    TOO_LONG,
    UMI_INVALID,
    UMI_MISSING,
    UNMAPPED,
)
from .umi_codes import parse_name_umi, parse_umi, umi_in_name

# A forward read may lie this far behind its unclipped 5' end; it bounds how long a position stays open.
MAX_READ_LENGTH = 1000
NO_END = 1 << 62
HARD_CLIP = 5
POSITION_SHIFT = 1 << 16

# `end` is where the read begins, `whole` where it began before a primer was cut off; `mate` is where the
# alignment of the mate begins, as the record says it, the own end where there is none.
READ: Any = np.dtype(
    [
        ("hash", "i8"),
        ("end", "i8"),
        ("whole", "i8"),
        ("mate", "i8"),
        ("offset", "i8"),
        ("umi_a", "i8"),
        ("umi_b", "i8"),
        ("ref", "i4"),
        ("start", "i4"),
        ("stop", "i4"),
        ("flag", "u2"),
        ("library", "u2"),
        ("length_a", "u1"),
        ("length_b", "u1"),
        ("joined", "u1"),
        ("reason", "u1"),
    ],
    align=True,
)

# `first` and `second` are the offsets of R1 and R2; without UMIs those of the lower and the upper end.
# `key_low` and `key_high` part positions: both ends, or the random one alone (and NO_END). No later read can
# belong to the position once the stream has passed `last`.
# `side` parts orientations that must not share a family; `strand` is 0 for A (R1 at the lower end), 1 for B.
TEMPLATE: Any = np.dtype(
    [
        ("last", "i8"),
        ("key_low", "i8"),
        ("key_high", "i8"),
        ("low", "i8"),
        ("high", "i8"),
        ("hash", "i8"),
        ("umi_a", "i8"),
        ("umi_b", "i8"),
        ("first", "i8"),
        ("second", "i8"),
        ("ref", "i4"),
        ("start", "i4"),
        ("stop", "i4"),
        ("library", "u2"),
        ("length_a", "u1"),
        ("length_b", "u1"),
        ("joined", "u1"),
        ("side", "u1"),
        ("strand", "u1"),
        ("reason", "u1"),
    ],
    align=True,
)

Rows = Any


@lean_kernel
def end_key(ref: int, pos: int, reverse: int) -> int:
    """Return the sortable number of a fragment end: sequence, 0-based unclipped 5' position, strand."""
    return (int64(ref) << 34) | ((int64(pos) + POSITION_SHIFT) << 1) | reverse


@lean_kernel
def name_hash(data: Bytes, start: int) -> int:
    """Return a 64-bit hash of the read name, well mixed in all bits."""
    value = int64(-3750763034362895579)
    at = name_offset(start)
    for i in range(name_length(data, start)):
        value = (value ^ int64(data[at + i])) * 1099511628211
    value ^= (value >> 33) & 0x7FFFFFFF
    value *= -49064778989728563
    value ^= (value >> 33) & 0x7FFFFFFF
    value *= -4265267296055464877
    return value ^ ((value >> 33) & 0x7FFFFFFF)


@lean_kernel
def unclipped_end(data: Bytes, start: int) -> tuple[int, int, int]:
    """Return where a mapped read begins and ends.

    Returns:
        The 0-based unclipped 5' position, for which soft clips count and hard clips do not; the end of the
        alignment (exclusive); the bases of a hard clip before the 5' position.
    """
    cigar, count, pos = cigar_offset(data, start), n_cigar(data, start), position(data, start)
    leading, trailing, stop = 0, 0, pos
    reverse = flag(data, start) & FLAG_REVERSE
    outer, outermost = cigar_item(data, cigar, count - 1 if reverse else 0) if count else (0, 0)
    hard = outer if outermost == HARD_CLIP else 0
    for i in range(count):
        length, code = cigar_item(data, cigar, i)
        if code == 4:
            if stop == pos:
                leading += length
            else:
                trailing += length
        elif code in (0, 2, 3, 7, 8):
            stop += length
    if reverse:
        return stop + trailing - 1, stop, hard
    # May be negative: a clip at the start of a sequence reaches before it (`POSITION_SHIFT`).
    return pos - leading, stop, hard


@lean_kernel
def _find_three(data: Bytes, start: int, end: int, tag: int, found: Offsets) -> None:
    """Look up the UMI tag, RG, MC and RX in one walk over the tags; -1 where absent."""
    found[:] = -1
    at = tags_offset(data, start)
    while at + 3 <= end:
        after = after_value(data, at + 2, end)
        if after < 0:
            return
        name = (int64(data[at]) << 8) | data[at + 1]
        if name == tag:
            found[0] = at + 2
        if name == 0x5247:
            found[1] = at + 2
        elif name == 0x4D43:
            found[2] = at + 2
        elif name == 0x5258:
            found[3] = at + 2
        at = after


@lean_kernel
def _library(data: Bytes, at: int, names: Bytes, bounds: Offsets, libraries: Offsets) -> int:
    """Return the library of the read group named at a tag; the last entry is for reads without one."""
    groups = len(bounds) - 1
    first, length = text_value(data, at) if at >= 0 else (0, -1)
    for i in range(groups):
        same = bounds[i + 1] - bounds[i] == length
        for j in range(length if same else 0):
            same &= names[bounds[i] + j] == data[first + j]
        if same:
            return int64(libraries[i])
    return int64(libraries[groups])


@lean_kernel
def _umi_reason(data: Bytes, start: int, found: Offsets, source: int, duplex: bool, row: Rows) -> int:
    """Fill in the UMI of a read; return why it cannot be used."""
    at = found[0] if found[0] >= 0 else found[3]
    named = at < 0 and source == 2
    if at < 0 and not named:
        return UMI_MISSING
    first, length = umi_in_name(data, start) if named else text_value(data, at)
    if length <= 0:
        return UMI_MISSING
    reason = parse_name_umi(data, first, length, row) if named else parse_umi(data, first, length, row)
    if reason == NONE and duplex and not row.joined:
        return UMI_INVALID
    return reason


@lean_kernel
def _reason_alone(flags: int) -> int:
    """Return why a record is dropped that its mate need not know of."""
    if flags & FLAG_SECONDARY:
        return SECONDARY
    if flags & FLAG_SUPPLEMENTARY:
        return SUPPLEMENTARY
    # An unmapped read whose mate is mapped stays: the mate alone is still a molecule.
    if flags & FLAG_UNMAPPED and (not flags & FLAG_PAIRED or flags & FLAG_MATE_UNMAPPED):
        return NOT_PF if flags & FLAG_NOT_PF else UNMAPPED
    return NONE


@lean_kernel
def _reason_with_mate(data: Bytes, start: int, flags: int, min_mapq: int, duplex: bool) -> int:
    """Return why a read is dropped together with its mate."""
    length = l_seq(data, start)
    if flags & FLAG_NOT_PF:
        return NOT_PF
    if length > MAX_READ_LENGTH:
        return TOO_LONG
    if length == 0:
        return LOW_QUALITY
    if not flags & FLAG_UNMAPPED and mapq(data, start) < min_mapq:
        return LOW_MAPQ
    return NOT_PAIRED if duplex and not flags & FLAG_PAIRED else NONE


@lean_kernel
def _fill_ends(data: Bytes, start: int, ref: int, flags: int, row: Rows) -> None:
    """Fill in where a mapped read begins and ends, and where its mate begins."""
    # The 5' end of a reverse read is its last aligned base with the clip behind it.
    five_prime, row.stop, hard = unclipped_end(data, start)
    reverse = 1 if flags & FLAG_REVERSE else 0
    # A position stays open for MAX_READ_LENGTH: a longer hard clip would reach behind what has been closed.
    hard = min(hard, max(0, MAX_READ_LENGTH - l_seq(data, start)))
    row.end = end_key(ref, five_prime, reverse)
    row.whole = end_key(ref, five_prime + hard if reverse else five_prime - hard, reverse)
    row.mate = row.end
    if flags & FLAG_PAIRED and not flags & FLAG_MATE_UNMAPPED and mate_ref(data, start) >= 0:
        row.mate = end_key(mate_ref(data, start), mate_pos(data, start), 0)


@lean_kernel
def _is_cut(data: Bytes, start: int) -> bool:
    """Tell whether a read ends in a hard clip: only primers are cut off primary alignments."""
    cigar, last = cigar_offset(data, start), n_cigar(data, start) - 1
    if last < 0:
        return False
    return cigar_item(data, cigar, 0)[1] == HARD_CLIP or cigar_item(data, cigar, last)[1] == HARD_CLIP


@kernel
def scan_reads(
    data: Bytes,
    starts: Offsets,
    ends: Offsets,
    group_names: Bytes,
    group_bounds: Offsets,
    group_libraries: Offsets,
    tag: int,
    source: int,
    duplex: bool,
    min_mapq: int,
    previous: int,
    reads: Rows,
    counts: Offsets,
    losses: Offsets,
) -> tuple[int, int, int]:
    """Turn records into READ rows.

    A row with a reason stays, because its mate must be dropped with it.

    Args:
        data: packed bytes.
        starts: offsets of records.
        ends: their ends.
        group_names: names of the read groups, joined.
        group_bounds: bounds of each name, one more than names.
        group_libraries: library of each read group, then of reads without one.
        tag: UMI tag, both letters in one number.
        source: 0 no UMI, 1 tag, 2 tag or read name.
        duplex: must the UMI have two halves.
        min_mapq: lowest mapping quality.
        previous: sort key of the record before the first.
        reads: READ[n_records], filled in.
        counts: int64[N_COUNTS], added to.
        losses: int64[n_reasons], added to.

    Returns:
        Number of rows, sort key of the last record, index of the first record out of order (-1: none).
    """
    n, found = 0, np.empty(4, np.int64)
    for i in range(len(starts)):
        start = starts[i]
        ref, pos, flags = ref_id(data, start), position(data, start), flag(data, start)
        # Unplaced reads come last in a sorted file; refID -1 would sort them first.
        key = end_key(ref, pos, 0) if ref >= 0 else NO_END
        if key < previous:
            return n, previous, i
        previous = key
        counts[COUNT_IN] += 1
        reason = _reason_alone(flags)
        if reason != NONE:
            losses[reason] += 1
            continue
        row = reads[n]
        n += 1
        _find_three(data, start, ends[i], tag, found)
        if flags & FLAG_PAIRED and not flags & FLAG_MATE_UNMAPPED and found[2] < 0:
            counts[COUNT_WITHOUT_MC] += 1
        row.offset, row.flag, row.hash = start, flags, name_hash(data, start)
        row.library = _library(data, found[1], group_names, group_bounds, group_libraries)
        row.ref, row.start, row.stop = ref, pos, pos
        row.end, row.whole, row.mate = NO_END, NO_END, NO_END
        if not flags & FLAG_UNMAPPED:
            _fill_ends(data, start, ref, flags, row)
            counts[COUNT_CUT] += _is_cut(data, start)
        row.umi_a, row.umi_b, row.length_a, row.length_b, row.joined = 0, 0, 0, 0, 0
        reason = _reason_with_mate(data, start, flags, min_mapq, duplex)
        if reason == NONE and source > 0:
            reason = _umi_reason(data, start, found, source, duplex, row)
            counts[COUNT_WITH_UMI] += reason != UMI_MISSING
        row.reason = reason
    return n, previous, -1
