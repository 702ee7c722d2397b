"""Which templates are copies, and for which of them the alignment of another holds."""

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest

from alktrace.align.compile_align_kernels import compile_align_kernels
from alktrace.align.copy_fit import KNOWN, Known, fits, kept_length, new_scratch
from alktrace.align.copy_keys import CODES, COPY_HEAD, FIRST_PLACES, new_table, part_copies
from alktrace.align.once import align_once, insert_sizes
from alktrace.errors import DataError

COMPLEMENT = str.maketrans("ACGT", "TGCA")
RNG = random.Random(5)
ONE, TWO = ("".join(RNG.choices("ACGT", k=60)) for _ in range(2))


def misread(bases: str, *places: int) -> str:
    out = list(bases)
    for place in places:
        out[place] = {"A": "C", "C": "G", "G": "T", "T": "A"}[out[place]]
    return "".join(out)


# --- keys -----------------------------------------------------------------------------------


def fastq(*pairs: tuple[str, str]) -> bytes:
    reads = ((i, bases) for i, pair in enumerate(pairs) for bases in pair)
    return "".join(f"@r{i}\tRX:Z:AC-GT\n{bases}\n+\n{'F' * len(bases)}\n" for i, bases in reads).encode()


def parted(text: bytes, *, paired: bool = True, places: int = FIRST_PLACES) -> tuple[str, list[int], int]:
    """Return FASTQ of the representatives, heads of the copies and bytes used."""
    data = np.frombuffer(text, np.uint8).copy()
    own, copies = np.empty(2 * len(data), np.uint8), np.empty(2 * len(data), np.uint8)
    lengths: Any = np.zeros((places, 2), np.int32)
    found = part_copies(data, paired, new_table(places), 0, lengths, own, copies)
    heads, at = [], 0
    while at < found.copies:
        head, size = copies[at : at + COPY_HEAD].view(np.int32)
        heads.append(int(head))
        at += COPY_HEAD + int(size)
    return own[: found.own].tobytes().decode(), heads, found.done


def test_the_first_is_aligned_and_the_others_wait() -> None:
    text = fastq((ONE, TWO), (ONE, TWO), (TWO, ONE), (TWO, TWO))
    own, heads, done = parted(text)
    assert done == len(text)
    assert heads == [0 << 1, 0 << 1 | 1], "the other strand, with its mates exchanged"
    names = [line for line in own.split("\n") if line.startswith("@")]
    assert names == [f"@r{i}\tRX:Z:AC-GT\txi:i:{number}" for i, number in ((0, 0), (0, 0), (3, 1), (3, 1))]


@pytest.mark.parametrize(
    ("one", "two", "copies"),
    [
        (misread(ONE, 3), TWO, 1),
        (ONE, misread(TWO, 20), 1),
        (misread(ONE, 3), misread(TWO, 5), 1),
        (misread(ONE, 3), misread(TWO, 20), 0),
        (ONE[:3] + "N" + ONE[4:], TWO, 1),
        (misread(ONE, 40), misread(TWO, 30, 31, 32), 1),
    ],
)
def test_one_misread_start_is_found_by_the_other_key(one: str, two: str, copies: int) -> None:
    assert len(parted(fastq((ONE, TWO), (one, two)))[1]) == copies


def test_reads_too_short_for_a_key_go_on_without_a_number() -> None:
    own, heads, _ = parted(fastq((ONE[:23], TWO), (ONE[:23], TWO)))
    assert heads == [] and "xi" not in own and own.count("@") == 4


def test_single_reads() -> None:
    text = fastq((ONE, ONE), (misread(ONE, 1), misread(ONE, 1, 13)))
    own, heads, _ = parted(text, paired=False)
    assert heads == [0, 0], "the last is misread under both keys"
    assert own.count("@") == 2


