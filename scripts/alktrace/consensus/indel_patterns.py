"""The indel pattern that most reads of a molecule agree on.

The rule is that of fgbio's filterToMostCommonAlignment; indels themselves are not modelled.
"""

from typing import Any

import numpy as np

from ..io.kernels import kernel, lean_kernel
from ..io.records import FLAG_REVERSE, Bytes, Offsets, cigar_item, cigar_offset, flag, l_seq, n_cigar
from .source_reads import MAX_OPERATIONS

Ints = Any


@lean_kernel
def has_indel(data: Bytes, start: int) -> bool:
    """Does the CIGAR hold anything but matches and clips."""
    cigar = cigar_offset(data, start)
    for i in range(n_cigar(data, start)):
        _, code = cigar_item(data, cigar, i)
        # Soft clips are no indels: the clip of one read may be the match of another.
        if code in (1, 2, 3, 6):
            return True
    return False


@lean_kernel
def pattern(data: Bytes, start: int, length: int, codes: Ints, lengths: Ints) -> int:
    """Simplify a CIGAR, in sequencing order and cut to some read bases: clips and matches are one.

    Args:
        data: packed bytes.
        start: offset of the record.
        length: read bases kept.
        codes: int64[MAX_OPERATIONS], filled in.
        lengths: int64[MAX_OPERATIONS], filled in.

    Returns:
        Number of operations.
    """
    cigar, count, n, at = cigar_offset(data, start), n_cigar(data, start), 0, 0
    reverse = flag(data, start) & FLAG_REVERSE
    cut = length < l_seq(data, start)
    for i in range(count):
        if cut and at >= length:
            break
        # In sequencing order: reads of the reverse strand end at their lower reference positions.
        size, code = cigar_item(data, cigar, count - 1 - i if reverse else i)
        if code in (0, 1, 4, 7, 8):
            if cut:
                size = min(size, length - at)
            at += size
        if code == 5:  # a primer was cut off here: no base of it is left to compare
            continue
        if code in (4, 7, 8):
            code = 0
        if n > 0 and codes[n - 1] == code:
            lengths[n - 1] += size
        elif n < MAX_OPERATIONS:
            codes[n], lengths[n] = code, size
            n += 1
    return n


@lean_kernel
def is_prefix(
    codes: Ints, lengths: Ints, n: int, other_codes: Ints, other_lengths: Ints, other_n: int
) -> bool:
    """Could a pattern be the beginning of another."""
    if n > other_n:
        return False
    for i in range(n):
        if codes[i] != other_codes[i] or lengths[i] > other_lengths[i]:
            return False
        # Only the last operation may be shorter: there the read ends, elsewhere the indel is another.
        if i < n - 1 and lengths[i] != other_lengths[i]:
            return False
    return True


@lean_kernel
def keep_common_pattern(data: Bytes, starts: Offsets, lengths: Offsets, n: int, keep: Bytes) -> int:
    """Keep the reads whose indels agree with most others.

    Reads join every pattern they are a beginning of, the longest first; ties go to the pattern that came up
    first, that is the longer read, then the order of the rows.

    Args:
        data: packed bytes.
        starts: int64[n], offset of the record of each row.
        lengths: int64[n], bases kept of each row; rows without bases are left out.
        n: number of rows.
        keep: uint8[n], set to 1 for rows kept and 0 for others.

    Returns:
        Number of rows kept.
    """
    kept, any_indel = 0, False
    for i in range(n):
        keep[i] = lengths[i] > 0
        kept += keep[i]
        any_indel |= lengths[i] > 0 and has_indel(data, starts[i])
    return _keep_most(data, starts, lengths, n, kept, keep) if any_indel and kept > 1 else kept


@kernel
def _keep_most(data: Bytes, starts: Offsets, lengths: Offsets, n: int, kept: int, keep: Bytes) -> int:
    """Keep the reads of the commonest pattern; `kept` is the number of reads with bases."""
    # Stable: of reads of one length the first row leads, so that ties fall the same way in every run.
    order = np.argsort(-lengths[:n], kind="mergesort")[:kept]
    codes = np.empty((kept, MAX_OPERATIONS), np.int64)
    sizes = np.empty((kept, MAX_OPERATIONS), np.int64)
    counts = np.empty(kept, np.int64)
    leaders, votes, groups = np.empty(kept, np.int64), np.zeros(kept, np.int64), 0
    for i in range(kept):
        counts[i] = pattern(data, starts[order[i]], lengths[order[i]], codes[i], sizes[i])
        found = False
        for g in range(groups):
            lead = leaders[g]
            if is_prefix(codes[i], sizes[i], counts[i], codes[lead], sizes[lead], counts[lead]):
                votes[g] += 1
                found = True
        if not found:
            leaders[groups], votes[groups] = i, 1
            groups += 1
    lead = leaders[np.argmax(votes[:groups])]
    kept_now = 0
    for i in range(kept):
        # A longer read cannot be the beginning of a shorter one.
        member = i >= lead and is_prefix(
            codes[i], sizes[i], counts[i], codes[lead], sizes[lead], counts[lead]
        )
        keep[order[i]] = member
        kept_now += member
    return kept_now
