"""Anchored PCR: one end of a molecule is random, tiled primers make copies that end at several places."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pysam
import pytest
from aligned_bam import LENGTH, fragment, pair, read, write_bam
from called_molecules import call, flat, lost, run, umi_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alktrace.consensus import molecules
from alktrace.vocabulary.samples import RandomEnd

READ1, READ2 = umi_settings(random_end=RandomEnd.READ1), umi_settings(random_end=RandomEnd.READ2)
Segments = list[pysam.AlignedSegment]


def copy(
    name: str, end: int, primer: int, umi: str, *, forward: bool = True, length: int = 30, **options: Any
) -> Segments:
    """One copy: R1 begins at the random end and faces the primer, at which R2 begins.

    `end` and `primer` are the outermost bases (0-based, both of the molecule).
    """
    low, high = (end, primer) if forward else (primer, end)
    return fragment(name, low, high + 1, min(length, high - low), strand=not forward, umi=umi, **options)


def swapped(segments: Segments) -> Segments:
    """The same copy with R2 at the random end."""
    for segment in segments:
        segment.flag ^= 64 | 128
    return segments


def consensus_ends(records: Sequence[pysam.AlignedSegment]) -> list[str | None]:
    return [record.query_sequence for record in records]


# --- what is one molecule -------------------------------------------------------------------


@pytest.mark.parametrize("read2", [False, True])
@pytest.mark.parametrize("forward", [True, False])
def test_two_primers_make_one_molecule(tmp_path: Path, forward: bool, read2: bool) -> None:
    """Three copies end at one primer and two at another: one molecule, of the three."""
    sign = 1 if forward else -1
    copies = [copy(f"far{i}", 700, 700 + sign * 200, "ACGTACGT", forward=forward) for i in range(2)]
    copies += [copy(f"near{i}", 700, 700 + sign * 90, "ACGTACGT", forward=forward) for i in range(3)]
    if read2:
        copies = [swapped(one) for one in copies]
    assert call(tmp_path, flat(copies))[1]["molecules", "all"] == 2
    records, metrics = call(tmp_path, flat(copies), READ2 if read2 else READ1)
    alone, _ = call(tmp_path, flat(copies[2:]))
    assert consensus_ends(records) == consensus_ends(alone)
    assert [record.get_tag("cD") for record in records] == [3, 3]
    assert metrics["molecules", "all"] == metrics["families", "all"] == metrics["primer_ends", "2"] == 1
    assert metrics["family_size", "5"] == 1
    assert lost(metrics) == {"other_primer": 4}


@pytest.mark.parametrize(("one", "two"), [(60, 90), (90, 60)])
def test_of_equally_frequent_primers_the_lower_end_leads(tmp_path: Path, one: int, two: int) -> None:
    copies = [copy("a", 700, 700 + one, "ACGT"), copy("b", 700, 700 + two, "ACGT")]
    records, _ = call(tmp_path, flat(copies), READ1)
    assert consensus_ends(records) == consensus_ends(call(tmp_path, copy("a", 700, 760, "ACGT"))[0])


@pytest.mark.parametrize(
    ("other", "molecules"),
    [
        (copy("b", 700, 800, "ACGT"), 1),
        (copy("b", 701, 800, "ACGT"), 2),
        (copy("b", 700, 800, "ACGA"), 1),
        (copy("b", 700, 800, "TCGA"), 2),
        (copy("b", 700, 600, "ACGT", forward=False), 2),
        (copy("b", 700, 800, "ACGT", group="B"), 2),
        (copy("b", 700, 800, "ACGT", chrom=1), 2),
    ],
    ids=["same", "other end", "one mismatch", "other UMI", "other strand", "other library", "other contig"],
)
def test_what_parts_molecules(tmp_path: Path, other: Segments, molecules: int) -> None:
    copies = copy("a", 700, 760, "ACGT") + copy("a2", 700, 760, "ACGT") + other
    assert call(tmp_path, copies, READ1)[1]["molecules", "all"] == molecules


def test_clips_before_the_random_end_count(tmp_path: Path) -> None:
    """Soft clips, and hard clips where a primer was cut off the read: positions before either."""
    cigars: list[list[tuple[int, int]]] = [
        [(0, 30)],
        [(4, 4), (0, 26)],
        [(5, 10), (0, 20)],
        [(5, 6), (4, 2), (0, 22)],
    ]
    copies = []
    for i, cigar in enumerate(cigars):
        start = 700 + sum(length for code, length in cigar if code != 0)
        copies.append(
            pair(
                read(f"r{i}", start, cigar, umi="ACGT"),
                read(f"r{i}", 800 + 10 * i, 30, flag=16, umi="ACGT"),
            )
        )
    assert call(tmp_path, flat(copies), READ1)[1]["molecules", "all"] == 1


def test_single_reads_begin_at_the_random_end(tmp_path: Path) -> None:
    singles = [read(f"r{i}", 700, 20 + i, umi="ACGT") for i in range(3)]
    singles.append(read("x", 690, 31, flag=16, umi="ACGT"))
    base, _ = call(tmp_path, singles, name="both")
    for settings_of, name in ((READ1, "one"), (READ2, "two")):
        records, metrics = call(tmp_path, singles, settings_of, name=name)
        assert consensus_ends(records) == consensus_ends(base)
        assert metrics["molecules", "all"] == metrics["primer_ends", "1"] == 2


def test_an_unmapped_random_end_tells_no_molecule(tmp_path: Path) -> None:
    """The read at the primer alone would join all molecules of that primer with one UMI."""
    unmapped = read("u", 800, 0, flag=4, bases="ACGT" * 5, umi="ACGT")
    copies = pair(unmapped, read("u", 800, 30, flag=16, umi="ACGT"))
    primer = read("p", 700, 0, flag=4, bases="ACGT" * 5, umi="ACGT")
    copies += pair(read("p", 700, 30, umi="ACGT"), primer)
    _, metrics = call(tmp_path, copies, READ1)
    assert (metrics["molecules", "all"], lost(metrics)) == (1, {"unmapped": 2})


def test_both_ends_say_nothing_of_primers(tmp_path: Path) -> None:
    _, metrics = call(tmp_path, copy("a", 700, 800, "ACGT"))
    assert not {name for name, _ in metrics} & {"primer_ends"}
    assert ("reads_lost", "other_primer") not in metrics


# --- streaming ------------------------------------------------------------------------------


def test_a_fusion_waits_for_its_partner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Primers on two chromosomes amplify one molecule; thousands of reads lie between their mates."""
    copies = [
        pair(read(f"f{i}", 100, 30, umi="ACGT"), read(f"f{i}", at, 30, flag=16, chrom=chrom, umi="ACGT"))
        for i, (chrom, at) in enumerate([(0, 150), (0, 1900), (1, 50), (1, 50), (1, 1900)])
    ]
    copies += [copy(f"r{i}", 200 + i % 1500, 260 + i % 1500, "TTTT", chrom=i % 2) for i in range(400)]
    bam = write_bam(tmp_path / "in.bam", flat(copies))
    base, _ = run(tmp_path, [bam], READ1)
    monkeypatch.setattr(molecules, "BATCH_BYTES", 2000)
    monkeypatch.setattr(molecules, "MAX_READ_LENGTH", 40)
    records, metrics = run(tmp_path, [bam], READ1)
    assert records == base
    assert metrics["primer_ends", "4"] == 1
    assert metrics["family_size", "5"] == 1


