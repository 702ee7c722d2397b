"""The molecules job: grouping rules, losses, odd input, determinism."""

import array
import hashlib
import random
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pysam
import pytest
from aligned_bam import HEADER, REFERENCE, Cigar, fragment, pair, read, write_bam
from called_molecules import call, flat, lost, run, umi_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st
from present_values import present

from alktrace.align.umi_text import umi_from_name
from alktrace.consensus import metrics as metrics_module
from alktrace.consensus import molecules, umi_codes
from alktrace.consensus.losses import COUNT_IN, NONE, UMI_N
from alktrace.consensus.molecule_table import MoleculeMetric
from alktrace.consensus.templates import READ
from alktrace.errors import DataError
from alktrace.inputs.settings.umi_settings import UmiSettings
from alktrace.io.tables import write_table
from alktrace.vocabulary.samples import RandomEnd, UmiSource

# --- grouping -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("umis", "edits", "families"),
    [
        (["AAAA", "AAAA", "AAAC"], 1, 1),
        (["AAAA", "AAAA", "AAAC"], 0, 2),
        (["AAAA"] * 4 + ["AAAC"] * 3, 1, 1),
        (["AAAA"] * 4 + ["AAAC"] * 4, 1, 2),
        (["AAAA"] * 4 + ["AAAC"] * 2 + ["AACC"], 1, 1),
        (["AAAA", "AACC"], 1, 2),
        (["AAAA", "AACC"], 2, 1),
        (["AAAA", "aaaa"], 0, 1),
        (["AAA", "AAAA"], 1, 2),
    ],
    ids=[
        "one mismatch", "identity", "count at half plus one", "count above it", "chain", "two mismatches",
        "two allowed", "case", "lengths never mix",
    ],
)  # fmt: skip
def test_umis_of_one_position(tmp_path: Path, umis: list[str], edits: int, families: int) -> None:
    templates = [fragment(f"r{i}", 100, 160, umi=umi) for i, umi in enumerate(umis)]
    records, metrics = call(tmp_path, flat(templates), umi_settings(edits=edits))
    assert metrics["families", "all"] == families
    assert len(records) == 2 * families


def test_position_library_and_orientation_part_families(tmp_path: Path) -> None:
    templates = [
        fragment("a", 100, 160, umi="AAAA"),
        fragment("b", 100, 161, umi="AAAA"),
        fragment("c", 101, 160, umi="AAAA"),
        fragment("d", 100, 160, umi="AAAA", group="B"),
        fragment("e", 100, 160, umi="AAAA", strand=1),
        fragment("f", 100, 160, umi="AAAA", chrom=1),
    ]
    _, metrics = call(tmp_path, flat(templates))
    assert metrics["families", "all"] == 6


def test_soft_clips_belong_to_the_end(tmp_path: Path) -> None:
    clipped = pair(
        read("b", 104, [(4, 4), (0, 26)], umi="AAAA"), read("b", 130, [(0, 25), (4, 5)], flag=16, umi="AAAA")
    )
    _, metrics = call(tmp_path, [*fragment("a", 100, 160, umi="AAAA"), *clipped])
    assert metrics["families", "all"] == 1


def test_both_strands_make_one_duplex(tmp_path: Path) -> None:
    """A-B on one strand is B-A on the other; R1 of the duplex lies where R1 of strand A lies."""
    templates = [
        fragment("a", 100, 160, umi="AAAA-CCCC"),
        fragment("b", 100, 160, umi="CCCC-AAAA", strand=1),
        fragment("c", 100, 160, umi="AAAA-CCCC", strand=1),
    ]
    records, metrics = call(tmp_path, flat(templates), umi_settings(duplex=True))
    assert metrics["families", "all"] == 2
    assert metrics["duplex_molecules", "all"] == metrics["duplex_families", "all"] == 1
    (first,) = [r for r in records if r.is_read1 and r.get_tag("bD") == 1]
    assert first.query_sequence == REFERENCE[100:130]
    assert first.get_tag("RX") == "AAAA-CCCC"
    assert set(present(first.query_qualities)) == {70}, "Q37 read once on both strands: 2 x 35"
    assert metrics["duplex_yield", "100"] == 0.5


def test_strand_b_alone_keeps_its_r1(tmp_path: Path) -> None:
    template = fragment("b", 100, 160, umi="CCCC-AAAA", strand=1)
    (first, second), metrics = call(tmp_path, template, umi_settings(duplex=True))
    assert first.get_forward_sequence() == template[0].get_forward_sequence()
    assert (first.get_tag("RX"), first.get_tag("aD"), first.get_tag("bD")) == ("CCCC-AAAA", 1, 0)
    assert not first.has_tag("bd") and not second.has_tag("bc")
    assert metrics["duplex_molecules", "all"] == 0


