"""Kernels of `zipping`: which consensus read belongs to an alignment, and the record with its tags."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..io.kernels import kernel
from ..io.records import (
    FLAG_FIRST,
    FLAG_LAST,
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
    n_cigar,
    put_bytes,
    put_digits,
    same_name,
    tags_offset,
    uint64,
    write_int32,
)

READ_MASK = FLAG_FIRST | FLAG_LAST
NOT_PRIMARY = FLAG_SECONDARY | FLAG_SUPPLEMENTARY
KEEP, REVERSE, COMPLEMENT, REPLACE = 0, 1, 2, 3
# What becomes of a tag on the reverse strand; MC and MQ are written anew.
PER_BASE = {
    "cd": REVERSE,
    "ce": REVERSE,
    "ad": REVERSE,
    "ae": REVERSE,
    "bd": REVERSE,
    "be": REVERSE,
    "aq": REVERSE,
    "bq": REVERSE,
    "ac": COMPLEMENT,
    "bc": COMPLEMENT,
    "MC": REPLACE,
    "MQ": REPLACE,
    "xp": REPLACE,
}
MATCHED, MORE, OTHER_NAME, NO_MATE, OTHER_LENGTH = range(5)
MC_SPARE_BYTES = 16  # tag, type, NUL and the whole of MQ
CIGAR_ITEM_TEXT = 10  # nine digits (28 bits) and a letter
CIGAR_LETTERS = np.frombuffer(b"MIDNSHP=X", np.uint8)


def _actions() -> NDArray[np.uint8]:
    table = np.zeros(1 << 16, np.uint8)
    for name, action in PER_BASE.items():
        table[ord(name[0]) | ord(name[1]) << 8] = action
    return table


def _complements() -> Bytes:
    table = np.arange(256, dtype=np.uint8)
    for pair in ("AT", "CG", "at", "cg"):
        table[ord(pair[0])], table[ord(pair[1])] = ord(pair[1]), ord(pair[0])
    return table


ACTIONS = _actions()
COMPLEMENTS = _complements()


# --- matching -------------------------------------------------------------------------------


class Packed(NamedTuple):
    """Packed records as kernels take them; see `RecordBatch`."""

    data: Bytes
    starts: Offsets
    ends: Offsets


class Matches(NamedTuple):
    """What belongs to each alignment.

    Attributes:
        sources: int64[n_alignments], index of its consensus read.
        mates: int64[n_alignments], index of the primary alignment of its mate, -1 without.
    """

    sources: Offsets
    mates: Offsets


class Names(NamedTuple):
    """Tables over tag names (first letter + 256 * second) and letters.

    Attributes:
        actions: uint8[65536], what becomes of the tag.
        seen: int64[65536], the record that has the tag already.
        complements: uint8[256], complement of a base letter.
        cigar: uint8[9], letters of CIGAR operations.
    """

    actions: Bytes
    seen: Offsets
    complements: Bytes
    cigar: Bytes


@kernel
def run_end(records: Packed, first: int) -> int:
    """Return the index behind the last record with the name of the first; `first` if there is none."""
    i = first
    while i < len(records.starts) and same_name(
        records.data, records.starts[first], records.data, records.starts[i]
    ):
        i += 1
    return i


@kernel
def _match_one(
    aligned: Packed, i: int, runs: tuple[int, int, int, int], consensus: Packed, matches: Matches
) -> int:
    """Match one alignment inside the runs of its template."""
    a, a_end, c, c_end = runs
    read = flag(aligned.data, aligned.starts[i]) & READ_MASK
    source, mate = -1, -1
    for j in range(c, c_end):
        if flag(consensus.data, consensus.starts[j]) & READ_MASK == read:
            source = j
    for j in range(a, a_end):
        other = flag(aligned.data, aligned.starts[j])
        if other & READ_MASK != read and other & NOT_PRIMARY == 0:
            mate = j
    matches.sources[i], matches.mates[i] = source, mate
    if source < 0:
        return NO_MATE
    same = l_seq(aligned.data, aligned.starts[i]) == l_seq(consensus.data, consensus.starts[source])
    return MATCHED if same else OTHER_LENGTH


@kernel
def match_records(
    aligned: Packed, consensus: Packed, firsts: tuple[int, int], complete: bool, matches: Matches
) -> tuple[int, int, int]:
    """Find the consensus read and the mate of every alignment.

    Args:
        aligned: alignments, whole templates only.
        consensus: consensus reads.
        firsts: index of the first alignment and of the first consensus read not matched yet.
        complete: no consensus reads follow; else the last template may go on.
        matches: filled in.

    Returns:
        MATCHED, MORE (consensus reads are needed) or what is wrong; index of the first alignment
        that was not matched; index of the first consensus read that was not used.
    """
    a, c = firsts
    while a < len(aligned.starts):
        a_end, c_end = run_end(aligned, a), run_end(consensus, c)
        if c_end == len(consensus.starts) and not complete:
            return MORE, a, c
        if c == c_end or not same_name(aligned.data, aligned.starts[a], consensus.data, consensus.starts[c]):
            return OTHER_NAME, a, c
        for i in range(a, a_end):
            status = _match_one(aligned, i, (a, a_end, c, c_end), consensus, matches)
            if status != MATCHED:
                return status, i, c
        a, c = a_end, c_end
    return MATCHED, a, c


# --- writing --------------------------------------------------------------------------------


@kernel
def _width(kind: int) -> int:
    if kind in (ord("s"), ord("S")):
        return 2
    if kind in (ord("i"), ord("I"), ord("f")):
        return 4
    return 1


@kernel
def _put_turned(out: Bytes, to: int, data: Bytes, start: int, end: int) -> int:
    """Write a tag with its value reversed; return where it ends."""
    # A text ends with NUL, which stays where it is.
    width, low, high = 1, start + 3, end - 1
    if data[start + 2] == ord("B"):
        width, low, high = _width(data[start + 3]), start + 8, end
    to = put_bytes(out, to, data, start, low)
    # Without a sign: see `put_bytes`.
    first, last, step = uint64(to), uint64(high - width), uint64(width)
    if width == 1:
        for i in range(uint64(high - low)):
            out[first + i] = data[last - i]
    else:
        for i in range(uint64((high - low) // width)):
            for k in range(step):
                out[first + i * step + k] = data[last - i * step + k]
    return put_bytes(out, to + high - low, data, high, end)


@kernel
def _write_mate(out: Bytes, to: int, data: Bytes, mate: int, letters: Bytes) -> int:
    """Append MC and MQ of a mapped mate."""
    out[to], out[to + 1], out[to + 2] = ord("M"), ord("C"), ord("Z")
    to += 3
    cigar = cigar_offset(data, mate)
    for i in range(n_cigar(data, mate)):
        length, code = cigar_item(data, cigar, i)
        to = put_digits(out, to, length)
        out[to] = letters[code]
        to += 1
    out[to] = 0
    out[to + 1], out[to + 2], out[to + 3] = ord("M"), ord("Q"), ord("C")
    out[to + 4] = mapq(data, mate)
    return to + 5


@kernel
def write_consensus_tags(
    out: Bytes, to: int, consensus: Packed, names: Names, read: tuple[int, int, bool]
) -> int:
    """Append the tags of a consensus read and mark their names.

    `read` is its index, the mark, and whether it is aligned to the reverse strand.
    """
    source, stamp, reverse = read
    data, end = consensus.data, consensus.ends[source]
    at = tags_offset(data, consensus.starts[source])
    while at < end:
        after = after_value(data, at + 2, end)
        name = int64(data[at]) | int64(data[at + 1]) << 8
        action = names.actions[name]
        if action != REPLACE:
            begin = to
            turned = reverse and action != KEEP
            to = _put_turned(out, to, data, at, after) if turned else put_bytes(out, to, data, at, after)
            names.seen[name] = stamp
            # Bases of strands stand as sequenced: on the reverse strand they are turned and complemented.
            if reverse and action == COMPLEMENT:
                for i in range(uint64(begin + 3), uint64(to - 1)):
                    out[i] = names.complements[out[i]]
        at = after
    return to


@kernel
def _write_other_tags(out: Bytes, to: int, aligned: Packed, i: int, names: Names) -> int:
    """Append the tags of an alignment that its consensus read does not have."""
    data, end = aligned.data, aligned.ends[i]
    at = tags_offset(data, aligned.starts[i])
    while at < end:
        after = after_value(data, at + 2, end)
        name = int64(data[at]) | int64(data[at + 1]) << 8
        # Tags of the consensus read win over what the aligner copied.
        if names.actions[name] != REPLACE and names.seen[name] != i:
            to = put_bytes(out, to, data, at, after)
        at = after
    return to


@kernel
def _room(aligned: Packed, span: tuple[int, int], consensus: Packed, matches: Matches) -> int:
    """Return bytes that suffice for the records of these alignments."""
    total = 0
    for i in range(span[0], span[1]):
        source, mate = matches.sources[i], matches.mates[i]
        total += 4 + aligned.ends[i] - aligned.starts[i] + MC_SPARE_BYTES
        total += consensus.ends[source] - consensus.starts[source]
        if mate >= 0:
            total += CIGAR_ITEM_TEXT * n_cigar(aligned.data, aligned.starts[mate])
    return total


@kernel
def write_records(
    aligned: Packed, span: tuple[int, int], consensus: Packed, matches: Matches, names: Names
) -> Bytes:
    """Return alignments, packed, with the tags of their consensus reads.

    Args:
        aligned: alignments.
        span: index of the first and behind the last to write.
        consensus: consensus reads.
        matches: of `match_records`.
        names: tables, `seen` holding no index of the span.
    """
    out = np.empty(_room(aligned, span, consensus, matches), np.uint8)
    to = 0
    for i in range(span[0], span[1]):
        start, mate = aligned.starts[i], matches.mates[i]
        begin = to
        to = put_bytes(out, to + 4, aligned.data, start, tags_offset(aligned.data, start))
        reverse = flag(aligned.data, start) & FLAG_REVERSE != 0
        to = write_consensus_tags(out, to, consensus, names, (matches.sources[i], i, reverse))
        to = _write_other_tags(out, to, aligned, i, names)
        if mate >= 0 and flag(aligned.data, aligned.starts[mate]) & FLAG_UNMAPPED == 0:
            to = _write_mate(out, to, aligned.data, aligned.starts[mate], names.cigar)
        write_int32(out, begin, to - begin - 4)
    return out[:to]
