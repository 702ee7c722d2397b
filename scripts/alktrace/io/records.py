"""BAM records as packed bytes, looked into by compiled accessors.

A record is addressed by the offset of its refID field (behind block_size) and by its end; offsets index
into the `data` array of a batch. Layout: SAM/BAM specification, section 4.2.
Positions are 0-based.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from .kernels import lean_kernel

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]
# For the type checker an int; kernels never mix it with unsigned numbers, which would give floats.
int64 = cast(Callable[[Any], int], np.int64)
uint64 = cast(Callable[[Any], int], np.uint64)

FIXED_BYTES = 32
PHRED_OFFSET = 33
NOT_AN_INTEGER = -(1 << 62)
LOW_BITS, HIGH_BITS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
"""The lowest and the highest bit of each byte of a word."""

FLAG_PAIRED = 0x1
FLAG_PROPER = 0x2
FLAG_UNMAPPED = 0x4
FLAG_MATE_UNMAPPED = 0x8
FLAG_REVERSE = 0x10
FLAG_MATE_REVERSE = 0x20
FLAG_FIRST = 0x40
FLAG_LAST = 0x80
FLAG_SECONDARY = 0x100
FLAG_NOT_PF = 0x200
FLAG_DUPLICATE = 0x400
FLAG_SUPPLEMENTARY = 0x800


# --- numbers --------------------------------------------------------------------------------


@lean_kernel
def read_uint16(data: Bytes, at: int) -> int:
    """Return the little-endian unsigned 16-bit number at an offset."""
    return int64(data[at]) | (int64(data[at + 1]) << 8)


@lean_kernel
def read_int32(data: Bytes, at: int) -> int:
    """Return the little-endian signed 32-bit number at an offset."""
    low = int64(data[at]) | (int64(data[at + 1]) << 8)
    high = int64(data[at + 2]) | (int64(data[at + 3]) << 8)
    return int64(np.int32(low | (high << 16)))


@lean_kernel
def write_uint16(data: Bytes, at: int, value: int) -> None:
    """Write an unsigned 16-bit number."""
    data[at] = value & 0xFF
    data[at + 1] = (value >> 8) & 0xFF


@lean_kernel
def write_int32(data: Bytes, at: int, value: int) -> None:
    """Write a signed 32-bit number."""
    for i in range(4):
        data[at + i] = (value >> (8 * i)) & 0xFF


@lean_kernel
def put_bytes(out: Bytes, at: int, data: Bytes, start: int, end: int) -> int:
    """Write a part of other bytes; return where it ends."""
    # Offsets without a sign: of every other one numba asks whether it counts from behind, and no processor
    # can then take several bytes at once. An assignment of slices costs 50 ns before it begins.
    to, first = uint64(at), uint64(start)
    for i in range(uint64(max(end - start, 0))):
        out[to + i] = data[first + i]
    return at + end - start


@lean_kernel
def put_digits(out: Bytes, at: int, number: int) -> int:
    """Write a natural number as text; return where it ends."""
    digits, rest = 1, number // 10
    while rest:
        digits, rest = digits + 1, rest // 10
    for i in range(digits):
        out[at + digits - 1 - i] = ord("0") + number % 10
        number //= 10
    return at + digits


@lean_kernel
def region_bin(low: int, high: int) -> int:
    """Return the bin of an interval (SAM specification, section 5.3)."""
    high -= 1
    for shift, first in ((14, 4681), (17, 585), (20, 73), (23, 9), (26, 1)):
        if low >> shift == high >> shift:
            return first + (low >> shift)
    return 0


# --- fixed fields ---------------------------------------------------------------------------


class Lies(NamedTuple):
    """Where a read without gaps lies.

    Attributes:
        ref: reference sequence, -1 for none.
        low: 0-based lowest position, -1 for none.
    """

    ref: int
    low: int


@lean_kernel
def write_fixed(
    out: Bytes, at: int, name: int, mapq: int, flags: int, length: int, own: Lies, mate: Lies, tlen: int
) -> None:
    """Write the fixed fields of a record (SAM specification, section 4.2), but for its size.

    Args:
        out: where to write.
        at: offset of block_size.
        name: bytes of the read name, its end not counted.
        mapq: mapping quality.
        flags: SAM flags.
        length: bases of the read, all of them aligned where it lies anywhere.
        own: where it lies.
        mate: where its mate lies.
        tlen: insert size with its sign.
    """
    # Without a place both are -1, not 0: that would be the first base of the first sequence.
    write_int32(out, at + 4, own.ref)
    write_int32(out, at + 8, own.low)
    out[at + 12], out[at + 13] = name + 1, mapq
    write_uint16(out, at + 14, region_bin(own.low, own.low + (length if own.low >= 0 else 1)))
    write_uint16(out, at + 16, 1 if own.low >= 0 else 0)
    write_uint16(out, at + 18, flags)
    write_int32(out, at + 20, length)
    write_int32(out, at + 24, mate.ref)
    write_int32(out, at + 28, mate.low)
    write_int32(out, at + 32, tlen)


@lean_kernel
def ref_id(data: Bytes, start: int) -> int:
    """Return the index of the reference sequence; -1 without one."""
    return read_int32(data, start)


@lean_kernel
def position(data: Bytes, start: int) -> int:
    """Return the 0-based position of the first aligned base; -1 without one."""
    return read_int32(data, start + 4)


@lean_kernel
def name_length(data: Bytes, start: int) -> int:
    """Return the length of the read name without its closing NUL."""
    return int64(data[start + 8]) - 1


@lean_kernel
def name_offset(start: int) -> int:
    """Return where the read name starts."""
    return start + FIXED_BYTES


@lean_kernel
def same_name(one: Bytes, a: int, other: Bytes, b: int) -> bool:
    """Tell whether the records at two offsets have the same read name."""
    length = name_length(one, a)
    if length != name_length(other, b):
        return False
    a, b = name_offset(a), name_offset(b)
    different = 0
    for i in range(length):
        different |= one[a + i] ^ other[b + i]
    return different == 0


def read_name(data: Bytes, start: int) -> str:
    """Return the read name as text, for messages."""
    at = name_offset(start)
    return data[at : at + name_length(data, start)].tobytes().decode(errors="replace")


@lean_kernel
def mapq(data: Bytes, start: int) -> int:
    """Return the mapping quality."""
    return int64(data[start + 9])


@lean_kernel
def n_cigar(data: Bytes, start: int) -> int:
    """Return the number of CIGAR operations."""
    return read_uint16(data, start + 12)


@lean_kernel
def flag(data: Bytes, start: int) -> int:
    """Return the flags."""
    return read_uint16(data, start + 14)


@lean_kernel
def l_seq(data: Bytes, start: int) -> int:
    """Return the number of bases."""
    return read_int32(data, start + 16)


@lean_kernel
def mate_ref(data: Bytes, start: int) -> int:
    """Return the index of the mate's reference sequence; -1 without one."""
    return read_int32(data, start + 20)