@pytest.mark.parametrize(
    ("poor", "depths", "orphans"),
    [
        ("a", [(1, 0, False), (1, 1, True)], 0),
        ("b", [(1, 0, True), (1, 1, True)], 0),
        ("ab", [], 2),
        ("", [(1, 1, False), (1, 1, True)], 0),
    ],
    ids=["strand-b-alone", "strand-a-alone", "neither", "both"],
)
def test_an_end_that_one_strand_does_not_show(
    tmp_path: Path, poor: str, depths: list[tuple[int, int, bool]], orphans: int
) -> None:
    """Reads of the lower end below the quality limit: the other strand stands for it, under the tags of A.

    Strand B has an N at the first base there; a base that one strand does not tell is no duplex base.
    """
    templates = [
        fragment("a", 100, 160, umi="AAAA-CCCC"),
        fragment("b", 100, 160, umi="CCCC-AAAA", strand=1),
    ]
    lower = {present(one.query_name): one for one in flat(templates) if one.reference_start == 100}
    for name, one in lower.items():
        one.query_qualities = array.array("B", ([5] if name in poor else [37]) * 30)
    quals = present(lower["b"].query_qualities)
    quals[0] = 5
    lower["b"].query_qualities = quals
    records, metrics = call(tmp_path, flat(templates), umi_settings(duplex=True))
    told = [(r.get_tag("aD"), r.get_tag("bD"), present(r.query_sequence)[0] != "N") for r in records]
    assert told == depths
    assert lost(metrics) == {k: n for k, n in (("low_quality", len(poor)), ("orphan", orphans)) if n}
    assert metrics["duplex_molecules", "all"] == (not poor)
    assert metrics["consensus_reads", "all"] == len(depths)
    assert metrics["reads_used", "all"] == 4 - len(poor) - orphans


def test_without_umis_ends_are_the_molecule(tmp_path: Path) -> None:
    """Both orientations of one fragment are one molecule, R1 of the consensus is the lower end."""
    templates = [fragment("a", 100, 160), fragment("b", 100, 160, strand=1), fragment("c", 100, 162)]
    records, metrics = call(tmp_path, flat(templates), umi_settings(UmiSource.NONE))
    assert metrics["families", "all"] == 2
    assert sorted(r.get_tag("cD") for r in records) == [1, 1, 2, 2]
    assert {r.get_forward_sequence() for r in records if r.is_read1} == {REFERENCE[100:130]}
    assert not any(r.has_tag("RX") for r in records)


@pytest.mark.parametrize(
    ("name", "umi"),
    [
        ("I:1:F:1:1101:10:20:ACGT", "ACGT"),
        ("I:1:F:1:1101:10:20:ACGT+TTGA", "ACGT-TTGA"),
        ("I:1:F:1:1101:10:20_ACGT_TTGA", "ACGT-TTGA"),
        ("I:1:F:1:1101:10:20:UMI_ACGT_TTGA", "ACGT-TTGA"),
        ("x_ACGT-TTGA", "ACGT-TTGA"),
        ("I:1:F:1:1101:10:20:ACGT+rTTGA", "ACGT-TCAA"),
        ("I:1:F:1:1101:10:20:rACGG", "CCGT"),
    ],
)
def test_umi_in_the_read_name(tmp_path: Path, name: str, umi: str) -> None:
    records, _ = call(tmp_path, fragment(name, 100, 160), umi_settings(UmiSource.NAME))
    assert [r.get_tag("RX") for r in records] == [umi, umi]


def test_r_in_a_tag_is_no_base(tmp_path: Path) -> None:
    """The mark of a reversed half belongs to read names; in RX it is an error, not a base to skip."""
    good = fragment("a", 100, 160, umi="ACGT-TTGA")
    _, metrics = call(tmp_path, [*good, *fragment("b", 100, 160, umi="ACGT-rTTGA")], umi_settings())
    assert metrics["reads_lost", "umi_invalid"] == 2


names = st.text("ACGTNracgt:_+-x1", min_size=1, max_size=14)