def test_a_full_table_takes_no_more() -> None:
    rng = random.Random(1)
    pairs = [("".join(rng.choices("ACGT", k=40)), ONE) for _ in range(5)]
    own, heads, _ = parted(fastq(*pairs, *pairs), places=8)
    assert own.count("xi:i:") == 4, "a table of eight places holds two keys each of two"
    assert heads == [0, 2]


def test_a_template_that_goes_on_waits() -> None:
    text = fastq((ONE, TWO))
    assert parted(text + text[:-5])[2] == len(text)


# --- does an alignment hold -----------------------------------------------------------------

REFERENCE = "".join(random.Random(8).choices("ACGT", k=120))


def holds(read: str, *, ref: str = REFERENCE, second: int = 0, proper: bool = True, differ: int = 0) -> bool:
    codes = CODES[np.frombuffer(ref.encode(), np.uint8)]
    packed = np.zeros(len(ref) // 4 + 1, np.uint8)
    for i, code in enumerate(codes):
        packed[i >> 2] |= code << 2 * (i & 3)
    rows: Any = np.zeros(1, KNOWN)
    rows["length"], rows["second"], rows["proper"], rows["differ"] = len(ref), second, proper, differ
    bases = CODES[np.frombuffer(read.encode(), np.uint8)]
    return fits(bases, len(bases), Known(rows, packed), 0, 0, new_scratch())


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        pytest.param(REFERENCE, True, id="equal"),
        pytest.param(REFERENCE[:100], True, id="shorter"),
        pytest.param(misread(REFERENCE, 40, 80), True, id="two mismatches"),
        pytest.param(misread(REFERENCE, 119), True, id="the last base"),
        pytest.param(misread(REFERENCE, 0), True, id="the first base"),
        pytest.param(misread(REFERENCE, 117, 119), False, id="two at the end are clipped"),
        pytest.param(misread(REFERENCE, 0, 4), False, id="two at the start are clipped"),
        pytest.param(misread(REFERENCE, 0, 8), True, id="far enough from each other"),
        pytest.param(misread(REFERENCE, 50, 55, 60), False, id="as close as two gaps"),
        pytest.param(REFERENCE[:100] + REFERENCE[101:], False, id="a base deleted"),
        pytest.param(REFERENCE[:100] + "A" + REFERENCE[100:119], False, id="a base inserted"),
        pytest.param(REFERENCE[:30] + REFERENCE[36:], False, id="six bases deleted"),
        pytest.param(REFERENCE[:60] + REFERENCE[:60][::-1], False, id="another half"),
        pytest.param(REFERENCE[:30], False, id="too short to be sure"),
        pytest.param(misread(REFERENCE, *range(5, 120, 23)), False, id="no stretch for a seed"),
    ],
)
def test_an_alignment_holds_where_no_other_scores_as_much(read: str, expected: bool) -> None:
    assert holds(read) is expected


def test_deletion_near_the_end_of_a_repeat() -> None:
    # Two mismatches, explained as well by a base less of the run: 2 * 5 against 6 + 1.
    ref = REFERENCE[:100] + "AAAAAAC" + "AGCTTGCATGACC"
    assert not holds(REFERENCE[:100] + "AAAAAC" + "AGCTTGCATGACC", ref=ref)


def test_repeats_must_match_in_full() -> None:
    ref = REFERENCE[:60] + "CAG" * 10 + REFERENCE[60:90]
    assert holds(ref, ref=ref)
    assert not holds(misread(ref, 20), ref=ref)


def test_a_second_place_needs_a_lead() -> None:
    assert holds(REFERENCE, second=110)
    assert not holds(REFERENCE, second=111)
    assert not holds(misread(REFERENCE, 50), second=101)
    assert not holds(REFERENCE, second=110, differ=1)


def test_a_place_that_the_aligner_passed_over_needs_a_lead() -> None:
    # As of a pseudogene: each misread base may be one of a place without seeds.
    assert holds(misread(REFERENCE, 20, 70))
    assert not holds(misread(REFERENCE, 20, 45, 70))
    # Half of the representative may lie elsewhere as well.
    assert not holds(REFERENCE[:70])


