"""Tags of unaligned consensus reads carried over to their alignments.

Both streams have the reads in one order: all alignments of a template (primary, secondary and
supplementary) follow each other in the aligned stream, its one or two reads in the consensus BAM.
Per-base tags stand in the order of sequencing; on the reverse strand they are turned round, as
fgbio's ZipperBams does with `--tags-to-reverse Consensus --tags-to-revcomp Consensus`.
MC and MQ of every record are written from the mate's primary alignment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam

from .. import __version__
from ..errors import DataError
from ..io.bam_io import BamWriter, RecordBatch, iterate_batches
from ..io.records import Bytes, read_name, same_name
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
    match_records,
    write_records,
)

BATCH_BYTES = 4 << 20
EMPTY = RecordBatch(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64))


def whole_templates(batches: Iterator[RecordBatch]) -> Iterator[RecordBatch]:
    """Cut batches so that each ends with a whole template: all records of one name."""
    rest = EMPTY
    for batch in batches:
        joined = _joined(rest, batch)
        last = _last_template(joined)
        if last:
            yield RecordBatch(joined.data, joined.starts[:last], joined.ends[:last])
        rest = RecordBatch(joined.data, joined.starts[last:], joined.ends[last:])
    if len(rest.starts):
        yield rest


def _joined(left: RecordBatch, right: RecordBatch) -> RecordBatch:
    """Put the records of two batches into one."""
    if not len(left.starts):
        return right
    # Offsets point behind block_size: four bytes before the first record belong to it.
    begin, end = left.starts[0] - 4, left.ends[-1]
    data = np.concatenate((left.data[begin:end], right.data))
    starts = np.concatenate((left.starts - begin, right.starts + end - begin))
    ends = np.concatenate((left.ends - begin, right.ends + end - begin))
    return RecordBatch(data, starts, ends)


def _last_template(batch: RecordBatch) -> int:
    """Return the index of the first record of the last template, which may go on; 0 if it is the only."""
    last = len(batch.starts) - 1
    while last > 0 and same_name(batch.data, batch.starts[last], batch.data, batch.starts[last - 1]):
        # The last template of a batch may go on in the next: it waits.
        last -= 1
    return max(last, 0)


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
        unused = RecordBatch(left.data, left.starts[self.used :], left.ends[self.used :])
        self.batch, self.used = _joined(unused, batch), 0


def write_zipped(batches: Iterator[RecordBatch], unaligned: Path, writer: BamWriter) -> int:
    """Write every alignment with the tags of its consensus read.

    Args:
        batches: records of the aligner, in the order of the consensus BAM; soft-clipped (`-Y`).
        unaligned: consensus BAM as it was aligned.
        writer: gets the records.

    Returns:
        The number of records.

    Raises:
        DataError: reads are missing, in another order or hard-clipped, or a file is damaged.
    """
    rest = _Consensus(iterate_batches(unaligned, batch_bytes=BATCH_BYTES), EMPTY)
    count = 0
    for batch in whole_templates(batches):
        for records in _zip_batch(batch, rest, unaligned):
            writer.write(records)
        count += len(batch.starts)
    while not rest.complete and rest.used == len(rest.batch.starts):
        rest.extend()
    if rest.used < len(rest.batch.starts):
        name = read_name(rest.batch.data, int(rest.batch.starts[rest.used]))
        raise DataError(unaligned, f"read {name} and later ones were not aligned", "align all of its reads")
    return count


def zipped_header(aligned: pysam.AlignmentHeader, consensus: pysam.AlignmentHeader) -> pysam.AlignmentHeader:
    """Return the aligner's header with the read groups and comments of the consensus BAM.

    Programs stand with name and version alone: command lines hold threads and paths, and the same molecules
    would give other bytes on another machine. For the same reason contigs do not say where their FASTA lies.
    """
    lines, other = aligned.to_dict(), consensus.to_dict()
    for key in ("RG", "CO"):
        if key in other:
            lines[key] = other[key]
    lines["SQ"] = [{key: value for key, value in line.items() if key != "UR"} for line in lines["SQ"]]
    programs = [{key: value for key, value in line.items() if key != "CL"} for line in lines.get("PG", [])]
    before = {"PP": programs[-1]["ID"]} if programs else {}
    lines["PG"] = [*programs, {"ID": "alktrace", "PN": "alktrace", "VN": __version__, **before}]
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
    name = read_name(batch.data, int(batch.starts[index]))
    if status == OTHER_LENGTH:
        return DataError(
            unaligned, f"read {name} has another length where it is aligned", "align with `bwa mem -Y`"
        )
    if status == NO_MATE:
        return DataError(unaligned, f"read {name} lacks a mate that was aligned", "align this very file")
    return DataError(
        unaligned, f"read {name} is aligned but does not come next", "keep the order of the reads"
    )
