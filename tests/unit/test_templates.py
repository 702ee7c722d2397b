"""Mates, ends and families as rows, written out."""

import random
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aligned_bam import Cigar, fragment, pair, read
from packed_records import packed

from alktrace.consensus.grouping import group_templates, mismatches, sort_templates
from alktrace.consensus.losses import (
    COUNT_CUT,
    COUNT_IN,
    COUNT_WITH_UMI,
    COUNT_WITHOUT_MC,
    LOW_MAPQ,
    LOW_QUALITY,
    N_COUNTS,
    NONE,
    NOT_PAIRED,
    NOT_PF,
    REASONS,
    TOO_LONG,
    UMI_INVALID,
    UMI_MISSING,
    UMI_N,
    UNMAPPED,
)
from alktrace.consensus.mates import join_mates
from alktrace.consensus.templates import (
    NO_END,
    POSITION_SHIFT,
    READ,
    TEMPLATE,
    end_key,
    scan_reads,
    unclipped_end,
)


def end_position(key: int) -> int:
    """0-based position of an end."""
    return ((key & ((1 << 34) - 1)) >> 1) - POSITION_SHIFT


@pytest.mark.parametrize(
    ("cigar", "forward", "reverse", "stop"),
    [
        ([(0, 10)], 100, 109, 110),
        ([(4, 3), (0, 10)], 97, 109, 110),
        ([(0, 10), (4, 4)], 100, 113, 110),
        ([(5, 7), (4, 3), (0, 10), (4, 4), (5, 9)], 97, 113, 110),
        ([(0, 5), (2, 3), (0, 5)], 100, 112, 113),
        ([(0, 5), (1, 3), (0, 5)], 100, 109, 110),
        ([(0, 5), (3, 50), (0, 5)], 100, 159, 160),
        ([(7, 5), (8, 1), (7, 4)], 100, 109, 110),
    ],
)
def test_unclipped_ends(tmp_path: Path, cigar: Cigar, forward: int, reverse: int, stop: int) -> None:
    """Soft clips count and hard clips do not; positions are 0-based, the end of the alignment exclusive."""
    bases = "A" * sum(length for code, length in cigar if code in (0, 1, 4, 7, 8))
    batch = packed(tmp_path, [read("r", 100, cigar, flag=flag, bases=bases) for flag in (0, 16)])
    hard = [length if code == 5 else 0 for code, length in (cigar[0], cigar[-1])]
    assert unclipped_end(batch.data, batch.starts[0]) == (forward, stop, hard[0])
    assert unclipped_end(batch.data, batch.starts[1]) == (reverse, stop, hard[1])


def test_ends_sort_by_sequence_position_and_strand() -> None:
    """A read may begin before its sequence by its clip."""
    ends = [(0, -5, 0), (0, 0, 0), (0, 7, 0), (0, 7, 1), (0, 8, 0), (1, -5, 0), (1, 3, 1)]
    keys = [end_key(*end) for end in ends]
    assert keys == sorted(set(keys)) and keys[-1] < NO_END
    assert [end_position(key) for key in keys] == [pos for _, pos, _ in ends]


def scan(
    folder: Path,
    segments: list[Any],
    *,
    source: int = 1,
    duplex: bool = False,
    min_mapq: int = 20,
    tag: str = "RX",
) -> Any:
    """Return (reads, counts, losses, result) of `scan_reads` with the read groups of `aligned_bam`."""
    batch = packed(folder, segments)
    reads, counts, losses = (
        np.zeros(len(segments), READ),
        np.zeros(N_COUNTS, int),
        np.zeros(len(REASONS), int),
    )
    code = int.from_bytes(tag.encode())
    result = scan_reads(
        batch.data, batch.starts, batch.ends, np.frombuffer(b"AB", np.uint8).copy(), np.array([0, 1, 2]),
        np.array([5, 6, 9]), code, source, duplex, min_mapq, -1, reads, counts, losses,
    )  # fmt: skip
    return reads[: result[0]], counts, losses, result