@settings(max_examples=400, deadline=None)
@given(names)
@example("x:rTCAA+GGCC")
@example("ACGT_rTTGA")
@example("x_AC_GT_TT")
def test_names_are_read_as_extraction_reads_them(name: str) -> None:
    """Alignments that come with names and reads that are extracted must fall into the same families."""
    segment = read(name, 100, 30)
    data = np.frombuffer(segment_bytes(segment), np.uint8)
    row = np.zeros(1, READ)[0]
    at, length = umi_codes.umi_in_name(data, 0)
    expected = umi_from_name(name)
    assert (length > 0) == bool(expected)
    if expected and "N" not in expected:
        assert umi_codes.parse_name_umi(data, at, length, row) == NONE
        halves = [unpack(row["umi_a"], row["length_a"])]
        assert "-".join(halves + [unpack(row["umi_b"], row["length_b"])] * int(row["joined"])) == expected
    elif expected:
        assert umi_codes.parse_name_umi(data, at, length, row) == UMI_N


def segment_bytes(segment: pysam.AlignedSegment) -> bytes:
    """Return as much of a packed record as a name needs."""
    name = present(segment.query_name).encode() + b"\0"
    return bytes(8) + bytes([len(name)]) + bytes(23) + name


def unpack(codes: int, length: int) -> str:
    return "".join("ACGT"[int(codes) >> 2 * (int(length) - 1 - i) & 3] for i in range(length))


def test_other_tag(tmp_path: Path) -> None:
    template = fragment("a", 100, 160)
    for segment in template:
        segment.set_tag("XU", "ACGT")
    records, _ = call(tmp_path, template, umi_settings(tag="XU"))
    assert records[0].get_tag("RX") == "ACGT"


# --- the consensus read ---------------------------------------------------------------------


def test_consensus_keeps_soft_clipped_bases(tmp_path: Path) -> None:
    """Fusion calling lives on them: the consensus is re-aligned and must be of full length."""
    clip = "ACGTTGCATGCA"
    one = read("a", 100, [(0, 18), (4, 12)], bases=REFERENCE[100:118] + clip, umi="AAAA")
    two = read("a", 300, 30, flag=16, umi="AAAA")
    (first, second), _ = call(tmp_path, pair(one, two))
    assert first.query_sequence == REFERENCE[100:118] + clip
    assert second.get_forward_sequence() == two.get_forward_sequence()
    assert (first.flag, second.flag) == (77, 141)


def test_adapter_behind_the_mate_is_cut(tmp_path: Path) -> None:
    """A fragment of 20 read for 30 cycles: the last ten are adapter."""
    one = read("a", 100, [(0, 20), (4, 10)], bases=REFERENCE[100:120] + "ACACACACAC", umi="AAAA")
    two = read("a", 100, [(4, 10), (0, 20)], bases="GTGTGTGTGT" + REFERENCE[100:120], umi="AAAA", flag=16)
    records, _ = call(tmp_path, pair(one, two))
    assert records[0].query_sequence == REFERENCE[100:120]
    assert records[1].get_forward_sequence() == present(two.get_forward_sequence())[:20]


@pytest.mark.parametrize(
    ("one", "two", "base", "quality"),
    [
        (("A", 30), ("A", 30), "A", 39),
        (("A", 37), ("C", 30), "A", None),
        (("A", 60), ("C", 30), "A", 29),
        (("A", 30), ("C", 30), "N", 2),
        (("N", 2), ("C", 30), "N", 2),
    ],
    ids=["agree", "difference below the threshold", "better base", "tie", "N is left alone"],
)
def test_overlap_of_mates(
    tmp_path: Path, one: tuple[str, int], two: tuple[str, int], base: str, quality: int | None
) -> None:
    """At one overlapping position; Q60 with the post-UMI Q40 is 1.01e-4: Q39."""

    def edit(end: int, bases: str) -> str:
        return bases[:10] + (one, two)[end][0] + bases[11:]

    low, high = fragment("a", 100, 130, umi="AAAA", edit=edit)
    for segment, (_, value) in ((low, one), (high, two)):
        segment.query_qualities = array.array("B", [37] * 10 + [value] + [37] * 19)
    (first, _), _ = call(tmp_path, (low, high))
    if quality is None:
        base, quality = "N", 2  # 37 - 30 = 7, below the input threshold of 20
    assert (present(first.query_sequence)[10], present(first.query_qualities)[10]) == (base, quality)


def test_minority_indel_is_left_out(tmp_path: Path) -> None:
    cigars: list[Cigar | int] = [30, [(0, 10), (2, 2), (0, 20)], 30]
    templates = [
        pair(read(f"r{i}", 100, cigar, umi="AAAA"), read(f"r{i}", 300, 30, flag=16, umi="AAAA"))
        for i, cigar in enumerate(cigars)
    ]
    (first, second), metrics = call(tmp_path, flat(templates))
    assert (first.query_sequence, first.get_tag("cD"), second.get_tag("cD")) == (REFERENCE[100:130], 2, 3)
    assert lost(metrics) == {"minority_alignment": 1}


