"""One pass over a consensus BAM: molecules per site, base and class, and hints at changes beyond bases.

Counters are linear in the panel and do not grow with depth. Hints (`events`) are added up where they are
equal, so that they cost memory only as far as they differ.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...io.kernels import kernel
from ...io.records import ref_id
from ..candidates.breaks import Break, is_elsewhere
from ..candidates.events import (
    BROKEN_LEFT,
    BROKEN_RIGHT,
    CLIPPED_LEFT,
    CLIPPED_RIGHT,
    COUNT,
    INDEL,
    MOLECULES,
    NEAR,
    SUBSTITUTIONS,
    UNTAGGED,
    USED,
    Notes,
    Sites,
    find_region,
    is_full,
    join_mates,
    make_notes,
    note_clips,
    note_indels,
    note_substitutions,
)
from ..noise.molecule_classes import N_CLASSES
from .layout import HIDDEN, ROW_SIZE, Read, Row, describe_molecule, fill_row
from .reads import INFO_SIZE, MODE, MODE_SINGLE, VOTES, Filters, Info
from .regions import BASES, Regions
from .stream import ALONE, Records, feed

Event = tuple[int, int, int, str, int]
"""Sequence index, 0-based start, reference length, bases, class."""
ClipKey = tuple[int, int, str, int]
"""Sequence index, 0-based position of the break, clipped bases, class."""


@dataclass
class Pileup:
    """What one pass found.

    Attributes:
        regions: the sites.
        counts: uint32[sites, 4, N_CLASSES], informative molecules per base and class.
        strict: uint32[sites, 4], of these, strict ones.
        clusters: molecules per cluster of two or more substitutions.
        indels: molecules per insertion, deletion or complex change, as aligned.
        clips: molecules per soft clip on the left (`CLIPPED_LEFT`) or right side of a break.
        breaks: molecules per break of a rearrangement.
        molecules: molecules that vote anywhere near a target.
        untagged: of these, molecules without depth tags, taken as single.
    """

    regions: Regions
    counts: NDArray[np.uint32]
    strict: NDArray[np.uint32]
    clusters: Counter[Event] = field(default_factory=Counter)
    indels: Counter[Event] = field(default_factory=Counter)
    clips: dict[int, Counter[ClipKey]] = field(
        default_factory=lambda: {CLIPPED_LEFT: Counter(), CLIPPED_RIGHT: Counter()}
    )
    breaks: Counter[Break] = field(default_factory=Counter)
    molecules: int = 0
    untagged: int = 0

    @property
    def totals(self) -> NDArray[np.int64]:
        """int64[sites, N_CLASSES], informative molecules per site and class."""
        summed: NDArray[np.int64] = self.counts.sum(axis=1, dtype=np.int64)
        return summed


class Tally(NamedTuple):
    """The counters of a pileup, for the kernel."""

    counts: NDArray[np.uint32]
    strict: NDArray[np.uint32]


class Scratch(NamedTuple):
    """What the kernel fills anew for every molecule."""

    row: Row
    infos: Info


def make_scratch() -> Scratch:
    """Return room for one molecule."""
    return Scratch(np.empty((6, ROW_SIZE), np.uint8), np.zeros((2, INFO_SIZE), np.int64))


def pile_up(bam: Path, regions: Regions, filters: Filters, *, threads: int = 1) -> Pileup:
    """Count molecules at every site of the regions.

    Args:
        bam: coordinate-sorted consensus BAM.
        regions: sites, in the order of its header.
        filters: which bases vote.
        threads: threads that inflate.

    Raises:
        DataError: no BAM, or not sorted.
    """
    counter = PileupCounter(regions, filters)
    if regions.sites:
        feed(bam, [counter], threads=threads)
    return counter.found


class PileupCounter:
    """Piles up the molecules of a BAM as they are fed; `found` is what there is so far."""

    def __init__(self, regions: Regions, filters: Filters) -> None:
        """Make room for the sites, which are in the order of the BAM's header."""
        tally = Tally(
            np.zeros((regions.sites, len(BASES), N_CLASSES), np.uint32),
            np.zeros((regions.sites, len(BASES)), np.uint32),
        )
        table = np.stack(
            [regions.ref_ids.astype(np.int64), regions.starts, regions.ends, regions.offsets[:-1]]
        )
        self._filters, self._sites = filters, Sites(table, regions.reference)
        self._into = tally, make_scratch(), make_notes()
        self.found = Pileup(regions, *tally)

    def take(self, records: Records) -> None:
        """Count the molecules of one batch."""
        notes, at = self._into[2], 0
        while at < len(records.starts):
            at = _pile(records, at, self._filters, self._sites, self._into)
            _drain(self.found, notes)
        self.found.molecules, self.found.untagged = notes.state[[MOLECULES, UNTAGGED]].tolist()


