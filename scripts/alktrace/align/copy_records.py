"""Kernels of `once`: what copies need of an alignment, and their own records."""

from typing import Any

import numpy as np

from ..io.kernels import kernel
from ..io.records import (
    FIXED_BYTES,
    FLAG_FIRST,
    FLAG_LAST,
    FLAG_MATE_REVERSE,
    FLAG_MATE_UNMAPPED,
    FLAG_PAIRED,
    FLAG_PROPER,
    FLAG_REVERSE,
    FLAG_SECONDARY,
    FLAG_SUPPLEMENTARY,
    FLAG_UNMAPPED,
    PHRED_OFFSET,
    Bytes,
    Lies,
    Offsets,
    after_value,
    cigar_item,
    cigar_offset,
    find_tag,
    flag,
    int64,
    int_value,
    l_seq,
    mapq,
    mate_ref,
    n_cigar,
    position,
    put_bytes,
    put_digits,
    read_int32,
    ref_id,
    seq_offset,
    tags_offset,
    tlen,
    uint64,
    write_fixed,
    write_int32,
)
from .copy_fit import MAX_READ, NEVER, Known, Scratch, fits, kept_length
from .copy_keys import CODES, COPY_HEAD, LINES, NO_BASE, TAB, line_ends

NOT_ALONE = FLAG_SECONDARY | FLAG_SUPPLEMENTARY | FLAG_UNMAPPED | FLAG_MATE_UNMAPPED
MIN_MAPQ = 20
MAX_INSERT = 10_000
# 4-bit codes to A, C, G, T as 0 to 3.
CODE_OF_BASE = np.array([NO_BASE, 0, 1, NO_BASE, 2, NO_BASE, NO_BASE, NO_BASE, 3, *[NO_BASE] * 7], np.uint8)

# The other way round, and the same of the complement.
FOUR, TURNED_FOUR = np.full(256, 15, np.uint8), np.full(256, 15, np.uint8)
FOUR[:4], TURNED_FOUR[:4] = (1, 2, 4, 8), (8, 4, 2, 1)


# --- alignments of representatives ------------------------------------------------------------


@kernel
def _usable(data: Bytes, start: int) -> bool:
    """Is an alignment unique, alone, of full length and without a gap, its mate on the same sequence."""
    flags = flag(data, start)
    if flags & NOT_ALONE or mapq(data, start) < MIN_MAPQ or n_cigar(data, start) != 1:
        return False
    # Not only proper pairs: the aligner's range of sizes leaves out fragments of two nucleosomes.
    if flags & FLAG_PAIRED and mate_ref(data, start) != ref_id(data, start):
        return False
    length, code = cigar_item(data, cigar_offset(data, start), 0)
    return code == 0 and length <= MAX_READ


@kernel
def read_codes(data: Bytes, start: int, out: Bytes) -> None:
    """Write the base codes of a record; `out` has room for one more than its bases."""
    seq = uint64(seq_offset(data, start))
    for i in range(uint64((l_seq(data, start) + 1) >> 1)):
        two, to = data[seq + i], i << uint64(1)
        out[to], out[to + uint64(1)] = CODE_OF_BASE[two >> 4], CODE_OF_BASE[two & 15]


@kernel
def _reference_bases(data: Bytes, start: int, md: int, out: Bytes) -> int:
    """Write base codes of the reference under an ungapped alignment; return its mismatches, -1: not known."""
    length = l_seq(data, start)
    read_codes(data, start, out)
    i, differ, run, at = int64(0), 0, int64(0), md + 1
    while data[at] != 0:
        if ord("0") <= data[at] <= ord("9"):
            run = 10 * run + int64(data[at]) - ord("0")
        else:
            i += run
            if i >= length:
                return -1
            out[i] = CODES[data[at]]
            differ += 1
            i, run = i + 1, int64(0)
        at += 1
    if i + run != length or out[:length].max() == NO_BASE:
        return -1
    return differ