# --- losses ---------------------------------------------------------------------------------


def with_flag(
    template: list[pysam.AlignedSegment], bits: int, which: tuple[int, ...] = (0, 1)
) -> list[pysam.AlignedSegment]:
    for i in which:
        template[i].flag |= bits
    return template


def without_rx(template: list[pysam.AlignedSegment]) -> list[pysam.AlignedSegment]:
    for segment in template:
        segment.set_tag("RX", None)
    return template


def both_unmapped() -> list[pysam.AlignedSegment]:
    one, two = read("x", 100, 0, flag=4, bases="ACGT"), read("x", 100, 0, flag=4, bases="ACGT")
    return pair(one, two)


def low_quality() -> tuple[pysam.AlignedSegment, pysam.AlignedSegment]:
    one, two = fragment("x", 300, 360, umi="AAAA")
    one.query_qualities = array.array("B", [5] * 30)
    return one, two


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (with_flag(fragment("x", 100, 160, umi="AAAA"), 512, (0,)), {"not_pf": 2}),
        (fragment("x", 100, 160, umi="AAAA", mapq=0), {"low_mapq": 2}),
        (fragment("x", 100, 160, umi="AANA"), {"umi_n": 2}),
        (fragment("x", 100, 160, umi="AA?A"), {"umi_invalid": 2}),
        (without_rx(fragment("x", 100, 160)), {"umi_missing": 2}),
        (both_unmapped(), {"unmapped": 2}),
        (fragment("x", 100, 160, umi="AAAA")[:1], {"mate_missing": 1}),
        ([read("x", 100, [(4, 10), (0, 20)], flag=256, umi="AAAA")], {"secondary": 1}),
        ([read("x", 100, [(5, 10), (0, 20)], flag=2048, umi="AAAA")], {"supplementary": 1}),
        (low_quality(), {"low_quality": 1, "orphan": 1}),
        (pair(read("x", 100, 1100, umi="AAAA"), read("x", 300, 30, flag=16, umi="AAAA")), {"too_long": 2}),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else None,
)
def test_every_lost_read_has_its_reason(
    tmp_path: Path, segments: Sequence[pysam.AlignedSegment], expected: dict[str, int]
) -> None:
    good = fragment("good", 200, 260, umi="AAAA")
    records, metrics = call(tmp_path, [*segments, *good])
    assert lost(metrics) == expected
    assert metrics["reads_in", "all"] == len(segments) + 2
    assert metrics["reads_used", "all"] == 2
    assert len(records) == 2


def test_low_mapq_of_one_mate_drops_both(tmp_path: Path) -> None:
    one, two = fragment("x", 100, 160, umi="AAAA")
    two.mapping_quality = 0
    _, metrics = call(tmp_path, [one, two])
    assert lost(metrics) == {"low_mapq": 2}


def test_split_alignments_leave_the_primary_in_place(tmp_path: Path) -> None:
    """Primary reads of a chimeric template are used, their other parts only counted."""
    one, two = fragment("x", 100, 160, umi="AAAA")
    parts = [read("x", 500, [(4, 10), (0, 20)], flag=flag | 65, umi="AAAA") for flag in (256, 2048)]
    records, metrics = call(tmp_path, [one, two, *parts])
    assert len(records) == 2
    assert lost(metrics) == {"secondary": 1, "supplementary": 1}


def test_mate_unmapped_is_kept(tmp_path: Path) -> None:
    one = read("x", 100, 30, umi="AAAA")
    two = read("x", 100, 0, flag=4, bases="ACGTACGTAC", umi="AAAA")
    (first, second), _ = call(tmp_path, pair(one, two))
    assert (first.query_sequence, second.query_sequence) == (one.query_sequence, "ACGTACGTAC")


def test_mates_on_two_chromosomes_are_a_molecule(tmp_path: Path) -> None:
    templates = [
        pair(read(f"r{i}", 100, 30, umi="AAAA"), read(f"r{i}", 700, 30, chrom=1, umi="AAAA"))
        for i in range(3)
    ]
    records, metrics = call(tmp_path, flat(templates))
    assert [r.get_tag("cD") for r in records] == [3, 3]
    assert metrics["families", "all"] == 1


