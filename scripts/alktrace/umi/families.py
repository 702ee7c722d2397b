"""From the templates of a molecule to its consensus records: simplex and duplex."""

from typing import Any, NamedTuple

import numpy as np

from .consensus import MAX_DEPTH, NO_CALL, ErrorModel, Sums, join_strands, new_sums, strand_consensus
from .encode import (
    BYTES_PER_BASE,
    FIRST_OF_PAIR,
    FIXED_ROOM,
    LETTERS,
    SECOND_OF_PAIR,
    SINGLE_END,
    close_record,
    put_bases,
    put_digits,
    put_float,
    put_int,
    put_quals,
    put_record,
    put_shorts,
    put_tag,
    put_text,
)
from .records import FLAG_REVERSE, Bytes, Offsets, flag, int64, kernel, l_seq
from .source_reads import MAX_OPERATIONS, keep_common_pattern, prepare_pair
from .templates import LOW_QUALITY, MINORITY_ALIGNMENT, ORPHAN, UMI_COLLISION, Rows

# Strands must both have this many reads for their disagreement to count as an error of the strand consensus.
STRAND_DEPTH = 2
N_OUTCOMES = 5
READS_USED, MOLECULES, DUPLEX_MOLECULES, CONSENSUS_READS, BASES = range(N_OUTCOMES)

Shorts = Any


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


class Naming(NamedTuple):
    """Text that goes into every record."""

    prefix: Bytes
    read_group: Bytes


@kernel
def _strand(width: int) -> Strand:
    return Strand(
        np.empty(width, np.uint8),
        np.empty(width, np.uint8),
        np.empty(width, np.int16),
        np.empty(width, np.int16),
    )


@kernel
def _side(n: int, width: int) -> Side:
    return Side(
        np.empty(n, np.int64),
        np.empty((n, width), np.uint8),
        np.empty((n, width), np.uint8),
        np.empty(n, np.int64),
        np.empty(n, np.uint8),
        np.empty(n, np.int64),
        _strand(width),
        _strand(width),
        _strand(width),
    )


@kernel
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
    blocks_one = np.empty((MAX_OPERATIONS, 3), np.int64)
    blocks_two = np.empty((MAX_OPERATIONS, 3), np.int64)
    for k in range(n):
        row = rows[order[first + k]]
        x, y = (two, one) if turn and row.strand else (one, two)
        x.starts[k], y.starts[k] = row.first, row.second
        x.lengths[k], y.lengths[k] = prepare_pair(
            data, row.first, row.second, min_quality,
            x.bases[k], x.quals[k], y.bases[k], y.quals[k], blocks_one, blocks_two,
        )  # fmt: skip


@kernel
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


@kernel
def _covered(strand: Strand, length: int) -> bool:
    return bool(strand.depths[:length].max() > 0)


@kernel
def _copy(source: Strand, target: Strand, length: int) -> None:
    target.bases[:length] = source.bases[:length]
    target.quals[:length] = source.quals[:length]
    target.depths[:length] = source.depths[:length]
    target.errors[:length] = source.errors[:length]


@kernel
def _join(side: Side, n: int, length: int, counts: Counts) -> None:
    """Join both strands of one end; errors are reads of either strand that differ from the base called."""
    raw = np.empty(length, np.int64)
    for i in range(length):
        base_a, base_b = int64(side.a.bases[i]), int64(side.b.bases[i])
        base, qual, raw[i] = join_strands(base_a, int64(side.a.quals[i]), base_b, int64(side.b.quals[i]))
        side.joined.bases[i], side.joined.quals[i], side.joined.errors[i] = base, qual, 0
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


@kernel
def _one_direction(data: Bytes, side: Side, n: int) -> bool:
    """Do all reads of one end lie on one strand of the reference."""
    for k in range(1, n):
        if (flag(data, side.starts[k]) ^ flag(data, side.starts[0])) & FLAG_REVERSE:
            return False
    return True


@kernel
def _select(data: Bytes, side: Side, n: int, counts: Counts) -> int:
    """Keep the reads of the common indel pattern, count the others; return how many are kept."""
    empty = 0
    for k in range(n):
        empty += side.lengths[k] == 0
    kept = keep_common_pattern(data, side.starts, side.lengths, n, side.keep)
    counts.losses[LOW_QUALITY] += empty
    counts.losses[MINORITY_ALIGNMENT] += n - empty - kept
    return kept


