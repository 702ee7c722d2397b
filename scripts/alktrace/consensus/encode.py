"""Consensus reads as packed, unaligned BAM records with the tags of fgbio."""

from typing import Any

import numpy as np

from ..io.kernels import lean_kernel
from ..io.records import (
    FIXED_BYTES,
    FLAG_FIRST,
    FLAG_LAST,
    FLAG_MATE_UNMAPPED,
    FLAG_PAIRED,
    FLAG_UNMAPPED,
    PHRED_OFFSET,
    Bytes,
    Lies,
    put_bytes,
    put_digits,
    uint64,
    write_fixed,
    write_int32,
)

SINGLE_END = FLAG_UNMAPPED
FIRST_OF_PAIR = FLAG_PAIRED | FLAG_UNMAPPED | FLAG_MATE_UNMAPPED | FLAG_FIRST
SECOND_OF_PAIR = FLAG_PAIRED | FLAG_UNMAPPED | FLAG_MATE_UNMAPPED | FLAG_LAST
NIBBLES = np.array([1, 2, 4, 8, 15], np.uint8)
LETTERS = np.frombuffer(b"ACGTN", np.uint8).copy()
# Bytes of a record besides its name, read group and per-base parts, rounded up.
FIXED_ROOM = 400
BYTES_PER_BASE = 16

Shorts = Any


@lean_kernel
def put_tag(out: Bytes, at: int, first: int, second: int, kind: int) -> int:
    """Write name and type of a tag; return where its value goes."""
    out[at], out[at + 1], out[at + 2] = first, second, kind
    return at + 3


@lean_kernel
def put_int(out: Bytes, at: int, first: int, second: int, value: int) -> int:
    """Write an `i` tag."""
    at = put_tag(out, at, first, second, ord("i"))
    write_int32(out, at, value)
    return at + 4


@lean_kernel
def put_float(out: Bytes, at: int, first: int, second: int, value: float, scratch: Any) -> int:
    """Write an `f` tag; `scratch` is float32[1]."""
    at = put_tag(out, at, first, second, ord("f"))
    scratch[0] = value
    # Single precision: a filter that compares in double finds 1 in 20 above 0.05.
    return put_bytes(out, at, scratch.view(np.uint8), 0, 4)


@lean_kernel
def put_text(out: Bytes, at: int, first: int, second: int, text: Bytes) -> int:
    """Write a `Z` tag."""
    at = put_tag(out, at, first, second, ord("Z"))
    at = put_bytes(out, at, text, 0, len(text))
    out[at] = 0
    return at + 1


@lean_kernel
def put_shorts(out: Bytes, at: int, first: int, second: int, values: Shorts, n: int) -> int:
    """Write an array of signed 16-bit numbers."""
    at = put_tag(out, at, first, second, ord("B"))
    out[at] = ord("s")
    write_int32(out, at + 1, n)
    at += 5
    low, high = uint64(at), uint64(at + 1)
    for i in range(uint64(n)):
        out[low + i + i] = values[i] & 0xFF
        out[high + i + i] = (values[i] >> 8) & 0xFF
    return at + 2 * n


@lean_kernel
def put_bases(out: Bytes, at: int, first: int, second: int, bases: Bytes, n: int) -> int:
    """Write base codes as text."""
    at = put_tag(out, at, first, second, ord("Z"))
    to = uint64(at)
    for i in range(uint64(n)):
        out[to + i] = LETTERS[bases[i]]
    out[at + n] = 0
    return at + n + 1


@lean_kernel
def put_quals(out: Bytes, at: int, first: int, second: int, quals: Bytes, n: int) -> int:
    """Write qualities as FASTQ text."""
    at = put_tag(out, at, first, second, ord("Z"))
    to = uint64(at)
    for i in range(uint64(n)):
        out[to + i] = quals[i] + PHRED_OFFSET
    out[at + n] = 0
    return at + n + 1


@lean_kernel
def put_record(
    out: Bytes, at: int, prefix: Bytes, molecule: int, flags: int, bases: Bytes, quals: Bytes, n: int
) -> int:
    """Write all of an unaligned record but its tags and its size.

    Args:
        out: where to write.
        at: offset of block_size.
        prefix: start of the read name; the number of the molecule follows.
        molecule: number of the molecule.
        flags: SAM flags.
        bases: uint8, codes 0 to 4 for A, C, G, T, N.
        quals: uint8, qualities.
        n: number of bases.

    Returns:
        Offset of the tags; `close_record` fills in the size.
    """
    name = at + 4 + FIXED_BYTES
    stop = put_digits(out, put_bytes(out, name, prefix, 0, len(prefix)), molecule)
    out[stop] = 0
    write_fixed(out, at, stop - name, 0, flags, n, Lies(-1, -1), Lies(-1, -1), 0)
    at = stop + 1
    packed, one = uint64(at), uint64(1)
    for i in range(uint64(n // 2)):
        out[packed + i] = (NIBBLES[bases[i + i]] << 4) | NIBBLES[bases[i + i + one]]
    if n & 1:
        # The first base of a pair is in the high nibble; of an odd number the low one stays empty.
        out[at + n // 2] = NIBBLES[bases[n - 1]] << 4
    at += (n + 1) // 2
    return put_bytes(out, at, quals, 0, n)


@lean_kernel
def close_record(out: Bytes, start: int, stop: int) -> int:
    """Fill in block_size of the record at `start`; return its end."""
    # block_size does not count itself.
    write_int32(out, start, stop - start - 4)
    return stop
