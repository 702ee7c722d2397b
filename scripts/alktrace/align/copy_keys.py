"""Kernels of `once`: which templates begin like one seen before, so that one alignment may serve them all.

A key is bases at the start of both mates, in either order: the strands of a duplex molecule are copies too,
with R1 and R2 exchanged. Templates are looked up under two keys, so that one misread base does not hide them.
The UMI is no part of it: molecules with the same ends are aligned alike.
"""

from typing import NamedTuple

import numpy as np

from ..io.kernels import kernel
from ..io.records import Bytes, Offsets, int64, put_bytes, put_digits, uint64, write_int32

KEY_BASES = 12
KEYS = 2
KEY_REACH = KEYS * KEY_BASES
NO_BASE = 255
# In front of a copy: number of its representative and whether mates are exchanged, bytes of its text.
COPY_HEAD = 8
FIRST_PLACES = 1 << 16
# Bounds memory, table and what is known of representatives together, to about 1 GB.
MAX_PLACES = 1 << 24
NEWLINE, TAB = 10, 9
LINES = 4
NUMBER_TAG = np.frombuffer(b"\txi:i:", np.uint8)


def _codes() -> Bytes:
    table = np.full(256, NO_BASE, np.uint8)
    table[np.frombuffer(b"ACGT", np.uint8)] = range(4)
    return table


CODES = _codes()


class Table(NamedTuple):
    """Keys by open addressing.

    Attributes:
        keys: int64[2**n], 0 where free.
        values: int64[2**n], number of the representative * 2, + 1 where its mates stand exchanged in the key.
    """

    keys: Offsets
    values: Offsets


class Parted(NamedTuple):
    """What became of a piece of text.

    Attributes:
        done: bytes of text used; what follows is the beginning of a template.
        own: bytes written of representatives.
        copies: bytes written of copies.
        templates: templates in it.
        used: representatives so far.
    """

    done: int
    own: int
    copies: int
    templates: int
    used: int


def new_table(places: int) -> Table:
    """Return an empty table of a power of two of places."""
    return Table(np.zeros(places, np.int64), np.empty(places, np.int64))


@kernel
def _place(keys: Offsets, key: int) -> int:
    """Return where a key stands or would stand."""
    mixed = key * -7046029254386353131
    mixed ^= (mixed >> 29) & 0x7FFFFFFFF
    mixed *= -4658895280553007687
    mixed ^= (mixed >> 32) & 0xFFFFFFFF
    last = len(keys) - 1
    at = mixed & last
    while keys[at] != 0 and keys[at] != key:
        at = (at + 1) & last
    return at


@kernel
def fill_larger(table: Table, larger: Table) -> None:
    """Put all entries of a table into a larger one."""
    for i in range(len(table.keys)):
        if table.keys[i]:
            at = _place(larger.keys, table.keys[i])
            larger.keys[at], larger.values[at] = table.keys[i], table.values[i]


@kernel
def _half(text: Bytes, first: int) -> int:
    """Return KEY_BASES bases as a number; -1 with an N."""
    value = int64(0)
    for i in range(first, first + KEY_BASES):
        code = int64(CODES[text[i]])
        if code == NO_BASE:
            return -1
        value = (value << 2) | code
    return value


@kernel
def _key(text: Bytes, one: int, two: int, k: int) -> tuple[int, int]:
    """Return the k-th key of a template, 0 for none, and whether its mates stand exchanged in it.

    `one` and `two` are the offsets of the bases; -1 for the second of a single read, whose key goes on where
    that of a pair takes the mate.
    """
    first = _half(text, one + k * KEY_BASES)
    second = _half(text, (two if two >= 0 else one + KEY_REACH) + k * KEY_BASES)
    if first < 0 or second < 0:
        return 0, 0
    exchanged = two >= 0 and first > second
    low, high = (second, first) if exchanged else (first, second)
    return (((k << 2 * KEY_BASES | low) << 2 * KEY_BASES) | high) + 1, 1 if exchanged else 0


