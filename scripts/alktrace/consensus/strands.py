"""One molecule: the source reads of its ends, each strand called, both strands joined."""

from typing import Any, NamedTuple

import numpy as np

from ..io.kernels import kernel, lean_kernel
from ..io.records import FLAG_REVERSE, Bytes, Offsets, flag, int64
from .indel_patterns import keep_common_pattern
from .likelihood import MAX_DEPTH, NO_CALL, ErrorModel, Sums, join_strands, strand_consensus
from .losses import LOW_QUALITY, MINORITY_ALIGNMENT, ORPHAN, UMI_COLLISION
from .source_reads import MAX_OPERATIONS, prepare_pair
from .templates import Rows

# Strands must both have this many reads for their disagreement to count as an error of the strand consensus.
STRAND_DEPTH = 2
N_OUTCOMES = 4
READS_USED, MOLECULES, DUPLEX_MOLECULES, CONSENSUS_READS = range(N_OUTCOMES)

Shorts = Any
Ints = Any


class Strand(NamedTuple):
    """Consensus of one strand at one end; all arrays are as wide as the longest read."""

    bases: Bytes
    quals: Bytes
    depths: Shorts
    errors: Shorts


class Side(NamedTuple):
    """One end of a molecule: its source reads and the consensus built from them.

    Attributes:
        starts: int64[templates], record of each row.
        bases: uint8[templates, width].
        quals: uint8[templates, width].
        lengths: int64[templates].
        keep: uint8[templates].
        rows: int64[templates], scratch.
        blocks: int64[MAX_OPERATIONS, 3], scratch.
        raw: int64[width], scratch.
        a: consensus of strand A, or of the only strand.
        b: consensus of strand B.
        joined: the final consensus; its errors are counted over both strands.
    """

    starts: Offsets
    bases: Bytes
    quals: Bytes
    lengths: Offsets
    keep: Bytes
    rows: Offsets
    blocks: Ints
    raw: Offsets
    a: Strand
    b: Strand
    joined: Strand


class Counts(NamedTuple):
    """What the kernels count; summed over chunks.

    Attributes:
        losses: int64[n_reasons], reads lost.
        outcomes: int64[N_OUTCOMES].
        raw_errors: int64[16], consensus base * 4 + raw base.
        strand_pairs: int64[16], base of strand A * 4 + base of strand B.
    """

    losses: Offsets
    outcomes: Offsets
    raw_errors: Offsets
    strand_pairs: Offsets


@kernel
def new_strand(width: int) -> Strand:
    """Return room for a consensus of at most `width` bases."""
    return Strand(
        np.empty(width, np.uint8),
        np.empty(width, np.uint8),
        np.empty(width, np.int16),
        np.empty(width, np.int16),
    )


@kernel
def new_side(n: int, width: int) -> Side:
    """Return room for `n` reads of at most `width` bases."""
    return Side(
        np.empty(n, np.int64),
        np.empty((n, width), np.uint8),
        np.empty((n, width), np.uint8),
        np.empty(n, np.int64),
        np.empty(n, np.uint8),
        np.empty(n, np.int64),
        np.empty((MAX_OPERATIONS, 3), np.int64),
        np.empty(width, np.int64),
        new_strand(width),
        new_strand(width),
        new_strand(width),
    )


@lean_kernel
def _load(
    data: Bytes,
    rows: Rows,
    order: Offsets,
    first: int,
    n: int,
    turn: bool,
    min_quality: int,
    one: Side,
    two: Side,
) -> None:
    """Make the source reads of a molecule; templates of strand B are turned where `turn` is set."""
    for k in range(n):
        row = rows[order[first + k]]
        # R1 of strand B lies where R2 of strand A lies; with one strand alone R1 stays R1.
        x, y = (two, one) if turn and row.strand else (one, two)
        x.starts[k], y.starts[k] = row.first, row.second
        x.lengths[k], y.lengths[k] = prepare_pair(
            data, row.first, row.second, min_quality,
            x.bases[k], x.quals[k], y.bases[k], y.quals[k], x.blocks, y.blocks,
        )  # fmt: skip


@lean_kernel
def _call_strand(
    side: Side,
    strand: Strand,
    rows: Rows,
    order: Offsets,
    first: int,
    n: int,
    wanted: int,
    model: ErrorModel,
    sums: Sums,
    counts: Counts,
) -> int:
    """Call the consensus of one strand (-1: all reads) at one end; return its length, 0 without reads."""
    kept = 0
    for k in range(n):
        if side.keep[k] and (wanted < 0 or rows[order[first + k]].strand == wanted):
            side.rows[kept] = k
            kept += 1
    if kept == 0:
        return 0
    return strand_consensus(
        side.bases, side.quals, side.lengths, side.rows, kept, model, sums,
        strand.bases, strand.quals, strand.depths, strand.errors, counts.raw_errors,
    )  # fmt: skip


@lean_kernel
def _covered(strand: Strand, length: int) -> bool:
    most = 0
    for i in range(length):
        most = max(most, int64(strand.depths[i]))
    return most > 0


@lean_kernel
def _copy(source: Strand, target: Strand, length: int) -> None:
    for i in range(length):
        target.bases[i], target.quals[i] = source.bases[i], source.quals[i]
        target.depths[i], target.errors[i] = source.depths[i], source.errors[i]


