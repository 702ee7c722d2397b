"""BAM records as packed bytes: read in batches, looked into by compiled accessors, written in blocks.

A record is addressed by the offset of its refID field (behind block_size) and by its end; offsets index
into the `data` array of a batch. Layout: SAM/BAM specification, section 4.2.
Positions are 0-based.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import numba
import numpy as np
import pysam
from numpy.typing import NDArray

from ..errors import DataError
from .bgzf import BLOCK_BYTES, END_OF_FILE, MAX_LEVEL, check_magic, deflate_block, inflate

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])
# For the type checker an int; kernels never mix it with unsigned numbers, which would give floats.
int64 = cast(Callable[[Any], int], np.int64)

FIXED_BYTES = 32
MIN_RECORD_BYTES = 4 + FIXED_BYTES + 1
NOT_AN_INTEGER = -(1 << 62)

FLAG_PAIRED = 0x1
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


def kernel(function: F) -> F:
    """Compile a function over packed bytes; the machine code is cached and runs without the GIL."""
    return cast(F, numba.njit(cache=True, nogil=True)(function))


# --- numbers --------------------------------------------------------------------------------


@kernel
def read_uint16(data: Bytes, at: int) -> int:
    """Return the little-endian unsigned 16-bit number at an offset."""
    return int64(data[at]) | (int64(data[at + 1]) << 8)


@kernel
def read_int32(data: Bytes, at: int) -> int:
    """Return the little-endian signed 32-bit number at an offset."""
    low = int64(data[at]) | (int64(data[at + 1]) << 8)
    high = int64(data[at + 2]) | (int64(data[at + 3]) << 8)
    return int64(np.int32(low | (high << 16)))


@kernel
def write_uint16(data: Bytes, at: int, value: int) -> None:
    """Write an unsigned 16-bit number."""
    data[at] = value & 0xFF
    data[at + 1] = (value >> 8) & 0xFF


@kernel
def write_int32(data: Bytes, at: int, value: int) -> None:
    """Write a signed 32-bit number."""
    for i in range(4):
        data[at + i] = (value >> (8 * i)) & 0xFF


# --- fixed fields ---------------------------------------------------------------------------


@kernel
def ref_id(data: Bytes, start: int) -> int:
    """Return the index of the reference sequence; -1 without one."""
    return read_int32(data, start)


@kernel
def position(data: Bytes, start: int) -> int:
    """Return the 0-based position of the first aligned base; -1 without one."""
    return read_int32(data, start + 4)


@kernel
def name_length(data: Bytes, start: int) -> int:
    """Return the length of the read name without its closing NUL."""
    return int64(data[start + 8]) - 1


@kernel
def name_offset(start: int) -> int:
    """Return where the read name starts."""
    return start + FIXED_BYTES


@kernel
def mapq(data: Bytes, start: int) -> int:
    """Return the mapping quality."""
    return int64(data[start + 9])


@kernel
def n_cigar(data: Bytes, start: int) -> int:
    """Return the number of CIGAR operations."""
    return read_uint16(data, start + 12)


@kernel
def flag(data: Bytes, start: int) -> int:
    """Return the flags."""
    return read_uint16(data, start + 14)


@kernel
def l_seq(data: Bytes, start: int) -> int:
    """Return the number of bases."""
    return read_int32(data, start + 16)


@kernel
def mate_ref(data: Bytes, start: int) -> int:
    """Return the index of the mate's reference sequence; -1 without one."""
    return read_int32(data, start + 20)


@kernel
def mate_pos(data: Bytes, start: int) -> int:
    """Return the 0-based position of the mate; -1 without one."""
    return read_int32(data, start + 24)


@kernel
def tlen(data: Bytes, start: int) -> int:
    """Return the signed template length."""
    return read_int32(data, start + 28)


# --- variable fields ------------------------------------------------------------------------


@kernel
def cigar_offset(data: Bytes, start: int) -> int:
    """Return where the CIGAR starts: one unsigned 32-bit number per operation, length << 4 | code."""
    return start + FIXED_BYTES + int64(data[start + 8])


@kernel
def cigar_item(data: Bytes, cigar: int, i: int) -> tuple[int, int]:
    """Return length and code (index into `MIDNSHP=X`) of the i-th operation."""
    value = read_int32(data, cigar + 4 * i) & 0xFFFFFFFF
    return value >> 4, value & 0xF


@kernel
def seq_offset(data: Bytes, start: int) -> int:
    """Return where the packed bases start."""
    return cigar_offset(data, start) + 4 * n_cigar(data, start)


@kernel
def qual_offset(data: Bytes, start: int) -> int:
    """Return where the base qualities start, one byte each; 0xFF in the first: none are given."""
    return seq_offset(data, start) + (l_seq(data, start) + 1) // 2