@kernel
def _pack(codes: Bytes, length: int, reverse: int, out: Bytes, at: int) -> int:
    """Write base codes four to a byte in the order of sequencing; return where they end."""
    for i in range(length):
        code = 3 - codes[length - 1 - i] if reverse else codes[i]
        if i & 3 == 0:
            out[at + (i >> 2)] = code
        else:
            out[at + (i >> 2)] |= code << 2 * (i & 3)
    return at + ((length + 3) >> 2)


@kernel
def _learn_one(data: Bytes, start: int, end: int, row: Any, bases: Bytes, filled: int, codes: Bytes) -> int:
    """Fill in a mate of a representative; return the end of what is filled in of `bases`."""
    flags = flag(data, start)
    mate = 1 if flags & FLAG_LAST else 0
    tags = tags_offset(data, start)
    md = find_tag(data, tags, end, ord("M"), ord("D"))
    differ = _reference_bases(data, start, md, codes) if _usable(data, start) and md >= 0 else -1
    if differ < 0 or row.seen & (1 << mate):
        row.seen |= NEVER
        return filled
    row.seen |= 1 << mate
    second = find_tag(data, tags, end, ord("X"), ord("S"))
    row.second[mate] = int_value(data, second) if second >= 0 else 0
    row.at[mate], row.position[mate], row.length[mate] = filled, position(data, start), l_seq(data, start)
    row.differ[mate], row.mapq[mate] = differ, mapq(data, start)
    row.reverse[mate] = 1 if flags & FLAG_REVERSE else 0
    if mate == 0:
        row.ref, row.tlen, row.proper = ref_id(data, start), tlen(data, start), flags & FLAG_PROPER
    return _pack(codes, l_seq(data, start), row.reverse[mate], bases, filled)


@kernel
def _count_insert(data: Bytes, start: int, inserts: Offsets) -> None:
    """Count a pair whose mates face each other by its size."""
    flags, size = flag(data, start), tlen(data, start)
    facing = flags & (FLAG_REVERSE | FLAG_MATE_REVERSE) == FLAG_MATE_REVERSE
    if facing and not flags & NOT_ALONE and 0 < size <= MAX_INSERT and mapq(data, start) >= MIN_MAPQ:
        inserts[size] += 1


@kernel
def _put_parts(out: Bytes, to: int, data: Bytes, one: tuple[int, int], two: tuple[int, int]) -> int:
    """Write a record that lies in two parts; return where it ends."""
    write_int32(out, to, one[1] - one[0] + two[1] - two[0])
    to = put_bytes(out, to + 4, data, one[0], one[1])
    return put_bytes(out, to, data, two[0], two[1])


@kernel
def learn(
    data: Bytes, starts: Offsets, ends: Offsets, known: Known, filled: int, inserts: Offsets, out: Bytes
) -> tuple[int, int]:
    """Keep what copies need of alignments, and drop the numbers of the representatives.

    Args:
        data: packed bytes.
        starts: offsets of records.
        ends: their ends.
        known: filled in; its bases have room for as many bytes as the records.
        filled: bytes of its bases filled in so far.
        inserts: int64[MAX_INSERT + 1], pairs by size, added to.
        out: gets the records.

    Returns:
        Bytes of `out` and of the bases.
    """
    to, codes = 0, np.empty(MAX_READ, np.uint8)
    for i in range(len(starts)):
        start, end = starts[i], ends[i]
        _count_insert(data, start, inserts)
        tag = find_tag(data, tags_offset(data, start), end, ord("x"), ord("i"))
        if tag < 0:
            to = _put_parts(out, to, data, (start, end), (end, end))
            continue
        number = int_value(data, tag)
        if 0 <= number < len(known.rows):
            filled = _learn_one(data, start, end, known.rows[number], known.bases, filled, codes)
        to = _put_parts(out, to, data, (start, tag - 2), (after_value(data, tag, end), end))
    return to, filled


