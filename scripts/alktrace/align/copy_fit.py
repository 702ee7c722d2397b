"""Kernels of `once`: does the alignment of a representative hold for a copy.

It does where the aligner could not have found another: full length without a gap, so few mismatches to the
reference that neither a clip nor a gap scores as much (match 1, mismatch -4, gap -6 and -1 per base, clip -5:
the defaults of `bwa mem`), no short tandem repeat, and far from any second place.
"""

from typing import Any, NamedTuple

import numpy as np

from ..io.kernels import kernel
from ..io.records import Bytes, Offsets, int64, uint64

MATCH, MISMATCH, GAP_OPEN, CLIP = 1, 4, 6, 5
SPARED = MATCH + MISMATCH  # what a mismatch costs
MIN_SCORE = 40
MIN_STRETCH = 25
MIN_LEAD = 10
SEED = 19
CLUSTER, CLUSTER_BASES = 3, 20
MAX_MISMATCHES = 16
MAX_READ = 1000
MAX_PERIOD, REPEAT_BASES = 6, 16
SURE_SCORE = 20  # an end that has won so much is not clipped any more

# What is known of a representative, of R1 and R2: where its reference bases lie, position, read length, score
# of the second place (XS), mismatches. `seen` has bits 0 and 1 for R1 and R2, and NEVER.
KNOWN: Any = np.dtype(
    [
        ("at", "i8", 2),
        ("position", "i4", 2),
        ("length", "i4", 2),
        ("second", "i4", 2),
        ("differ", "i4", 2),
        ("ref", "i4"),
        ("tlen", "i4"),
        ("mapq", "u1", 2),
        ("reverse", "u1", 2),
        ("proper", "u1"),
        ("seen", "u1"),
    ],
    align=True,
)
NEVER = 4


class Known(NamedTuple):
    """What is known of all representatives.

    Attributes:
        rows: KNOWN[n].
        bases: uint8, reference bases under each mate in the order of sequencing, four to a byte.
    """

    rows: Any
    bases: Bytes


class Scratch(NamedTuple):
    """Scratch of one call.

    Attributes:
        reads: uint8[2, MAX_READ], base codes of both mates.
        ref: uint8[MAX_READ], base codes of the reference.
        places: int64[MAX_MISMATCHES], where they differ.
    """

    reads: Any
    ref: Bytes
    places: Offsets


def new_scratch() -> Scratch:
    """Return scratch."""
    return Scratch(
        np.empty((2, MAX_READ), np.uint8), np.empty(MAX_READ, np.uint8), np.empty(MAX_MISMATCHES, np.int64)
    )


@kernel
def kept_length(read: int, whole: int, trimmed: int, fragment: int) -> int:
    """Return how much of a copy's read stays, trimmed like its representative; -1 if that is not known.

    Args:
        read: bases of the copy's read.
        whole: bases of the representative's before trimming.
        trimmed: the same behind it.
        fragment: distance of the fragment ends; 0 for single reads, which do not tell it.
    """
    if trimmed < whole:
        # Where the fragment goes on behind the cut, no adapter was cut but bases that look like its start.
        return trimmed if 0 < fragment <= trimmed <= read else -1
    return read if read <= whole else -1


@kernel
def alike(read: Bytes, ref: Bytes, length: int) -> bool:
    """Are all bases the same; no branch, so that several are compared at once."""
    different = 0
    for i in range(length):
        different |= read[i] ^ ref[i]
    return different == 0


@kernel
def differences(read: Bytes, ref: Bytes, length: int, places: Offsets) -> int:
    """Note where a read differs from the reference; return how often, -1 where a seed may fail."""
    if alike(read, ref, length):
        return 0 if length >= max(MIN_SCORE, MIN_STRETCH) else -1
    n, stretch, longest = 0, 0, 0
    for i in range(length):
        if read[i] == ref[i]:
            stretch += 1
            longest = max(longest, stretch)
        else:
            if n < MAX_MISMATCHES:
                places[n] = i
            n += 1
            stretch = 0
    sure = n <= MAX_MISMATCHES and length - SPARED * n >= MIN_SCORE and longest >= MIN_STRETCH
    return n if sure else -1


@kernel
def _end_holds(read: Bytes, ref: Bytes, length: int, step: int, least: int) -> bool:
    """Does no end of the read score less than `least`; step -1 looks from behind."""
    score, at = 0, length - 1 if step < 0 else 0
    for _ in range(length):
        score += MATCH if read[at] == ref[at] else -MISMATCH
        if score < least or score > SURE_SCORE:
            return score > SURE_SCORE
        at += step
    return True