@pytest.mark.parametrize(
    ("change", "options", "reason"),
    [
        ({}, {}, NONE),
        ({"mapq": 20}, {}, NONE),
        ({"mapq": 19}, {}, LOW_MAPQ),
        ({"mapq": 0, "flag": 4}, {}, UNMAPPED),
        ({"flag": 512}, {}, NOT_PF),
        ({"flag": 512 | 4}, {}, NOT_PF),
        ({"flag": 256}, {}, REASONS.index("secondary")),
        ({"flag": 2048}, {}, REASONS.index("supplementary")),
        ({"cigar": 1000}, {}, NONE),
        ({"cigar": 1001}, {}, TOO_LONG),
        ({"bases": "", "flag": 65 | 4}, {}, LOW_QUALITY),
        ({"umi": None}, {}, UMI_MISSING),
        ({"umi": ""}, {}, UMI_MISSING),
        ({"umi": "ANA"}, {}, UMI_N),
        ({"umi": None}, {"source": 0}, NONE),
        ({}, {"duplex": True}, NOT_PAIRED),
        ({"flag": 65 | 8, "umi": "AC-GT"}, {"duplex": True}, NONE),
        ({"flag": 65 | 8, "umi": "ACGT"}, {"duplex": True}, UMI_INVALID),
        ({"flag": 65 | 8, "umi": "ACNT"}, {"duplex": True}, UMI_N),
        ({"flag": 65 | 4, "mapq": 0}, {}, NONE),
        ({"flag": 65 | 4 | 8, "mapq": 0}, {}, UNMAPPED),
    ],
    ids=str,
)
def test_why_a_read_is_dropped(
    tmp_path: Path, change: dict[str, Any], options: dict[str, Any], reason: int
) -> None:
    values: dict[str, Any] = {"cigar": 30, "umi": "ACGT"} | change
    rows, counts, losses, result = scan(tmp_path, [read("r", 100, **values)], **options)
    found = rows["reason"][0] if len(rows) else int(np.argmax(losses))
    assert (found, counts[COUNT_IN], result[2]) == (reason, 1, -1)
    assert losses.sum() == (0 if len(rows) else 1)


def test_what_a_row_holds(tmp_path: Path) -> None:
    """Each tag where it stands; read groups beyond the known ones are a library of their own."""
    one = read("r", 100, [(4, 2), (0, 28)], flag=65 | 32, umi="AC-G", group="B")
    two = read("r", 200, 30, flag=129 | 16, umi="AC-G", group="C")
    two.set_tag("MC", "2S28M")
    rows, counts, _, _ = scan(tmp_path, [one, two])
    assert rows["library"].tolist() == [6, 9]
    assert rows[["ref", "start", "stop"]].tolist() == [(0, 100, 128), (0, 200, 230)]
    assert [end_position(end) for end in rows["end"].tolist()] == [98, 229]
    assert (rows["end"] & 1).tolist() == [0, 1]
    assert rows[["umi_a", "length_a", "umi_b", "length_b", "joined"]].tolist() == [(1, 2, 2, 1, 1)] * 2
    assert counts.tolist() == [2, 1, 2, 0], "reads, of these without MC, with a UMI, cut by primers"
    assert (COUNT_IN, COUNT_WITHOUT_MC, COUNT_WITH_UMI, COUNT_CUT) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("cigar", "cut"),
    [
        pytest.param([(5, 20), (0, 30)], 1, id="first-end"),
        pytest.param([(0, 30), (5, 20)], 1, id="last-end"),
        pytest.param([(5, 20), (4, 3), (0, 24), (4, 3), (5, 20)], 1, id="both-ends-count-once"),
        pytest.param([(4, 20), (0, 10)], 0, id="soft-clip"),
    ],
)
def test_hard_clips_are_reads_that_primers_cut(
    tmp_path: Path, cigar: list[tuple[int, int]], cut: int
) -> None:
    _, counts, _, _ = scan(tmp_path, [read("r", 100, cigar, flag=0, umi="AC")])
    assert counts[COUNT_CUT] == cut


def test_rx_stands_in_for_another_tag(tmp_path: Path) -> None:
    """Of the tag of the settings and RX the former counts."""
    one, two = read("a", 100, 30, umi="A"), read("b", 100, 30, umi="A")
    one.set_tag("XU", "GT")
    rows, _, _, _ = scan(tmp_path, [one, two], tag="XU")
    assert rows[["umi_a", "length_a"]].tolist() == [(0b1011, 2), (0, 1)]


def test_the_first_record_out_of_order_is_found(tmp_path: Path) -> None:
    """Equal positions are in order, and reads without a position come last."""
    segments = [
        read("a", 100, 30),
        read("b", 100, 30),
        read("c", 50, 30, chrom=1),
        read("d", 49, 30, chrom=1),
    ]
    assert scan(tmp_path, segments, source=0)[3][2] == 3
    last = read("e", -1, 0, flag=4, bases="ACGT", chrom=-1)
    assert scan(tmp_path, [*segments[:3], last], source=0)[3][2] == -1
    assert scan(tmp_path, [last, *segments[:3]], source=0)[3][2] == 1


