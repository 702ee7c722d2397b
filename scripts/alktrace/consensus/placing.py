"""Consensus reads to their places: those that can lie nowhere else at once, the others by the aligner."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pysam

from ..align.copy_keys import CODES, NO_BASE
from ..align.copy_records import MAX_INSERT
from ..align.once import INSERTS, aligned_batches, aligner, insert_sizes
from ..io.bam_io import BamWriter, iterate_batches, read_header
from ..io.records import Bytes, Offsets
from .places import BLOCK, Reference, Room, find_places, needed_blocks, new_scratch, place_reads
from .zip_kernels import ACTIONS, CIGAR_LETTERS, COMPLEMENTS, Names, Packed
from .zipping import whole_templates, write_zipped, zipped_header

BATCH_BYTES = 4 << 20
READS_OF_BLOCK = 8
RECORD_GAINS = 500
"""Bytes that a record gains at most: the MD of 16 mismatches is the longest."""
COPY_BYTES = 4 << 20


def align_consensus(*, unaligned: Path, fasta: Path | None, command: str, out: Path) -> None:
    """Align consensus reads.

    Args:
        unaligned: consensus BAM of `call_molecules`; a read has its place in the tag xp where all of its
            reads lie there.
        fasta: the genome with its index, its sequences in the order of those of the reads; None: all
            consensus reads are aligned.
        command: of bash, interleaved FASTQ in, BAM out in the same order; `ALKTRACE_INSERTS` holds options
            of the aligner with the insert sizes of the reads that it does not get.
        out: gets uncompressed BAM with the tags of the consensus reads.

    Raises:
        DataError: as `write_zipped`; or the command fails.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        placed = stack.enter_context((folder / "placed").open("w+b"))
        fastq = stack.enter_context((folder / "others.fq").open("w+b"))
        inserts = np.zeros(MAX_INSERT + 1, np.int64)
        with BamWriter(folder / "others.bam", read_header(unaligned), level=0) as others:
            for at_place, rest, text in _parted(unaligned, fasta, inserts):
                placed.write(at_place.data)
                others.write(rest)
                fastq.write(text.data)
        placed.seek(0)
        fastq.seek(0)
        with aligner(command, {INSERTS: insert_sizes(inserts)}, fastq) as process:
            header_text, batches = aligned_batches(process)
            header = zipped_header(pysam.AlignmentHeader.from_text(header_text), read_header(unaligned))
            with BamWriter(out, header, level=0) as writer:
                while block := placed.read(COPY_BYTES):
                    writer.write(block)
                write_zipped(batches, folder / "others.bam", writer)


def _parted(unaligned: Path, fasta: Path | None, inserts: Offsets) -> Iterator[tuple[Bytes, Bytes, Bytes]]:
    """Yield packed reads at their place, packed reads to be aligned, and FASTQ of these.

    All three are overwritten by the next.
    """
    scratch, blocks, room = new_scratch(), _Blocks(fasta), _new_room(0, inserts)
    for batch in whole_templates(iterate_batches(unaligned, batch_bytes=BATCH_BYTES)):
        places = find_places(batch.data, batch.starts, batch.ends)
        needed = needed_blocks(batch.data, batch.starts, places)
        names = Names(ACTIONS, np.full(1 << 16, -1, np.int64), COMPLEMENTS, CIGAR_LETTERS)
        # What a record gains: CIGAR, NM, AS, MD, MC and MQ.
        size = len(batch.data) + RECORD_GAINS * len(batch.starts)
        if size > len(room.placed):
            room = _new_room(size, inserts)
        to, left, text = place_reads(
            Packed(batch.data, batch.starts, batch.ends),
            places,
            fasta is not None,
            blocks.get(needed),
            scratch,
            names,
            room,
        )
        yield room.placed[:to], room.others[:left], room.fastq[:text]


def _new_room(size: int, inserts: Offsets) -> Room:
    """Return room for reads that take so many bytes with all that they gain."""
    return Room(np.empty(size, np.uint8), np.empty(size, np.uint8), np.empty(2 * size, np.uint8), inserts)


class _Blocks:
    """Blocks of the genome as base codes; those of the batch before are kept, since reads come in order."""

    def __init__(self, fasta: Path | None) -> None:
        self.genome = pysam.FastaFile(str(fasta)) if fasta else None
        self.known: dict[int, Bytes] = {}

    def get(self, needed: Offsets) -> Reference:
        """Return the blocks under several reads; one for a single read would cost more than to align it."""
        ids, reads = np.unique(needed if self.genome else needed[:0], return_counts=True)
        ids = ids[reads >= READS_OF_BLOCK]
        known = self.known
        self.known = {block: known[block] if block in known else self._read(block) for block in ids.tolist()}
        codes = np.concatenate([*self.known.values(), np.empty(0, np.uint8)]).reshape(-1, BLOCK)
        return Reference(ids, codes)

    def _read(self, block: int) -> Bytes:
        assert self.genome is not None
        name, start = self.genome.references[block >> 32], (block & 0xFFFFFFFF) * BLOCK
        text = self.genome.fetch(name, start, start + BLOCK).upper().encode()
        codes = np.full(BLOCK, NO_BASE, np.uint8)
        codes[: len(text)] = CODES[np.frombuffer(text, np.uint8)]
        return codes
