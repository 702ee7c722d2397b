"""Kernels of `placing`: where a consensus read must lie, since all of its reads lie there without a gap.

The consensus differs from its reads by substitutions and Ns alone. Where it fits the reference at their place
as a copy fits it (`align.copy_fit`), a second alignment could only find the same place.
"""

from typing import Any, NamedTuple

import numpy as np

from ..align.copy_fit import MATCH, MAX_MISMATCHES, MAX_READ, MISMATCH, alike, differences, holds
from ..align.copy_keys import NO_BASE
from ..align.copy_records import CODE_OF_BASE, MIN_MAPQ, put_codes, read_codes
from ..io.kernels import kernel, lean_kernel
from ..io.records import (
    FIXED_BYTES,
    FLAG_FIRST,
    FLAG_LAST,
    FLAG_MATE_REVERSE,
    FLAG_MATE_UNMAPPED,
    FLAG_PAIRED,
    FLAG_PROPER,
    FLAG_REVERSE,
    FLAG_UNMAPPED,
    PHRED_OFFSET,
    Bytes,
    Lies,
    Offsets,
    array_item,
    array_value,
    base,
    cigar_item,
    cigar_offset,
    find_tag,
    flag,
    int64,
    l_seq,
    mapq,
    mate_ref,
    n_cigar,
    name_length,
    name_offset,
    position,
    put_bytes,
    put_digits,
    qual_offset,
    ref_id,
    same_name,
    seq_offset,
    tags_offset,
    tlen,
    uint64,
    write_fixed,
    write_int32,
)
from .encode import put_tag
from .zip_kernels import Names, Packed, write_consensus_tags

SURE = 60  # the highest mapping quality
# Of ten bases that the longest read has, a consensus must have so many to be as unique.
LENGTH_TENTHS = 8
BLOCK_BITS = 10
BLOCK = 1 << BLOCK_BITS
PLACE_ITEMS = 3
LETTERS = np.frombuffer(b"ACGT", np.uint8)


class Place(NamedTuple):
    """Where the reads of one end lie.

    Attributes:
        ref: reference sequence, -1 where they have no common place.
        end: 0-based position of their 5' end; without a place the insert size of their pairs, 0: not known.
        flags: FLAG_REVERSE and FLAG_PROPER.
    """

    ref: int
    end: int
    flags: int


@lean_kernel
def _insert(data: Bytes, start: int) -> int:
    """Return the insert size of a read whose mate faces it, 0 for others."""
    flags = flag(data, start)
    facing = (flags & FLAG_REVERSE > 0) != (flags & FLAG_MATE_REVERSE > 0)
    known = facing and not flags & (FLAG_UNMAPPED | FLAG_MATE_UNMAPPED) and mapq(data, start) >= MIN_MAPQ
    return abs(tlen(data, start)) if known else 0


@lean_kernel
def _own_place(data: Bytes, start: int, length: int) -> Place:
    """Return the place of one read."""
    flags, size = flag(data, start), l_seq(data, start)
    nowhere = Place(-1, _insert(data, start), 0)
    alone = flags & FLAG_UNMAPPED or (
        flags & FLAG_PAIRED and (flags & FLAG_MATE_UNMAPPED or mate_ref(data, start) != ref_id(data, start))
    )
    if alone or n_cigar(data, start) != 1 or mapq(data, start) < SURE or 10 * length < LENGTH_TENTHS * size:
        return nowhere
    if cigar_item(data, cigar_offset(data, start), 0)[1] != 0:
        return nowhere
    end = position(data, start) + (size - 1 if flags & FLAG_REVERSE else 0)
    return Place(ref_id(data, start), end, flags & (FLAG_REVERSE | FLAG_PROPER))


@lean_kernel
def common_place(data: Bytes, starts: Offsets, keep: Bytes, n: int, length: int) -> Place:
    """Return the place of the reads of one end, if all lie there uniquely, in full length and without a gap.

    Args:
        data: packed bytes.
        starts: int64[n], record of each read.
        keep: uint8[n], 0 for reads that are left out.
        n: reads.
        length: bases of their consensus.
    """
    found, first = Place(-1, 0, 0), True
    for k in range(n):
        if not keep[k]:
            continue
        here = _own_place(data, starts[k], length)
        if here.ref < 0 or not (first or (here.ref, here.end) == (found.ref, found.end)):
            return Place(-1, _insert(data, starts[k]), 0)
        if first:
            found, first = here, False
    return found