@lean_kernel
def mate_pos(data: Bytes, start: int) -> int:
    """Return the 0-based position of the mate; -1 without one."""
    return read_int32(data, start + 24)


@lean_kernel
def tlen(data: Bytes, start: int) -> int:
    """Return the signed template length."""
    return read_int32(data, start + 28)


# --- variable fields ------------------------------------------------------------------------


@lean_kernel
def cigar_offset(data: Bytes, start: int) -> int:
    """Return where the CIGAR starts: one unsigned 32-bit number per operation, length << 4 | code."""
    return start + FIXED_BYTES + int64(data[start + 8])


@lean_kernel
def cigar_item(data: Bytes, cigar: int, i: int) -> tuple[int, int]:
    """Return length and code (index into `MIDNSHP=X`) of the i-th operation."""
    value = read_int32(data, cigar + 4 * i) & 0xFFFFFFFF
    return value >> 4, value & 0xF


@lean_kernel
def seq_offset(data: Bytes, start: int) -> int:
    """Return where the packed bases start."""
    return cigar_offset(data, start) + 4 * n_cigar(data, start)


@lean_kernel
def qual_offset(data: Bytes, start: int) -> int:
    """Return where the base qualities start, one byte each; 0xFF in the first: none are given."""
    return seq_offset(data, start) + (l_seq(data, start) + 1) // 2


@lean_kernel
def tags_offset(data: Bytes, start: int) -> int:
    """Return where the tags start."""
    length = l_seq(data, start)
    return seq_offset(data, start) + (length + 1) // 2 + length


@lean_kernel
def base(data: Bytes, seq: int, i: int) -> int:
    """Return the 4-bit code of the i-th base: A 1, C 2, G 4, T 8, N 15 (bits of `=ACMGRSVTWYHKDBN`)."""
    value = int64(data[seq + (i >> 1)])
    return (value & 0xF) if i & 1 else (value >> 4)