# --- records of copies ------------------------------------------------------------------------


@kernel
def put_codes(out: Bytes, to: int, read: Bytes, length: int, reverse: int) -> int:
    """Write base codes in the order of sequencing as those of a record, in the direction of the reference."""
    at, last = uint64(to), uint64(length - 1)
    for i in range(uint64(length >> 1)):
        k = i << uint64(1)
        if reverse:
            out[at + i] = TURNED_FOUR[read[last - k]] << 4 | TURNED_FOUR[read[last - k - uint64(1)]]
        else:
            out[at + i] = FOUR[read[k]] << 4 | FOUR[read[k + uint64(1)]]
    if length & 1:
        out[to + (length >> 1)] = (TURNED_FOUR[read[0]] if reverse else FOUR[read[length - 1]]) << 4
    return to + ((length + 1) >> 1)


@kernel
def _put_qualities(out: Bytes, to: int, text: Bytes, qual: int, length: int, reverse: int) -> int:
    """Write qualities in the direction of the reference."""
    at, first, last = uint64(to), uint64(qual), uint64(qual + length - 1)
    if reverse:
        for i in range(uint64(length)):
            out[at + i] = text[last - i] - PHRED_OFFSET
    else:
        for i in range(uint64(length)):
            out[at + i] = text[first + i] - PHRED_OFFSET
    return to + length


@kernel
def _put_tags(out: Bytes, to: int, text: Bytes, tab: int, line: int) -> int:
    """Write the tags of a name line, all of them texts."""
    while tab < line:
        # `<TAB>RX:Z:` becomes `RXZ`.
        out[to], out[to + 1], out[to + 2] = text[tab + 1], text[tab + 2], text[tab + 4]
        to, tab = to + 3, tab + 6
        while tab < line and text[tab] != TAB:
            out[to] = text[tab]
            to, tab = to + 1, tab + 1
        out[to] = 0
        to += 1
    return to


@kernel
def _low(row: Any, own: int, length: int) -> int:
    """Return the lowest position of a copy's mate, whose 5' end is that of the representative's."""
    return int64(row.position[own]) + (int64(row.length[own]) - length if row.reverse[own] else 0)


@kernel
def _flags(row: Any, mate: int, own: int, paired: bool) -> int:
    flags = FLAG_REVERSE if row.reverse[own] else 0
    if paired:
        flags |= FLAG_PAIRED | int64(row.proper) | (FLAG_LAST if mate else FLAG_FIRST)
        flags |= FLAG_MATE_REVERSE if row.reverse[1 - own] else 0
    return flags


@kernel
def _put_fixed(
    out: Bytes, to: int, row: Any, mate: int, own: int, lengths: tuple[int, int], name: int, paired: bool
) -> int:
    """Write the fixed fields of a copy's record; return where its name goes."""
    length = lengths[mate]
    low = _low(row, own, length)
    ref, tlen = int64(row.ref), int64(row.tlen)
    other = Lies(ref, _low(row, 1 - own, lengths[1 - mate])) if paired else Lies(-1, -1)
    flags, tlen = _flags(row, mate, own, paired), tlen if own == 0 else -tlen
    write_fixed(out, to, name, int64(row.mapq[own]), flags, length, Lies(ref, low), other, tlen)
    return to + 4 + FIXED_BYTES


