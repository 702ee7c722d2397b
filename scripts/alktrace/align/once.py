"""One alignment for all copies of a fragment.

Templates that begin like one before them wait in a scratch file while the first of each, its representative,
is trimmed and aligned. Then every copy for which that alignment holds takes it over; the others are aligned
by themselves in a second pass. What follows sees a BAM of all reads, as if each had been aligned; tags of
the aligner that nothing reads (NM, MD, AS, XS) are left out where an alignment was taken over.
"""

import logging
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, cast

import numpy as np
import pysam

from ..errors import DataError
from ..io.bam_io import BamWriter, RecordBatch, read_stream
from ..io.bgzf import Source
from ..io.records import Bytes, Offsets
from .copy_fit import KNOWN, Known, new_scratch
from .copy_keys import FIRST_PLACES, KEYS, MAX_PLACES, fill_larger, new_table, part_copies
from .copy_records import MAX_INSERT, learn, take_over

BLOCK_BYTES = 2 << 20
BATCH_BYTES = 4 << 20
ALIGNED = Source("aligned stream", "see the message of the aligner above")
MIN_TEMPLATE_BYTES = 100
"""Of a template that has a key: its bases and qualities alone are as many."""
MIN_PAIRS = 10
INSERTS = "ALKTRACE_INSERTS"
REPORT = "ALKTRACE_REPORT"

logger = logging.getLogger("alktrace")


def align_once(*, reads: BinaryIO, paired: bool, command: str, group: str, out: Path) -> None:
    """Align a stream of reads, one of all copies of a fragment.

    Copies wait in files without a name in the folder for temporary files; they take as much as the reads.

    Args:
        reads: FASTQ, mates after each other; tags behind a tab of the name line.
        paired: are the templates pairs.
        command: of bash, FASTQ in, BAM out in the same order, with the tags of the name lines. It is run
            twice; the second time `ALKTRACE_INSERTS` holds options of the aligner with the insert sizes
            of the first, and `ALKTRACE_REPORT` is /dev/null.
        group: name of the read group that it writes.
        out: gets uncompressed BAM of all reads: representatives, copies, then those of the second pass.

    Raises:
        DataError: the reads end inside a template, or the command fails.
    """
    parted, known = _Parted(paired), _Representatives()
    with ExitStack() as stack:
        copies, alone = (stack.enter_context(TemporaryFile()) for _ in range(2))
        with (
            aligner(command, {INSERTS: ""}, subprocess.PIPE) as process,
            ThreadPoolExecutor(1) as pool,
            # Else, on an error, the thread waits for ever for an aligner whose output nobody reads.
            closing(_pipe(process.stdout)),
        ):
            fed = pool.submit(parted.feed, reads, _pipe(process.stdin), copies)
            text, batches = aligned_batches(process)
            writer = stack.enter_context(BamWriter(out, pysam.AlignmentHeader.from_text(text), level=0))
            for batch in batches:
                writer.write(known.learn(batch, parted.used))
            fed.result()
        known.grow(parted.used)
        taken = 0
        for records, rest, count in _taken(copies, parted, known, group):
            writer.write(records)
            alone.write(rest.data)
            taken += count
        logger.info(
            "%d templates, %d first of their kind, %d took over", parted.templates, parted.used, taken
        )
        if alone.tell():
            alone.seek(0)
            inserts = insert_sizes(known.inserts) if paired else ""
            with aligner(command, {INSERTS: inserts, REPORT: os.devnull}, alone) as process:
                for batch in aligned_batches(process)[1]:
                    writer.write(batch.data[batch.starts[0] - 4 : batch.ends[-1]])