@kernel
def tags_offset(data: Bytes, start: int) -> int:
    """Return where the tags start."""
    length = l_seq(data, start)
    return seq_offset(data, start) + (length + 1) // 2 + length


@kernel
def base(data: Bytes, seq: int, i: int) -> int:
    """Return the 4-bit code of the i-th base: A 1, C 2, G 4, T 8, N 15 (bits of `=ACMGRSVTWYHKDBN`)."""
    value = int64(data[seq + (i >> 1)])
    return (value & 0xF) if i & 1 else (value >> 4)


# --- tags -----------------------------------------------------------------------------------


@kernel
def _item_bytes(kind: int) -> int:
    """Return the size of one number of a tag type; 0 for other types."""
    if kind in (ord("A"), ord("c"), ord("C")):
        return 1
    if kind in (ord("s"), ord("S")):
        return 2
    if kind in (ord("i"), ord("I"), ord("f")):
        return 4
    return 0


@kernel
def _after_value(data: Bytes, kind_at: int, end: int) -> int:
    """Return the offset behind a tag value; -1 if it is malformed or reaches over the record."""
    kind = data[kind_at]
    after = kind_at + 1
    if kind in (ord("Z"), ord("H")):
        while after < end and data[after] != 0:
            after += 1
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


@kernel
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
        after = _after_value(data, at + 2, end)
        if after < 0:
            return -1
        if data[at] == first and data[at + 1] == second:
            return at + 2
        at = after
    return -1


@kernel
def int_value(data: Bytes, kind_at: int) -> int:
    """Return the value of an integer tag of any width; NOT_AN_INTEGER for other types."""
    return array_item(data, data[kind_at], kind_at + 1, 0)


@kernel
def float_value(data: Bytes, kind_at: int) -> float:
    """Return the value of an `f` tag; NaN for other types."""
    if data[kind_at] != ord("f"):
        return np.nan
    return np.float64(data[kind_at + 1 : kind_at + 5].copy().view(np.float32)[0])


@kernel
def text_value(data: Bytes, kind_at: int) -> tuple[int, int]:
    """Return offset and length of a `Z` or `A` tag that `find_tag` found; length -1 for other types."""
    at = kind_at + 1
    if data[kind_at] == ord("A"):
        return at, 1
    if data[kind_at] != ord("Z"):
        return at, -1
    length = 0
    while data[at + length] != 0:
        length += 1
    return at, length


@kernel
def array_value(data: Bytes, kind_at: int) -> tuple[int, int, int]:
    """Return item type, count and offset of the first item of a `B` tag; count -1 for other types."""
    if data[kind_at] != ord("B"):
        return 0, -1, 0
    return int64(data[kind_at + 1]), read_int32(data, kind_at + 2), kind_at + 6


@kernel
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


# --- reading --------------------------------------------------------------------------------


@dataclass(frozen=True)
class RecordBatch:
    """Whole records in file order.

    Attributes:
        data: uint8[n_bytes], raw records.
        starts: int64[n_records], offset of refID of each record.
        ends: int64[n_records], offset behind each record.
    """

    data: Bytes
    starts: Offsets
    ends: Offsets


def read_header(path: Path) -> pysam.AlignmentHeader:
    """Return the header of a BAM.

    Raises:
        DataError: the file is missing or no BAM.
    """
    check_magic(path)
    try:
        with pysam.AlignmentFile(str(path), "rb", check_sq=False) as bam:
            return bam.header
    except (ValueError, OSError) as error:
        raise DataError(path, f"the BAM header cannot be read ({error})", "write the file anew") from None


def iterate_batches(path: Path, *, batch_bytes: int = 64 << 20, threads: int = 1) -> Iterator[RecordBatch]:
    """Read a BAM as batches of packed records.

    Args:
        path: a BAM file in any order.
        batch_bytes: inflated bytes of a batch; a batch holds at least one record and ends with a whole one.
        threads: threads that inflate ahead of the caller.

    Raises:
        DataError: no BAM, truncated, a checksum that does not match or a record that does not fit.
    """
    chunks = inflate(path, threads)
    carry: list[bytes] = _skip_header(path, chunks)
    size, records = sum(map(len, carry)), 0
    for chunk in chunks:
        carry.append(chunk)
        size += len(chunk)
        if size >= batch_bytes:
            batch, rest = _split(path, carry, records)
            records += len(batch.starts)
            carry, size = [rest], len(rest)
            if len(batch.starts):
                yield batch
    batch, rest = _split(path, carry, records)
    if rest:
        raise DataError(path, f"ends inside record {records + len(batch.starts) + 1}", "write the BAM anew")
    if len(batch.starts):
        yield batch