@kernel
def _put_copy(
    out: Bytes,
    start: int,
    text: Bytes,
    lines: tuple[int, int, int],
    row: Any,
    which: tuple[int, int],
    lengths: tuple[int, int],
    read: Bytes,
    paired: bool,
    group: Bytes,
) -> int:
    """Write the record of one mate of a copy.

    Args:
        out: where to write.
        start: offset of block_size.
        text: the copy.
        lines: where its name line starts and ends, and its qualities start.
        row: its representative.
        which: the mate, and the mate of the representative that it follows.
        lengths: bases of both mates.
        read: base codes.
        paired: is it a pair.
        group: name of the read group.
    """
    name, line, qual = lines
    mate, own = which
    tab = name
    while tab < line and text[tab] != TAB:
        tab += 1
    to = _put_fixed(out, start, row, mate, own, lengths, tab - name - 1, paired)
    to = put_bytes(out, to, text, name + 1, tab) + 1
    out[to - 1] = 0
    write_int32(out, to, lengths[mate] << 4)
    to = put_codes(out, to + 4, read, lengths[mate], row.reverse[own])
    to = _put_qualities(out, to, text, qual, lengths[mate], row.reverse[own])
    if paired:
        out[to], out[to + 1], out[to + 2] = ord("M"), ord("C"), ord("Z")
        to = put_digits(out, to + 3, lengths[1 - mate])
        out[to], out[to + 1] = ord("M"), 0
        to += 2
    out[to], out[to + 1], out[to + 2] = ord("R"), ord("G"), ord("Z")
    to = put_bytes(out, to + 3, group, 0, len(group)) + 1
    out[to - 1] = 0
    to = _put_tags(out, to, text, tab, line)
    write_int32(out, start, to - start - 4)
    return to


@kernel
def _read_mate(text: Bytes, ends: Offsets, mate: int, own: int, row: Any, whole: int, out: Bytes) -> int:
    """Write the base codes of what stays of a copy's mate; return their number, -1 if that is not known."""
    first, stop = ends[LINES * mate] + 1, ends[LINES * mate + 1]
    length = kept_length(stop - first, whole, int64(row.length[own]), abs(int64(row.tlen)))
    if length > MAX_READ:
        return -1
    begin = uint64(first)
    for i in range(uint64(length)):
        out[i] = CODES[text[begin + i]]
    return length


@kernel
def take_over(
    text: Bytes,
    paired: bool,
    known: Known,
    wholes: Offsets,
    group: Bytes,
    scratch: Scratch,
    out: Bytes,
    alone: Bytes,
) -> tuple[int, int, int, int]:
    """Give copies the alignment of their representative, where it holds for them.

    Args:
        text: copies as `part_copies` writes them.
        paired: are they pairs.
        known: of `learn`.
        wholes: int32[n, 2], read lengths of the representatives before trimming.
        group: name of the read group.
        scratch: scratch.
        out: gets packed records.
        alone: gets FASTQ of copies that must be aligned by themselves.

    Returns:
        Bytes of text used, of `out` and of `alone`, and the copies that took over.
    """
    ends = np.zeros(2 * LINES, np.int64)
    mates = 2 if paired else 1
    at, to, left, taken = 0, 0, 0, 0
    while at + COPY_HEAD <= len(text):
        head, size = read_int32(text, at), read_int32(text, at + 4)
        begin = at + COPY_HEAD
        at = begin + size
        if at > len(text):
            return begin - COPY_HEAD, to, left, taken
        line_ends(text, begin, at, LINES * mates, ends)
        number, exchanged = head >> 1, head & 1
        row = known.rows[number]
        good, lengths = row.seen == (3 if paired else 1), (0, 0)
        for mate in range(mates):
            own, read = mate ^ exchanged, scratch.reads[mate]
            length = _read_mate(text, ends, mate, own, row, int64(wholes[number, own]), read) if good else -1
            good = length >= 0 and fits(read, length, known, number, own, scratch)
            lengths = (lengths[0], length) if mate else (length, 0)
        if not good:
            left = put_bytes(alone, left, text, begin, at)
            continue
        taken += 1
        for mate in range(mates):
            name = ends[LINES - 1] + 1 if mate else begin
            lines = (name, ends[LINES * mate], ends[LINES * mate + 2] + 1)
            which, read = (mate, mate ^ exchanged), scratch.reads[mate]
            to = _put_copy(out, to, text, lines, row, which, lengths, read, paired, group)
    return at, to, left, taken
