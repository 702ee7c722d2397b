"""A called molecule as packed records: names, UMI and the tags of depth, error rate and strands."""

from typing import Any, NamedTuple

import numpy as np

from ..io.kernels import kernel, lean_kernel
from ..io.records import Bytes, Offsets, int64, put_digits
from .encode import (
    FIRST_OF_PAIR,
    LETTERS,
    SECOND_OF_PAIR,
    SINGLE_END,
    close_record,
    put_bases,
    put_float,
    put_int,
    put_quals,
    put_record,
    put_shorts,
    put_tag,
    put_text,
)
from .places import Place, put_place
from .strands import Called, Side, Strand
from .templates import Rows

MAX_UMI_TEXT = 128


class Naming(NamedTuple):
    """Text that goes into every record."""

    prefix: Bytes
    read_group: Bytes


class Scratch(NamedTuple):
    """Scratch of `put_molecule`.

    Attributes:
        depths: int64[width].
        real: float32[1].
        umi: uint8[MAX_UMI_TEXT].
    """

    depths: Offsets
    real: Any
    umi: Bytes


@kernel
def new_scratch(width: int) -> Scratch:
    """Return scratch for reads of at most `width` bases."""
    return Scratch(np.empty(width, np.int64), np.empty(1, np.float32), np.empty(MAX_UMI_TEXT, np.uint8))


@lean_kernel
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


@lean_kernel
def _put_depths(out: Bytes, at: int, letter: int, figures: tuple[int, int, float], scratch: Any) -> int:
    """Write the tags of depth and error rate of a read or a strand: letter D, M, E."""
    at = put_int(out, at, letter, ord("D"), figures[0])
    at = put_int(out, at, letter, ord("M"), figures[1])
    return put_float(out, at, letter, ord("E"), figures[2], scratch)


@lean_kernel
def _put_strand(out: Bytes, at: int, letter: int, strand: Strand, length: int) -> int:
    """Write the per-base tags of a strand: letter d, e, c, q."""
    at = put_shorts(out, at, letter, ord("d"), strand.depths, length)
    at = put_shorts(out, at, letter, ord("e"), strand.errors, length)
    at = put_bases(out, at, letter, ord("c"), strand.bases, length)
    return put_quals(out, at, letter, ord("q"), strand.quals, length)


@lean_kernel
def _put_simplex(out: Bytes, at: int, side: Side, length: int, depths: Offsets, scratch: Any) -> int:
    for i in range(length):
        depths[i] = side.joined.depths[i]
    at = _put_depths(out, at, ord("c"), _rate(side.joined, depths, length), scratch)
    at = put_shorts(out, at, ord("c"), ord("d"), side.joined.depths, length)
    return put_shorts(out, at, ord("c"), ord("e"), side.joined.errors, length)


@lean_kernel
def _put_duplex(
    out: Bytes, at: int, side: Side, length: int, both: bool, depths: Offsets, scratch: Any
) -> int:
    for i in range(length):
        # int64 first: two depths of 20,000 do not fit into int16.
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


@lean_kernel
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
    at, voters = 0, 1 if same else n
    for half in range(2):
        # Keys hold the halves of strand B exchanged; the text is that of the reads.
        second = (half == 1) != as_read
        length = head.length_b if second else head.length_a
        if half == 1 and head.joined:
            text[at] = ord("-")
            at += 1
        for i in range(length):
            shift = 2 * (length - 1 - i)
            best, most, tied = 0, 0, False
            for base in range(4):
                votes = 0
                for k in range(voters):
                    row = rows[order[first + k]]
                    votes += ((row.umi_b if second else row.umi_a) >> shift) & 3 == base
                # Without the second a tie would always be the first letter of it.
                best, tied = (base, False) if votes > most else (best, tied or votes == most)
                most = max(most, votes)
            text[at] = ord("N") if tied else LETTERS[best]
            at += 1
    return at


@lean_kernel
def put_molecule(
    out: Bytes,
    at: int,
    number: int,
    called: Called,
    umi: int,
    duplex: bool,
    one: Side,
    two: Side,
    naming: Naming,
    scratch: Scratch,
    places: tuple[Place, Place],
) -> int:
    """Write the reads of a molecule, R1 before R2.

    Args:
        out: where to write; wide enough.
        at: offset of the first block_size.
        number: number of the molecule.
        called: what `call_molecule` returned.
        umi: bytes of the UMI in the scratch; 0 for none.
        duplex: are the tags of both strands written.
        one: consensus of the first end.
        two: consensus of the second.
        naming: name prefix and read group.
        scratch: scratch.
        places: where the reads of both ends lie.

    Returns:
        Where the records end.
    """
    for end in range(called.ends):
        side, length, both = (
            (one, called.length_one, called.both_one)
            if end == 0
            else (two, called.length_two, called.both_two)
        )
        flags = SINGLE_END if called.ends == 1 else FIRST_OF_PAIR if end == 0 else SECOND_OF_PAIR
        start = at
        at = put_record(out, at, naming.prefix, number, flags, side.joined.bases, side.joined.quals, length)
        at = put_text(out, at, ord("R"), ord("G"), naming.read_group)
        at = put_tag(out, at, ord("M"), ord("I"), ord("Z"))
        at = put_digits(out, at, number)
        out[at] = 0
        at += 1
        if umi > 0:
            at = put_text(out, at, ord("R"), ord("X"), scratch.umi[:umi])
        if duplex:
            at = _put_duplex(out, at, side, length, both, scratch.depths, scratch.real)
        else:
            at = _put_simplex(out, at, side, length, scratch.depths, scratch.real)
        at = put_place(out, at, places[end])
        at = close_record(out, start, at)
    return at
