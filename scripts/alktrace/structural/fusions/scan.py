"""Signs of fusions in consensus reads: split reads, discordant pairs and soft clips of the fusion genes.

Positions are 0-based. Only records that may carry such a sign become Python objects; of all others numpy
looks at the flags, the CIGAR and the mate.
"""

import logging
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pysam

from ...io.damage import text_tag
from ...reference.gene_models import reverse_complement
from .breakpoints import (
    Breakend,
    MalformedAlignment,
    Segment,
    Side,
    SplitJunction,
    make_segment,
    parse_sa,
    split_junctions,
)

if TYPE_CHECKING:
    from ...io.bam_io import RecordBatch
    from ...io.record_columns import Columns, Flags

LOG = logging.getLogger("alktrace.structural")

UNUSABLE = pysam.FUNMAP | pysam.FQCFAIL | pysam.FDUP
NOT_PRIMARY = pysam.FSECONDARY | pysam.FSUPPLEMENTARY
_SOFT, _HARD = pysam.CSOFT_CLIP, pysam.CHARD_CLIP


class Regions:
    """Sorted intervals by chromosome, for quick overlap tests."""

    def __init__(self, intervals: Sequence[tuple[str, int, int]]) -> None:
        """Merge overlapping intervals, 0-based half-open."""
        merged: dict[str, list[list[int]]] = {}
        for chrom, start, end in sorted(intervals):
            spans = merged.setdefault(chrom, [])
            if spans and start <= spans[-1][1]:
                spans[-1][1] = max(spans[-1][1], end)
            else:
                spans.append([start, end])
        self.starts = {chrom: [span[0] for span in spans] for chrom, spans in merged.items()}
        self.ends = {chrom: [span[1] for span in spans] for chrom, spans in merged.items()}

    def hit(self, chrom: str | None, start: int, end: int) -> bool:
        """Say whether an interval overlaps any region."""
        if chrom not in self.starts:
            return False
        i = bisect_right(self.starts[chrom], end - 1) - 1
        return i >= 0 and self.ends[chrom][i] > start


@dataclass(frozen=True)
class ReadPair:
    """Two mates whose places do not belong together, the one in a fusion gene first.

    Attributes:
        start, end: aligned bases of the read in the fusion gene.
        mate_start: first aligned base of its mate.
    """

    name: str
    chrom: str
    start: int
    end: int
    reverse: bool
    mapq: int
    mate_chrom: str
    mate_start: int
    mate_reverse: bool


@dataclass
class Signs:
    """What one pass over the reads found; molecules by read name.

    Attributes:
        splits: junctions that split reads show, with the names of their molecules.
        pairs: discordant pairs.
        clips: clipped bases by breakend, read outward, one entry per record.
        malformed: SA tags that could not be read.
    """

    splits: dict[str, list[SplitJunction]] = field(default_factory=dict)
    pairs: list[ReadPair] = field(default_factory=list)
    clips: dict[Breakend, list[str]] = field(default_factory=dict)
    records: int = 0
    malformed: int = 0


class SignCollector:
    """Collects the signs of rearrangement in the fusion genes from the records of a BAM."""

    def __init__(self, regions: Regions, *, min_clip: int, max_insert: int) -> None:
        """Keep what to look for.

        Args:
            regions: the fusion genes.
            min_clip: clipped bases from which a clip is worth a look.
            max_insert: fragments up to this length are ordinary.
        """
        self._regions, self._min_clip, self._max_insert = regions, min_clip, max_insert
        self.found = Signs()

    def take(self, records: "RecordBatch", columns: "Columns", header: pysam.AlignmentHeader) -> None:
        """Look at all records of a batch.

        Args:
            records: packed records.
            columns: their fields.
            header: header of the BAM.
        """
        # Here: annotation and classes read this module too, and need no kernels.
        from ...io.bam_io import unpack

        self.found.records += len(records.starts)
        apart = _elsewhere(columns, self._max_insert)
        shown = columns.clipped | (columns.flag & NOT_PRIMARY != 0) | apart
        chosen = np.flatnonzero(shown & (columns.flag & UNUSABLE == 0))
        for i, record in zip(chosen, unpack(records, chosen, header), strict=True):
            self._look(record, bool(apart[i]))

    def _look(self, record: Any, elsewhere: bool) -> None:
        clipped = record.query_alignment_length != record.query_length
        # Supplementary records may hide their clips (hard ones); a whole primary one has no junction to show.
        if (clipped or record.flag & NOT_PRIMARY) and record.has_tag("SA"):
            _take_split(record, self._regions, self.found)
        if elsewhere:
            _take_pair(record, self._regions, self.found)
        if clipped:
            _take_clips(record, self._regions, self._min_clip, self.found)