@lean_kernel
def put_place(out: Bytes, at: int, place: Place) -> int:
    """Write the tag xp, in which `place_reads` finds the place."""
    if place.ref < 0 and place.end == 0:
        return at
    at = put_tag(out, at, ord("x"), ord("p"), ord("B"))
    out[at] = ord("i")
    write_int32(out, at + 1, PLACE_ITEMS)
    write_int32(out, at + 5, place.ref)
    write_int32(out, at + 9, place.end)
    write_int32(out, at + 13, place.flags)
    return at + 5 + 4 * PLACE_ITEMS


@kernel
def find_places(data: Bytes, starts: Offsets, ends: Offsets) -> Offsets:
    """Return the places in the tags xp, int64[n, 3] as the fields of `Place`; -1, 0 and 0 without."""
    places = np.zeros((len(starts), PLACE_ITEMS), np.int64)
    for i in range(len(starts)):
        places[i, 0] = -1
        tag = find_tag(data, tags_offset(data, starts[i]), ends[i], ord("x"), ord("p"))
        if tag >= 0:
            kind, count, first = array_value(data, tag)
            if count == PLACE_ITEMS:
                for k in range(PLACE_ITEMS):
                    places[i, k] = array_item(data, kind, first, k)
    return places


@kernel
def _place(places: Offsets, i: int) -> Place:
    return Place(places[i, 0], places[i, 1], places[i, 2])


# --- reads at their place ---------------------------------------------------------------------


class Reference(NamedTuple):
    """Blocks of the reference that are needed.

    Attributes:
        ids: int64[n], sequence << 32 | number of the block in it, ascending.
        codes: uint8[n, BLOCK], base codes.
    """

    ids: Offsets
    codes: Any


class Room(NamedTuple):
    """What `place_reads` fills in.

    Attributes:
        placed: uint8, packed records of reads at their place.
        others: uint8, packed records of the others as they are.
        fastq: uint8, the others for the aligner.
        inserts: int64[n], pairs by insert size, added to.
    """

    placed: Bytes
    others: Bytes
    fastq: Bytes
    inserts: Offsets


class Scratch(NamedTuple):
    """Scratch of `place_reads`: base codes of both reads and of the reference, and where they differ."""

    reads: Any
    refs: Any
    places: Any


def new_scratch() -> Scratch:
    """Return scratch."""
    return Scratch(
        np.empty((2, MAX_READ), np.uint8),
        np.empty((2, MAX_READ), np.uint8),
        np.empty((2, MAX_MISMATCHES), np.int64),
    )


@kernel
def _low(place: Place, length: int) -> int:
    return place.end - length + 1 if place.flags & FLAG_REVERSE else place.end


@kernel
def needed_blocks(data: Bytes, starts: Offsets, places: Offsets) -> Offsets:
    """Return the blocks of the reference under reads with a place, some of them more than once."""
    blocks, n = np.empty(2 * len(starts), np.int64), 0
    for i in range(len(starts)):
        place, length = _place(places, i), l_seq(data, starts[i])
        if place.ref >= 0 and 0 < length <= BLOCK:
            low = _low(place, length)
            for at in (low, low + length - 1):
                blocks[n] = int64(place.ref) << 32 | max(at, 0) >> BLOCK_BITS
                n += 1
    return blocks[:n]


@kernel
def _reference(reference: Reference, place: Place, length: int, out: Bytes) -> bool:
    """Write the base codes under a read in the order of sequencing; False where they are not known."""
    low, unknown = _low(place, length), False
    done = 0
    while done < length:
        at = low + done
        wanted = int64(place.ref) << 32 | at >> BLOCK_BITS
        row = int64(np.searchsorted(reference.ids, wanted))
        if row == len(reference.ids) or reference.ids[row] != wanted:
            return False
        codes, here = reference.codes[row], at & (BLOCK - 1)
        count = min(BLOCK - here, length - done)
        first, to = uint64(here), uint64(done)
        for i in range(uint64(count)):
            unknown |= codes[first + i] == NO_BASE
        if place.flags & FLAG_REVERSE:
            last = uint64(length - 1 - done)
            for i in range(uint64(count)):
                out[last - i] = 3 - codes[first + i]
        else:
            for i in range(uint64(count)):
                out[to + i] = codes[first + i]
        done += count
    return not unknown