@lean_kernel
def _join(side: Side, n: int, length: int, counts: Counts) -> None:
    """Join both strands of one end; errors are reads of either strand that differ from the base called."""
    raw = side.raw
    for i in range(length):
        base_a, base_b = int64(side.a.bases[i]), int64(side.b.bases[i])
        base, qual, raw[i] = join_strands(base_a, int64(side.a.quals[i]), base_b, int64(side.b.quals[i]))
        side.joined.bases[i], side.joined.quals[i], side.joined.errors[i] = base, qual, 0
        # One read per strand would count the errors of sequencing, not of the strands.
        deep = side.a.depths[i] >= STRAND_DEPTH and side.b.depths[i] >= STRAND_DEPTH
        if deep and NO_CALL not in (base_a, base_b):
            counts.strand_pairs[base_a * 4 + base_b] += 1
    for k in range(n):
        if not side.keep[k]:
            continue
        for i in range(min(length, side.lengths[k])):
            base = side.bases[k, i]
            if base != NO_CALL and raw[i] != NO_CALL and base != raw[i]:
                side.joined.errors[i] = min(side.joined.errors[i] + 1, MAX_DEPTH)


@lean_kernel
def _one_direction(data: Bytes, side: Side, n: int) -> bool:
    """Do all reads of one end lie on one strand of the reference."""
    for k in range(1, n):
        if (flag(data, side.starts[k]) ^ flag(data, side.starts[0])) & FLAG_REVERSE:
            return False
    return True


@lean_kernel
def _select(data: Bytes, side: Side, n: int, counts: Counts) -> int:
    """Keep the reads of the common indel pattern, count the others; return how many are kept."""
    empty = 0
    for k in range(n):
        empty += side.lengths[k] == 0
    kept = keep_common_pattern(data, side.starts, side.lengths, n, side.keep)
    counts.losses[LOW_QUALITY] += empty
    counts.losses[MINORITY_ALIGNMENT] += n - empty - kept
    return kept


@lean_kernel
def _call_end(
    side: Side,
    rows: Rows,
    order: Offsets,
    first: int,
    n: int,
    strands: int,
    model: ErrorModel,
    sums: Sums,
    counts: Counts,
) -> tuple[int, bool]:
    """Call one end of a molecule; return the length, 0 for none, and whether both strands gave a consensus.

    `strands` is -1 for simplex, else the strands that have templates: 1 for A, 2 for B, 3 for both.
    """
    if strands < 0:
        length = _call_strand(side, side.joined, rows, order, first, n, -1, model, sums, counts)
        return length, False
    if strands < 3:
        length = _call_strand(side, side.a, rows, order, first, n, -1, model, sums, counts)
        _copy(side.a, side.joined, length)
        return length, False
    length_a = _call_strand(side, side.a, rows, order, first, n, 0, model, sums, counts)
    length_b = _call_strand(side, side.b, rows, order, first, n, 1, model, sums, counts)
    # Joined where both strands have bases; with one alone its whole length.
    length = max(length_a, length_b) if length_a == 0 or length_b == 0 else min(length_a, length_b)
    has_a = length_a > 0 and _covered(side.a, length)
    has_b = length_b > 0 and _covered(side.b, length)
    if has_a and has_b:
        _join(side, n, length, counts)
        return length, True
    if has_b:
        _copy(side.b, side.a, length_b)
        _copy(side.b, side.joined, length_b)
        return length_b, False
    if has_a:
        _copy(side.a, side.joined, length_a)
        return length_a, False
    return 0, False


class Called(NamedTuple):
    """What came of a molecule.

    Attributes:
        ends: 2 for pairs, 1 for single-end reads; 0 if no consensus came about.
        strands: -1 for simplex, else the strands that have templates: 1 for A, 2 for B, 3 for both.
        length_one: bases of the consensus at the first end.
        length_two: bases at the second; 0 for single-end reads.
        both_one: does the first end rest on both strands.
        both_two: does the second.
    """

    ends: int
    strands: int
    length_one: int
    length_two: int
    both_one: bool
    both_two: bool


@lean_kernel
def call_molecule(
    data: Bytes,
    rows: Rows,
    order: Offsets,
    first: int,
    n: int,
    duplex: bool,
    min_quality: int,
    model: ErrorModel,
    sums: Sums,
    one: Side,
    two: Side,
    counts: Counts,
) -> Called:
    """Call both ends of a molecule.

    Args:
        data: packed bytes of the records.
        rows: TEMPLATE rows.
        order: int64, templates of a molecule side by side.
        first: place of its first template in `order`.
        n: its templates.
        duplex: are strands called apart and joined.
        min_quality: raw bases below are ignored.
        model: the error model.
        sums: scratch, as wide as the longest read.
        one: filled in; at least `n` rows.
        two: filled in likewise.
        counts: added to.
    """
    ends, strands = 2 if rows[order[first]].second >= 0 else 1, -1
    if duplex:
        strands = 0
        for k in range(n):
            strands |= 1 << rows[order[first + k]].strand
    _load(data, rows, order, first, n, strands == 3, min_quality, one, two)
    if duplex and not (_one_direction(data, one, n) and _one_direction(data, two, n)):
        counts.losses[UMI_COLLISION] += ends * n
        return Called(0, strands, 0, 0, False, False)
    kept = _select(data, one, n, counts) + (_select(data, two, n, counts) if ends == 2 else 0)
    length_one, both_one = _call_end(one, rows, order, first, n, strands, model, sums, counts)
    length_two, both_two = 0, False
    if ends == 2:
        length_two, both_two = _call_end(two, rows, order, first, n, strands, model, sums, counts)
    if length_one == 0 or (ends == 2 and length_two == 0):
        counts.losses[ORPHAN] += kept
        return Called(0, strands, 0, 0, False, False)
    counts.outcomes[READS_USED] += kept
    counts.outcomes[MOLECULES] += 1
    counts.outcomes[DUPLEX_MOLECULES] += both_one and both_two
    counts.outcomes[CONSENSUS_READS] += ends
    return Called(ends, strands, length_one, length_two, both_one, both_two)