@kernel
def _find_records(data: Bytes, starts: Offsets, ends: Offsets) -> tuple[int, int, bool]:
    """Fill in where records lie; return their number, the end of the last, and if the next is malformed."""
    at, count, size = 0, 0, len(data)
    while at + 4 <= size:
        block = read_int32(data, at)
        if block < FIXED_BYTES + 1:
            return count, at, True
        if at + 4 + block > size:
            break
        start = at + 4
        if data[start + 8] < 1 or l_seq(data, start) < 0 or tags_offset(data, start) > start + block:
            return count, at, True
        starts[count] = start
        at = start + block
        ends[count] = at
        count += 1
    return count, at, False


def _split(path: Path, chunks: list[bytes], before: int) -> tuple[RecordBatch, bytes]:
    data = np.empty(sum(map(len, chunks)), np.uint8)
    at = 0
    for chunk in chunks:
        data[at : at + len(chunk)] = np.frombuffer(chunk, np.uint8)
        at += len(chunk)
    capacity = len(data) // MIN_RECORD_BYTES + 1
    starts, ends = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    count, at, malformed = _find_records(data, starts, ends)
    if malformed:
        raise DataError(
            path, "lengths of the record do not fit", "write the BAM anew", f"record {before + count + 1}"
        )
    return RecordBatch(data, starts[:count].copy(), ends[:count].copy()), data[at:].tobytes()


def _skip_header(path: Path, chunks: Iterator[bytes]) -> list[bytes]:
    """Return what follows the header in the inflated stream."""
    data = b""

    def need(count: int) -> None:
        nonlocal data
        while len(data) < count:
            more = next(chunks, None)
            if more is None:
                raise DataError(path, "ends inside the BAM header", "write the BAM anew")
            data += more

    need(8)
    if data[:4] != b"BAM\x01":
        raise DataError(path, f"starts with {data[:4]!r}, not with a BAM header", "give a BAM file")
    at = 8 + int.from_bytes(data[4:8], "little")
    need(at + 4)
    references = int.from_bytes(data[at : at + 4], "little")
    at += 4
    for _ in range(references):
        need(at + 4)
        at += 8 + int.from_bytes(data[at : at + 4], "little")
    need(at)
    return [data[at:]]


# --- writing --------------------------------------------------------------------------------


class BamWriter:
    """Write packed records; blocks are cut at fixed sizes, so the bytes do not depend on threads."""

    def __init__(
        self, path: Path, header: pysam.AlignmentHeader, *, level: int = 1, threads: int = 1
    ) -> None:
        """Open the file and write the header.

        Args:
            path: where to write.
            header: header of the new file.
            level: 0 (stored) to 3 (smallest).
            threads: threads that deflate.
        """
        self._stream = path.open("wb")
        self._level = min(max(level, 0), MAX_LEVEL)
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._limit = 4 * threads
        self._waiting: deque[Future[bytes]] = deque()
        self._rest = b""
        self.write(_header_bytes(header))

    def write(self, records: bytes | Bytes) -> None:
        """Append packed records, each with its block_size in front."""
        data = self._rest + (records if isinstance(records, bytes) else records.tobytes())
        whole = len(data) - len(data) % BLOCK_BYTES
        for at in range(0, whole, BLOCK_BYTES):
            self._block(data[at : at + BLOCK_BYTES])
        self._rest = data[whole:]

    def close(self) -> None:
        """Write what is left and the end-of-file block."""
        if self._stream.closed:
            return
        if self._rest:
            self._block(self._rest)
        self._drain(0)
        self._stream.write(END_OF_FILE)
        self._release()

    def _block(self, data: bytes) -> None:
        if self._pool is None:
            self._stream.write(deflate_block(data, self._level))
            return
        self._waiting.append(self._pool.submit(deflate_block, data, self._level))
        self._drain(self._limit)

    def _drain(self, keep: int) -> None:
        while len(self._waiting) > keep:
            self._stream.write(self._waiting.popleft().result())

    def _release(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A file that ended with an error gets no end-of-file block: readers see that it is not whole.
        if kind is None:
            self.close()
        else:
            self._release()


def _header_bytes(header: pysam.AlignmentHeader) -> bytes:
    # pysam ends some headers with an empty line, which htslib then refuses.
    text = (str(header).rstrip("\n") + "\n").encode() if str(header) else b""
    parts = [b"BAM\x01", len(text).to_bytes(4, "little"), text, len(header.references).to_bytes(4, "little")]
    for name, length in zip(header.references, header.lengths, strict=True):
        encoded = name.encode() + b"\0"
        parts += [len(encoded).to_bytes(4, "little"), encoded, length.to_bytes(4, "little")]
    return b"".join(parts)