def _drain(found: Pileup, notes: Notes) -> None:
    """Add the noted events to the counters and empty the buffers."""
    # Latin: an SA tag is whatever the BAM holds.
    text = notes.pool[: notes.state[USED]].tobytes().decode("latin-1")
    names = dict(zip(found.regions.ref_ids.tolist(), found.regions.chroms, strict=True))
    for kind, tid, start, length, packed, where in notes.events[: notes.state[COUNT]].tolist():
        size, molecule_class = packed >> 8, packed & 0xFF
        bases = text[where : where + size]
        if kind in (BROKEN_LEFT, BROKEN_RIGHT):
            if is_elsewhere(bases, names[tid], start, reverse=length == 1):
                found.breaks[Break(names[tid], start, kind == BROKEN_RIGHT)] += 1
            continue
        if kind == SUBSTITUTIONS:
            found.clusters[(tid, start, length, bases, molecule_class)] += 1
        elif kind == INDEL:
            found.indels[(tid, start, length, bases, molecule_class)] += 1
        else:
            found.clips[kind][(tid, start, bases, molecule_class)] += 1
    notes.state[COUNT] = notes.state[USED] = 0


@kernel
def _pile(
    records: Records, at: int, filters: Filters, sites: Sites, into: tuple[Tally, Scratch, Notes]
) -> int:
    """Count molecules from record `at` on; return where to go on once the notes are emptied."""
    tally, scratch, notes = into
    table, infos = sites.table, scratch.infos
    for i in range(at, len(records.starts)):
        if is_full(notes):
            return i
        mate = records.mates[i]
        if mate < ALONE:
            continue
        tid = ref_id(records.data, records.starts[i])
        low, high = describe_molecule(records, i, filters, infos)
        first = find_region(table, tid, low)
        last = first
        while low < high and last < table.shape[1] and table[0, last] == tid and table[1, last] < high:
            if first == last:
                fill_row(records, i, filters, infos, (low, high), scratch.row)
            _count(scratch.row, (low, high), sites, last, (tally, notes))
            last += 1
        if first == last:
            continue
        notes.state[MOLECULES] += 1
        notes.state[UNTAGGED] += infos[0, MODE] == MODE_SINGLE
        own = notes.state[COUNT]
        for r in range(2):
            second = notes.state[COUNT]
            if infos[r, VOTES] == 1:
                start = records.starts[i] if r == 0 else records.starts[mate]
                read = Read(records.data, start, infos[r])
                note_indels(read, filters, sites, notes)
                note_clips(read, sites, notes)
                join_mates(notes, own, second)
    return len(records.starts)


@kernel
def _count(row: Row, span: tuple[int, int], sites: Sites, k: int, into: tuple[Tally, Notes]) -> None:
    """Count one molecule over region k and note clusters of substitutions."""
    tally, notes = into
    counts, strict, reference = tally.counts, tally.strict, sites.reference
    low, high = span
    tid, start, end, first = sites.table[0, k], sites.table[1, k], sites.table[2, k], sites.table[3, k]
    cluster_start, cluster_end, different = -1, -1, 0
    for position in range(max(low, start), min(high, end)):
        at, site = position - low, first + position - start
        code = row[0, at]
        if code >= HIDDEN:
            continue
        counts[site, code, row[1, at]] += 1
        strict[site, code] += row[2, at]
        if code == reference[site] or reference[site] >= HIDDEN:
            continue
        if different and position - cluster_end > NEAR:
            if different > 1:
                note_substitutions(row, low, tid, (cluster_start, cluster_end), notes)
            different = 0
        if not different:
            cluster_start = position
        different, cluster_end = different + 1, position + 1
    if different > 1:
        note_substitutions(row, low, tid, (cluster_start, cluster_end), notes)
