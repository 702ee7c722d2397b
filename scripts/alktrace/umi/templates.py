"""From aligned records to templates: filters, UMI, mates joined, unclipped ends.

The key of a template is the pair of its unclipped 5' ends with their strands, the library and the UMI. An end
is one sortable number (`end_key`), so that everything behind this module handles numbers, not alignments.
"""

from typing import Any

import numpy as np

from .records import (
    FLAG_FIRST,
    FLAG_LAST,
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
    kernel,
    l_seq,
    mapq,
    n_cigar,
    name_length,
    name_offset,
    position,
    ref_id,
    tags_offset,
    text_value,
)

# Why a read does not reach the consensus; the index is the code used in kernels, 0 means none.
REASONS = (
    "",
    "secondary",
    "supplementary",
    "not_pf",
    "unmapped",
    "too_long",
    "low_mapq",
    "not_paired",
    "umi_missing",
    "umi_n",
    "umi_invalid",
    "mate_missing",
    "low_quality",
    "minority_alignment",
    "umi_collision",
    "orphan",
)
(
    NONE,
    SECONDARY,
    SUPPLEMENTARY,
    NOT_PF,
    UNMAPPED,
    TOO_LONG,
    LOW_MAPQ,
    NOT_PAIRED,
    UMI_MISSING,
    UMI_N,
    UMI_INVALID,
    MATE_MISSING,
    LOW_QUALITY,
    MINORITY_ALIGNMENT,
    UMI_COLLISION,
    ORPHAN,
) = range(len(REASONS))

# A forward read may lie this far behind its unclipped 5' end; it bounds how long a position stays open.
MAX_READ_LENGTH = 1000
MAX_UMI_HALF = 31
NO_END = 1 << 62
POSITION_SHIFT = 1 << 16
COUNT_IN, COUNT_WITHOUT_MC, COUNT_WITH_UMI = 0, 1, 2
N_COUNTS = 3