def test_copies_whose_mate_is_gone_hold_nobody_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = pair(read("gone", 700, 30, umi="ACGT"), read("gone", 1900, 30, flag=16, umi="ACGT"))[:1]
    copies = [copy(f"r{i}", 700, 760, "ACGT") for i in range(3)]
    monkeypatch.setattr(molecules, "BATCH_BYTES", 500)
    _, metrics = call(tmp_path, flat(copies) + gone, READ1)
    assert (metrics["molecules", "all"], lost(metrics)) == (1, {"mate_missing": 1})


# --- a slow reference -----------------------------------------------------------------------


def slow_molecules(copies: Iterable[tuple[Any, str, Any]]) -> tuple[int, Counter[int]]:
    """Molecules of (random end, UMI, primer end) by the stated rule, and how many had so many primers."""
    count, primers = 0, Counter[int]()
    for _, group in groupby(sorted(copies), key=lambda one: one[0]):
        members = list(group)
        sizes = Counter(umi for _, umi, _ in members)
        free = sorted(sizes, key=lambda umi: (-sizes[umi], umi))
        while free:
            family, at = [free.pop(0)], 0
            while at < len(family):
                parent = family[at]
                near = [
                    umi
                    for umi in free
                    if sum(a != b for a, b in zip(umi, parent, strict=True)) <= 1
                    and sizes[umi] <= sizes[parent] // 2 + 1
                ]
                family += near
                free = [umi for umi in free if umi not in near]
                at += 1
            count += 1
            primers[len({primer for _, umi, primer in members if umi in family})] += 1
    return count, primers


