"""One molecule laid out over the reference: both mates reconciled, one state per position.

A molecule votes once per site. Mates that agree count once, with the better class; mates that disagree make
the site uninformative; an uninformative base of one mate leaves the vote to the other.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...io.kernels import kernel
from ...io.records import (
    FLAG_MATE_REVERSE,
    FLAG_MATE_UNMAPPED,
    FLAG_PAIRED,
    Bytes,
    cigar_item,
    cigar_offset,
    flag,
    n_cigar,
    tlen,
)
from ..noise.molecule_classes import TO_END
from .reads import (
    CIGAR_D,
    CIGAR_EQ,
    CIGAR_I,
    CIGAR_M,
    CIGAR_N,
    CIGAR_S,
    CIGAR_X,
    CLIP_LEFT,
    CLIP_RIGHT,
    END,
    FRAGMENT_END,
    FRAGMENT_START,
    LENGTH,
    MAX_LENGTH,
    REVERSE,
    START,
    STRICT,
    VOTES,
    Filters,
    Info,
    describe,
    spread,
)
from .stream import MAX_SPAN, Records

HIDDEN = 4
NOT_COVERED = 5
DELETED = 6
CONFLICT = 7
"""States of a row beside the bases 0-3."""

ROW_SIZE = 2 * MAX_SPAN + 4096
NO_LIMIT = 1 << 40

Row = NDArray[np.uint8]
"""uint8[6, ROW_SIZE]: state, class and strictness per reference position from the start of the molecule, then
code, class and strictness per base of the read that is being added."""


class Read(NamedTuple):
    """One record and its description."""

    data: Bytes
    start: int
    info: Info


@kernel
def fragment_limits(data: Bytes, start: int, info: Info, mate: Info, has_mate: bool) -> tuple[int, int]:
    """Return where the fragment starts and ends on the reference, 0-based half-open.

    The 5' ends of both mates bound it; without the record of the mate the template length does; without that
    the ends of the read itself.
    """
    own_start, own_end = info[START] - info[CLIP_LEFT], info[END] + info[CLIP_RIGHT]
    if has_mate:
        mate_start, mate_end = mate[START] - mate[CLIP_LEFT], mate[END] + mate[CLIP_RIGHT]
        if info[REVERSE] == mate[REVERSE]:
            return min(own_start, mate_start), max(own_end, mate_end)
        return (mate_start, own_end) if info[REVERSE] else (own_start, mate_end)
    flags, length = flag(data, start), tlen(data, start)
    inward = flags & FLAG_PAIRED and not flags & FLAG_MATE_UNMAPPED
    inward = inward and (flags & FLAG_MATE_REVERSE != 0) != (info[REVERSE] == 1)
    if inward and info[REVERSE] == 0 and length > 0:
        return own_start, info[START] + length
    if inward and info[REVERSE] == 1 and length < 0:
        return info[END] + length, own_end
    return own_start, own_end


@kernel
def describe_molecule(
    records: Records, first: int, filters: Filters, infos: NDArray[np.int64]
) -> tuple[int, int]:
    """Describe both records of one molecule.

    Args:
        records: a batch.
        first: index of the first record of the molecule.
        filters: settings.
        infos: int64[2, INFO_SIZE], filled for both records.

    Returns:
        First position and end (0-based half-open) of the molecule; both 0 if no record votes.
    """
    data, mate = records.data, records.mates[first]
    describe(data, records.starts[first], records.ends[first], filters, infos[0])
    infos[1, VOTES] = 0
    if mate >= 0:
        describe(data, records.starts[mate], records.ends[mate], filters, infos[1])
        both = infos[0, STRICT] == 1 and infos[1, STRICT] == 1
        infos[0, STRICT] = infos[1, STRICT] = 1 if both else 0
    low, high = NO_LIMIT, 0
    for k in range(2):
        if infos[k, VOTES] == 1:
            low, high = min(low, infos[k, START]), max(high, infos[k, END])
    if low >= high or high - low > ROW_SIZE:
        infos[:, VOTES] = 0
        return 0, 0
    begin, finish = fragment_limits(data, records.starts[first], infos[0], infos[1], mate >= 0)
    for k in range(2):
        infos[k, FRAGMENT_START], infos[k, FRAGMENT_END] = begin, finish
    return low, high


@kernel
def fill_row(
    records: Records, first: int, filters: Filters, infos: NDArray[np.int64], span: tuple[int, int], row: Row
) -> None:
    """Fill the row of a molecule that is described; `span`: its first position and end."""
    low, high = span
    row[0, : high - low] = NOT_COVERED
    frame = (low, infos[0, FRAGMENT_START], infos[0, FRAGMENT_END])
    for k in range(2):
        if infos[k, VOTES] == 1:
            start = records.starts[first] if k == 0 else records.starts[records.mates[first]]
            _add_read(Read(records.data, start, infos[k]), filters, frame, row)


@kernel
def _add_read(read: Read, filters: Filters, frame: tuple[int, int, int], row: Row) -> None:
    """Add a read; `frame`: start of the row, and the ends of the fragment."""
    low, begin, finish = frame
    inner = (begin + filters.end_zone - low, finish - filters.end_zone - low)
    begin, finish = begin + filters.end_distance, finish - filters.end_distance
    cigar, at, query = cigar_offset(read.data, read.start), read.info[START], 0
    # Bases near the own 5' end do not vote, counted along the read: indels do not shift them.
    first = filters.end_distance if read.info[REVERSE] == 0 else 0
    last = read.info[LENGTH] - (filters.end_distance if read.info[REVERSE] == 1 else 0)
    bases = row[3:, :MAX_LENGTH]
    spread(read.data, read.info, filters, (first, last), bases)
    for k in range(n_cigar(read.data, read.start)):
        size, code = cigar_item(read.data, cigar, k)
        if code in (CIGAR_M, CIGAR_EQ, CIGAR_X):
            stretch = (max(0, begin - at, first - query), min(size, finish - at, last - query))
            _add_bases(bases, stretch, (query, at - low), inner, row)
            at, query = at + size, query + size
        elif code in (CIGAR_I, CIGAR_S):
            query += size
        elif code == CIGAR_D:
            for j in range(max(0, begin - at), min(size, finish - at)):
                _add_state(row, at + j - low, DELETED)
            at += size
        elif code == CIGAR_N:
            at += size


@kernel
def _add_bases(
    bases: Bytes, stretch: tuple[int, int], begin: tuple[int, int], inner: tuple[int, int], row: Row
) -> None:
    """Add a stretch of an aligned block.

    Args:
        bases: code, class and strictness per base of the read.
        stretch: part of the block to add.
        begin: query index and place in the row where the block begins.
        inner: part of the row that is not near an end of the fragment.
        row: added to.
    """
    query, at = begin
    for j in range(stretch[0], stretch[1]):
        code, before = bases[0, query + j], row[0, at + j]
        if before in (NOT_COVERED, HIDDEN):
            row[0, at + j] = code
            row[1, at + j] = bases[1, query + j] - (0 if inner[0] <= at + j < inner[1] else TO_END)
            row[2, at + j] = bases[2, query + j]
        elif code < HIDDEN:
            if before != code:
                row[0, at + j] = CONFLICT
            else:
                better = bases[1, query + j] - (0 if inner[0] <= at + j < inner[1] else TO_END)
                row[1, at + j] = max(row[1, at + j], better)
                row[2, at + j] |= bases[2, query + j]


@kernel
def _add_state(row: Row, at: int, state: int) -> None:
    before = row[0, at]
    if before in (NOT_COVERED, HIDDEN):
        row[0, at] = state
    elif before != state:
        row[0, at] = CONFLICT