def test_missing_mc_is_said(tmp_path: Path) -> None:
    one, two = fragment("x", 100, 160, umi="AAAA")
    one.set_tag("MC", "30M")
    _, metrics = call(tmp_path, [one, two])
    assert metrics["reads_without_mc", "all"] == 1


def test_strands_that_face_one_way_are_a_collision(tmp_path: Path) -> None:
    """Strand B of a duplex whose R1 does not face R1 of strand A: two molecules, rejected as fgbio does."""
    one = read("a", 100, 30, umi="AAAA-CCCC"), read("a", 100, 0, flag=4, bases="ACGTAC", umi="AAAA-CCCC")
    two = read("b", 100, 0, flag=20, bases="ACGTAC", umi="CCCC-AAAA"), read("b", 100, 30, umi="CCCC-AAAA")
    segments = [*pair(*one), *pair(*two)]
    records, metrics = call(tmp_path, segments, umi_settings(duplex=True))
    assert records == []
    assert lost(metrics) == {"umi_collision": 4}


def test_single_end_reads(tmp_path: Path) -> None:
    segments = [read(f"r{i}", 100, 30, umi="AAAA") for i in range(3)]
    (record,), metrics = call(tmp_path, segments)
    assert (record.flag, record.query_sequence, record.get_tag("cD")) == (4, REFERENCE[100:130], 3)
    assert metrics["molecules", "all"] == 1


def test_single_end_reads_have_no_duplex(tmp_path: Path) -> None:
    _, metrics = call(tmp_path, [read("x", 100, 30, umi="AA-CC")], umi_settings(duplex=True))
    assert lost(metrics) == {"not_paired": 1}


def test_empty_bam_is_an_answer(tmp_path: Path) -> None:
    records, metrics = call(tmp_path, [])
    assert records == []
    assert metrics["reads_in", "all"] == metrics["molecules", "all"] == 0


# --- refusals -------------------------------------------------------------------------------


def test_unsorted_bam_is_named(tmp_path: Path) -> None:
    path = tmp_path / "in.bam"
    with pysam.AlignmentFile(str(path), "wb", header=HEADER) as bam:
        for start in (500, 100):
            bam.write(read(f"at{start}", start, 30, umi="AAAA"))
    with pytest.raises(DataError, match="not sorted by coordinate at read at100; run `samtools sort`"):
        run(tmp_path, [path], umi_settings())
    assert not (tmp_path / "out.bam").exists()


def test_bam_without_umis_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no read has a UMI in the tag RX"):
        call(tmp_path, fragment("x", 100, 160))


def test_duplex_needs_two_halves(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not two halves joined by `-`"):
        call(tmp_path, fragment("x", 100, 160, umi="AAAACCCC"), umi_settings(duplex=True))


def test_references_must_agree(tmp_path: Path) -> None:
    other = pysam.AlignmentHeader.from_dict({"SQ": [{"SN": "chr1", "LN": 5}]})
    bams = [write_bam(tmp_path / "a.bam", []), write_bam(tmp_path / "b.bam", [], other)]
    with pytest.raises(DataError, match="other reference sequences"):
        run(tmp_path, bams, umi_settings())


def test_truncated_bam_leaves_nothing(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "in.bam", flat(fragment(f"r{i}", 100, 160, umi="AAAA") for i in range(50)))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="truncated"):
        run(tmp_path, [path], umi_settings())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.bam"]