def joined(
    folder: Path,
    segments: list[Any],
    *,
    duplex: bool = False,
    by_end: bool = False,
    random: int = 0,
    source: int = 1,
) -> Any:
    """Return templates, who still waits, and the losses by reason."""
    reads, _, losses, _ = scan(folder, segments, source=source)
    templates, waiting = np.zeros(len(reads), TEMPLATE), np.full(len(reads), 7, np.uint8)
    order = np.argsort(reads["hash"], kind="stable")
    batch = packed(folder, segments)
    count = join_mates(batch.data, reads, order, duplex, by_end, random, templates, waiting, losses)
    lost = {REASONS[code]: int(n) for code, n in enumerate(losses) if n}
    return (templates[:count] if count >= 0 else count), waiting.tolist(), lost


@pytest.mark.parametrize(
    ("strand", "options", "expected"),
    # Strand, side, is the first read the upper one; UMI halves AC (1) and G (2) with their lengths.
    [
        (0, {}, (0, 0, 0, 1, 2, 2, 1)),
        (1, {}, (1, 1, 1, 1, 2, 2, 1)),
        (0, {"duplex": True}, (0, 0, 0, 1, 2, 2, 1)),
        (1, {"duplex": True}, (1, 0, 1, 2, 1, 1, 2)),
        (0, {"by_end": True}, (0, 0, 0, 1, 2, 2, 1)),
        (1, {"by_end": True}, (0, 0, 0, 1, 2, 2, 1)),
    ],
    ids=str,
)
def test_a_template_and_its_strand(
    tmp_path: Path, strand: int, options: Any, expected: tuple[int, ...]
) -> None:
    segments = sorted(fragment("r", 100, 160, umi="AC-G", strand=strand), key=lambda r: r.reference_start)
    batch = packed(tmp_path, segments)
    (row,), waiting, lost = joined(tmp_path, segments, **options)
    lower = int(batch.data[row["first"] + 4]) != 100
    found = (row["strand"], row["side"], lower, row["umi_a"], row["umi_b"], row["length_a"], row["length_b"])
    assert found == expected
    assert [end_position(int(row[key])) for key in ("low", "high", "last")] == [100, 159, 159]
    assert (row["ref"], row["start"], row["stop"], waiting, lost) == (0, 100, 160, [0, 0], {})


def test_ends_at_one_place_are_told_by_their_strand(tmp_path: Path) -> None:
    """Both mates cover one base: the forward one is the lower."""
    one, two = read("r", 129, 30, umi="A"), read("r", 100, 30, flag=16, umi="A")
    for first, second, strand in ((one, two, 0), (two, one, 1)):
        first.flag, second.flag = first.flag & 16, second.flag & 16
        (row,), _, _ = joined(tmp_path, sorted(pair(first, second), key=lambda r: r.reference_start))
        assert (row["strand"], end_position(int(row["low"])), end_position(int(row["high"]))) == (
            strand,
            129,
            129,
        )


@pytest.mark.parametrize(("flag", "strand"), [(0, 0), (16, 1)])
def test_reads_that_face_one_way_from_one_place(tmp_path: Path, flag: int, strand: int) -> None:
    """Both ends are equal: forward reads are strand A, reverse ones B."""
    one, two = (read("r", 100, 30, flag=flag, umi="A") for _ in range(2))
    (row,), _, _ = joined(tmp_path, pair(one, two))
    assert (row["strand"], row["low"] == row["high"]) == (strand, True)


@pytest.mark.parametrize(
    ("one", "two", "reason"),
    [
        ({"mapq": 3}, {}, "low_mapq"),
        ({}, {"mapq": 3}, "low_mapq"),
        ({"mapq": 3}, {"umi": "N"}, "low_mapq"),
        ({"umi": "N"}, {"mapq": 3}, "low_mapq"),
    ],
    ids=str,
)
def test_a_reason_of_one_read_drops_both(tmp_path: Path, one: Any, two: Any, reason: str) -> None:
    """Of two reasons the one that is asked first counts for both."""
    reads = [read("r", 100, 30, **{"umi": "A"} | one), read("r", 200, 30, flag=16, **{"umi": "A"} | two)]
    templates, waiting, lost = joined(tmp_path, pair(*reads))
    assert (len(templates), waiting, lost) == (0, [0, 0], {reason: 2})


@pytest.mark.parametrize(
    ("flags", "names", "groups", "found"),
    [
        ((65, 129), "rr", "AA", 1),
        ((129, 65), "rr", "AA", 1),
        ((65, 129), "rs", "AA", 0),
        ((65, 129), "rr", "AB", 0),
        ((65, 65), "rr", "AA", -1),
        ((65, 128), "rr", "AA", 1),
        ((1, 1 | 192), "rr", "AA", 0),
        ((0, 0), "rs", "AA", 2),
    ],
    ids=str,
)
def test_who_is_whose_mate(
    tmp_path: Path, flags: tuple[int, int], names: str, groups: str, found: int
) -> None:
    """R1 and R2 of one name and library; the same read twice is an error."""
    both = zip(flags, names, groups, (100, 200), strict=True)
    segments = [read(name, at, 30, flag=flag, umi="A", group=group) for flag, name, group, at in both]
    templates, _, _ = joined(tmp_path, segments)
    assert templates < 0 if found < 0 else len(templates) == found, templates


