"""True alignments of fragments: where the bases of a template interval lie on the genome, as CIGAR."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .fragments import Ints, Template

MIN_SUPPLEMENTARY = 20
"""A part of a split read with fewer bases is only soft-clipped, as an aligner would leave it."""

MATCH, INSERTION, DELETION, SOFT_CLIP = 0, 1, 2, 4
Cigar = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Placement:
    """One alignment of a read.

    Attributes:
        start: leftmost aligned base, 0-based.
        falling: True where the template runs against the genome.
        cigar: in genome direction, soft clips included.
    """

    chrom: str
    start: int
    falling: bool
    cigar: Cigar

    @property
    def length(self) -> int:
        """Genomic bases covered."""
        return sum(size for op, size in self.cigar if op in (MATCH, DELETION))

    @property
    def matched(self) -> int:
        """Read bases aligned."""
        return sum(size for op, size in self.cigar if op in (MATCH, INSERTION))


@dataclass(frozen=True)
class Placements:
    """Alignments of many reads, in the order of the reads, those of one read the longest first.

    Attributes:
        read: number of the read.
        rank: 0 for the first alignment of a read.
        template: number of its template.
        start: leftmost aligned base, 0-based.
        falling: True where the template runs against the genome.
        cigar: number in `cigars`.
    """

    read: Ints
    rank: Ints
    template: Ints
    start: Ints
    falling: NDArray[np.bool_]
    cigar: Ints
    cigars: tuple[Cigar, ...]


def place_reads(templates: Sequence[Template], template: Ints, start: Ints, end: Ints) -> Placements:
    """Return the alignments of many reads as `place_read` does of one.

    Args:
        templates: haplotypes and junctions.
        template: number of the template of each read.
        start: of each read on it.
        end: likewise, exclusive.
    """
    positions = np.concatenate([item.positions for item in templates])
    offsets = np.cumsum([0, *(len(item.positions) for item in templates)])
    joints = [place + item.joint for place, item in zip(offsets, templates, strict=False) if item.inversion]
    # A base is uneven where it does not lie beside the base before it on the genome.
    uneven = np.ones(len(positions), dtype=np.bool_)
    uneven[1:] = np.abs(np.diff(positions)) != 1
    uneven[joints] = True
    before = np.cumsum(uneven)
    low, last = offsets[template] + start, offsets[template] + end - 1
    cigars: dict[Cigar, int] = {
        ((MATCH, size),): size for size in range(int((end - start).max(initial=0)) + 1)
    }
    rows = [np.arange(len(start)), np.zeros_like(start), np.minimum(positions[low], positions[last])]
    rows += [positions[low] > positions[last], end - start]
    broken = np.flatnonzero(before[low] != before[last])
    found = [
        (read, rank, place.start, place.falling, cigars.setdefault(place.cigar, len(cigars)))
        for read in broken.tolist()
        for rank, place in enumerate(place_read(templates[template[read]], int(start[read]), int(end[read])))
    ]
    table = np.concatenate(
        [np.delete(np.stack(rows, axis=1), broken, axis=0), np.array(found, dtype=np.int64).reshape(-1, 5)]
    )
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    read, rank, first, falling, cigar = table.T
    return Placements(read, rank, template[read], first, falling.astype(np.bool_), cigar, tuple(cigars))


def place_read(template: Template, start: int, end: int) -> tuple[Placement, ...]:
    """Return the alignments of template bases start to end, the longest first.

    Args:
        template: haplotype or junction.
        start: first base on the template, 0-based.
        end: end on the template, exclusive.
    """
    joint = template.joint
    if template.inversion is None or not start < joint < end:
        return (_part(template, start, end, 0, 0),)
    parts = []
    if joint - start >= MIN_SUPPLEMENTARY or joint - start >= end - joint:
        parts.append(_part(template, start, joint, 0, end - joint))
    if end - joint >= MIN_SUPPLEMENTARY or end - joint > joint - start:
        parts.append(_part(template, joint, end, joint - start, 0))
    return tuple(sorted(parts, key=lambda part: -part.matched))


def _part(template: Template, start: int, end: int, before: int, after: int) -> Placement:
    """Align one stretch; `before` and `after` are clipped read bases in template direction."""
    positions = template.positions[start:end]
    known = positions[positions >= 0]
    falling = bool(known[0] > known[-1])
    if falling:
        positions, before, after = positions[::-1], after, before
    cigar = list(_cigar(positions))
    if cigar[0][0] == INSERTION:
        before += cigar.pop(0)[1]
    if cigar[-1][0] == INSERTION:
        after += cigar.pop()[1]
    clipped = [(SOFT_CLIP, before)] * bool(before) + cigar + [(SOFT_CLIP, after)] * bool(after)
    return Placement(template.chrom, int(known.min()), falling, tuple(clipped))


def _cigar(positions: Ints) -> Cigar:
    """Return the operations of rising positions; -1 marks inserted bases."""
    if positions[0] >= 0 and positions[-1] - positions[0] == len(positions) - 1 and positions.min() >= 0:
        return ((MATCH, len(positions)),)
    operations: list[list[int]] = []
    last = -1
    for pos in positions.tolist():
        if pos >= 0 and last >= 0 and pos > last + 1:
            operations.append([DELETION, pos - last - 1])
        op = MATCH if pos >= 0 else INSERTION
        if operations and operations[-1][0] == op:
            operations[-1][1] += 1
        else:
            operations.append([op, 1])
        last = pos if pos >= 0 else last
    return tuple((op, size) for op, size in operations)


def cigar_text(cigar: Cigar) -> str:
    """Return `10S90M` for its operations."""
    return "".join(f"{size}{'MIDNS'[op]}" for op, size in cigar)