READ: Any = np.dtype(
    [
        ("hash", "i8"),
        ("end", "i8"),
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
# `side` parts orientations that must not share a family; `strand` is 0 for A (R1 at the lower end), 1 for B.
TEMPLATE: Any = np.dtype(
    [
        ("last", "i8"),
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


@kernel
def end_key(ref: int, pos: int, reverse: int) -> int:
    """Return the sortable number of a fragment end: sequence, 0-based unclipped 5' position, strand."""
    return (int64(ref) << 34) | ((int64(pos) + POSITION_SHIFT) << 1) | reverse


@kernel
def end_position(key: int) -> int:
    """Return the 0-based position of an end."""
    return ((key & ((1 << 34) - 1)) >> 1) - POSITION_SHIFT


@kernel
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


@kernel
def unclipped_end(data: Bytes, start: int) -> tuple[int, int]:
    """Return the 0-based unclipped 5' position of a mapped read and the end of its alignment (exclusive).

    Soft clips count, hard clips do not.
    """
    cigar, count, pos = cigar_offset(data, start), n_cigar(data, start), position(data, start)
    leading, trailing, stop = 0, 0, pos
    for i in range(count):
        length, code = cigar_item(data, cigar, i)
        if code == 4:
            if stop == pos:
                leading += length
            else:
                trailing += length
        elif code in (0, 2, 3, 7, 8):
            stop += length
    if flag(data, start) & FLAG_REVERSE:
        return stop + trailing - 1, stop
    return pos - leading, stop


@kernel
def base_code(letter: int) -> int:
    """Return 0 to 3 for A, C, G, T in either case, 4 for N, 5 for a separator of halves, 6 for others."""
    upper = letter & 0xDF
    if upper == ord("A"):
        return 0
    if upper == ord("C"):
        return 1
    if upper == ord("G"):
        return 2
    if upper == ord("T"):
        return 3
    if upper == ord("N"):
        return 4
    return 5 if letter in (ord("-"), ord("+"), ord("_")) else 6


@kernel
def parse_umi(data: Bytes, at: int, length: int, row: Rows) -> int:
    """Pack a UMI of one or two halves into a READ row, two bits per base.

    Args:
        data: packed bytes.
        at: where the UMI starts.
        length: its length.
        row: the READ row to fill in.

    Returns:
        NONE, UMI_N or UMI_INVALID. A UMI without separator of more than 31 bases goes on in the second half.
    """
    codes_a, codes_b, length_a, length_b, half, status = int64(0), int64(0), 0, 0, 0, NONE
    row.joined = 0
    for i in range(length):
        code = base_code(data[at + i])
        if code == 4:
            status = UMI_N if status == NONE else status
        elif code == 6 or (code == 5 and row.joined):
            return UMI_INVALID
        elif code == 5:
            row.joined, half = 1, 1
        elif half == 0 and length_a < MAX_UMI_HALF:
            codes_a, length_a = (codes_a << 2) | code, length_a + 1
        elif length_b < MAX_UMI_HALF and (half == 1 or not row.joined):
            codes_b, length_b = (codes_b << 2) | code, length_b + 1
        else:
            return UMI_INVALID
    row.umi_a, row.umi_b, row.length_a, row.length_b = codes_a, codes_b, length_a, length_b
    return status if length_a + length_b + (status != NONE) > 0 else UMI_MISSING


@kernel
def umi_in_name(data: Bytes, start: int) -> tuple[int, int]:
    """Return offset and length of the UMI at the end of a read name; length 0 if there is none.

    It is the longest run of bases and `+`, `-`, `_` at the end that a separator parts from the rest.
    """
    first = name_offset(start)
    stop = first + name_length(data, start)
    at = stop
    while at > first and base_code(data[at - 1]) < 6:
        at -= 1
    if at == first:
        return at, 0
    parted = data[at - 1] == ord(":")
    while at < stop and base_code(data[at]) == 5:
        at, parted = at + 1, True
    return at, stop - at if parted else 0


@kernel
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


@kernel
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


@kernel
def _umi_reason(data: Bytes, start: int, found: Offsets, source: int, duplex: bool, row: Rows) -> int:
    """Fill in the UMI of a read; return why it cannot be used."""
    at = found[0] if found[0] >= 0 else found[3]
    if at >= 0:
        first, length = text_value(data, at)
    elif source == 2:
        first, length = umi_in_name(data, start)
    else:
        return UMI_MISSING
    if length <= 0:
        return UMI_MISSING
    reason = parse_umi(data, first, length, row)
    if reason == NONE and duplex and not row.joined:
        return UMI_INVALID
    return reason


@kernel
def _reason_alone(flags: int) -> int:
    """Return why a record is dropped that its mate need not know of."""
    if flags & FLAG_SECONDARY:
        return SECONDARY
    if flags & FLAG_SUPPLEMENTARY:
        return SUPPLEMENTARY
    if flags & FLAG_UNMAPPED and (not flags & FLAG_PAIRED or flags & FLAG_MATE_UNMAPPED):
        return NOT_PF if flags & FLAG_NOT_PF else UNMAPPED
    return NONE


@kernel
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
        row.ref, row.start, row.stop, row.end = ref, pos, pos, NO_END
        if not flags & FLAG_UNMAPPED:
            five_prime, stop = unclipped_end(data, start)
            row.stop = stop
            row.end = end_key(ref, five_prime, 1 if flags & FLAG_REVERSE else 0)
        row.umi_a, row.umi_b, row.length_a, row.length_b, row.joined = 0, 0, 0, 0, 0
        reason = _reason_with_mate(data, start, flags, min_mapq, duplex)
        if reason == NONE and source > 0:
            reason = _umi_reason(data, start, found, source, duplex, row)
            counts[COUNT_WITH_UMI] += reason != UMI_MISSING
        row.reason = reason
    return n, previous, -1


@kernel
def _same_name(data: Bytes, one: int, two: int) -> bool:
    length, same = name_length(data, one), name_length(data, one) == name_length(data, two)
    for i in range(length if same else 0):
        same &= data[name_offset(one) + i] == data[name_offset(two) + i]
    return same


@kernel
def _mates(data: Bytes, one: Rows, two: Rows) -> bool:
    """Are two rows R1 and R2 of one template."""
    if one.hash != two.hash or one.library != two.library:
        return False
    ends = FLAG_FIRST | FLAG_LAST
    if (one.flag & ends) + (two.flag & ends) != ends or one.flag & ends in (0, ends):
        return False
    return _same_name(data, one.offset, two.offset)


@kernel
def _pair_reason(one: Rows, two: Rows) -> int:
    """Return why a pair is dropped, whichever read the reason comes from."""
    if NONE not in (one.reason, two.reason):
        return int64(min(one.reason, two.reason))
    reason = int64(max(one.reason, two.reason))
    return UNMAPPED if reason == NONE and one.end == NO_END and two.end == NO_END else reason


@kernel
def _fill_template(row: Rows, one: Rows, two: Rows, paired: bool, duplex: bool, by_end: bool) -> None:
    """Fill in a template from R1 and R2; a single-end read is given twice."""
    high = two.end if paired else NO_END
    lower = one.end < high or (one.end == high and not one.flag & FLAG_REVERSE)
    row.low, row.high = (one.end, high) if lower else (high, one.end)
    row.last = row.high if row.high != NO_END else row.low
    row.hash, row.library = one.hash, one.library
    row.first, row.second = one.offset, two.offset if paired else -1
    row.strand = 0 if lower else 1
    row.side = row.strand
    row.umi_a, row.umi_b = one.umi_a, one.umi_b
    row.length_a, row.length_b, row.joined = one.length_a, one.length_b, one.joined
    if duplex:
        row.side = 0
        if not lower:
            row.umi_a, row.umi_b = one.umi_b, one.umi_a
            row.length_a, row.length_b = one.length_b, one.length_a
    if by_end:
        row.side, row.strand = 0, 0
        if not lower:
            row.first, row.second = row.second, row.first
    if not paired:
        row.side = 2
    mapped = one if one.end != NO_END else two
    row.ref, row.start, row.stop = mapped.ref, mapped.start, mapped.stop
    if one.ref == two.ref and NO_END not in (one.end, two.end):
        row.start, row.stop = min(one.start, two.start), max(one.stop, two.stop)


@kernel
def join_mates(
    data: Bytes,
    reads: Rows,
    order: Offsets,
    duplex: bool,
    by_end: bool,
    templates: Rows,
    waiting: Bytes,
    losses: Offsets,
) -> int:
    """Join mates to templates.

    Args:
        data: packed bytes.
        reads: READ[n], reads whose mate was not seen yet and new ones.
        order: int64[n], the reads sorted by hash.
        duplex: are UMI halves put in the order of the ends.
        by_end: is the read at the lower end taken as the first, whatever its number.
        templates: TEMPLATE[n], filled in.
        waiting: uint8[n], set to 1 for reads whose mate is still to come.
        losses: int64[n_reasons], added to; a reason of one read drops both.

    Returns:
        Number of templates.
    """
    count, n = 0, len(order)
    waiting[:] = 1
    for i in range(n):
        one = reads[order[i]]
        if not one.flag & FLAG_PAIRED:
            waiting[order[i]] = 0
            losses[one.reason] += one.reason != NONE
            if one.reason == NONE:
                _fill_template(templates[count], one, one, False, duplex, by_end)
                count += 1
            continue
        for j in range(i + 1, n):
            two = reads[order[j]]
            if two.hash != one.hash or not waiting[order[i]]:
                break
            if waiting[order[j]] and _mates(data, one, two):
                waiting[order[i]], waiting[order[j]] = 0, 0
                reason = _pair_reason(one, two)
                if reason != NONE:
                    losses[reason] += 2
                    break
                r1, r2 = (one, two) if one.flag & FLAG_FIRST else (two, one)
                _fill_template(templates[count], r1, r2, True, duplex, by_end)
                count += 1
                break
    return count


@kernel
def keep_bytes(data: Bytes, offsets: Offsets, whole: Bytes) -> tuple[Bytes, Offsets]:
    """Copy records, without their tags, into a new array.

    Args:
        data: packed bytes.
        offsets: int64[n], offsets of records; -1 for none.
        whole: uint8[n], 0 where the name suffices, because the read will be dropped.

    Returns:
        The new bytes and the new offsets.
    """
    moved = np.empty(len(offsets), np.int64)
    size = 0
    for i in range(len(offsets)):
        if offsets[i] < 0:
            moved[i] = -1
            continue
        moved[i] = size
        stop = tags_offset(data, offsets[i]) if whole[i] else cigar_offset(data, offsets[i])
        size += stop - offsets[i]
    kept = np.empty(size, np.uint8)
    for i in range(len(offsets)):
        if offsets[i] >= 0:
            stop = tags_offset(data, offsets[i]) if whole[i] else cigar_offset(data, offsets[i])
            kept[moved[i] : moved[i] + stop - offsets[i]] = data[offsets[i] : stop]
    return kept, moved