# --- determinism and streaming --------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd() -> list[pysam.AlignedSegment]:
    """Some hundred templates in families with errors, over both chromosomes."""
    rng = random.Random(3)
    templates = []
    for i in range(250):
        start, size = rng.choice([100, 100, 103, 700, 1500]), rng.choice([60, 61, 90])
        umi, strand = rng.choice(["AAC-GTA", "AAC-GTC", "TTT-CCC"]), rng.randint(0, 1)

        def edit(_end: int, bases: str) -> str:
            at = rng.randrange(len(bases))
            return bases[:at] + rng.choice("ACGT") + bases[at + 1 :]

        umi = "-".join(umi.split("-")[::-1]) if strand else umi
        templates.append(
            fragment(f"r{i}", start, start + size, umi=umi, strand=strand, edit=edit, chrom=rng.randint(0, 1))
        )
    templates += [
        pair(read(f"far{i}", 100, 30, umi="AAC-GTA"), read(f"far{i}", 1900, 30, chrom=1, umi="AAC-GTA"))
        for i in range(20)
    ]
    return flat(templates)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "umi",
    [
        umi_settings(duplex=True),
        umi_settings(),
        umi_settings(UmiSource.NONE),
        umi_settings(random_end=RandomEnd.READ1),
        umi_settings(random_end=RandomEnd.READ2),
    ],
    ids=["duplex", "simplex", "none", "read 1 random", "read 2 random"],
)
def test_bytes_do_not_depend_on_order_threads_or_windows(
    tmp_path: Path, crowd: list[pysam.AlignedSegment], umi: UmiSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bam = write_bam(tmp_path / "in.bam", crowd)
    run(tmp_path, [bam], umi, name="base")
    expected = digest(tmp_path / "base.bam"), digest(tmp_path / "base.tsv")
    shuffled = list(crowd)
    random.Random(5).shuffle(shuffled)
    run(tmp_path, [write_bam(tmp_path / "shuffled.bam", shuffled)], umi, name="other")
    assert (digest(tmp_path / "other.bam"), digest(tmp_path / "other.tsv")) == expected
    run(tmp_path, [bam], umi, name="threads", threads=3)
    assert (digest(tmp_path / "threads.bam"), digest(tmp_path / "threads.tsv")) == expected
    monkeypatch.setattr(molecules, "BATCH_BYTES", 3000)
    monkeypatch.setattr(molecules, "MAX_READ_LENGTH", 40)
    monkeypatch.setattr(molecules, "CHUNK_TEMPLATES", 5)
    run(tmp_path, [bam], umi, name="windows", threads=2)
    assert (digest(tmp_path / "windows.bam"), digest(tmp_path / "windows.tsv")) == expected


def test_lanes_of_one_library_are_grouped_together(
    tmp_path: Path, crowd: list[pysam.AlignedSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files give what one file with all their reads gives."""
    run(tmp_path, [write_bam(tmp_path / "all.bam", crowd)], umi_settings(), name="all")
    names = sorted({present(s.query_name) for s in crowd})
    halves = [[s for s in crowd if (names.index(present(s.query_name)) % 2) == i] for i in (0, 1)]
    bams = [write_bam(tmp_path / f"{i}.bam", half) for i, half in enumerate(halves)]
    monkeypatch.setattr(molecules, "BATCH_BYTES", 5000)
    monkeypatch.setattr(molecules, "MAX_READ_LENGTH", 40)
    run(tmp_path, bams, umi_settings(), name="halves")
    assert digest(tmp_path / "all.bam") == digest(tmp_path / "halves.bam")


def test_record_names_follow_the_numbers(tmp_path: Path, crowd: list[pysam.AlignedSegment]) -> None:
    records, metrics = call(tmp_path, crowd)
    names = [r.query_name for r in records]
    assert names[::2] == names[1::2]
    assert names[::2] == [f"p.t.s:{i}" for i in range(int(metrics["molecules", "all"]))]
    assert all(a.is_read1 and b.is_read2 for a, b in zip(records[::2], records[1::2], strict=True))
    assert {r.get_tag("RG") for r in records} == {"p.t.s"}


# --- metrics --------------------------------------------------------------------------------


def test_family_sizes_targets_and_inserts(tmp_path: Path) -> None:
    bed = tmp_path / "panel.bed"
    bed.write_text("chr1\t150\t220\tx\nchrM\t0\t10\t-\n")
    templates = [
        fragment("a", 100, 160, umi="AAAA"),
        fragment("b", 100, 160, umi="AAAA"),
        fragment("c", 100, 150, umi="AAAA"),
        fragment("d", 219, 289, umi="AAAA"),
        fragment("e", 220, 280, umi="AAAA"),
    ]
    _, metrics = call(tmp_path, flat(templates), targets=bed)
    assert (metrics["family_size", "1"], metrics["family_size", "2"]) == (3, 1)
    assert metrics["molecules_on_target", "all"] == 2
    assert metrics["on_target_share", "all"] == 0.5
    assert metrics["targets_unmatched", "all"] == 1
    assert metrics["insert_size_median", "all"] == 60
    assert metrics["umi_length", "4"] == 5


def test_raw_errors_by_substitution(tmp_path: Path) -> None:
    """One base in 10 reads of 30 differs from a consensus of ten reads."""
    at = REFERENCE.index("C", 100) - 100

    def edit(end: int, bases: str) -> str:
        return bases[:at] + "T" + bases[at + 1 :] if end == 0 else bases

    templates = [fragment(f"r{i}", 100, 400, umi="AAAA", edit=edit if i == 0 else None) for i in range(10)]
    _, metrics = call(tmp_path, flat(templates))
    low, high = templates[1]
    sequenced = present(low.get_forward_sequence()) + present(high.get_forward_sequence())
    assert metrics["error_rate", "raw C>T"] == pytest.approx(1 / (10 * sequenced.count("C")), rel=1e-5)
    assert metrics["error_rate", "raw C>A"] == metrics["error_rate", "raw G>A"] == 0
    errors = {stratum: value for (name, stratum), value in metrics.items() if name == "errors"}
    assert len(errors) == 12
    assert {stratum: value for stratum, value in errors.items() if value} == {"raw C>T": 1}
    for base in "ACGT":
        compared = {metrics["compared_bases", f"raw {base}>{other}"] for other in "ACGT" if other != base}
        assert compared == {10 * sequenced.count(base)}


def test_without_three_reads_nothing_is_compared(tmp_path: Path) -> None:
    _, metrics = call(tmp_path, flat([fragment("r0", 100, 400, umi="AAAA")]))
    assert {metrics["compared_bases", stratum] for name, stratum in metrics if name == "compared_bases"} == {
        0
    }
    assert not [stratum for name, stratum in metrics if name == "error_rate"]


def test_errors_of_strands_by_substitution(tmp_path: Path) -> None:
    """Both reads of strand A show T where the fragment has C: damage of one strand, counted once in 60."""
    at = REFERENCE.index("C", 100) - 100

    def edit(end: int, bases: str) -> str:
        return bases[:at] + "T" + bases[at + 1 :] if end == 0 else bases

    templates = [fragment(f"a{i}", 100, 400, umi="AAAA-CCCC", edit=edit) for i in range(2)]
    templates += [fragment(f"b{i}", 100, 400, umi="CCCC-AAAA", strand=1) for i in range(2)]
    _, metrics = call(tmp_path, flat(templates), umi_settings(duplex=True))
    rates = {stratum: value for (name, stratum), value in metrics.items() if name == "error_rate"}
    assert rates["strand A/G"] == pytest.approx(1 / 60, rel=1e-5)
    assert rates["simplex A/G"] == pytest.approx(1 / 120, rel=1e-5)
    assert rates["expected duplex A/G"] == pytest.approx(1 / 120**2, rel=1e-5)
    assert {metrics["compared_bases", f"strand {name}"] for name in ("A/C", "A/G", "A/T", "C/G")} == {60}
    assert [metrics["errors", f"strand {name}"] for name in ("A/C", "A/G", "A/T", "C/G")] == [0, 1, 0, 0]
    others = [value for stratum, value in rates.items() if "/" in stratum and "A/G" not in stratum]
    assert others == [0] * 9


def test_counts_are_written_whole(tmp_path: Path) -> None:
    """Six significant digits would let the books of a deep sample no longer balance."""
    tally = metrics_module.Tally(duplex=False, umis=True, targets=None)
    tally.counts[COUNT_IN] = 12_345_678
    table = tmp_path / "molecules.tsv"
    write_table(table, MoleculeMetric, tally.rows(0.2))
    assert "reads_in\tall\t12345678\n" in table.read_text()


def test_duplex_yield_grows_with_reads(tmp_path: Path) -> None:
    rng = random.Random(1)
    templates = []
    for m in range(60):
        start, umi = 50 + 20 * m, "".join(rng.choices("ACGT", k=4))
        for i in range(6):
            halves = (umi, "CCCC") if i % 2 == 0 else ("CCCC", umi)
            templates.append(fragment(f"m{m}r{i}", start, start + 60, umi="-".join(halves), strand=i % 2))
    _, metrics = call(tmp_path, flat(templates), umi_settings(duplex=True))
    steps = [str(10 * i) for i in range(1, 11)]
    families = [metrics["families_at", step] for step in steps]
    yields = [metrics["duplex_yield", step] for step in steps]
    assert families == sorted(families) and families[-1] == 60
    assert yields[-1] == 1.0
    # Ten per cent of six reads: both strands are seen with (1 - 0.9^3)^2 = 7 % of all, 16 % of those seen.
    assert 0.03 < yields[0] < 0.4


def test_umi_collisions_are_expected_from_the_umis(tmp_path: Path) -> None:
    """Three molecules of each position with one of four UMIs: 3 - 4 (1 - 0.75^3) of them are not seen."""
    rng = random.Random(6)
    templates = [
        fragment(f"p{p}m{m}", 20 + 30 * p, 90 + 30 * p, umi=rng.choice("ACGT") * 4)
        for p in range(50)
        for m in range(3)
    ]
    _, metrics = call(tmp_path, flat(templates), umi_settings(edits=0))
    assert metrics["umi_collision_probability", "all"] == pytest.approx(0.25, abs=0.01)
    hidden = 150 - metrics["families", "all"]
    assert hidden == pytest.approx(50 * 0.6875, rel=0.25)
    assert hidden <= metrics["umi_collisions", "all"] <= 2 * hidden, (
        "an upper estimate where few UMIs are free"
    )


@pytest.mark.parametrize(("molecules_per_start", "low", "high"), [(1, 0.0, 0.25), (30, 0.4, 1.0)])
def test_fragment_saturation(tmp_path: Path, molecules_per_start: int, low: float, high: float) -> None:
    """30 draws of 10 fragment lengths leave few of them free."""
    rng = random.Random(2)
    templates = [
        fragment(f"s{start}n{i}", start, start + 60 + rng.randrange(10))
        for start in range(100, 196)
        for i in range(molecules_per_start)
    ]
    _, metrics = call(tmp_path, flat(templates), umi_settings(UmiSource.NONE))
    assert low <= metrics["fragment_saturation", "all"] <= high
    assert metrics["fragment_saturated", "all"] == (metrics["fragment_saturation", "all"] > 0.2)
    if molecules_per_start == 30:
        distinct = metrics["families", "all"]
        hidden = metrics["collision_rate", "all"]
        assert distinct / (1 - hidden) == pytest.approx(96 * 30, rel=0.35)


def test_amplicon_without_umis_is_saturated(tmp_path: Path) -> None:
    """All fragments end at the primers: one position, however many molecules."""
    templates = [fragment(f"r{i}", 100, 180) for i in range(40)] + [fragment("x", 103, 180)]
    _, metrics = call(tmp_path, flat(templates), umi_settings(UmiSource.NONE))
    assert metrics["families", "all"] == 2
    assert metrics["fragment_saturated", "all"] == 1
    assert metrics["collision_rate", "all"] > 0.5


# --- reads that are there twice ---------------------------------------------------------------


@pytest.mark.parametrize("names", [("*", "*"), ("same", "same")])
def test_templates_of_one_name_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    """Any pairing of their mates would be a guess."""
    pairs = [fragment(name, 100 + 9 * i, 300 + 9 * i, umi="ACGT") for i, name in enumerate(names)]
    says = rf"in\.bam: two primary alignments of the same read '{re.escape(names[0])}'"
    with pytest.raises(DataError, match=says):
        call(tmp_path, flat(pairs))


@pytest.mark.parametrize("second", ["L1", "L2"])
def test_reads_that_two_files_hold_are_refused(tmp_path: Path, second: str) -> None:
    """As FASTQ and BAM of one run: first reads differ, and each molecule would have its copies twice."""
    bams: list[Path] = []
    for library, numbers in (("L1", range(5)), (second, range(4, 9))):
        segments = flat([fragment(f"r{i}", 100 + i, 300 + i, umi="ACGT") for i in numbers])
        header = HEADER.to_dict() | {"RG": [{"ID": "g", "SM": "s", "LB": library}]}
        bams.append(tmp_path / f"{len(bams)}.bam")
        with pysam.AlignmentFile(str(bams[-1]), "wb", header=header) as out:
            for segment in sorted(segments, key=lambda one: one.reference_start):
                segment.set_tag("RG", "g")
                out.write(segment)
    says = r"0\.bam, .*1\.bam: two primary alignments of the same read 'r4'"
    with pytest.raises(DataError, match=says):
        run(tmp_path, bams, umi_settings())


def test_a_doubled_file_is_refused(tmp_path: Path) -> None:
    segments = [s for i in range(5) for s in fragment(f"r{i}", 100 + i, 300 + i, umi="ACGT")]
    with pytest.raises(DataError, match="give each read once"):
        call(tmp_path, [*segments, *segments])


def test_first_reads_alone_are_refused_at_once(tmp_path: Path) -> None:
    """20,000 reads of one name were compared each with each."""
    segments = [read("*", 100 + i // 40, 30, flag=1 | 64, umi="ACGT") for i in range(20_000)]
    with pytest.raises(DataError, match="the same read"):
        call(tmp_path, segments)


def test_single_reads_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the same read"):
        call(tmp_path, [read("r", 100, 30, umi="ACGT"), read("r", 150, 30, umi="ACGT")])


def test_a_mate_without_the_flag_of_pairs_is_counted_once(tmp_path: Path) -> None:
    one, two = fragment("r", 100, 300, umi="ACGT")
    two.flag &= ~1
    _, metrics = call(tmp_path, [one, two])
    assert metrics["reads_in", "all"] == 2
    assert sum(lost(metrics).values()) + metrics["reads_used", "all"] == 2