@contextmanager
def aligner(
    command: str, environment: dict[str, str], stdin: int | IO[bytes]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command to its end; closed early, it ends by itself.

    Args:
        command: of bash.
        environment: added to that of this process.
        stdin: a file, or subprocess.PIPE.

    Raises:
        DataError: it ends with another status than 0.
    """
    with subprocess.Popen(
        ["bash", "-c", f"set -euo pipefail; {command}"],
        stdin=stdin,
        stdout=subprocess.PIPE,
        env=os.environ | environment,
    ) as process:
        yield process
    if process.returncode:
        raise DataError(ALIGNED.name, f"the aligner ended with status {process.returncode}", ALIGNED.remedy)


def aligned_batches(process: "subprocess.Popen[bytes]") -> tuple[str, Iterator[RecordBatch]]:
    """Return text of the header and batches of records that an aligner writes."""
    return read_stream(_pipe(process.stdout), ALIGNED, batch_bytes=BATCH_BYTES)


def _pipe(stream: IO[bytes] | None) -> BinaryIO:
    return cast(BinaryIO, stream)


class _Parted:
    """Templates parted into representatives and copies, while they stream by."""

    def __init__(self, paired: bool) -> None:
        self.paired = paired
        self.table = new_table(FIRST_PLACES)
        self.lengths: Any = np.zeros((_rows(FIRST_PLACES), 2), np.int32)
        self.used = 0
        self.templates = 0

    def feed(self, reads: BinaryIO, aligner: IO[bytes], copies: IO[bytes]) -> None:
        """Write representatives to the aligner and copies to a file."""
        with aligner:
            rest = np.empty(0, np.uint8)
            while block := reads.read(BLOCK_BYTES):
                text = np.concatenate((rest, np.frombuffer(block, np.uint8)))
                self._make_room(len(text))
                own, other = np.empty(2 * len(text), np.uint8), np.empty(2 * len(text), np.uint8)
                parted = part_copies(text, self.paired, self.table, self.used, self.lengths, own, other)
                # Before they are written: their alignments may come back at once.
                self.used = parted.used
                self.templates += parted.templates
                aligner.write(own[: parted.own].data)
                copies.write(other[: parted.copies].data)
                rest = text[parted.done :]
            if len(rest):
                raise DataError("reads", "end inside a read", "see the message of the first program above")

    def _make_room(self, size: int) -> None:
        """Grow the table before it is half full."""
        most = self.used + size // MIN_TEMPLATE_BYTES + 1
        while 2 * KEYS * most > len(self.table.keys) and len(self.table.keys) < MAX_PLACES:
            larger = new_table(2 * len(self.table.keys))
            fill_larger(self.table, larger)
            self.table = larger
        self.lengths = _grown(self.lengths, _rows(len(self.table.keys)))


def _rows(places: int) -> int:
    """Return the representatives that a table of so many places takes."""
    return places // (2 * KEYS)


def _grown(array: Any, rows: int) -> Any:
    """Return the array with at least so many rows, new ones zero."""
    if rows <= len(array):
        return array
    larger = np.zeros((max(rows, 2 * len(array)), *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


class _Representatives:
    """What is known of the representatives, while their alignments come back."""

    def __init__(self) -> None:
        self.rows: Any = np.zeros(_rows(FIRST_PLACES), KNOWN)
        self.bases: Bytes = np.zeros(1 << 20, np.uint8)
        self.filled = 0
        self.inserts: Offsets = np.zeros(MAX_INSERT + 1, np.int64)

    def grow(self, count: int) -> None:
        """Have rows for so many representatives."""
        self.rows = _grown(self.rows, count)

    def learn(self, batch: RecordBatch, count: int) -> Bytes:
        """Keep what copies need of some records; return the records, packed."""
        self.grow(count)
        self.bases = _grown(self.bases, self.filled + len(batch.data))
        out = np.empty(len(batch.data) + 4, np.uint8)
        known = Known(self.rows, self.bases)
        size, self.filled = learn(batch.data, batch.starts, batch.ends, known, self.filled, self.inserts, out)
        return out[:size]


def _taken(
    copies: IO[bytes], parted: _Parted, known: _Representatives, group: str
) -> Iterator[tuple[Bytes, Bytes, int]]:
    """Yield records of copies that take over, FASTQ of those that do not, and how many do."""
    copies.seek(0)
    rest, scratch = np.empty(0, np.uint8), new_scratch()
    name = np.frombuffer(group.encode(), np.uint8).copy()
    while block := copies.read(BLOCK_BYTES):
        text = np.concatenate((rest, np.frombuffer(block, np.uint8)))
        # A record needs less than its FASTQ, but for the read group and the mate's CIGAR.
        out = np.empty(2 * len(text) + len(text) // MIN_TEMPLATE_BYTES * 2 * len(name), np.uint8)
        alone = np.empty(len(text), np.uint8)
        done, to, left, taken = take_over(
            text, parted.paired, Known(known.rows, known.bases), parted.lengths, name, scratch, out, alone
        )
        yield out[:to], alone[:left], taken
        rest = text[done:]


def insert_sizes(counts: Offsets) -> str:
    """Return options of the aligner with the insert sizes of the first pass, as it would find them itself.

    Copies that are aligned by themselves are no sample of all. The rule is that of bwa's `mem_pestat`: mean
    and deviation of what lies within two spreads of the quartiles; four deviations or three spreads are
    proper.

    Args:
        counts: int64, pairs by insert size.
    """
    total, sizes = int(counts.sum()), np.arange(len(counts))
    if total < MIN_PAIRS:
        return ""
    ranks = np.cumsum(counts)
    low, high = (
        int(np.searchsorted(ranks, int(share * total + 0.499), side="right")) for share in (0.25, 0.75)
    )
    spread = high - low
    inside = counts * ((sizes >= low - 2 * spread) & (sizes <= high + 2 * spread))
    mean = float((inside * sizes).sum() / inside.sum())
    # The aligner divides by it, and it is written with two digits: an amplicon has one size.
    deviation = max(0.01, float(np.sqrt((inside * (sizes - mean) ** 2).sum() / inside.sum())))
    least = max(1, int(min(low - 3 * spread, mean - 4 * deviation) + 0.499))
    most = int(max(high + 3 * spread, mean + 4 * deviation) + 0.499)
    return f"-I {mean:.2f},{deviation:.2f},{most},{least}"