COPIES = st.lists(
    st.tuples(
        st.sampled_from([600, 601, 640]),
        st.booleans(),
        st.sampled_from(["AAA", "AAC", "ACC", "TTT", "TTG"]),
        st.sampled_from([70, 71, 110, 300]),
        st.integers(0, 9),  # soft clip
        st.sampled_from([0, 0, 5, 8]),  # bases of a primer cut off in front
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(COPIES, st.booleans(), st.booleans())
def test_families_are_those_of_the_plain_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: list[Any], read2: bool, small: bool
) -> None:
    """Whatever is clipped, whichever read is random, however the file comes in batches."""
    segments, told = [], []
    for i, (end, forward, umi, size, soft, hard) in enumerate(drawn):
        primer = end + size if forward else end - size
        rest = 40 - soft - hard
        cigar = [item for item in ((5, hard), (4, soft), (0, rest)) if item[1]]
        if forward:
            one = read(f"r{i}", end + soft + hard, cigar, umi=umi)
            two = read(f"r{i}", primer - 29, 30, flag=16, umi=umi)
        else:
            one = read(f"r{i}", end - soft - hard - rest + 1, cigar[::-1], flag=16, umi=umi)
            two = read(f"r{i}", primer, 30, umi=umi)
        copied = pair(one, two)
        segments += swapped(copied) if read2 else copied
        # The reads of a pair of ends that stack by cycle begin at one base: behind the same hard clip.
        told.append(((end, forward), umi, (primer, hard)))
    with monkeypatch.context() as patched:
        if small:
            patched.setattr(molecules, "BATCH_BYTES", 700)
            patched.setattr(molecules, "MAX_READ_LENGTH", 60)
        _, metrics = call(tmp_path, segments, READ2 if read2 else READ1)
    count, primers = slow_molecules(told)
    assert metrics["families", "all"] == count
    assert {int(n): value for (name, n), value in metrics.items() if name == "primer_ends"} == primers


# --- a simulated panel ----------------------------------------------------------------------


def simulated_panel(molecules_per_strand: int, seed: int) -> tuple[Segments, int]:
    """Reads of a panel with primers each 60 bases on both strands, and how many molecules were amplified.

    A molecule is amplified from each primer within its reach with probability 0.7, into one to four copies,
    of which a tenth have an error in the UMI.
    """
    rng = random.Random(seed)
    copies: list[Segments] = []
    amplified = 0
    for forward in (True, False):
        for m in range(molecules_per_strand):
            end, size = rng.randrange(300, LENGTH - 300), rng.randrange(90, 200)
            # The random end of a strand faces primers of the other; a molecule holds those it spans.
            reach = range(end + 40, end + size) if forward else range(end - size, end - 40)
            primers = [at for at in reach if at % 60 == 0 and rng.random() < 0.7]
            umi = "".join(rng.choices("ACGT", k=12))
            amplified += bool(primers)
            for primer in primers:
                for c in range(rng.randint(1, 4)):
                    at = rng.randrange(12)
                    wrong = umi[:at] + rng.choice("ACGT".replace(umi[at], "")) + umi[at + 1 :]
                    read_umi = wrong if rng.random() < 0.1 else umi
                    copies.append(copy(f"{forward}{m}:{primer}:{c}", end, primer, read_umi, forward=forward))
    return flat(copies), amplified


def test_a_panel_of_tiled_primers_counts_each_molecule_once(tmp_path: Path) -> None:
    segments, truth = simulated_panel(400, 11)
    bam = write_bam(tmp_path / "in.bam", segments)
    _, before = run(tmp_path, [bam], umi_settings())
    _, after = run(tmp_path, [bam], READ1)
    assert after["molecules", "all"] == truth
    assert before["molecules", "all"] > 1.4 * truth
    several = sum(value for (name, n), value in after.items() if name == "primer_ends" and int(n) > 1)
    assert 0.3 * truth < several < truth
    assert after["collision_rate", "all"] < 0.01
