"""From alignments to source reads and indel patterns, against the slow, plain reading."""

import random
from array import array
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import consensus_reference as plain
import numpy as np
import pysam
import pytest
from aligned_bam import Cigar, aligned_bases, pair, read
from packed_records import packed, text
from present_values import present

from alktrace.consensus.indel_patterns import keep_common_pattern
from alktrace.consensus.source_reads import MAX_OPERATIONS, decode, prepare_pair
from alktrace.io.bam_io import RecordBatch

M, INS, D, N, S, H, _, EQ, X = range(9)
# Every operation of a CIGAR, alone and where it is easily miscounted: beside clips, at ends, doubled.
CIGARS: list[Cigar] = [
    [(M, 13)],
    [(M, 12)],
    [(S, 3), (M, 10)],
    [(M, 9), (S, 4)],
    [(S, 2), (M, 8), (S, 3)],
    [(M, 5), (INS, 2), (M, 6)],
    [(M, 5), (D, 3), (M, 7)],
    [(M, 9), (D, 1), (M, 3)],
    [(M, 4), (N, 9), (M, 8)],
    [(EQ, 6), (X, 1), (EQ, 6)],
    [(H, 4), (S, 1), (M, 11), (H, 2)],
    [(M, 3), (INS, 1), (M, 2), (D, 2), (M, 7)],
    [(S, 1), (INS, 2), (M, 10)],
]


def segment(name: str, start: int, cigar: Cigar, reverse: bool, rng: random.Random) -> pysam.AlignedSegment:
    """A read with bases and qualities that may differ from its mate's anywhere."""
    size = sum(length for code, length in cigar if code in (M, INS, S, EQ, X))
    matches = [(M if code in (EQ, X) else D if code == N else code, length) for code, length in cigar]
    bases = [
        rng.choice("ACGTN") if rng.random() < 0.15 else base for base in aligned_bases(start, matches, rng)
    ]
    quals = array("B", (rng.choice((2, 19, 20, 21, 30, 30, 37, 60)) for _ in range(size)))
    return read(name, start, cigar, flag=16 * reverse, bases="".join(bases), quals=quals)


def templates(shifts: range) -> Iterator[list[pysam.AlignedSegment]]:
    """Pairs of every two CIGARs in every orientation, the second so many bases behind the first."""
    rng = random.Random(5)
    for number, (one, two, shift) in enumerate(product(CIGARS, CIGARS, shifts)):
        first, second = [(False, True), (True, False), (False, True), (True, True), (False, False)][
            number % 5
        ]
        yield pair(segment("t", 100, one, first, rng), segment("t", max(0, 100 + shift), two, second, rng))


def prepared(batch: RecordBatch, at: int, single: bool = False) -> list[tuple[str, list[int]]]:
    """Return bases and qualities of both source reads of the pair at an index."""
    reads = [(np.full(40, 9, np.uint8), np.full(40, 99, np.uint8)) for _ in range(2)]
    blocks = [np.full((MAX_OPERATIONS, 3), -9, np.int64) for _ in range(2)]
    lengths = prepare_pair(
        batch.data,
        batch.starts[at],
        -1 if single else batch.starts[at + 1],
        20,
        *reads[0],
        *reads[1],
        *blocks,
    )
    return [(text(b, n), q[:n].tolist()) for (b, q), n in zip(reads, lengths, strict=True)]


@pytest.mark.parametrize("shifts", [range(-14, -5), range(-5, 4), range(4, 15)], ids=str)
def test_pairs_are_reconciled_cut_masked_and_trimmed(tmp_path: Path, shifts: range) -> None:
    pairs = list(templates(shifts))
    batch = packed(tmp_path, [one for template in pairs for one in template])
    for i, (one, two) in enumerate(pairs):
        expected = [(bases, quals) for _, bases, quals in plain.source_reads((one, two), 20)]
        assert prepared(batch, 2 * i) == expected, (
            f"{one.cigarstring} {two.cigarstring} {two.reference_start}"
        )


def test_mates_that_are_no_pair_of_one_place(tmp_path: Path) -> None:
    """Unmapped, or on another sequence at the same positions: nothing is reconciled or cut."""
    rng = random.Random(3)
    one, unmapped = segment("t", 100, [(M, 13)], False, rng), segment("t", 100, [(M, 13)], False, rng)
    unmapped.flag |= 4
    elsewhere = segment("t", 95, [(M, 13)], True, rng)
    elsewhere.reference_id = 1
    pairs = [[one, unmapped], [unmapped, one], [one, elsewhere]]
    batch = packed(tmp_path, [one for template in pairs for one in template])
    for i, (first, second) in enumerate(pairs):
        expected = [(bases, quals) for _, bases, quals in plain.source_reads((first, second), 20)]
        assert prepared(batch, 2 * i) == expected
    alone = prepared(batch, 0, single=True)
    assert alone == [prepared(batch, 0)[0], ("", [])]


@pytest.mark.parametrize("size", [16, 15])
def test_every_letter_in_sequencing_order(tmp_path: Path, size: int) -> None:
    """Ambiguous bases are N; qualities of 128 and more, such as 255 for none, are 0."""
    letters, quals = "=ACMGRSVTWYHKDBN"[:size], [0, 1, 127, 128, 254, *range(10, 21)][:size]
    forward, reverse = (read("r", 100, size, flag=f, bases=letters, quals=array("B", quals)) for f in (0, 16))
    batch = packed(tmp_path, [forward, reverse])
    known = [q if q < 128 else 0 for q in quals]
    for start, bases, expected in (
        (batch.starts[0], "NACNGNNNTNNNNNNN"[:size], known),
        (batch.starts[1], "NNNNNNNANNNCNGTN"[16 - size :], known[::-1]),
    ):
        found = np.full(20, 9, np.uint8), np.full(20, 99, np.uint8)
        assert decode(batch.data, start, *found) == size
        assert (text(found[0], size), found[1][:size].tolist()) == (bases, expected)


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
def test_reads_of_the_common_indel_pattern(tmp_path: Path, reverse: bool) -> None:
    """Families of up to six reads, cut anywhere: who agrees with most others.

    Hard clips count for nothing: fgbio takes those for bases, so that reads without any indel may disagree.
    """
    rng = random.Random(9)
    for _ in range(150):
        some = rng.sample(CIGARS, 3)
        segments = [segment("t", 100, rng.choice(some), reverse, rng) for _ in range(rng.randint(1, 6))]
        lengths = [rng.choice((0, 1, 2, 5, 6, 8, 11, 99)) for _ in segments]
        reads = [(s, present(s.query_sequence)[:n], [0] * 20) for s, n in zip(segments, lengths, strict=True)]
        batch = packed(tmp_path, segments)
        keep = np.full(len(segments), 9, np.uint8)
        kept = np.array([len(bases) for _, bases, _ in reads])
        count = keep_common_pattern(batch.data, batch.starts, kept, len(segments), keep)
        expected = plain.common_pattern(reads)
        assert np.flatnonzero(keep).tolist() == expected, [s.cigarstring for s in segments]
        assert count == len(expected) and set(keep.tolist()) <= {0, 1}
