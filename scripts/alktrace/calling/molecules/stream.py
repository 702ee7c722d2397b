"""Molecules of a coordinate-sorted consensus BAM: records of one name that lie close are seen together."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...io.bam_io import iterate_batches
from ...io.kernels import kernel
from ...io.records import (
    FLAG_DUPLICATE,
    FLAG_FIRST,
    FLAG_LAST,
    FLAG_MATE_UNMAPPED,
    FLAG_NOT_PF,
    FLAG_PAIRED,
    FLAG_SECONDARY,
    FLAG_SUPPLEMENTARY,
    FLAG_UNMAPPED,
    Bytes,
    Offsets,
    after_value,
    array_value,
    flag,
    int64,
    mate_pos,
    mate_ref,
    name_length,
    name_offset,
    position,
    ref_id,
    tags_offset,
)

MAX_SPAN = 10_000
"""Mates farther apart share no site; each is then looked at on its own."""
EXCLUDED = FLAG_UNMAPPED | FLAG_SECONDARY | FLAG_SUPPLEMENTARY | FLAG_NOT_PF | FLAG_DUPLICATE

# Arrays of this size are used again; larger ones are new memory each time, a tenth of a pass.
BATCH_BYTES = 8 << 20

ALONE = -1
SKIP = -2
CARRY = -3


class Records(NamedTuple):
    """A batch of records with their mates, for kernels.

    Attributes:
        data: uint8[n_bytes], packed records.
        starts, ends: int64[n_records], as in `RecordBatch`.
        mates: int64[n_records], index of the mate, `ALONE`, or `SKIP` for the second record of a pair and
            for records that do not vote (unmapped, secondary, supplementary, not PF, duplicate).
    """

    data: Bytes
    starts: Offsets
    ends: Offsets
    mates: NDArray[np.int64]


class MoleculeCounter(Protocol):
    """What looks at every molecule of a BAM."""

    def take(self, records: Records) -> None:
        """Look at the molecules of one batch."""


def feed(bam: Path, counters: Sequence[MoleculeCounter], *, threads: int = 1) -> None:
    """Show every molecule of a coordinate-sorted BAM to all counters, in one pass.

    Raises:
        DataError: the BAM is not sorted by coordinate.
    """
    for records in iterate_molecules(bam, threads=threads):
        for counter in counters:
            counter.take(records)


def iterate_molecules(path: Path, *, threads: int = 1) -> Iterator[Records]:
    """Yield all records of a BAM, each with the mate it shares sites with.

    A record whose mate is still to come waits for the next batch, so memory is that of one batch and of the
    molecules that lie across its end.

    Raises:
        DataError: the BAM is not sorted by coordinate, holds a read of a pair twice or a depth below zero.
    """
    carried = np.zeros(0, np.uint8)
    lengths = np.zeros(0, np.int64)
    last = (-1, -1)
    for batch in iterate_batches(path, batch_bytes=BATCH_BYTES, threads=threads):
        place = _check_order(batch.data, batch.starts, last[0], last[1])
        if place[0] == -2:
            raise DataError(path, "records are not sorted by coordinate", "run `samtools sort` and index it")
        last = place
        if (negative := _negative_depth(batch.data, batch.starts, batch.ends)) >= 0:
            name = _name(batch.data, int(batch.starts[negative]))
            what = f"a count of reads of {name!r} is negative (cD, aD, bD, cd, ad, bd, XV or XW)"
            raise DataError(path, what, "write the consensus anew")
        ends_before = np.cumsum(lengths)
        shift = len(carried)
        # As it is where nothing is carried: tens of megabytes need not be copied.
        data = np.concatenate([carried, batch.data]) if shift else batch.data
        starts = np.concatenate([ends_before - lengths, batch.starts + shift])
        ends = np.concatenate([ends_before, batch.ends + shift])
        mates, twice = _pair(data, starts, last[0], last[1])
        if twice >= 0:
            raise DataError(
                path,
                f"two primary alignments of the same read {_name(data, int(starts[twice]))!r}",
                "give each molecule once, with a name of its own",
            )
        waiting = np.flatnonzero(mates == CARRY)
        mates[waiting] = SKIP
        yield Records(data, starts, ends, mates)
        lengths = ends[waiting] - starts[waiting]
        carried = _gather(data, starts[waiting], ends[waiting])
    if len(lengths):
        ends = np.cumsum(lengths)
        yield Records(carried, ends - lengths, ends, np.full(len(ends), ALONE, np.int64))


@kernel
def _check_order(data: Bytes, starts: Offsets, tid: int, pos: int) -> tuple[int, int]:
    """Return the place of the last mapped record, or (-2, -2) if the order is broken."""
    for i in range(len(starts)):
        here, at = ref_id(data, starts[i]), position(data, starts[i])
        if here < 0:
            continue
        if here < tid or (here == tid and at < pos):
            return -2, -2
        tid, pos = here, at
    return tid, pos


@kernel
def _negative_depth(data: Bytes, starts: Offsets, ends: Offsets) -> int:
    """Return the index of the first record one of whose depths is negative, -1 without any."""
    for i in range(len(starts)):
        at, end = tags_offset(data, starts[i]), ends[i]
        while at + 3 <= end:
            after = after_value(data, at + 2, end)
            if after < 0:
                break
            if _counts_reads(data[at], data[at + 1]):
                kind, count, first = int64(data[at + 2]), 1, at + 3
                if kind == ord("B"):
                    kind, count, first = array_value(data, at + 2)
                if _is_negative(data, kind, count, first):
                    return i
            at = after
    return -1


@kernel
def _is_negative(data: Bytes, kind: int, count: int, first: int) -> bool:
    """Tell whether any item of an array of integers is below zero, by the sign bit in its last byte."""
    if kind != ord("c") and kind != ord("s") and kind != ord("i"):
        return False
    size = 1 if kind == ord("c") else 2 if kind == ord("s") else 4
    signs = 0
    for k in range(first + size - 1, first + count * size, size):
        signs |= data[k]
    return signs & 0x80 != 0


@kernel
def _counts_reads(first: int, second: int) -> bool:
    if first in (ord("a"), ord("b"), ord("c")):
        return second in (ord("D"), ord("d"))
    return first == ord("X") and second in (ord("V"), ord("W"))


@kernel
def _gather(data: Bytes, starts: Offsets, ends: Offsets) -> Bytes:
    out = np.empty((ends - starts).sum(), np.uint8)
    at = 0
    for i in range(len(starts)):
        size = ends[i] - starts[i]
        out[at : at + size] = data[starts[i] : ends[i]]
        at += size
    return out


def _name(data: Bytes, start: int) -> str:
    at = name_offset(start)
    return data[at : at + name_length(data, start)].tobytes().decode(errors="replace")


@kernel
def _name_hash(data: Bytes, start: int) -> int:
    value = np.uint64(14695981039346656037)
    first = name_offset(start)
    for i in range(name_length(data, start)):
        value = (value ^ np.uint64(data[first + i])) * np.uint64(1099511628211)
    return int((value ^ (value >> np.uint64(29))) & np.uint64(0x7FFFFFFFFFFFFFFF))


@kernel
def _same_name(data: Bytes, a: int, b: int) -> bool:
    length = name_length(data, a)
    if length != name_length(data, b):
        return False
    first, second = name_offset(a), name_offset(b)
    # A loop, not all(): numba compiles no generators.
    for i in range(length):  # noqa: SIM110
        if data[first + i] != data[second + i]:
            return False
    return True


@kernel
def _expects_mate(data: Bytes, start: int) -> bool:
    flags = flag(data, start)
    if not flags & FLAG_PAIRED or flags & FLAG_MATE_UNMAPPED:
        return False
    if mate_ref(data, start) != ref_id(data, start):
        return False
    return abs(mate_pos(data, start) - position(data, start)) <= MAX_SPAN


@kernel
def _pair(data: Bytes, starts: Offsets, tid: int, pos: int) -> tuple[NDArray[np.int64], int]:
    """Find mates by name, and a read that is there twice (-1: none).

    `tid`, `pos`: place of the last record, behind which mates may still come.
    """
    n = len(starts)
    mates = np.full(n, SKIP, np.int64)
    size = 16
    while size < 2 * n:
        size *= 2
    table = np.full(size, -1, np.int64)
    for i in range(n):
        start = starts[i]
        if flag(data, start) & EXCLUDED:
            continue
        mates[i] = ALONE
        expects = _expects_mate(data, start)
        slot = _name_hash(data, start) & (size - 1)
        while table[slot] >= 0:
            j = table[slot]
            if ref_id(data, starts[j]) == ref_id(data, start) and _same_name(data, starts[j], start):
                both = expects and _expects_mate(data, starts[j])
                number = FLAG_FIRST if both else FLAG_FIRST | FLAG_LAST
                # Of two reads with one name and number any mate may be the wrong one, and of two without a
                # mate nearby, such as single reads, each would be a molecule.
                differ = (flag(data, starts[j]) ^ flag(data, start)) & number
                if differ == 0 or (both and mates[j] != ALONE):
                    return mates, i
                if both:
                    mates[j], mates[i] = i, SKIP
                    break
            slot = (slot + 1) & (size - 1)
        if mates[i] == ALONE:
            table[slot] = i
    _mark_waiting(data, starts, mates, tid, pos)
    return mates, -1


@kernel
def _mark_waiting(data: Bytes, starts: Offsets, mates: NDArray[np.int64], tid: int, pos: int) -> None:
    """Mark records whose mate may still come behind a place."""
    for i in range(len(starts)):
        if mates[i] == ALONE and _expects_mate(data, starts[i]):
            here, there = ref_id(data, starts[i]), mate_pos(data, starts[i])
            if here > tid or (here == tid and there >= pos):
                mates[i] = CARRY