@kernel
def _rate(strand: Strand, depths: Offsets, length: int) -> tuple[int, int, float]:
    """Return highest and lowest depth and the error rate of a consensus."""
    most, least, errors, total = depths[0], depths[0], int64(0), int64(0)
    for i in range(length):
        most, least = max(most, depths[i]), min(least, depths[i])
        total += depths[i]
        errors += strand.errors[i]
    # Single precision throughout, as fgbio writes it.
    rate: Any = np.float32(errors) / np.float32(max(total, 1))
    return most, least, rate


@kernel
def _put_depths(out: Bytes, at: int, letter: int, figures: tuple[int, int, float], scratch: Any) -> int:
    """Write the tags of depth and error rate of a read or a strand: letter D, M, E."""
    at = put_int(out, at, letter, ord("D"), figures[0])
    at = put_int(out, at, letter, ord("M"), figures[1])
    return put_float(out, at, letter, ord("E"), figures[2], scratch)


@kernel
def _put_strand(out: Bytes, at: int, letter: int, strand: Strand, length: int) -> int:
    """Write the per-base tags of a strand: letter d, e, c, q."""
    at = put_shorts(out, at, letter, ord("d"), strand.depths, length)
    at = put_shorts(out, at, letter, ord("e"), strand.errors, length)
    at = put_bases(out, at, letter, ord("c"), strand.bases, length)
    return put_quals(out, at, letter, ord("q"), strand.quals, length)


@kernel
def _put_simplex(out: Bytes, at: int, side: Side, length: int, depths: Offsets, scratch: Any) -> int:
    for i in range(length):
        depths[i] = side.joined.depths[i]
    at = _put_depths(out, at, ord("c"), _rate(side.joined, depths, length), scratch)
    at = put_shorts(out, at, ord("c"), ord("d"), side.joined.depths, length)
    return put_shorts(out, at, ord("c"), ord("e"), side.joined.errors, length)


@kernel
def _put_duplex(
    out: Bytes, at: int, side: Side, length: int, both: bool, depths: Offsets, scratch: Any
) -> int:
    for i in range(length):
        depths[i] = int64(side.a.depths[i]) + (int64(side.b.depths[i]) if both else 0)
    at = _put_depths(out, at, ord("c"), _rate(side.joined, depths, length), scratch)
    for i in range(length):
        depths[i] = side.a.depths[i]
    at = _put_depths(out, at, ord("a"), _rate(side.a, depths, length), scratch)
    if both:
        for i in range(length):
            depths[i] = side.b.depths[i]
        at = _put_depths(out, at, ord("b"), _rate(side.b, depths, length), scratch)
    else:
        at = _put_depths(out, at, ord("b"), (0, 0, 0.0), scratch)
    at = _put_strand(out, at, ord("a"), side.a, length)
    return _put_strand(out, at, ord("b"), side.b, length) if both else at


@kernel
def umi_text(rows: Rows, order: Offsets, first: int, n: int, as_read: bool, text: Bytes) -> int:
    """Write the consensus UMI of a molecule: the most frequent base at each place, N in a tie.

    Args:
        rows: TEMPLATE rows.
        order: order of the rows.
        first: first template of the molecule.
        n: its templates.
        as_read: must the halves be exchanged, because the molecule has reads of strand B only.
        text: uint8, filled in.

    Returns:
        Length of the text.
    """
    head, same = rows[order[first]], True
    for k in range(1, n):
        row = rows[order[first + k]]
        same &= row.umi_a == head.umi_a and row.umi_b == head.umi_b
    at, voters, votes = 0, 1 if same else n, np.empty(4, np.int64)
    for half in range(2):
        second = (half == 1) != as_read
        length = head.length_b if second else head.length_a
        if half == 1 and head.joined:
            text[at] = ord("-")
            at += 1
        for i in range(length):
            shift = 2 * (length - 1 - i)
            votes[:] = 0
            for k in range(voters):
                row = rows[order[first + k]]
                votes[((row.umi_b if second else row.umi_a) >> shift) & 3] += 1
            best = np.argmax(votes)
            tied = 0
            for base in range(4):
                tied += votes[base] == votes[best]
            text[at] = LETTERS[best] if tied == 1 else ord("N")
            at += 1
    return at