@kernel
def _find(text: Bytes, one: int, two: int, table: Table) -> tuple[int, int]:
    """Return the representative that a template begins like, -1 for none, and whether mates are exchanged."""
    for k in range(KEYS):
        key, exchanged = _key(text, one, two, k)
        if key:
            at = _place(table.keys, key)
            if table.keys[at]:
                return table.values[at] >> 1, (table.values[at] & 1) ^ exchanged
    return -1, 0


@kernel
def _add(text: Bytes, one: int, two: int, table: Table, number: int) -> None:
    """Enter a representative under its keys; what another has entered stays."""
    for k in range(KEYS):
        key, exchanged = _key(text, one, two, k)
        if key:
            at = _place(table.keys, key)
            if not table.keys[at]:
                table.keys[at], table.values[at] = key, number << 1 | exchanged


@kernel
def line_ends(text: Bytes, at: int, end: int, lines: int, ends: Offsets) -> int:
    """Find the ends of some lines of FASTQ.

    Args:
        text: ASCII.
        at: where the first line starts, that of a name.
        end: where the text ends.
        lines: number of lines.
        ends: int64[lines] or more, set to the offsets of their newlines.

    Returns:
        The offset behind the last line; -1 where the text ends before.
    """
    # Without a sign: see `put_bytes`.
    here, stop = uint64(at), uint64(end)
    for i in range(lines):
        if i % LINES == LINES - 1:
            # There are as many qualities as bases.
            here += uint64(ends[i - 2] - ends[i - 3] - 1)
        while here < stop and text[here] != NEWLINE:
            here += uint64(1)
        if here >= stop:
            return -1
        ends[i] = here
        here += uint64(1)
    return int64(here)


@kernel
def _put_numbered(out: Bytes, to: int, text: Bytes, read: tuple[int, int, int], number: int) -> int:
    """Write a read, given as its start, the end of its name line and its end, with its number as a tag."""
    start, line, end = read
    to = put_bytes(out, to, text, start, line)
    to = put_bytes(out, to, NUMBER_TAG, 0, len(NUMBER_TAG))
    to = put_digits(out, to, number)
    return put_bytes(out, to, text, line, end)


@kernel
def part_copies(
    text: Bytes, paired: bool, table: Table, used: int, lengths: Offsets, own: Bytes, copies: Bytes
) -> Parted:
    """Part templates into representatives and those that begin like one.

    Args:
        text: FASTQ, mates after each other.
        paired: are the templates pairs.
        table: keys of the representatives; new ones are entered until it is half full.
        used: representatives so far.
        lengths: int32[n, 2], read lengths of the representatives; filled in.
        own: gets FASTQ of the representatives, their number in the tag xi, and of templates too short for a
            key. Twice the text suffices.
        copies: gets all other templates, each behind a head of COPY_HEAD bytes. Twice the text suffices.
    """
    ends = np.zeros(2 * LINES, np.int64)
    start, to, kept, templates = 0, 0, 0, 0
    while True:
        stop = line_ends(text, start, len(text), 2 * LINES if paired else LINES, ends)
        if stop < 0:
            return Parted(start, to, kept, templates, used)
        templates += 1
        one, two = ends[0] + 1, ends[LINES] + 1 if paired else -1
        length_one, length_two = ends[1] - one, ends[LINES + 1] - two if paired else 0
        keyed = min(length_one, length_two) >= KEY_REACH if paired else length_one >= 2 * KEY_REACH
        found, exchanged = _find(text, one, two, table) if keyed else (-1, 0)
        if found >= 0:
            write_int32(copies, kept, found << 1 | exchanged)
            write_int32(copies, kept + 4, stop - start)
            kept = put_bytes(copies, kept + COPY_HEAD, text, start, stop)
        elif keyed and 2 * KEYS * (used + 1) <= len(table.keys):
            _add(text, one, two, table, used)
            lengths[used, 0], lengths[used, 1] = length_one, length_two
            middle = ends[LINES - 1] + 1
            to = _put_numbered(own, to, text, (start, ends[0], middle), used)
            if paired:
                to = _put_numbered(own, to, text, (middle, ends[LINES], stop), used)
            used += 1
        else:
            to = put_bytes(own, to, text, start, stop)
        start = stop
