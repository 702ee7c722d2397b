"""Builds genomes, rearranged molecules and their alignments, with the truth known by construction.

Alignments are made from the derivation of each base, not by an aligner: a read is cut where its bases come
from another place, each part is extended as far as the reference agrees (as aligners do), the longest part is
primary and parts of at least `MIN_SUPPLEMENTARY` bases become supplementary records with SA tags.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pysam

MIN_SUPPLEMENTARY = 30
_COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def reverse_complement(bases: str) -> str:
    return bases.translate(_COMPLEMENT)[::-1]


def random_genome(lengths: dict[str, int], seed: int) -> dict[str, str]:
    choose = random.Random(seed)
    return {name: "".join(choose.choices("ACGT", k=length)) for name, length in lengths.items()}


def write_fasta(path: Path, genome: dict[str, str]) -> Path:
    path.write_text("".join(f">{name}\n{bases}\n" for name, bases in genome.items()))
    pysam.faidx(str(path))
    return path


@dataclass(frozen=True)
class Base:
    """Where one base of a derived chromosome comes from; chrom is empty for inserted bases."""

    chrom: str
    pos: int
    reverse: bool
    base: str


def stretch(genome: dict[str, str], chrom: str, start: int, end: int, *, reverse: bool = False) -> list[Base]:
    bases = [Base(chrom, pos, reverse, genome[chrom][pos]) for pos in range(start, end)]
    if not reverse:
        return bases
    return [Base(b.chrom, b.pos, True, reverse_complement(b.base)) for b in reversed(bases)]


def inserted(bases: str) -> list[Base]:
    return [Base("", -1, False, base) for base in bases]


def kept_towards(genome: dict[str, str], chrom: str, pos: int, side: str, length: int) -> list[Base]:
    """The kept bases of a breakend, read towards the junction."""
    if side == "L":
        return stretch(genome, chrom, pos - length + 1, pos + 1)
    return stretch(genome, chrom, pos, pos + length, reverse=True)


def derived(
    genome: dict[str, str],
    first: tuple[str, int, str],
    second: tuple[str, int, str],
    length: int = 600,
    between: str = "",
) -> tuple[list[Base], int]:
    """A derived chromosome over a junction, and the index of the first base behind the first side."""
    left = kept_towards(genome, *first, length)
    right = kept_towards(genome, *second, length)
    flipped = [Base(b.chrom, b.pos, not b.reverse, reverse_complement(b.base)) for b in reversed(right)]
    return left + inserted(between) + flipped, length


@dataclass
class Part:
    query_start: int
    query_end: int
    chrom: str
    start: int
    end: int
    reverse: bool


@dataclass
class BamBuilder:
    """Collects molecules and writes a sorted, indexed BAM."""

    genome: dict[str, str]
    supplementary_flag: int = 2048
    mapq: dict[str, int] = field(default_factory=dict)
    records: list[pysam.AlignedSegment] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.header = pysam.AlignmentHeader.from_references(
            list(self.genome), [len(bases) for bases in self.genome.values()]
        )

    def molecule(
        self,
        path: Sequence[Base],
        start: int,
        end: int,
        *,
        read_length: int = 100,
        single: bool = False,
        tags: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> str:
        """Add the reads of the fragment `path[start:end]`."""
        self.count += 1
        name = name or f"m{self.count}"
        fragment = list(path[start:end])
        first = fragment[:read_length]
        reads = [first]
        if not single:
            tail = fragment[-read_length:]
            reads.append(
                [Base(b.chrom, b.pos, not b.reverse, reverse_complement(b.base)) for b in reversed(tail)]
            )
        made = [self._align(name, bases) for bases in reads]
        if not single:
            self._mate(made)
        for records in made:
            for record in records:
                for tag, value in (tags or {}).items():
                    record.set_tag(tag, value)
                self.records.append(record)
        return name

    def write(self, path: Path) -> Path:
        unsorted = path.with_suffix(".unsorted.bam")
        with pysam.AlignmentFile(str(unsorted), "wb", header=self.header) as out:
            for record in self.records:
                out.write(record)
        pysam.sort("-o", str(path), str(unsorted))
        pysam.index(str(path))
        unsorted.unlink()
        return path

    def _align(self, name: str, bases: list[Base]) -> list[pysam.AlignedSegment]:
        sequence = "".join(b.base for b in bases)
        parts = [self._extend(part, sequence) for part in _cut(bases)]
        parts.sort(key=lambda p: p.query_start - p.query_end)
        primary, rest = parts[0], [p for p in parts[1:] if p.query_end - p.query_start >= MIN_SUPPLEMENTARY]
        shown = [primary, *rest]
        records = []
        for i, part in enumerate(shown):
            record = pysam.AlignedSegment(self.header)
            record.query_name = name
            record.flag = (0x10 if part.reverse else 0) | (self.supplementary_flag if i else 0)
            record.reference_name = part.chrom
            record.reference_start = part.start
            record.mapping_quality = self.mapq.get(part.chrom, 60)
            record.query_sequence = reverse_complement(sequence) if part.reverse else sequence
            record.query_qualities = pysam.qualitystring_to_array("I" * len(sequence))
            record.cigarstring = _cigar(part, len(sequence))
            others = [self._sa(p, len(sequence)) for j, p in enumerate(shown) if j != i]
            if others:
                record.set_tag("SA", "".join(others))
            records.append(record)
        return records

    def _extend(self, part: Part, sequence: str) -> Part:
        """Extend an alignment while the reference agrees with the read."""
        chrom = self.genome[part.chrom]
        while part.query_end < len(sequence):
            pos = part.start - 1 if part.reverse else part.end
            if not 0 <= pos < len(chrom):
                break
            base = reverse_complement(chrom[pos]) if part.reverse else chrom[pos]
            if base != sequence[part.query_end]:
                break
            part.query_end += 1
            part.start, part.end = (pos, part.end) if part.reverse else (part.start, pos + 1)
        while part.query_start > 0:
            pos = part.end if part.reverse else part.start - 1
            if not 0 <= pos < len(chrom):
                break
            base = reverse_complement(chrom[pos]) if part.reverse else chrom[pos]
            if base != sequence[part.query_start - 1]:
                break
            part.query_start -= 1
            part.start, part.end = (part.start, pos + 1) if part.reverse else (pos, part.end)
        return part

    def _sa(self, part: Part, length: int) -> str:
        strand = "-" if part.reverse else "+"
        mapq = self.mapq.get(part.chrom, 60)
        return f"{part.chrom},{part.start + 1},{strand},{_cigar(part, length)},{mapq},0;"

    def _mate(self, made: list[list[pysam.AlignedSegment]]) -> None:
        for i, records in enumerate(made):
            mate = made[1 - i][0]
            for record in records:
                record.flag |= 0x1 | (0x40 if i == 0 else 0x80) | (0x20 if mate.is_reverse else 0)
                record.next_reference_id = mate.reference_id
                record.next_reference_start = mate.reference_start
        a, b = made[0][0], made[1][0]
        if a.reference_id == b.reference_id and a.is_reverse != b.is_reverse:
            start = min(a.reference_start, b.reference_start)
            end = max(a.reference_end or 0, b.reference_end or 0)
            forward, backward = (b, a) if a.is_reverse else (a, b)
            if forward.reference_start <= backward.reference_start and end - start <= 1000:
                forward.template_length, backward.template_length = end - start, start - end
                for record in (a, b):
                    record.flag |= 0x2


def _cut(bases: list[Base]) -> list[Part]:
    parts: list[Part] = []
    for i, base in enumerate(bases):
        last = parts[-1] if parts else None
        if not base.chrom:
            continue
        if last and last.query_end == i and last.chrom == base.chrom and last.reverse == base.reverse:
            if base.reverse and base.pos == last.start - 1:
                last.start, last.query_end = base.pos, i + 1
                continue
            if not base.reverse and base.pos == last.end:
                last.end, last.query_end = base.pos + 1, i + 1
                continue
        parts.append(Part(i, i + 1, base.chrom, base.pos, base.pos + 1, base.reverse))
    return parts


def _cigar(part: Part, length: int) -> str:
    lead, trail = part.query_start, length - part.query_end
    if part.reverse:
        lead, trail = trail, lead
    body = f"{part.query_end - part.query_start}M"
    return (f"{lead}S" if lead else "") + body + (f"{trail}S" if trail else "")
