"""Tags of unaligned consensus reads carried over to their alignments.

Both streams have the reads in one order: all alignments of a template (primary, secondary and
supplementary) follow each other in the aligned stream, its one or two reads in the consensus BAM.
Per-base tags stand in the order of sequencing; on the reverse strand they are turned round, as
fgbio's ZipperBams does with `--tags-to-reverse Consensus --tags-to-revcomp Consensus`.
MC and MQ of every record are written from the mate's primary alignment.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pysam

from ..errors import DataError
from .records import (
    FIXED_BYTES,
    MIN_RECORD_BYTES,
    BamWriter,
    Bytes,
    RecordBatch,
    iterate_batches,
    read_header,
)
from .zip_kernels import (
    ACTIONS,
    CIGAR_LETTERS,
    COMPLEMENTS,
    MATCHED,
    MORE,
    NO_MATE,
    OTHER_LENGTH,
    Matches,
    Names,
    Packed,
    find_records,
    match_records,
    same_name,
    write_records,
)

CHUNK_BYTES = 1 << 20
BATCH_BYTES = 4 << 20


def open_gzip(stream: BinaryIO) -> Any:
    """Return a reader of what a gzip or BGZF stream holds."""
    opener: Any
    try:
        from isal import igzip

        opener = igzip.IGzipFile
    except ImportError:  # no wheel for this processor
        opener = gzip.GzipFile
    return opener(fileobj=stream, mode="rb")


class AlignedStream:
    """BAM from a pipe, as batches of whole templates."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read the header.

        Raises:
            DataError: the stream is no BAM; with an empty one the program before it has failed.
        """
        self._stream = open_gzip(stream)
        if self._read(4) != b"BAM\x01":
            raise _stream_error("is no BAM")
        text = self._read(self._number()).rstrip(b"\0").decode()
        for _ in range(self._number()):
            self._read(self._number() + 4)
        self.header = pysam.AlignmentHeader.from_text(text)

    def _read(self, count: int) -> bytes:
        pieces, missing = [], count
        while missing:
            try:
                piece = self._stream.read(missing)
            except (OSError, EOFError) as error:
                raise _stream_error(f"cannot be read ({error})") from None
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _number(self) -> int:
        return int.from_bytes(self._read(4), "little")

    def batches(self) -> Iterator[RecordBatch]:
        """Yield batches of records that end with a whole template.

        Raises:
            DataError: the stream ends inside a record.
        """
        rest = np.empty(0, np.uint8)
        while piece := self._read(CHUNK_BYTES):
            data = np.concatenate((rest, np.frombuffer(piece, np.uint8)))
            batch = _records(data)
            last = _last_template(batch)
            if last:
                yield RecordBatch(data, batch.starts[:last], batch.ends[:last])
                rest = data[batch.starts[last] - 4 :]
            else:
                rest = data
        batch = _records(rest)
        if len(rest) != (batch.ends[-1] if len(batch.ends) else 0):
            raise _stream_error("ends inside a record")
        if len(batch.starts):
            yield batch


def _records(data: Bytes) -> RecordBatch:
    capacity = len(data) // MIN_RECORD_BYTES + 1
    starts, ends = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    count = find_records(data, starts, ends)
    return RecordBatch(data, starts[:count], ends[:count])


def _last_template(batch: RecordBatch) -> int:
    """Return the index of the first record of the last template, which may go on; 0 if it is the only."""
    last = len(batch.starts) - 1
    while last > 0 and same_name(batch.data, batch.starts[last], batch.data, batch.starts[last - 1]):
        last -= 1
    return max(last, 0)


def _stream_error(what: str) -> DataError:
    return DataError("aligned stream", what, "see the message of the aligner above")


@dataclass
class _Consensus:
    """Consensus reads that are not used up yet."""

    batches: Iterator[RecordBatch]
    batch: RecordBatch
    used: int = 0
    complete: bool = False

    def extend(self) -> None:
        """Read more behind those that are left."""
        batch = next(self.batches, None)
        if batch is None:
            self.complete = True
            return
        left = self.batch
        if self.used < len(left.starts):
            begin = left.starts[self.used] - 4
            end = left.ends[-1]
            data = np.concatenate((left.data[begin:end], batch.data))
            shift = end - begin
            starts = np.concatenate((left.starts[self.used :] - begin, batch.starts + shift))
            ends = np.concatenate((left.ends[self.used :] - begin, batch.ends + shift))
            batch = RecordBatch(data, starts, ends)
        self.batch, self.used = batch, 0


def zip_consensus(*, aligned: BinaryIO, unaligned: Path, out: Path) -> int:
    """Give every alignment the tags of its consensus read.

    Args:
        aligned: BAM stream of the aligner, in the order of the consensus BAM; soft-clipped (`-Y`).
        unaligned: consensus BAM as it was aligned; its read groups go into the new header.
        out: where uncompressed BAM goes.

    Returns:
        The number of records.

    Raises:
        DataError: reads are missing, in another order or hard-clipped, or a file is damaged.
    """
    stream = AlignedStream(aligned)
    header = zipped_header(stream.header, read_header(unaligned))
    rest = _Consensus(iterate_batches(unaligned, batch_bytes=BATCH_BYTES), _records(np.empty(0, np.uint8)))
    count = 0
    with BamWriter(out, header, level=0) as writer:
        for batch in stream.batches():
            for records in _zip_batch(batch, rest, unaligned):
                writer.write(records)
            count += len(batch.starts)
        while not rest.complete and rest.used == len(rest.batch.starts):
            rest.extend()
        if rest.used < len(rest.batch.starts):
            name = _name(rest.batch, rest.used)
            raise DataError(
                unaligned, f"read {name} and later ones were not aligned", "align all of its reads"
            )
    return count


def zipped_header(aligned: pysam.AlignmentHeader, consensus: pysam.AlignmentHeader) -> pysam.AlignmentHeader:
    """Return the aligner's header with the read groups and comments of the consensus BAM."""
    lines, other = aligned.to_dict(), consensus.to_dict()
    for key in ("RG", "CO"):
        if key in other:
            lines[key] = other[key]
    return pysam.AlignmentHeader.from_dict(lines)


