"""BAM files as packed records: read in batches, from a file or a pipe, and written in blocks.

Layout: SAM/BAM specification, sections 4.1 and 4.2.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import pysam

from ..errors import DataError
from .bgzf import BLOCK_BYTES, END_OF_FILE, MAX_LEVEL, Source, check_magic, deflate_block, inflate
from .kernels import lean_kernel
from .records import FAULTS, FIXED_BYTES, LENGTHS_DIFFER, SOUND, Bytes, Offsets, find_fault, read_int32

MIN_RECORD_BYTES = 4 + FIXED_BYTES + 1
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


def iterate_batches(
    path: Path, *, batch_bytes: int | Callable[[], int] = 64 << 20, threads: int = 1
) -> Iterator[RecordBatch]:
    """Read a BAM file as batches of packed records.

    Args:
        path: a BAM file in any order.
        batch_bytes: inflated bytes of a batch, or what says how many now; a batch holds at least one record
            and ends with a whole one.
        threads: threads that inflate ahead of the caller.

    Raises:
        DataError: no BAM, truncated, a checksum that does not match or a record that does not fit.
    """
    check_magic(path)
    with path.open("rb") as stream:
        _, batches = read_stream(stream, Source(path), batch_bytes=batch_bytes, threads=threads)
        yield from batches


def read_stream(
    stream: BinaryIO, source: Source, *, batch_bytes: int | Callable[[], int], threads: int = 1
) -> tuple[str, Iterator[RecordBatch]]:
    """Read a BAM stream, such as a pipe: the text of its header now, batches of records when asked.

    Args:
        stream: BGZF, compressed or not.
        source: name and remedy for messages.
        batch_bytes: as for `iterate_batches`.
        threads: threads that inflate ahead of the caller.

    Raises:
        DataError: as for `iterate_batches`; those of the records when they are asked for.
    """
    chunks = inflate(stream, source, threads)
    text, lengths, rest = _read_head(source, chunks)
    return text, _batches(source, chunks, rest, lengths, batch_bytes)


def _batches(
    source: Source,
    chunks: Iterator[bytes],
    first: bytes,
    lengths: Offsets,
    batch_bytes: int | Callable[[], int],
) -> Iterator[RecordBatch]:
    carry, size, records = [first], len(first), 0
    for chunk in chunks:
        carry.append(chunk)
        size += len(chunk)
        if size >= (batch_bytes() if callable(batch_bytes) else batch_bytes):
            batch, rest = _split(source, carry, lengths, records)
            records += len(batch.starts)
            carry, size = [rest], len(rest)
            if len(batch.starts):
                yield batch
    batch, rest = _split(source, carry, lengths, records)
    if rest:
        raise DataError(source.name, f"ends inside record {records + len(batch.starts) + 1}", source.remedy)
    if len(batch.starts):
        yield batch


@lean_kernel
def _find_records(data: Bytes, lengths: Offsets, starts: Offsets, ends: Offsets) -> tuple[int, int, int]:
    """Fill in where records lie; return their number, the end of the last, and the fault of the next."""
    at, count, size = 0, 0, len(data)
    while at + 4 <= size:
        block = read_int32(data, at)
        if block < FIXED_BYTES + 1:
            return count, at, LENGTHS_DIFFER
        start, end = at + 4, at + 4 + block
        if end > size:
            break
        # The only place where lengths are checked: all kernels behind it index by them without looking.
        fault = find_fault(data, start, end, lengths)
        if fault != SOUND:
            return count, at, fault
        starts[count], ends[count] = start, end
        at = end
        count += 1
    return count, at, SOUND


def _split(source: Source, chunks: list[bytes], lengths: Offsets, before: int) -> tuple[RecordBatch, bytes]:
    data = np.empty(sum(map(len, chunks)), np.uint8)
    at = 0
    for chunk in chunks:
        data[at : at + len(chunk)] = np.frombuffer(chunk, np.uint8)
        at += len(chunk)
    capacity = len(data) // MIN_RECORD_BYTES + 1
    starts, ends = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    count, at, fault = _find_records(data, lengths, starts, ends)
    if fault != SOUND:
        raise DataError(source.name, FAULTS[fault], source.remedy, f"record {before + count + 1}")
    return RecordBatch(data, starts[:count].copy(), ends[:count].copy()), data[at:].tobytes()


def _read_head(source: Source, chunks: Iterator[bytes]) -> tuple[str, Offsets, bytes]:
    """Return text and sequence lengths of the header, and what follows it in the inflated stream."""
    data = b""

    def need(count: int) -> None:
        nonlocal data
        while len(data) < count:
            more = next(chunks, None)
            if more is None:
                raise DataError(source.name, "ends inside the BAM header", source.remedy)
            data += more

    need(8)
    if data[:4] != b"BAM\x01":
        raise DataError(source.name, f"starts with {data[:4]!r}, not with a BAM header", source.remedy)
    at = 8 + int.from_bytes(data[4:8], "little")
    need(at + 4)
    text = data[8:at].rstrip(b"\0").decode(errors="replace")  # comments may be in any encoding
    references = int.from_bytes(data[at : at + 4], "little")
    at += 4
    lengths = []
    for _ in range(references):
        need(at + 4)
        at += 8 + int.from_bytes(data[at : at + 4], "little")
        need(at)
        lengths.append(int.from_bytes(data[at - 4 : at], "little"))
    return text, np.array(lengths, np.int64), data[at:]


def unpack(
    records: RecordBatch, chosen: Offsets, header: pysam.AlignmentHeader
) -> Iterator[pysam.AlignedSegment]:
    """Yield a few records of a batch as those of pysam.

    Args:
        records: packed records.
        chosen: int64[n], which of them.
        header: header of their file.
    """
    if not len(chosen):
        return
    # In memory: a full or missing temporary folder is no fault of the file that is read.
    with os.fdopen(os.memfd_create("records"), "wb") as file:
        path = Path(f"/proc/self/fd/{file.fileno()}")
        with BamWriter(path, header, level=0) as writer:
            for i in chosen:
                # block_size stands in front of each record.
                writer.write(records.data[records.starts[i] - 4 : records.ends[i]])
        with pysam.AlignmentFile(str(path), check_sq=False) as bam:
            yield from bam


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
        data, at = memoryview(records if isinstance(records, bytes) else records.data).cast("B"), 0
        if self._rest:
            at = BLOCK_BYTES - len(self._rest)
            self._rest += data[:at]
            if len(self._rest) < BLOCK_BYTES:
                return
            self._block(self._rest)
        while at + BLOCK_BYTES <= len(data):
            self._block(data[at : at + BLOCK_BYTES])
            at += BLOCK_BYTES
        self._rest = bytes(data[at:])

    def close(self) -> None:
        """Write what is left and the end-of-file block."""
        if self._stream.closed:
            return
        if self._rest:
            self._block(self._rest)
        self._drain(0)
        self._stream.write(END_OF_FILE)
        self._release()

    def _block(self, data: bytes | memoryview) -> None:
        if self._pool is None:
            self._stream.write(deflate_block(data, self._level))
            return
        # What a caller fills anew must not wait.
        self._waiting.append(self._pool.submit(deflate_block, bytes(data), self._level))
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
    # pysam writes some headers with empty lines, which htslib then refuses.
    text = "".join(f"{line}\n" for line in str(header).split("\n") if line).encode()
    parts = [b"BAM\x01", len(text).to_bytes(4, "little"), text, len(header.references).to_bytes(4, "little")]
    for name, length in zip(header.references, header.lengths, strict=True):
        encoded = name.encode() + b"\0"
        parts += [len(encoded).to_bytes(4, "little"), encoded, length.to_bytes(4, "little")]
    return b"".join(parts)