def test_ends_of_pairs_beyond_the_insert_sizes_must_match() -> None:
    assert holds(misread(REFERENCE, 119))
    assert not holds(misread(REFERENCE, 119), proper=False)
    assert holds(misread(REFERENCE, 60), proper=False)


@pytest.mark.parametrize(
    ("read", "whole", "trimmed", "fragment", "kept"),
    [
        (143, 143, 143, 300, 143),
        (120, 143, 143, 300, 120),
        (143, 120, 120, 300, -1),
        (143, 143, 100, 100, 100),
        (143, 143, 138, 300, -1),
        (90, 143, 100, 100, -1),
        (143, 143, 100, 0, -1),
    ],
)
def test_copies_are_trimmed_as_their_representative(
    read: int, whole: int, trimmed: int, fragment: int, kept: int
) -> None:
    assert kept_length(read, whole, trimmed, fragment) == kept


# --- the whole ------------------------------------------------------------------------------


def test_insert_sizes_are_those_of_the_aligner() -> None:
    # mem_pestat on 1, 2, .. 101: quartiles 26 and 77, so all sizes count; three spreads reach to 230.
    counts = np.zeros(1001, np.int64)
    counts[1:102] = 1
    assert insert_sizes(counts) == "-I 51.00,29.15,230,1"
    counts[900] = 1
    assert insert_sizes(counts).startswith("-I 51.00,"), "an outlier counts for nothing"
    assert insert_sizes(np.zeros(1001, np.int64)) == ""
    amplicon = np.zeros(1001, np.int64)
    amplicon[200] = 50
    assert insert_sizes(amplicon) == "-I 200.00,0.01,200,200"


def test_warm_up_takes_copies_over(tmp_path: Path) -> None:
    compile_align_kernels(tmp_path / "done.txt")
    assert (tmp_path / "done.txt").read_text()


def test_an_aligner_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="aligner"):
        align_once(
            reads=io.BytesIO(fastq(*[(ONE, TWO)] * 20_000)),
            paired=True,
            command="exit 3",
            group="u1",
            out=tmp_path / "out.bam",
        )


def test_a_writer_that_fails_ends_the_aligner(tmp_path: Path) -> None:
    bam = tmp_path / "aligned.bam"
    header = pysam.AlignmentHeader.from_dict({"SQ": [{"SN": "one", "LN": 100}]})
    record = pysam.AlignedSegment.from_dict(
        {
            "name": "r",
            "flag": "4",
            "ref_name": "*",
            "ref_pos": "0",
            "map_quality": "0",
            "cigar": "*",
            "next_ref_name": "*",
            "next_ref_pos": "0",
            "length": "0",
            "seq": "A" * 99,
            "qual": "F" * 99,
        },
        header,
    )
    with pysam.AlignmentFile(str(bam), "wbu", header=header) as out:
        for _ in range(50_000):
            out.write(record)
    rng = random.Random(2)
    pairs = [("".join(rng.choices("ACGT", k=60)), TWO) for _ in range(5000)]
    with pytest.raises(OSError, match="No space left"):
        align_once(
            reads=io.BytesIO(fastq(*pairs)),
            paired=True,
            command=f"cat {bam}; cat > /dev/null",
            group="u1",
            out=Path("/dev/full"),
        )


def test_reads_that_end_inside_a_template_are_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty.bam"
    header = {"SQ": [{"SN": "one", "LN": 100}]}
    pysam.AlignmentFile(str(empty), "wb", header=header).close()
    with pytest.raises(DataError, match="end inside a read"):
        align_once(
            reads=io.BytesIO(fastq((ONE, TWO))[:-9]),
            paired=True,
            command=f"cat > /dev/null; cat {empty}",
            group="u1",
            out=tmp_path / "out.bam",
        )
