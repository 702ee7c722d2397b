"""Breakends and junctions: orientation, micro-homology, and what one split read says.

A breakend is the outermost base that a rearranged molecule keeps: on side `L` it keeps what lies to the
left (lower positions) of the base, on side `R` what lies to its right. A junction reads from the first
breakend into the second, through untemplated bases if there are any. Positions are 0-based.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ...reference.gene_models import reverse_complement
from ...reference.genome import Sequences, read_minus

Side = Literal["L", "R"]

FIRST_LOOK = 16
MAX_HOMOLOGY = 8192
_CIGAR = re.compile(r"([0-9]{1,10})([MIDNSHP=X])")
_SA_ENTRY = re.compile(r"([^,]+),([0-9]{1,10}),([+-]),([^,]+),([0-9]{1,3}),[0-9]+")
_QUERY = "MIS=XH"
_ALIGNED_QUERY = "MI=X"
_REFERENCE = "MDN=X"


class MalformedAlignment(ValueError):
    """An SA tag that does not say where its alignment is."""


@dataclass(frozen=True, order=True)
class Breakend:
    """One end of a junction: the outermost base kept, and on which side the kept sequence lies."""

    chrom: str
    pos: int
    side: Side

    def moved(self, outward: int) -> "Breakend":
        """Return the breakend that keeps `outward` more bases (fewer, if negative)."""
        step = outward if self.side == "L" else -outward
        return Breakend(self.chrom, self.pos + step, self.side)

    def kept(self, sequences: Sequences, length: int) -> str:
        """Return the last `length` kept bases, read towards the junction."""
        if self.side == "L":
            return sequences.fetch(self.chrom, self.pos - length + 1, self.pos + 1)
        return read_minus(sequences, self.chrom, self.pos, self.pos + length)

    def beyond(self, sequences: Sequences, length: int) -> str:
        """Return the reference bases behind the breakend that the junction replaced, read outward."""
        if self.side == "L":
            return sequences.fetch(self.chrom, self.pos + 1, self.pos + 1 + length)
        return read_minus(sequences, self.chrom, self.pos - length, self.pos)


@dataclass(frozen=True, order=True)
class Junction:
    """Two joined breakends, `first` before `second`; `inserted` is read from first to second."""

    first: Breakend
    second: Breakend
    inserted: str = ""

    def flipped(self) -> "Junction":
        """Return the same junction read from the other end."""
        return Junction(self.second, self.first, reverse_complement(self.inserted))

    def canonical(self) -> "Junction":
        """Return the junction with its breakends in genomic order."""
        return self if self.first <= self.second else self.flipped()

    def shifted(self, steps: int) -> "Junction":
        """Return the junction with bases moved from the second to the first breakend."""
        return Junction(self.first.moved(steps), self.second.moved(-steps), self.inserted)

    def onward(self, sequences: Sequences, length: int) -> str:
        """Return what a read finds behind the first breakend: inserted bases, then the second side."""
        rest = max(0, length - len(self.inserted))
        return (self.inserted + reverse_complement(self.second.kept(sequences, rest)))[:length]


@dataclass(frozen=True)
class Segment:
    """One alignment of a part of a read.

    Attributes:
        start, end: aligned reference bases, 0-based half-open.
        query_start, query_end: aligned bases of the read as sequenced (5' end first), half-open.
    """

    chrom: str
    start: int
    end: int
    reverse: bool
    query_start: int
    query_end: int
    mapq: int

    @property
    def aligned(self) -> int:
        """Bases of the read that this segment aligns."""
        return self.query_end - self.query_start


def make_segment(chrom: str, start: int, reverse: bool, cigar: str, mapq: int) -> Segment:
    """Return a segment from the fields of an alignment.

    Args:
        chrom: sequence name.
        start: 0-based position.
        reverse: is the read on the minus strand.
        cigar: CIGAR text; hard clips count like soft clips.
        mapq: mapping quality.

    Raises:
        MalformedAlignment: the CIGAR cannot be read or aligns nothing.
    """
    items = [(int(length), op) for length, op in _CIGAR.findall(cigar)]
    if not items or "".join(f"{length}{op}" for length, op in items) != cigar or start < 0:
        raise MalformedAlignment(f"CIGAR {cigar!r} at {chrom}:{start + 1}")
    read_length = sum(length for length, op in items if op in _QUERY)
    lead = _leading_clip(items)
    trail = _leading_clip(items[::-1])
    aligned = sum(length for length, op in items if op in _ALIGNED_QUERY)
    span = sum(length for length, op in items if op in _REFERENCE)
    if not aligned or not span or lead + aligned + trail != read_length:
        raise MalformedAlignment(f"CIGAR {cigar!r} at {chrom}:{start + 1}")
    query_start = trail if reverse else lead
    return Segment(chrom, start, start + span, reverse, query_start, query_start + aligned, mapq)


def parse_sa(text: str) -> list[Segment]:
    """Return the segments that an SA tag names.

    Raises:
        MalformedAlignment: an entry is not `name,position,strand,CIGAR,mapping quality,mismatches`.
    """
    segments = []
    for entry in text.rstrip(";").split(";"):
        found = _SA_ENTRY.fullmatch(entry)
        if found is None:
            raise MalformedAlignment(f"SA entry {entry!r}")
        chrom, position, strand, cigar, mapq = found.groups()
        segments.append(make_segment(chrom, int(position) - 1, strand == "-", cigar, int(mapq)))
    return segments


@dataclass(frozen=True)
class SplitJunction:
    """A junction that one read shows, not yet normalised.

    Attributes:
        anchor: the shorter of the two aligned parts, without bases that both of them claim.
        mapq: the lower of both mapping qualities.
    """

    junction: Junction
    anchor: int
    mapq: int


def split_junctions(segments: Sequence[Segment], sequence: str) -> list[SplitJunction]:
    """Return the junctions between neighbouring segments of one read.

    Args:
        segments: all alignments of the read.
        sequence: the read as sequenced (5' end first), for the inserted bases; may be empty.
    """
    ordered = sorted(segments, key=lambda s: (s.query_start, s.query_end))
    found = []
    for left, right in pairwise(ordered):
        gap = right.query_start - left.query_end
        overlap = max(0, -gap)
        if overlap >= min(left.aligned, right.aligned):
            continue
        inserted = sequence[left.query_end : right.query_start] if gap > 0 else ""
        if len(inserted) < gap:
            inserted = "N" * gap
        first = (
            Breakend(left.chrom, left.start, "R") if left.reverse else Breakend(left.chrom, left.end - 1, "L")
        )
        second = (
            Breakend(right.chrom, right.end - 1, "L")
            if right.reverse
            else Breakend(right.chrom, right.start, "R")
        )
        junction = Junction(first, second.moved(-overlap), inserted)
        anchor = min(left.aligned, right.aligned) - overlap
        found.append(SplitJunction(junction.canonical(), anchor, min(left.mapq, right.mapq)))
    return found


def normalise(junction: Junction, sequences: Sequences) -> tuple[Junction, int]:
    """Return the junction in its one normal form, and the length of its micro-homology.

    Inserted bases that continue the reference of either side are given to that side. Bases that both
    sides could have contributed leave the first breakend at its leftmost position; the junction may lie
    anywhere up to the homology to the right of it (VCF 4.3, section 5.4.8).

    Args:
        junction: breakends in any order.
        sequences: the genome; unknown bases (N) match nothing.
    """
    current = _absorb_inserted(junction.canonical(), sequences)
    if current.inserted:
        return current.canonical(), 0
    forward = _common(current.first.beyond(sequences, MAX_HOMOLOGY), current.onward(sequences, MAX_HOMOLOGY))
    back = current.flipped()
    backward = _common(back.first.beyond(sequences, MAX_HOMOLOGY), back.onward(sequences, MAX_HOMOLOGY))
    current = current.shifted(-backward if current.first.side == "L" else forward)
    return current.canonical(), forward + backward


def borders_unknown(junction: Junction, homology: int, sequences: Sequences) -> bool:
    """Say whether the genome ends (N) at one of the breakends, wherever the homology lets them lie.

    Alignments end there because the sequence does; that is no breakpoint. Chromosomes that the genome
    does not hold at all are not judged.
    """
    return any(
        "N" in end.kept(sequences, 1) + end.beyond(sequences, homology + 1)
        for end in (junction.first, junction.second)
        if sequences.has(end.chrom)
    )


def _absorb_inserted(junction: Junction, sequences: Sequences) -> Junction:
    for _ in range(2):
        inserted = junction.inserted
        same = _common(inserted, junction.first.beyond(sequences, len(inserted)))
        junction = Junction(junction.first.moved(same), junction.second, inserted[same:]).flipped()
    return junction


def _agreement(junction: Junction, sequences: Sequences) -> int:
    """Return for how many bases the reference behind the first side reads like the second side."""
    length = FIRST_LOOK
    while True:
        same = _common(junction.first.beyond(sequences, length), junction.onward(sequences, length))
        if same < length or length >= MAX_HOMOLOGY:
            return same
        length *= 8


def _common(a: str, b: str) -> int:
    length = 0
    for x, y in zip(a, b, strict=False):
        if x != y or x == "N":
            break
        length += 1
    return length


def _leading_clip(items: Sequence[tuple[int, str]]) -> int:
    length = 0
    for size, op in items:
        if op not in "SH":
            break
        length += size
    return length
