"""BAM files in true coordinates, written from the molecules themselves: raw reads, and a consensus.

They stand for data that come from elsewhere, so no aligner and none of our own consensus code is used.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pysam
from numpy.typing import NDArray

from .alignments import DELETION, MATCH, Placements, cigar_text, place_reads
from .bam_bytes import (
    HEAD,
    Field,
    Flags,
    bins,
    fields_where,
    packed_bases,
    table_field,
    text_field,
    turned,
    write_records,
)
from .fastq import read_names
from .fragments import Ints, Molecules
from .made_genome import COMPLEMENT, LETTER_OF_CODE, Bases, Genome, translated
from .read_pairs import DUPLEX_UMI, ReadPairs, fragment_ends

MAPQ = 60
MAX_PROPER = 1000
CONSENSUS_BASES = 93
SINGLE_READ_QUALITY, FAMILY_QUALITY = 35, 44
"""Consensus quality of one read of quality 37, and of two or more, with pre-UMI errors at 45."""
DISAGREEMENT_QUALITY = 2
DAMAGE = 3e-5
DAMAGED = np.array([0, 3, 3, 3, 4], dtype=np.uint8)
"""What a damaged base is read as, in template direction."""


@dataclass(frozen=True)
class _Mates:
    """Reads before they become records, two rows a pair: read 1 and read 2.

    Attributes:
        template: number of the template.
        start, end: what the read shows of it.
        reverse: the read runs against the template (it starts at the fragment's end).
        bases, qualities: in the direction of the read, shape (reads, longest).
    """

    template: Ints
    start: Ints
    end: Ints
    reverse: Flags
    bases: Bases
    qualities: Bases


@dataclass(frozen=True)
class _Records:
    """Primary and supplementary records, sorted by coordinate.

    Attributes:
        read: row of the mates.
        sizes: bases of the read.
        reverse: the read runs against the genome.
        head: fixed part of the record.
        cigar: operations.
        mate: tags of the mate's alignment, and of the read group.
        split: tag of the other alignment of a split read.
    """

    read: Ints
    sizes: Ints
    reverse: Flags
    head: NDArray[Any]
    cigar: Field
    mate: Field
    split: Field

    def values(self, rows: Bases) -> Bases:
        """Return what stands in rows of the mates, in the direction of the genome."""
        return turned(rows[self.read], self.sizes, self.reverse)

    def bases(self, rows: Bases) -> Bases:
        """Return base codes that stand in rows of the mates, as those of the plus strand."""
        out = self.values(rows)
        out[self.reverse] = COMPLEMENT[out[self.reverse]]
        return out


def write_raw_bam(reads: ReadPairs, molecules: Molecules, genome: Genome, path: Path, *, sample: str) -> None:
    """Write read pairs without adapters, coordinate sorted, with the UMI in RX, and an index.

    Args:
        reads: a duplex library.
        molecules: the reads' molecules.
        genome: for the sequence dictionary.
        path: ends in `.bam`.
        sample: read group sample, `patient.timepoint.specimen`.
    """
    prefix, size = reads.library.prefixes[0], reads.library.template_bases
    bases, qualities = (
        _by_pair([mate[:, prefix : prefix + size] for mate in mates])
        for mates in (reads.bases, reads.qualities)
    )
    mates = _mates(molecules, reads.molecule, reads.strand == 1, bases, qualities)
    records = _records(mates, molecules, genome)
    pair = records.read // 2
    umis = table_field(_umi_text(reads.umi)[pair])
    tags: list[Field] = [b"RXZ", umis, b"\0", records.mate, records.split]
    _write(path, genome, sample, mates, records, table_field(read_names(reads)[pair, 1:]), tags)


def write_consensus_bam(
    molecules: Molecules, umis: Bases, genome: Genome, path: Path, *, sample: str, rng: np.random.Generator
) -> None:
    """Write one duplex consensus pair per molecule with fgbio's tags, coordinate sorted, and an index.

    Single-stranded molecules have bD 0 and no b tags. Damage of one strand is seen in a single-stranded
    molecule and masked in a duplex one.

    Args:
        molecules: with copies per strand.
        umis: from `draw_umis` for duplex.
        genome: for the sequence dictionary.
        path: ends in `.bam`.
        sample: read group sample.
        rng: places damage.
    """
    top, bottom = molecules.top, molecules.bottom
    forward = top > 0
    depths = np.where(forward, top, bottom), np.where(forward, bottom, 0)
    left, right, marked = _damaged_ends(molecules, depths[1] > 0, rng)
    bases, damaged = (
        _by_pair([np.where(forward[:, None], one, two), np.where(forward[:, None], two, one)])
        for one, two in ((left, right), marked)
    )
    strand = [np.where(depth == 1, SINGLE_READ_QUALITY, FAMILY_QUALITY) for depth in depths]
    quality = np.where(depths[1] > 0, strand[0] + strand[1], strand[0]).astype(np.uint8)
    qualities = np.where(damaged, DISAGREEMENT_QUALITY, np.repeat(quality, 2)[:, None]).astype(np.uint8)
    masked = np.where(damaged, 4, bases).astype(np.uint8)
    mates = _mates(molecules, np.arange(len(molecules)), forward, masked, qualities)
    # Read against the template, a damaged base is the complement.
    other = np.where(damaged, np.where(mates.reverse, COMPLEMENT[3], 3)[:, None], bases).astype(np.uint8)
    records = _records(mates, molecules, genome)
    molecule = records.read // 2
    first, second = (depth[molecule] for depth in depths)
    swapped = np.roll(umis, DUPLEX_UMI, axis=1)
    numbers = [b"%d" % number for number in range(len(molecules))]
    tags: list[Field] = [
        b"RXZ",
        table_field(_umi_text(np.where(forward[:, None], umis, swapped))[molecule]),
        b"\0",
        *(b"MIZ", text_field(numbers, molecule), b"\0"),
        records.mate,
        *(
            item
            for letter, depth in ((b"c", first + second), (b"a", first), (b"b", second))
            for item in _depth_tags(letter, depth)
        ),
        *_strand_tags(b"a", first, strand[0][molecule], records, bases),
        *_strand_tags(b"b", second, strand[1][molecule], records, other),
        records.split,
    ]
    names = text_field([b"consensus:" + text for text in numbers], molecule)
    _write(path, genome, sample, mates, records, names, tags)


def _by_pair(tables: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return a table with the rows of read 1 and of read 2 in turns."""
    return np.stack(tables, axis=1).reshape(-1, tables[0].shape[1])


def _umi_text(umis: Bases) -> Bases:
    return np.insert(translated(umis, LETTER_OF_CODE), DUPLEX_UMI, ord("-"), axis=1)


def _damaged_ends(
    molecules: Molecules, duplex: Flags, rng: np.random.Generator
) -> tuple[Bases, Bases, tuple[Flags, Flags]]:
    """Return the bases of both ends with damage of one strand: changed where that is alone, else marked."""
    length = molecules.end - molecules.start
    ends = np.cumsum(length)
    hits = np.flatnonzero(rng.random(int(ends[-1])) < DAMAGE)
    molecule = np.searchsorted(ends, hits, side="right")
    behind = ends[molecule] - 1 - hits
    left, right = fragment_ends(molecules, np.arange(len(molecules)), CONSENSUS_BASES)
    marked = np.zeros(left.shape, dtype=np.bool_), np.zeros(right.shape, dtype=np.bool_)
    tables = DAMAGED, COMPLEMENT[DAMAGED[COMPLEMENT]]
    for bases, marks, table, place in zip(
        (left, right), marked, tables, (length[molecule] - 1 - behind, behind), strict=True
    ):
        shown = place < CONSENSUS_BASES
        marks[molecule[shown], place[shown]] = duplex[molecule[shown]]
        alone = shown & ~duplex[molecule]
        cells = molecule[alone], place[alone]
        bases[cells] = table[bases[cells]]
    return left, right, marked


def _depth_tags(letter: bytes, depth: Ints) -> list[Field]:
    """Return greatest and least depth, both the same, and an error rate of 0."""
    number = table_field(depth.astype(np.uint8))
    return [letter + b"DC", number, letter + b"MC", number, letter + b"Ef" + struct.pack("<f", 0)]


def _strand_tags(letter: bytes, depth: Ints, quality: Ints, records: _Records, bases: Bases) -> list[Field]:
    """Return the tags per base of one strand, where it has reads: depth, errors, bases, qualities."""
    sizes, shape = records.sizes, (len(depth), bases.shape[1])
    count = table_field(sizes.astype("<i4"))
    depths = np.broadcast_to(depth.astype("<i2")[:, None], shape)
    qualities = np.broadcast_to((quality + 33).astype(np.uint8)[:, None], shape)
    fields: list[Field] = [letter + b"dBs", count, (table_field(depths)[0], 2 * sizes)]
    fields += [letter + b"eBs", count, (table_field(np.zeros_like(depths))[0], 2 * sizes)]
    fields += [letter + b"cZ", (translated(records.bases(bases), LETTER_OF_CODE), sizes), b"\0"]
    fields += [letter + b"qZ", (qualities, sizes), b"\0"]
    return fields_where(depth > 0, fields)


def _mates(molecules: Molecules, molecule: Ints, forward: Flags, bases: Bases, qualities: Bases) -> _Mates:
    """Return the reads of pairs; `forward` pairs have read 1 at the start of the fragment."""
    molecule, reverse = np.repeat(molecule, 2), np.stack([~forward, forward], axis=1).ravel()
    start, end = molecules.start[molecule], molecules.end[molecule]
    size = np.minimum(bases.shape[1], end - start)
    low = np.where(reverse, end - size, start)
    return _Mates(molecules.template[molecule], low, low + size, reverse, bases, qualities)


def _records(mates: _Mates, molecules: Molecules, genome: Genome) -> _Records:
    """Align reads to the genome; split reads have a supplementary record."""
    places = place_reads(molecules.templates, mates.template, mates.start, mates.end)
    read, start, cigar = places.read, places.start, places.cigar
    names = list(genome.chromosomes)
    tid = np.array([names.index(template.chrom) for template in molecules.templates])[mates.template[read]]
    covered = [sum(size for op, size in item if op in (MATCH, DELETION)) for item in places.cigars]
    end = start + np.array(covered)[cigar]
    reverse = mates.reverse[read] != places.falling
    primary = np.flatnonzero(places.rank == 0)
    own, mate = primary[read], primary[read ^ 1]
    span = np.maximum(end[own], end[mate]) - np.minimum(start[own], start[mate])
    second = read % 2 == 1
    leftmost = (start[own] < start[mate]) | ((start[own] == start[mate]) & ~second)
    proper = (reverse[own] != reverse[mate]) & (span <= MAX_PROPER)
    head = np.zeros(len(read), dtype=HEAD)
    head["tid"] = head["next_tid"] = tid
    head["pos"], head["next_pos"] = start, start[mate]
    head["mapq"] = MAPQ
    head["bin"] = bins(start, end)
    head["n_cigar_op"] = np.array([len(item) for item in places.cigars])[cigar]
    head["flag"] = 1 + 2 * proper + 16 * reverse + 32 * reverse[mate] + np.where(second, 128, 64)
    head["flag"] += (2048 * (places.rank > 0)).astype(np.uint16)
    sizes = mates.end - mates.start
    head["l_seq"] = sizes[read]
    head["tlen"] = np.where(leftmost, span, -span)
    texts = [cigar_text(item).encode() for item in places.cigars]
    packed = [struct.pack(f"<{len(item)}I", *(size << 4 | op for op, size in item)) for item in places.cigars]
    others, which = _other_alignments(places, names, tid, reverse, texts)
    order = np.lexsort((start, tid))
    return _Records(
        read=read[order],
        sizes=sizes[read[order]],
        reverse=reverse[order],
        head=head[order],
        cigar=text_field(packed, cigar[order]),
        mate=text_field([b"MCZ%s\0MQC%cRGZA\0" % (text, MAPQ) for text in texts], cigar[mate[order]]),
        split=text_field(others, which[order]),
    )


def _other_alignments(
    places: Placements, names: Sequence[str], tid: Ints, reverse: Flags, cigars: Sequence[bytes]
) -> tuple[list[bytes], Ints]:
    """Return tags that name the other alignment of a split read, the first empty, and that of each record."""
    tags, which = [b""], np.zeros_like(places.read)
    for second in np.flatnonzero(places.rank > 0).tolist():
        for row, other in ((second - 1, second), (second, second - 1)):
            chrom, strand = names[tid[other]].encode(), b"-" if reverse[other] else b"+"
            which[row] = len(tags)
            tags.append(
                b"SAZ%s,%d,%s,%s,%d,0;\0"
                % (chrom, places.start[other] + 1, strand, cigars[places.cigar[other]], MAPQ)
            )
    return tags, which


def _write(
    path: Path,
    genome: Genome,
    sample: str,
    mates: _Mates,
    records: _Records,
    names: Field,
    tags: Sequence[Field],
) -> None:
    header = pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "coordinate"},
            "SQ": [{"SN": name, "LN": length} for name, length in genome.chromosomes.items()],
            "RG": [{"ID": "A", "SM": sample, "LB": sample, "PL": "ILLUMINA"}],
        }
    )
    sequence = packed_bases(records.bases(mates.bases), records.sizes)
    qualities = records.values(mates.qualities), records.sizes
    write_records(path, header, records.head, names, [records.cigar, sequence, qualities, *tags])