def test_single_reads_and_mates_elsewhere(tmp_path: Path) -> None:
    single = read("a", 100, 30, umi="A")
    far = pair(read("b", 110, 30, umi="A"), read("b", 5, 30, flag=16, umi="A", chrom=1))
    half = pair(read("c", 120, 30, umi="A"), read("c", 120, 0, flag=4, bases="ACGT", umi="A"))
    segments = [single, far[0], half[0], half[1], far[1]]
    templates, waiting, lost = joined(tmp_path, segments)
    by_start = {int(row["start"]): row for row in templates}
    assert {start: int(row["stop"]) for start, row in by_start.items()} == {100: 130, 110: 140, 120: 150}
    assert [by_start[at]["side"] for at in (100, 110, 120)] == [2, 0, 0]
    assert [by_start[at]["high"] == NO_END for at in (100, 110, 120)] == [True, False, True]
    assert [by_start[at]["last"] == by_start[at]["low"] for at in (100, 110, 120)] == [True, False, True]
    assert [by_start[at]["second"] >= 0 for at in (100, 110, 120)] == [False, True, True]
    assert (waiting, lost) == ([0] * 5, {})


# --- families -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "two", "count"),
    [(0, 0, 0), (0, 1, 1), (0, 2, 1), (0, 3, 1), (0b0110, 0b1001, 2), (0, 4**31 - 1, 31)],
)
def test_mismatches_of_packed_umis(one: int, two: int, count: int) -> None:
    assert mismatches(one, two) == mismatches(two, one) == count


def template_rows(values: list[dict[str, int]]) -> Any:
    rows = np.zeros(len(values), TEMPLATE)
    for row, fields in zip(rows, values, strict=True):
        for key, value in fields.items():
            row[key] = value
    return rows


KEYS = ("last", "key_low", "key_high", "library", "side", "length_a", "length_b", "umi_a", "umi_b", "hash")


def test_templates_are_sorted_whatever_order_they_come_in() -> None:
    """By the last end, the ends, library, orientation, lengths, UMI, then name; as tuples sort in Python."""
    rng = random.Random(4)
    for size in (1, 2, 3, 5, 8, 33):
        values = [{key: rng.randrange(2) for key in KEYS} for _ in range(size)]
        rows = template_rows(values)
        found = [tuple(int(rows[i][key]) for key in KEYS) for i in sort_templates(rows)]
        assert found == sorted(tuple(value[key] for key in KEYS) for value in values)


def test_partition_into_positions_and_molecules() -> None:
    """Three positions: UMIs AA AA AC and TT (two molecules), one of another library, one read alone."""
    values: list[dict[str, int]] = [
        {"last": 5, "length_a": 2, "umi_a": umi, "hash": i} for i, umi in enumerate((0, 0, 1, 15))
    ]
    values += [{"last": 5, "length_a": 2, "library": 1, "hash": 9}, {"last": 8, "length_a": 2, "hash": 9}]
    for shuffled in list(permutations(range(6)))[::97]:
        rows = template_rows([values[i] for i in shuffled])
        grouped, bounds, per_position = group_templates(rows, sort_templates(rows), 1)
        members = [sorted(shuffled[i] for i in grouped[a:b]) for a, b in pairwise(bounds)]
        assert sorted(members) == [[0, 1, 2], [3], [4], [5]]
        assert per_position.tolist() == [2, 1, 1]


@pytest.mark.parametrize("key", ["last", "key_low", "key_high", "library", "side", "length_a", "length_b"])
def test_what_parts_positions(key: str) -> None:
    rows = template_rows([{}, {key: 1}])
    assert group_templates(rows, sort_templates(rows), 1)[2].tolist() == [1, 1]


@pytest.mark.parametrize(("few", "molecules"), [(2, 1), (3, 1), (4, 2)])
def test_a_frequent_umi_is_no_copy_with_an_error(few: int, molecules: int) -> None:
    """One mismatch from an UMI of four templates: at most half of them and one more, that is three."""
    values = [{"length_a": 2, "umi_a": int(i >= 4), "hash": i} for i in range(4 + few)]
    rows = template_rows(values)
    assert group_templates(rows, sort_templates(rows), 1)[2].tolist() == [molecules]