@kernel
def _fits(data: Bytes, start: int, place: Place, reference: Reference, mate: int, scratch: Scratch) -> int:
    """Return in how many bases a read differs from the reference at its place; -1: it may lie elsewhere."""
    length = l_seq(data, start)
    if place.ref < 0 or not 0 < length <= BLOCK or length > MAX_READ or _low(place, length) < 0:
        return -1
    read, ref, places = scratch.reads[mate], scratch.refs[mate], scratch.places[mate]
    read_codes(data, start, read)
    if not _reference(reference, place, length, ref):
        return -1
    n = differences(read, ref, length, places)
    fine = n == 0 or (n > 0 and holds(read, ref, length, length, places, n, place.flags & FLAG_PROPER > 0))
    return n if fine else -1


@kernel
def _put_md(out: Bytes, at: int, read: Bytes, ref: Bytes, length: int, reverse: int) -> int:
    """Write the tag MD."""
    at = put_tag(out, at, ord("M"), ord("D"), ord("Z"))
    run, first = 0, 0
    if alike(read, ref, length):
        run, first = length, length
    for i in range(first, length):
        k = length - 1 - i if reverse else i
        if read[k] == ref[k]:
            run += 1
            continue
        at = put_digits(out, at, run)
        out[at] = LETTERS[3 - ref[k] if reverse else ref[k]]
        at, run = at + 1, 0
    at = put_digits(out, at, run)
    out[at] = 0
    return at + 1


@kernel
def _put_sequence(out: Bytes, at: int, data: Bytes, start: int, read: Bytes, reverse: int) -> int:
    """Write bases and qualities in the direction of the reference."""
    length, qual = l_seq(data, start), qual_offset(data, start)
    if not reverse:
        return put_bytes(out, at, data, seq_offset(data, start), qual + length)
    at = put_codes(out, at, read, length, reverse)
    to, last = uint64(at), uint64(qual + length - 1)
    for i in range(uint64(length)):
        out[to + i] = data[last - i]
    return at + length


@kernel
def _five_prime(places: tuple[Place, Place], mate: int) -> int:
    """Return the insert size with its sign, as the aligner counts it: between the 5' ends."""
    own, other = places[mate].end, places[1 - mate].end
    return other - own + (1 if other > own else -1 if other < own else 0)


@kernel
def _insert_of(one: Place, two: Place) -> int:
    """Return the insert size of a pair, 0 where it is not known."""
    if one.ref >= 0 and two.ref >= 0:
        return abs(_five_prime((one, two), 0)) if one.ref == two.ref else 0
    return max(one.end if one.ref < 0 else 0, two.end if two.ref < 0 else 0)


@kernel
def _put_placed(
    out: Bytes,
    begin: int,
    reads: Packed,
    which: tuple[int, int, int],
    places: tuple[Place, Place],
    lengths: tuple[int, int],
    scratch: Scratch,
    names: Names,
) -> int:
    """Write a read at its place; `which` is its index, its number (0 or 1) and the reads of its template."""
    i, mate, mates = which
    data, start, length, place = reads.data, reads.starts[i], lengths[mate], places[mate]
    reverse, low, name = place.flags & FLAG_REVERSE, _low(place, length), name_length(data, start)
    flags, mate_lies, size = reverse, Lies(-1, -1), 0
    if mates > 1:
        other = places[1 - mate]
        flags |= FLAG_PAIRED | (place.flags & FLAG_PROPER) | (FLAG_LAST if mate else FLAG_FIRST)
        flags |= FLAG_MATE_REVERSE if other.flags & FLAG_REVERSE else 0
        mate_lies, size = Lies(place.ref, _low(other, lengths[1 - mate])), _five_prime(places, mate)
    write_fixed(out, begin, name, SURE, flags, length, Lies(place.ref, low), mate_lies, size)
    at = begin + 4 + FIXED_BYTES
    at = put_bytes(out, at, data, name_offset(start), name_offset(start) + name + 1)
    write_int32(out, at, length << 4)
    read, ref = scratch.reads[mate], scratch.refs[mate]
    at = _put_sequence(out, at + 4, data, start, read, reverse)
    at = write_consensus_tags(out, at, reads, names, (i, i, reverse > 0))
    at = _put_scores(out, at, read, ref, length)
    at = _put_md(out, at, read, ref, length, reverse)
    if mates > 1:
        at = put_tag(out, at, ord("M"), ord("C"), ord("Z"))
        at = put_digits(out, at, lengths[1 - mate])
        out[at], out[at + 1] = ord("M"), 0
        at = put_tag(out, at + 2, ord("M"), ord("Q"), ord("C"))
        out[at] = SURE
        at += 1
    write_int32(out, begin, at - begin - 4)
    return at