def record_segments(record: Any) -> list[Segment]:
    """Return the alignments of a record's read: its own and those of its SA tag.

    Raises:
        MalformedAlignment: the SA tag, or the record's own CIGAR, cannot be read.
    """
    cigar, chrom = record.cigarstring, record.reference_name
    if not cigar or chrom is None:
        raise MalformedAlignment("a mapped record without a CIGAR")
    own = make_segment(chrom, record.reference_start, record.is_reverse, cigar, record.mapping_quality)
    others = parse_sa(text_tag(record, "SA"))
    for segment in others:
        if record.header.get_tid(segment.chrom) < 0:
            raise MalformedAlignment(f"SA names {segment.chrom}, which the BAM header does not hold")
    return [own, *others]


def sequenced(record: Any) -> str:
    """Return the bases of a record as sequenced; empty where hard clips hide a part of them."""
    cigar = record.cigartuples or []
    sequence = record.query_sequence
    if sequence is None or any(op == _HARD for op, _ in cigar):
        return ""
    return reverse_complement(sequence) if record.is_reverse else str(sequence)


def outer_clips(record: Any) -> Iterator[tuple[Breakend, str, int]]:
    """Yield the soft clips of a record: breakend, clipped bases read outward, aligned bases beside them."""
    cigar, sequence = record.cigartuples, record.query_sequence
    if not cigar or not sequence:
        return
    aligned = record.query_alignment_length
    chrom = record.reference_name
    if cigar[0][0] == _SOFT:
        bases = reverse_complement(sequence[: cigar[0][1]])
        yield Breakend(chrom, record.reference_start, "R"), bases, aligned
    if cigar[-1][0] == _SOFT:
        yield Breakend(chrom, record.reference_end - 1, "L"), sequence[-cigar[-1][1] :], aligned


def side_of(reverse: bool) -> Side:
    """Return the side of the breakend that a read points to: forward reads lie left of it."""
    return "R" if reverse else "L"


def _elsewhere(columns: "Columns", max_insert: int) -> "Flags":
    """Say which are primary alignments whose mate lies on another chromosome or too far away."""
    paired = columns.flag & (pysam.FPAIRED | pysam.FMUNMAP | NOT_PRIMARY) == pysam.FPAIRED
    paired &= columns.operations > 0
    far = np.abs(columns.start - columns.mate_start) > max_insert
    elsewhere: Flags = paired & (far | (columns.ref != columns.mate_ref))
    return elsewhere


def _take_split(record: Any, regions: Regions, signs: Signs) -> None:
    try:
        segments = record_segments(record)
    except MalformedAlignment as error:
        if not signs.malformed:
            LOG.warning("read %s: %s", record.query_name, error)
        signs.malformed += 1
        return
    if not any(regions.hit(s.chrom, s.start, s.end) for s in segments):
        return
    known = signs.splits.setdefault(record.query_name, [])
    for split in split_junctions(segments, sequenced(record)):
        first, second = split.junction.first, split.junction.second
        if not (
            regions.hit(first.chrom, first.pos, first.pos + 1)
            or regions.hit(second.chrom, second.pos, second.pos + 1)
        ):
            continue
        same = [i for i, other in enumerate(known) if _same_ends(other, split)]
        if not same:
            known.append(split)
        elif "N" in known[same[0]].junction.inserted:
            known[same[0]] = split


def _same_ends(a: SplitJunction, b: SplitJunction) -> bool:
    return (a.junction.first, a.junction.second) == (b.junction.first, b.junction.second)


def _take_pair(record: Any, regions: Regions, signs: Signs) -> None:
    start, end = record.reference_start, record.reference_end
    if not regions.hit(record.reference_name, start, end):
        return
    signs.pairs.append(
        ReadPair(
            name=record.query_name,
            chrom=record.reference_name,
            start=start,
            end=end,
            reverse=record.is_reverse,
            mapq=record.mapping_quality,
            mate_chrom=record.next_reference_name,
            mate_start=record.next_reference_start,
            mate_reverse=record.mate_is_reverse,
        )
    )


def _take_clips(record: Any, regions: Regions, min_clip: int, signs: Signs) -> None:
    if not regions.hit(record.reference_name, record.reference_start, record.reference_end):
        return
    for breakend, bases, _ in outer_clips(record):
        if len(bases) >= min_clip:
            signs.clips.setdefault(breakend, []).append(bases)