@kernel
def _repeats(read: Bytes, length: int) -> bool:
    """Does a read hold a short tandem repeat, where the aligner may not find the best of many ways."""
    for period in range(1, MAX_PERIOD + 1):
        # No repeat lies between these places.
        for at in range(period + REPEAT_BASES - 1, length, REPEAT_BASES):
            if read[at] != read[at - period]:
                continue
            low, high = at, at + 1
            while low > period and read[low - 1] == read[low - 1 - period]:
                low -= 1
            while high < length and read[high] == read[high - period]:
                high += 1
            if high - low >= REPEAT_BASES:
                return True
    return False


@kernel
def _clustered(places: Offsets, n: int) -> bool:
    """Do mismatches stand as close as two gaps would make them."""
    closest = CLUSTER_BASES
    for k in range(n - CLUSTER + 1):
        closest = min(closest, places[k + CLUSTER - 1] - places[k])
    return closest < CLUSTER_BASES


@kernel
def _shifted(read: Bytes, ref: Bytes, known: int, low: int, high: int, shift: int) -> int:
    """Return the score of read bases against the reference further on; beyond what is known they match."""
    score = 0
    for i in range(max(low, 0), high):
        j = i + shift
        same = j < 0 or j >= known or read[i] == ref[j]
        score += MATCH if same else -MISMATCH
    return score


@kernel
def _gap_wins(read: Bytes, ref: Bytes, known: int, length: int, places: Offsets, n: int) -> bool:
    """Would one gap, before or behind some of the mismatches, score as much as they do."""
    for k in range(n - 1):
        # From the k-th mismatch to the end, and from the start to the k-th from behind.
        first, last = places[k], places[n - 1 - k]
        behind = length - first - SPARED * (n - k)
        before = last + 1 - SPARED * (n - k)
        # A longer gap costs more than these mismatches.
        for d in range(1, SPARED * (n - k) - GAP_OPEN + 1):
            cost = GAP_OPEN + d
            if _shifted(read, ref, known, first, length, d) - cost >= behind:
                return True
            if _shifted(read, ref, known, first + d, length, -d) - cost >= behind:
                return True
            if _shifted(read, ref, known, 0, last + 1, -d) - cost >= before:
                return True
            if _shifted(read, ref, known, 0, last + 1 - d, d) - cost >= before:
                return True
    return False


@kernel
def holds(read: Bytes, ref: Bytes, length: int, known: int, places: Offsets, n: int, proper: bool) -> bool:
    """Is the whole read without a gap the only best alignment at its place.

    Args:
        read: base codes in the order of sequencing.
        ref: those of the reference under it.
        length: bases of the read.
        known: bases of the reference.
        places: where they differ.
        n: how often.
        proper: does its pair lie within the insert sizes.
    """
    # Beyond its range of insert sizes the aligner looks for a nearer end of the mate, and clips for nothing.
    least = 1 - CLIP if proper else 0
    if not _end_holds(read, ref, length, 1, least) or not _end_holds(read, ref, length, -1, least):
        return False
    return not (
        _repeats(read, length) or _clustered(places, n) or _gap_wins(read, ref, known, length, places, n)
    )


@kernel
def unpack(bases: Bytes, at: int, count: int, out: Bytes) -> None:
    """Write base codes that lie four to a byte; `out` has room for all of each byte."""
    first = uint64(at)
    for i in range(uint64((count + 3) >> 2)):
        four, to = bases[first + i], i << uint64(2)
        out[to], out[to + uint64(1)] = four & 3, (four >> 2) & 3
        out[to + uint64(2)], out[to + uint64(3)] = (four >> 4) & 3, four >> 6


@kernel
def _unseen(length: int, whole: int) -> int:
    """Return in how many of a copy's bases a place differs at least that XS does not tell of.

    Beside the heaviest one, the aligner drops chains of seeds that cover less than half of what the best one
    covers and two seeds less than it; what they do not cover has a difference in each length of a seed. Reads
    of a paralog that begin like those of the gene would lie there.
    """
    shared = max(0, min(whole // 2, whole - 2 * SEED))
    return max(0, length - shared) // SEED


@kernel
def fits(read: Bytes, length: int, known: Known, number: int, mate: int, scratch: Scratch) -> bool:
    """Does the alignment of a representative's mate hold for a copy.

    Args:
        read: base codes in the order of sequencing.
        length: their number.
        known: of the representatives.
        number: number of the representative.
        mate: 0 for its R1, 1 for its R2.
        scratch: scratch.
    """
    row, ref, places = known.rows[number], scratch.ref, scratch.places
    whole = int64(row.length[mate])
    unpack(known.bases, row.at[mate], whole, ref)
    n = differences(read, ref, length, places)
    if n < 0 or n >= _unseen(length, whole):
        return False
    second = int64(row.second[mate])
    # Every base in which the copy differs from its representative may be one of the second place.
    if second > 0 and length - SPARED * n - second - SPARED * (n + row.differ[mate]) < MIN_LEAD:
        return False
    return n == 0 or holds(read, ref, length, whole, places, n, row.proper > 0)