@kernel
def _widest(data: Bytes, rows: Rows, order: Offsets, bounds: Offsets) -> tuple[int, int]:
    """Return the longest read and the largest family of a chunk."""
    width, largest = int64(1), int64(1)
    for m in range(len(bounds) - 1):
        largest = max(largest, bounds[m + 1] - bounds[m])
    for k in range(bounds[0], bounds[len(bounds) - 1]):
        row = rows[order[k]]
        width = max(width, l_seq(data, row.first))
        if row.second >= 0:
            width = max(width, l_seq(data, row.second))
    return width, largest


@kernel
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


@kernel
def call_families(
    data: Bytes,
    rows: Rows,
    order: Offsets,
    bounds: Offsets,
    number: int,
    duplex: bool,
    min_quality: int,
    model: ErrorModel,
    naming: Naming,
    counts: Counts,
) -> Bytes:
    """Call the consensus reads of a run of molecules.

    Args:
        data: packed bytes of the records.
        rows: TEMPLATE rows.
        order: int64, templates of a molecule side by side.
        bounds: int64[molecules + 1], bounds of the molecules in `order`.
        number: number of the first molecule.
        duplex: are strands called apart and joined.
        min_quality: raw bases below are ignored.
        model: the error model.
        naming: name prefix and read group.
        counts: added to.

    Returns:
        Packed records, each with its block_size: R1 and R2 of each molecule, or one single-end read.
    """
    width, largest = _widest(data, rows, order, bounds)
    room = FIXED_ROOM + len(naming.prefix) + len(naming.read_group) + BYTES_PER_BASE * width
    out = np.empty(2 * (len(bounds) - 1) * room + room, np.uint8)
    one, two = _side(largest, width), _side(largest, width)
    sums = new_sums(width)
    depths, scratch, text = np.empty(width, np.int64), np.empty(1, np.float32), np.empty(128, np.uint8)
    at = 0
    for m in range(len(bounds) - 1):
        first, n = bounds[m], bounds[m + 1] - bounds[m]
        paired = rows[order[first]].second >= 0
        strands = -1
        if duplex:
            strands = 0
            for k in range(n):
                strands |= 1 << rows[order[first + k]].strand
        _load(data, rows, order, first, n, strands == 3, min_quality, one, two)
        ends = 2 if paired else 1
        if duplex and not (_one_direction(data, one, n) and _one_direction(data, two, n)):
            counts.losses[UMI_COLLISION] += ends * n
            continue
        kept = _select(data, one, n, counts) + (_select(data, two, n, counts) if paired else 0)
        length_one, both_one = _call_end(one, rows, order, first, n, strands, model, sums, counts)
        length_two, both_two = 0, False
        if paired:
            length_two, both_two = _call_end(two, rows, order, first, n, strands, model, sums, counts)
        if length_one == 0 or (paired and length_two == 0):
            counts.losses[ORPHAN] += kept
            continue
        counts.outcomes[READS_USED] += kept
        counts.outcomes[MOLECULES] += 1
        counts.outcomes[DUPLEX_MOLECULES] += both_one and both_two
        counts.outcomes[CONSENSUS_READS] += ends
        counts.outcomes[BASES] += length_one + length_two
        umi = umi_text(rows, order, first, n, strands == 2, text)
        for end in range(ends):
            side, length, both = (one, length_one, both_one) if end == 0 else (two, length_two, both_two)
            flags = SINGLE_END if not paired else FIRST_OF_PAIR if end == 0 else SECOND_OF_PAIR
            start = at
            at = put_record(
                out, at, naming.prefix, number + m, flags, side.joined.bases, side.joined.quals, length
            )
            at = put_text(out, at, ord("R"), ord("G"), naming.read_group)
            at = put_tag(out, at, ord("M"), ord("I"), ord("Z"))
            at = put_digits(out, at, number + m)
            out[at] = 0
            at += 1
            if umi > 0:
                at = put_text(out, at, ord("R"), ord("X"), text[:umi])
            if duplex:
                at = _put_duplex(out, at, side, length, both, depths, scratch)
            else:
                at = _put_simplex(out, at, side, length, depths, scratch)
            at = close_record(out, start, at)
    return out[:at].copy()