def _zip_batch(batch: RecordBatch, rest: _Consensus, unaligned: Path) -> Iterator[Bytes]:
    size = len(batch.starts)
    aligned = Packed(batch.data, batch.starts, batch.ends)
    matches = Matches(np.full(size, -1, np.int64), np.full(size, -1, np.int64))
    names = Names(ACTIONS, np.full(1 << 16, -1, np.int64), COMPLEMENTS, CIGAR_LETTERS)
    first = 0
    while first < size:
        consensus = Packed(rest.batch.data, rest.batch.starts, rest.batch.ends)
        status, last, used = match_records(aligned, consensus, (first, rest.used), rest.complete, matches)
        if status not in (MATCHED, MORE):
            raise _match_error(status, batch, last, unaligned)
        span = (first, last)
        yield write_records(aligned, span, consensus, matches, names)
        first, rest.used = last, used
        if status == MORE:
            rest.extend()


def _match_error(status: int, batch: RecordBatch, index: int, unaligned: Path) -> DataError:
    name = _name(batch, index)
    if status == OTHER_LENGTH:
        return DataError(
            unaligned, f"read {name} has another length where it is aligned", "align with `bwa mem -Y`"
        )
    if status == NO_MATE:
        return DataError(unaligned, f"read {name} lacks a mate that was aligned", "align this very file")
    return DataError(
        unaligned, f"read {name} is aligned but does not come next", "keep the order of the reads"
    )


def _name(batch: RecordBatch, index: int) -> str:
    start = int(batch.starts[index])
    at = start + FIXED_BYTES
    return batch.data[at : at + int(batch.data[start + 8]) - 1].tobytes().decode(errors="replace")