# --- tags -----------------------------------------------------------------------------------


@lean_kernel
def _item_bytes(kind: int) -> int:
    """Return the size of one number of a tag type; 0 for other types."""
    if kind in (ord("A"), ord("c"), ord("C")):
        return 1
    if kind in (ord("s"), ord("S")):
        return 2
    if kind in (ord("i"), ord("I"), ord("f")):
        return 4
    return 0


@lean_kernel
def text_end(data: Bytes, at: int, end: int) -> int:
    """Return where the first NUL from an offset on is; `end` if there is none before it."""
    # Offsets without a sign, as in `put_bytes`. Most texts are bases and qualities of a read, which are long:
    # of whole words one operation tells whether a byte is 0.
    here, last, words = uint64(at), uint64(end), data[: len(data) // 8 * 8].view(np.uint64)
    while here < last and here & uint64(7):
        if data[here] == 0:
            return int64(here)
        here += uint64(1)
    word = here >> uint64(3)
    while word < last >> uint64(3) and (words[word] - LOW_BITS) & ~words[word] & HIGH_BITS == 0:
        word += uint64(1)
    here = max(here, word << uint64(3))
    while here < last and data[here] != 0:
        here += uint64(1)
    return int64(here)


@lean_kernel
def after_value(data: Bytes, kind_at: int, end: int) -> int:
    """Return the offset behind a tag value; -1 if it is malformed or reaches over the record."""
    kind = data[kind_at]
    after = kind_at + 1
    if kind in (ord("Z"), ord("H")):
        after = text_end(data, after, end)
        return after + 1 if after < end else -1
    if kind == ord("B"):
        if after + 5 > end:
            return -1
        width = _item_bytes(data[after])
        count = read_int32(data, after + 1)
        after += 5 + count * width
        return after if width > 0 and count >= 0 and after <= end else -1
    width = _item_bytes(kind)
    after += width
    return after if width > 0 and after <= end else -1


@lean_kernel
def find_tag(data: Bytes, tags: int, end: int, first: int, second: int) -> int:
    """Find a tag.

    Args:
        data: packed bytes.
        tags: where the tags of the record start.
        end: end of the record.
        first: code of the first letter of the tag.
        second: code of the second letter.

    Returns:
        The offset of the type byte; -1 if the tag is absent or its value does not fit the record.
    """
    at = tags
    while at + 3 <= end:
        after = after_value(data, at + 2, end)
        if after < 0:
            return -1
        if data[at] == first and data[at + 1] == second:
            return at + 2
        at = after
    return -1


@lean_kernel
def int_value(data: Bytes, kind_at: int) -> int:
    """Return the value of an integer tag of any width; NOT_AN_INTEGER for other types."""
    return array_item(data, data[kind_at], kind_at + 1, 0)


@lean_kernel
def float_value(data: Bytes, kind_at: int) -> float:
    """Return the value of an `f` tag; NaN for other types."""
    if data[kind_at] != ord("f"):
        return np.nan
    bits = np.uint32(read_int32(data, kind_at + 1) & 0xFFFFFFFF)
    return np.float64(bits.view(np.float32))


@lean_kernel
def text_value(data: Bytes, kind_at: int) -> tuple[int, int]:
    """Return offset and length of a `Z` or `A` tag that `find_tag` found; length -1 for other types."""
    at = kind_at + 1
    if data[kind_at] == ord("A"):
        return at, 1
    if data[kind_at] != ord("Z"):
        return at, -1
    return at, text_end(data, at, len(data)) - at


@lean_kernel
def array_value(data: Bytes, kind_at: int) -> tuple[int, int, int]:
    """Return item type, count and offset of the first item of a `B` tag; count -1 for other types."""
    if data[kind_at] != ord("B"):
        return 0, -1, 0
    return int64(data[kind_at + 1]), read_int32(data, kind_at + 2), kind_at + 6


@lean_kernel
def array_item(data: Bytes, kind: int, first: int, i: int) -> int:
    """Return the i-th item of an integer array.

    Args:
        data: packed bytes.
        kind: item type, one of `cCsSiI`.
        first: offset of item 0.
        i: index of the item.

    Returns:
        The value; NOT_AN_INTEGER for other types.
    """
    if kind == ord("c"):
        return int64(np.int8(data[first + i]))
    if kind == ord("C"):
        return int64(data[first + i])
    if kind == ord("s"):
        return int64(np.int16(read_uint16(data, first + 2 * i)))
    if kind == ord("S"):
        return read_uint16(data, first + 2 * i)
    if kind == ord("i"):
        return read_int32(data, first + 4 * i)
    if kind == ord("I"):
        return read_int32(data, first + 4 * i) & 0xFFFFFFFF
    return NOT_AN_INTEGER


# --- whole records --------------------------------------------------------------------------

FAULTS = (
    "",
    "lengths of the record do not fit",
    "the read name does not end",
    "a read name with characters that are not printable",
    "no such reference sequence",
    "a position outside the reference sequence",
    "unknown CIGAR operation",
    "CIGAR and sequence differ in length",
    "a primary alignment without bases",
    "a malformed tag",
)
"""What `find_fault` can say of a record, by number; 0 is a sound one."""
(
    SOUND,
    LENGTHS_DIFFER,
    NAME_OPEN,
    NAME_UNPRINTED,
    REFERENCE_UNKNOWN,
    POSITION_OUTSIDE,
    OPERATION_UNKNOWN,
    CIGAR_DIFFERS,
    BASES_MISSING,
    TAG_MALFORMED,
) = range(len(FAULTS))
FIRST_PRINTED, LAST_PRINTED = ord("!"), ord("~")
_OPERATIONS = 9
_QUERY_OPERATIONS = 0b110010011
"""Bit i: operation i of `MIDNSHP=X` consumes bases of the read (SAM specification, section 1.4.6)."""


@lean_kernel
def find_fault(data: Bytes, start: int, end: int, lengths: Offsets) -> int:
    """Return what makes a record unfit for the kernels, which trust its lengths; 0 for a sound record.

    Refuses what htslib refuses (`bam_read1`, `sam_read1`), and what it leaves to its callers: names that are
    no text, unknown operations, malformed tags, primary alignments whose CIGAR has no bases to consume.

    Args:
        data: packed bytes.
        start: offset of the record's refID.
        end: offset behind the record.
        lengths: int64[n], bases of the reference sequences of the header.

    Returns:
        Index into `FAULTS`.
    """
    if data[start + 8] < 1 or l_seq(data, start) < 0 or tags_offset(data, start) > end:
        return LENGTHS_DIFFER
    if data[name_offset(start) + name_length(data, start)] != 0:
        return NAME_OPEN
    for i in range(name_offset(start), name_offset(start) + name_length(data, start)):
        if not FIRST_PRINTED <= data[i] <= LAST_PRINTED:
            return NAME_UNPRINTED
    here, mate = ref_id(data, start), mate_ref(data, start)
    if here < -1 or here >= len(lengths) or mate < -1 or mate >= len(lengths):
        return REFERENCE_UNKNOWN
    mapped, at = flag(data, start) & FLAG_UNMAPPED == 0, position(data, start)
    if at < -1 or mate_pos(data, start) < -1 or (mapped and here >= 0 and not 0 <= at < lengths[here]):
        return POSITION_OUTSIDE
    fault = _cigar_fault(data, start, mapped)
    return fault if fault != SOUND else _tag_fault(data, tags_offset(data, start), end)


@lean_kernel
def _cigar_fault(data: Bytes, start: int, mapped: bool) -> int:
    cigar, consumed = cigar_offset(data, start), 0
    for i in range(n_cigar(data, start)):
        length, code = cigar_item(data, cigar, i)
        if code >= _OPERATIONS:
            return OPERATION_UNKNOWN
        if (_QUERY_OPERATIONS >> code) & 1:
            consumed += length
    bases = l_seq(data, start)
    if not mapped or consumed == bases or n_cigar(data, start) == 0:
        return SOUND
    if bases > 0:
        return CIGAR_DIFFERS
    # Aligners leave the bases of secondary and supplementary alignments away; nothing reads those.
    return SOUND if flag(data, start) & (FLAG_SECONDARY | FLAG_SUPPLEMENTARY) else BASES_MISSING


@lean_kernel
def _tag_fault(data: Bytes, at: int, end: int) -> int:
    while at + 3 <= end:
        at = after_value(data, at + 2, end)
        if at < 0:
            return TAG_MALFORMED
    return SOUND if at == end else TAG_MALFORMED
