"""Molecules for and against a junction, under one rule for both.

A molecule counts for the junction if it reaches `min_overhang` bases into both sides of it, and against it
if it reaches as far to both sides of the intact site. So both are seen with the same chance, whatever the
fragment length, and the share of the first in both is the VAF. Positions are 0-based.

Nearly all records around a junction show nothing of it: of these only what they say of the intact site is
looked at, and kept in short.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pysam

from ...reference.genome import Sequences
from .breakpoints import Breakend, Junction, MalformedAlignment, Segment, split_junctions
from .junctions import Candidate, explains
from .scan import NOT_PRIMARY, UNUSABLE, ReadPair, outer_clips, record_segments, sequenced, side_of

SLACK = 5
MAX_MISMATCH_RATE = 0.1


@dataclass
class Molecule:
    """What the records of one molecule say about one junction.

    Attributes:
        split: a read crosses the junction; `anchor` is the shorter of the two parts at their best.
        pair: the mates lie on both sides.
        read_through: at which breakends a read runs through the intact site (index 0 or 1).
        spans: at which breakends an ordinary fragment spans the intact site.
        outer: outermost position seen on each side.
        mapq: best mapping quality of an alignment on each side.
        strands: has consensus from both strands.
    """

    split: bool = False
    anchor: int = 0
    pair: bool = False
    read_through: set[int] = field(default_factory=set)
    spans: set[int] = field(default_factory=set)
    outer: list[int | None] = field(default_factory=lambda: [None, None])
    mapq: list[int] = field(default_factory=lambda: [-1, -1])
    duplex: bool = False

    @property
    def supports(self) -> bool:
        """Is it for the junction; a molecule that also runs through the intact site is for neither."""
        return (self.split or self.pair) and not self.read_through


class Intact(NamedTuple):
    """What a record over the intact site says of its molecule.

    Attributes:
        through: the record itself reaches over it, not only its fragment.
        duplex: has consensus from both strands.
        mapq, outer: mapping quality and outermost position of a record on the kept side, None on the other.
    """

    through: bool
    duplex: bool
    mapq: int | None
    outer: int | None


@dataclass(frozen=True)
class Support:
    """Molecules for a junction and against it.

    Attributes:
        molecules: molecules that support the junction.
        split: of these, with a read across it and `min_anchor` aligned bases on both sides.
        pairs: of these, shown by a pair only.
        fragments: different pairs of outer ends among them.
        ends: different outer ends on the first and on the second side.
        unique: of the molecules, with alignments of sufficient mapping quality on both sides.
        duplex: of the molecules, with consensus of both strands.
        intact: molecules over the intact site of the first and of the second breakend.
        contradictory: molecules that one read calls rearranged and another intact; counted nowhere.
    """

    molecules: int
    split: int
    pairs: int
    fragments: int
    ends: tuple[int, int]
    unique: int
    duplex: int
    intact: tuple[int, int]
    contradictory: int


def count_support(
    reads: Any,
    candidate: Candidate,
    sequences: Sequences,
    *,
    min_overhang: int,
    min_anchor: int,
    min_mapq: int,
    max_insert: int,
) -> Support:
    """Count the molecules for and against a junction.

    Args:
        reads: open, indexed `pysam.AlignmentFile`.
        candidate: junction in normal form.
        sequences: the genome.
        min_overhang: bases that a molecule must reach into each side.
        min_anchor: aligned bases on both sides that make a split read a good one.
        min_mapq: mapping quality of a unique alignment.
        max_insert: longest ordinary fragment.
    """
    views = [
        _View(junction, candidate, index, sequences, min_overhang=min_overhang, max_insert=max_insert)
        for index, junction in enumerate((candidate.junction, candidate.junction.flipped()))
    ]
    molecules: dict[str, Molecule] = {}
    others: tuple[dict[str, list[Intact]], ...] = ({}, {})
    for view in views:
        far = reads.get_tid(view.junction.second.chrom)
        for record in _records_around(reads, view.end, max_insert):
            if view.may_show(record, far):
                view.read(record, molecules)
            elif (intact := view.intact(record)) is not None:
                others[view.index].setdefault(record.query_name, []).append(intact)
    for name, molecule in molecules.items():
        for view in views:
            for intact in others[view.index].pop(name, ()):
                view.add_intact(molecule, intact)
    return _summarise(molecules.values(), (len(others[0]), len(others[1])), min_anchor, min_mapq)


class _View:
    """One breakend of a junction, seen by the records that lie there."""

    def __init__(
        self,
        junction: Junction,
        candidate: Candidate,
        index: int,
        sequences: Sequences,
        *,
        min_overhang: int,
        max_insert: int,
    ) -> None:
        self.junction = junction
        self.end = junction.first
        self.index = index
        self.homology = candidate.homology
        self.precise = candidate.precise
        self.min_overhang = min_overhang
        self.max_insert = max_insert
        # The homology lets the junction lie to the right of the first breakend (see `normalise`): that
        # lengthens one side and shortens the other.
        lengthens_first = candidate.junction.first.side == "L"
        grows = lengthens_first == (index == 0)
        self.outward, self.inward = (candidate.homology, 0) if grows else (0, candidate.homology)
        self.path = junction.onward(sequences, 2 * max_insert)
        self.kept = self.end.kept(sequences, SLACK + self.inward)
        self.low, self.high = self._site()

    def may_show(self, record: Any, far: int) -> bool:
        """Say whether a record can be for the junction: clipped there, split, or its mate is elsewhere.

        Args:
            record: a mapped record.
            far: index of the sequence of the second breakend.
        """
        if self.precise and (record.has_tag("SA") or self._is_clipped(record)):
            return True
        if record.next_reference_id != far or record.flag & NOT_PRIMARY:
            return False
        return self._is_apart(record) and side_of(record.is_reverse) == self.end.side

    def intact(self, record: Any) -> Intact | None:
        """Return what a record says of the intact site; None if its fragment does not reach over it."""
        through = self._covers(record.reference_start, record.reference_end)
        if not through and not self._spans(record):
            return None
        if _is_kept_side(self.end, record):
            return Intact(through, _is_duplex(record), record.mapping_quality, _outermost(self.end, record))
        return Intact(through, _is_duplex(record), None, None)

    def add_intact(self, molecule: Molecule, intact: Intact) -> None:
        """Add what `intact` returned to a molecule of which other records may show the junction."""
        (molecule.read_through if intact.through else molecule.spans).add(self.index)
        molecule.duplex |= intact.duplex
        if intact.mapq is not None and intact.outer is not None:
            molecule.mapq[self.index] = max(molecule.mapq[self.index], intact.mapq)
            self._extend(molecule, self.index, intact.outer)

    def read(self, record: Any, molecules: dict[str, Molecule]) -> None:
        """Note what one record says."""
        molecule = Molecule()
        if self.precise:
            self._read_clips(record, molecule)
            if record.has_tag("SA"):
                self._read_sa(record, molecule)
        self._read_pair(record, molecule)
        if not (molecule.split or molecule.pair):
            if (intact := self.intact(record)) is not None:
                self.add_intact(molecules.setdefault(record.query_name, Molecule()), intact)
            return
        known = molecules.setdefault(record.query_name, Molecule())
        self._join(known, molecule)
        known.duplex |= _is_duplex(record)
        if _is_kept_side(self.end, record):
            known.mapq[self.index] = max(known.mapq[self.index], record.mapping_quality)
            self._extend(known, self.index, _outermost(self.end, record))

    def _read_clips(self, record: Any, molecule: Molecule) -> None:
        for end, bases, aligned in outer_clips(record):
            offset = self._offset(record)
            if end.side != self.end.side or not self._is_near(offset):
                continue
            overhang = len(bases) + offset - self.outward
            if overhang < self.min_overhang or aligned < self.min_overhang:
                continue
            expected = self.path[offset:] if offset >= 0 else self.kept[offset:] + self.path
            if _matches(bases, expected):
                molecule.split = True
                molecule.anchor = max(molecule.anchor, min(overhang, aligned))
                reached = len(bases) + offset - len(self.junction.inserted)
                self._extend(molecule, 1 - self.index, self.junction.second.moved(1 - reached).pos)

    def _read_sa(self, record: Any, molecule: Molecule) -> None:
        try:
            segments = record_segments(record)
        except MalformedAlignment:
            return
        for split in split_junctions(segments, sequenced(record)):
            for junction in (split.junction, split.junction.flipped()):
                if self._same(junction) and split.anchor >= self.min_overhang:
                    molecule.split = True
                    molecule.anchor = max(molecule.anchor, split.anchor)
                    self._read_segments(segments[1:], molecule)

    def _read_segments(self, segments: Iterable[Segment], molecule: Molecule) -> None:
        far, other = self.junction.second, 1 - self.index
        for segment in segments:
            if segment.chrom == far.chrom and segment.start - SLACK <= far.pos <= segment.end + SLACK:
                self._extend(molecule, other, segment.start if far.side == "L" else segment.end - 1)
                molecule.mapq[other] = max(molecule.mapq[other], segment.mapq)

    def _read_pair(self, record: Any, molecule: Molecule) -> None:
        if record.flag & NOT_PRIMARY or not record.is_paired or record.mate_is_unmapped:
            return
        if record.next_reference_name != self.junction.second.chrom:
            return
        pair = ReadPair(
            name=record.query_name,
            chrom=record.reference_name,
            start=record.reference_start,
            end=record.reference_end,
            reverse=record.is_reverse,
            mapq=record.mapping_quality,
            mate_chrom=record.next_reference_name,
            mate_start=record.next_reference_start,
            mate_reverse=record.mate_is_reverse,
        )
        directed = Junction(self.end, self.junction.second)
        facing = side_of(pair.reverse) == self.end.side
        if self._is_apart(record) and facing and explains(directed, pair, self.max_insert):
            molecule.pair = True

    def _covers(self, start: int, end: int) -> bool:
        return start <= self.low - self.min_overhang and end >= self.high + self.min_overhang

    def _spans(self, record: Any) -> bool:
        """Say whether an ordinary fragment reaches over the intact site."""
        length = record.template_length
        if record.flag & NOT_PRIMARY or not record.is_proper_pair or not 0 < abs(length) <= self.max_insert:
            return False
        first = record.reference_start if length > 0 else record.next_reference_start
        return self._covers(first, first + abs(length))

    def _offset(self, record: Any) -> int:
        """Return how far behind the breakend a record ends, on the side of the breakend."""
        if self.end.side == "L":
            return int(record.reference_end - 1 - self.end.pos)
        return int(self.end.pos - record.reference_start)

    def _is_near(self, offset: int) -> bool:
        return -SLACK - self.inward <= offset <= self.outward + SLACK

    def _is_clipped(self, record: Any) -> bool:
        if not self._is_near(self._offset(record)):
            return False
        operation, _ = record.cigartuples[-1 if self.end.side == "L" else 0]
        return bool(operation == pysam.CSOFT_CLIP)

    def _is_apart(self, record: Any) -> bool:
        if record.reference_id != record.next_reference_id:
            return True
        return bool(abs(record.reference_start - record.next_reference_start) > self.max_insert)

    def _site(self) -> tuple[int, int]:
        """Return the boundaries between bases within which the molecule is cut."""
        cut = self.end.pos + 1 if self.end.side == "L" else self.end.pos
        if self.end.side == "L":
            return cut - self.inward, cut + self.outward
        return cut - self.outward, cut + self.inward

    def _same(self, junction: Junction) -> bool:
        tolerance = SLACK + self.homology
        return all(
            a.chrom == b.chrom and a.side == b.side and abs(a.pos - b.pos) <= tolerance
            for a, b in (
                (junction.first, self.junction.first),
                (junction.second, self.junction.second),
            )
        )

    def _extend(self, molecule: Molecule, index: int, outer: int) -> None:
        known = molecule.outer[index]
        side = self.end.side if index == self.index else self.junction.second.side
        if known is None:
            molecule.outer[index] = outer
        else:
            molecule.outer[index] = min(known, outer) if side == "L" else max(known, outer)

    def _join(self, known: Molecule, new: Molecule) -> None:
        known.split |= new.split
        known.anchor = max(known.anchor, new.anchor)
        known.pair |= new.pair
        for side, outer in enumerate(new.outer):
            known.mapq[side] = max(known.mapq[side], new.mapq[side])
            if outer is not None:
                self._extend(known, side, outer)


def _records_around(reads: Any, end: Breakend, reach: int) -> Iterable[Any]:
    length = reads.get_reference_length(end.chrom)
    start, stop = max(0, end.pos - reach), min(length, end.pos + reach)
    for record in reads.fetch(end.chrom, start, stop):
        if not record.flag & UNUSABLE and record.reference_end is not None:
            yield record


def _is_kept_side(end: Breakend, record: Any) -> bool:
    """Say whether most of a record lies on the side that the junction keeps."""
    if end.side == "L":
        inside = end.pos + 1 - record.reference_start
        return bool(inside > record.reference_end - end.pos - 1)
    inside = record.reference_end - end.pos
    return bool(inside > end.pos - record.reference_start)


def _outermost(end: Breakend, record: Any) -> int:
    return int(record.reference_start if end.side == "L" else record.reference_end - 1)


def _matches(bases: str, expected: str) -> bool:
    length = min(len(bases), len(expected))
    wrong = sum(a not in (b, "N") for a, b in zip(bases[:length], expected, strict=False))
    return length > 0 and wrong <= MAX_MISMATCH_RATE * length


def _is_duplex(record: Any) -> bool:
    if not (record.has_tag("aD") and record.has_tag("bD")):
        return False
    return min(int(record.get_tag("aD")), int(record.get_tag("bD"))) > 0


def _summarise(
    molecules: Iterable[Molecule], over: tuple[int, int], min_anchor: int, min_mapq: int
) -> Support:
    """Count the molecules, with those over the intact site of which no record may show the junction."""
    found = list(molecules)
    support = [m for m in found if m.supports]
    against = [m for m in found if not (m.split or m.pair)]
    fragments = {tuple(m.outer) for m in support}
    return Support(
        molecules=len(support),
        split=sum(m.split and m.anchor >= min_anchor for m in support),
        pairs=sum(not m.split for m in support),
        fragments=len(fragments),
        ends=(len({m.outer[0] for m in support}), len({m.outer[1] for m in support})),
        unique=sum(min(m.mapq) >= min_mapq for m in support),
        duplex=sum(m.duplex for m in support),
        intact=(
            over[0] + sum(0 in (m.read_through | m.spans) for m in against),
            over[1] + sum(1 in (m.read_through | m.spans) for m in against),
        ),
        contradictory=sum((m.split or m.pair) and bool(m.read_through) for m in found),
    )
