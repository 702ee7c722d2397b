"""From packed records to source reads: cycles in sequencing order, mates reconciled, trimmed, masked.

This is the only part of the consensus that looks at alignments. Rules are those of fgbio's toSourceRead,
SamRecordClipper and OverlappingBasesConsensusCaller.
"""

from typing import Any

import numpy as np

from ..io.kernels import lean_kernel
from ..io.records import (
    FLAG_REVERSE,
    FLAG_UNMAPPED,
    Bytes,
    cigar_item,
    cigar_offset,
    flag,
    int64,
    l_seq,
    n_cigar,
    position,
    qual_offset,
    ref_id,
    seq_offset,
    uint64,
)
from .likelihood import NO_CALL, QUALITIES, join_strands

MAX_OPERATIONS = 64
MASKED_QUALITY = 2
# 4-bit codes (`=ACMGRSVTWYHKDBN`) to A, C, G, T, N as 0 to 4; and their complements.
FORWARD = np.array([4, 0, 1, 4, 2, 4, 4, 4, 3, 4, 4, 4, 4, 4, 4, 4], np.uint8)
REVERSE = np.array([4, 3, 2, 4, 1, 4, 4, 4, 0, 4, 4, 4, 4, 4, 4, 4], np.uint8)

Ints = Any


@lean_kernel
def decode(data: Bytes, start: int, bases: Bytes, quals: Bytes) -> int:
    """Unpack bases and qualities into sequencing order; return their number."""
    length, seq, qual = l_seq(data, start), seq_offset(data, start), qual_offset(data, start)
    # Without a sign, as in `put_bytes`.
    last, one = uint64(length - 1), uint64(1)
    raw = data[qual : qual + length]
    packed = data[seq : seq + (length + 1) // 2]
    if flag(data, start) & FLAG_REVERSE:
        for i in range(uint64(length // 2)):
            at = last - i - i
            bases[at] = REVERSE[packed[i] >> 4]
            bases[at - one] = REVERSE[packed[i] & 0xF]
        if length & 1:
            bases[0] = REVERSE[packed[length // 2] >> 4]
        for i in range(uint64(length)):
            quals[i] = raw[last - i]
    else:
        for i in range(uint64(length // 2)):
            bases[i + i] = FORWARD[packed[i] >> 4]
            bases[i + i + one] = FORWARD[packed[i] & 0xF]
        if length & 1:
            bases[length - 1] = FORWARD[packed[length // 2] >> 4]
        for i in range(length):
            quals[i] = raw[i]
    for i in range(length):
        # 0xFF stands for no qualities; as a number it would be the best of all.
        quals[i] = quals[i] if quals[i] < QUALITIES else 0
    return length


@lean_kernel
def aligned_blocks(data: Bytes, start: int, blocks: Ints) -> int:
    """List the aligned blocks of a read as reference position, offset in the read, length.

    Args:
        data: packed bytes.
        start: offset of a mapped record.
        blocks: int64[MAX_OPERATIONS, 3], filled in.

    Returns:
        Number of blocks.
    """
    cigar, count = cigar_offset(data, start), n_cigar(data, start)
    ref, read, n = position(data, start), int64(0), 0
    for i in range(count):
        length, code = cigar_item(data, cigar, i)
        if code in (0, 7, 8):
            if n < MAX_OPERATIONS:
                blocks[n, 0], blocks[n, 1], blocks[n, 2] = ref, read, length
                n += 1
            ref += length
            read += length
        elif code in (1, 4):
            read += length
        elif code in (2, 3):
            ref += length
    return n


@lean_kernel
def reconcile_mates(
    data: Bytes,
    one: int,
    two: int,
    bases_one: Bytes,
    quals_one: Bytes,
    bases_two: Bytes,
    quals_two: Bytes,
    blocks_one: Ints,
    blocks_two: Ints,
) -> None:
    """Give both mates one base and quality wherever both are aligned to one reference position."""
    n_one, n_two = aligned_blocks(data, one, blocks_one), aligned_blocks(data, two, blocks_two)
    last_one, last_two = l_seq(data, one) - 1, l_seq(data, two) - 1
    reverse_one, reverse_two = flag(data, one) & FLAG_REVERSE, flag(data, two) & FLAG_REVERSE
    i, j = 0, 0
    while i < n_one and j < n_two:
        end_one = blocks_one[i, 0] + blocks_one[i, 2]
        end_two = blocks_two[j, 0] + blocks_two[j, 2]
        first = max(blocks_one[i, 0], blocks_two[j, 0])
        x = blocks_one[i, 1] + first - blocks_one[i, 0]
        y = blocks_two[j, 1] + first - blocks_two[j, 0]
        for k in range(min(end_one, end_two) - first):
            at_one = uint64(last_one - x - k if reverse_one else x + k)
            at_two = uint64(last_two - y - k if reverse_two else y + k)
            base_one, base_two = int64(bases_one[at_one]), int64(bases_two[at_two])
            # N says nothing: the base of the mate stays as it is.
            if NO_CALL in (base_one, base_two):
                continue
            if reverse_one != reverse_two:
                # Bases are in sequencing order, so that of the reverse mate is the complement.
                base_two = 3 - base_two
            base, qual, _ = join_strands(
                base_one, int64(quals_one[at_one]), base_two, int64(quals_two[at_two])
            )
            quals_one[at_one], quals_two[at_two] = qual, qual
            bases_one[at_one] = base
            bases_two[at_two] = 3 - base if reverse_one != reverse_two and base != NO_CALL else base
        if end_one <= end_two:
            i += 1
        if end_two <= end_one:
            j += 1


@lean_kernel
def _bases_after(data: Bytes, start: int, ref_pos: int) -> int:
    """Return the read bases right of a reference position inside the alignment."""
    cigar, count, ref, before = (
        cigar_offset(data, start),
        n_cigar(data, start),
        position(data, start),
        int64(0),
    )
    for i in range(count):
        length, code = cigar_item(data, cigar, i)
        if code in (0, 2, 3, 7, 8):
            inside = min(length, ref_pos + 1 - ref)
            before += inside if code not in (2, 3) else 0
            ref += length
            if ref > ref_pos + 1:
                break
        elif ref > ref_pos:
            break
        elif code in (1, 4):
            before += length
    return l_seq(data, start) - before


@lean_kernel
def _bases_before(data: Bytes, start: int, ref_pos: int) -> int:
    """Return the read bases left of a reference position inside the alignment."""
    cigar, count, ref, before = (
        cigar_offset(data, start),
        n_cigar(data, start),
        position(data, start),
        int64(0),
    )
    for i in range(count):
        length, code = cigar_item(data, cigar, i)
        if code in (0, 2, 3, 7, 8):
            inside = min(length, ref_pos - ref)
            before += inside if code not in (2, 3) else 0
            ref += length
            if ref > ref_pos:
                break
        elif code in (1, 4):
            before += length
    return before


@lean_kernel
def _clip(data: Bytes, start: int, trailing: bool) -> int:
    """Return the soft-clipped bases at the left or right end."""
    cigar, count, clip = cigar_offset(data, start), n_cigar(data, start), int64(0)
    for i in range(count):
        length, code = cigar_item(data, cigar, count - 1 - i if trailing else i)
        if code == 4:
            clip += length
        elif code != 5:
            break
    return clip


@lean_kernel
def alignment_end(data: Bytes, start: int) -> int:
    """Return the end of the alignment, 0-based exclusive."""
    cigar, end = cigar_offset(data, start), position(data, start)
    for i in range(n_cigar(data, start)):
        length, code = cigar_item(data, cigar, i)
        if code in (0, 2, 3, 7, 8):
            end += length
    return end


@lean_kernel
def bases_past_mate(data: Bytes, start: int, end: int, mate: int, mate_end: int) -> int:
    """Return how many bases of a read of an FR pair lie behind the end of its mate (adapter).

    Counted in read bases from the last reference position that both cover, so that an indel near the end
    does not count; with none in common, from the soft clips (fgbio#1090).

    Args:
        data: packed bytes.
        start: offset of the read.
        end: end of its alignment, 0-based exclusive.
        mate: offset of the mate.
        mate_end: end of the mate's alignment, 0-based exclusive.
    """
    pos, mate_pos = position(data, start), position(data, mate)
    reverse = flag(data, start) & FLAG_REVERSE
    shared_start, shared_end = max(pos, mate_pos), min(end, mate_end)
    if shared_start < shared_end:
        if reverse:
            return max(0, _bases_before(data, start, shared_start) - _bases_before(data, mate, shared_start))
        return max(0, _bases_after(data, start, shared_end - 1) - _bases_after(data, mate, shared_end - 1))
    if not reverse and end <= mate_pos:
        return max(0, _clip(data, start, True) - (mate_end + _clip(data, mate, True) - end))
    if reverse and pos >= mate_end:
        return max(0, _clip(data, start, False) - (pos - (mate_pos - _clip(data, mate, False))))
    return 0


@lean_kernel
def mask_and_trim(bases: Bytes, quals: Bytes, length: int, min_quality: int) -> int:
    """Mask bases of low quality to N and drop Ns at the end; return what is left."""
    for i in range(length):
        low = quals[i] < min_quality
        bases[i] = NO_CALL if low else bases[i]
        quals[i] = MASKED_QUALITY if low else quals[i]
    # At the end only: the first cycle is the end of the fragment, by which families are made.
    while length > 0 and bases[length - 1] == NO_CALL:
        length -= 1
    return length


@lean_kernel
def prepare_pair(
    data: Bytes,
    one: int,
    two: int,
    min_quality: int,
    bases_one: Bytes,
    quals_one: Bytes,
    bases_two: Bytes,
    quals_two: Bytes,
    blocks_one: Ints,
    blocks_two: Ints,
) -> tuple[int, int]:
    """Make the source reads of a template.

    Args:
        data: packed bytes.
        one: offset of the first read.
        two: offset of the second; -1 for a single-end read.
        min_quality: lower base qualities become N.
        bases_one: uint8[width], filled in.
        quals_one: uint8[width], filled in.
        bases_two: uint8[width], filled in.
        quals_two: uint8[width], filled in.
        blocks_one: int64[MAX_OPERATIONS, 3], scratch.
        blocks_two: int64[MAX_OPERATIONS, 3], scratch.

    Returns:
        Bases left of both reads.
    """
    keep_one = decode(data, one, bases_one, quals_one)
    if two < 0:
        return mask_and_trim(bases_one, quals_one, keep_one, min_quality), 0
    keep_two = decode(data, two, bases_two, quals_two)
    flags_one, flags_two = flag(data, one), flag(data, two)
    mapped = not (flags_one | flags_two) & FLAG_UNMAPPED and ref_id(data, one) == ref_id(data, two)
    if mapped:
        end_one, end_two = alignment_end(data, one), alignment_end(data, two)
        pos_one, pos_two = position(data, one), position(data, two)
        if max(pos_one, pos_two) < min(end_one, end_two):
            reconcile_mates(
                data, one, two, bases_one, quals_one, bases_two, quals_two, blocks_one, blocks_two
            )
        if (flags_one ^ flags_two) & FLAG_REVERSE:
            forward_start, reverse_end = (
                (pos_two, end_one) if flags_one & FLAG_REVERSE else (pos_one, end_two)
            )
            # Facing pairs only: in others what lies behind the mate is no adapter.
            if forward_start + 1 < reverse_end:
                keep_one -= bases_past_mate(data, one, end_one, two, end_two)
                keep_two -= bases_past_mate(data, two, end_two, one, end_one)
    return (
        mask_and_trim(bases_one, quals_one, keep_one, min_quality),
        mask_and_trim(bases_two, quals_two, keep_two, min_quality),
    )
