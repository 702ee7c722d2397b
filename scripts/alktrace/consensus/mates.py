"""Mates joined to templates, and the bytes of reads that still wait."""

import numpy as np

from ..io.kernels import kernel, lean_kernel
from ..io.records import (
    FLAG_FIRST,
    FLAG_LAST,
    FLAG_PAIRED,
    FLAG_REVERSE,
    Bytes,
    Offsets,
    cigar_offset,
    int64,
    put_bytes,
    same_name,
    tags_offset,
)
from .losses import NONE, UNMAPPED
from .templates import NO_END, Rows


@lean_kernel
def _mates(data: Bytes, one: Rows, two: Rows) -> bool:
    """Are two rows R1 and R2 of one template."""
    # A read that says it has no mate is none, whatever its number: it would be counted twice.
    if one.hash != two.hash or one.library != two.library or not one.flag & two.flag & FLAG_PAIRED:
        return False
    ends = FLAG_FIRST | FLAG_LAST
    if (one.flag & ends) + (two.flag & ends) != ends or one.flag & ends in (0, ends):
        return False
    return same_name(data, one.offset, data, two.offset)


@lean_kernel
def _twice(data: Bytes, one: Rows, two: Rows) -> bool:
    """Are two rows the same read of one template, given twice or without a name of its own."""
    ends = FLAG_FIRST | FLAG_LAST
    if one.hash != two.hash or one.library != two.library or one.flag & ends != two.flag & ends:
        return False
    return same_name(data, one.offset, data, two.offset)


@lean_kernel
def _find_again(data: Bytes, reads: Rows, order: Offsets, i: int) -> int:
    """Return the index of a later read that is the i-th in order again; -1: none.

    Asked before any pairing: of two reads with one name and number any mate may be the wrong one.
    """
    one = reads[order[i]]
    for j in range(i + 1, len(order)):
        if reads[order[j]].hash != one.hash:
            return -1
        if _twice(data, one, reads[order[j]]):
            return int64(order[j])
    return -1


@lean_kernel
def _pair_reason(one: Rows, two: Rows) -> int:
    """Return why a pair is dropped, whichever read the reason comes from."""
    if NONE not in (one.reason, two.reason):
        # Codes stand in the order in which they are asked.
        return int64(min(one.reason, two.reason))
    reason = int64(max(one.reason, two.reason))
    return UNMAPPED if reason == NONE and one.end == NO_END and two.end == NO_END else reason


@lean_kernel
def _fill_template(
    row: Rows, one: Rows, two: Rows, paired: bool, duplex: bool, by_end: bool, random: int
) -> None:
    """Fill in a template from R1 and R2; a single-end read is given twice."""
    high = two.end if paired else NO_END
    # Equal only where both face one way from one place: forward reads are A, reverse ones B, as in fgbio.
    lower = one.end < high or (one.end == high and not one.flag & FLAG_REVERSE)
    row.low, row.high = (one.end, high) if lower else (high, one.end)
    row.last = row.high if row.high != NO_END else row.low
    row.key_low, row.key_high = row.low, row.high
    row.hash, row.library = one.hash, one.library
    row.first, row.second = one.offset, two.offset if paired else -1
    row.strand = 0 if lower else 1
    row.side = row.strand
    row.umi_a, row.umi_b = one.umi_a, one.umi_b
    row.length_a, row.length_b, row.joined = one.length_a, one.length_b, one.joined
    if duplex:
        row.side = 0
        if not lower:
            # Strand B reads the halves in the other order: A-B and B-A are one molecule.
            row.umi_a, row.umi_b = one.umi_b, one.umi_a
            row.length_a, row.length_b = one.length_b, one.length_a
    if by_end:
        row.side, row.strand = 0, 0
        if not lower:
            row.first, row.second = row.second, row.first
    if random:
        # The end has its strand already; which end is the lower one depends on the primer.
        row.key_low, row.key_high, row.side = (two if random == 2 else one).whole, NO_END, 0
    if not paired:
        row.side = 2
    mapped = one if one.end != NO_END else two
    row.ref, row.start, row.stop = mapped.ref, mapped.start, mapped.stop
    if one.ref == two.ref and NO_END not in (one.end, two.end):
        row.start, row.stop = min(one.start, two.start), max(one.stop, two.stop)


@lean_kernel
def join_mates(
    data: Bytes,
    reads: Rows,
    order: Offsets,
    duplex: bool,
    by_end: bool,
    random: int,
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
        random: number of the read at the random end, if only one end is random; else 0. Without it the
            molecule cannot be told.
        templates: TEMPLATE[n], filled in.
        waiting: uint8[n], set to 1 for reads whose mate is still to come.
        losses: int64[n_reasons], added to; a reason of one read drops both.

    Returns:
        Number of templates; -1 - index of a read that is there twice.
    """
    count, n = 0, len(order)
    waiting[:] = 1
    for i in range(n):
        one = reads[order[i]]
        again = _find_again(data, reads, order, i)
        if again >= 0:
            return -1 - again
        if not one.flag & FLAG_PAIRED:
            waiting[order[i]] = 0
            losses[one.reason] += one.reason != NONE
            if one.reason == NONE:
                _fill_template(templates[count], one, one, False, duplex, by_end, random)
                count += 1
            continue
        for j in range(i + 1, n):
            two = reads[order[j]]
            if two.hash != one.hash or not waiting[order[i]]:
                break
            if waiting[order[j]] and _mates(data, one, two):
                waiting[order[i]], waiting[order[j]] = 0, 0
                r1, r2 = (one, two) if one.flag & FLAG_FIRST else (two, one)
                reason = _pair_reason(one, two)
                if reason == NONE and random and (r2 if random == 2 else r1).end == NO_END:
                    reason = UNMAPPED
                if reason != NONE:
                    losses[reason] += 2
                    break
                _fill_template(templates[count], r1, r2, True, duplex, by_end, random)
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
            put_bytes(kept, moved[i], data, offsets[i], stop)
    return kept, moved