@kernel
def _put_scores(out: Bytes, at: int, read: Bytes, ref: Bytes, length: int) -> int:
    """Write the tags NM and AS."""
    differ, score, best, first = 0, 0, 0, 0
    if alike(read, ref, length):
        best, first = MATCH * length, length
    for i in range(first, length):
        # An N costs the aligner one, not a mismatch; the score is that of the best part, ends left out.
        step = MATCH if read[i] == ref[i] else -1 if read[i] == NO_BASE else -MISMATCH
        differ += step != MATCH
        score = max(score + step, 0)
        best = max(best, score)
    at = put_tag(out, at, ord("N"), ord("M"), ord("i"))
    write_int32(out, at, differ)
    at = put_tag(out, at + 4, ord("A"), ord("S"), ord("i"))
    write_int32(out, at, best)
    return at + 4


@kernel
def _put_fastq(out: Bytes, at: int, data: Bytes, start: int) -> int:
    out[at] = ord("@")
    at = put_bytes(out, at + 1, data, name_offset(start), name_offset(start) + name_length(data, start))
    out[at] = ord("\n")
    at += 1
    length, seq, qual = l_seq(data, start), seq_offset(data, start), qual_offset(data, start)
    for i in range(length):
        code = CODE_OF_BASE[base(data, seq, i)]
        out[at + i] = ord("N") if code == NO_BASE else LETTERS[code]
    at += length
    out[at], out[at + 1], out[at + 2] = ord("\n"), ord("+"), ord("\n")
    at += 3
    for i in range(length):
        out[at + i] = data[qual + i] + PHRED_OFFSET
    out[at + length] = ord("\n")
    return at + length + 1


@kernel
def place_reads(
    reads: Packed,
    places: Offsets,
    allowed: bool,
    reference: Reference,
    scratch: Scratch,
    names: Names,
    room: Room,
) -> tuple[int, int, int]:
    """Part consensus reads into those that must lie at the place of their reads and those to be aligned.

    Args:
        reads: consensus reads, whole templates.
        places: int64[n, 3], of `find_places`.
        allowed: else all are to be aligned.
        reference: of `needed_blocks`.
        scratch: scratch.
        names: tables of tags, `seen` holding no index of the reads.
        room: filled in; each array has room for all of them.

    Returns:
        Bytes of `placed`, `others` and `fastq`.
    """
    data, starts, ends = reads.data, reads.starts, reads.ends
    i, to, left, text = 0, 0, 0, 0
    while i < len(starts):
        pair = i + 1 < len(starts) and same_name(data, starts[i], data, starts[i + 1])
        mates = 2 if pair else 1
        last = i + mates - 1
        one, two = _place(places, i), _place(places, last)
        good = allowed and _fits(data, starts[i], one, reference, 0, scratch) >= 0
        if good and pair:
            good = one.ref == two.ref and _fits(data, starts[last], two, reference, 1, scratch) >= 0
        if good:
            both, lengths = (one, two), (l_seq(data, starts[i]), l_seq(data, starts[last]))
            for mate in range(mates):
                to = _put_placed(
                    room.placed, to, reads, (i + mate, mate, mates), both, lengths, scratch, names
                )
        else:
            for k in range(i, i + mates):
                left = put_bytes(room.others, left, data, starts[k] - 4, ends[k])
                text = _put_fastq(room.fastq, text, data, starts[k])
        size = _insert_of(one, two)
        if pair and 0 < size < len(room.inserts):
            room.inserts[size] += 1
        i += mates
    return to, left, text
