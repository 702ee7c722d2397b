"""BAMs written from the truth: records that fit the genome, mates that fit each other, fgbio's tags."""

import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from numpy.typing import NDArray
from plain_bams import write_plain_consensus_bam, write_plain_raw_bam
from present_values import present

from alktrace.demo.alignments import Placement, cigar_text, place_read, place_reads
from alktrace.demo.bams import write_consensus_bam, write_raw_bam
from alktrace.demo.facts import load_facts
from alktrace.demo.fragments import Germline, Molecules, build_templates, draw_molecules
from alktrace.demo.made_genome import build_genome
from alktrace.demo.planted import Inversion, PlantedVariant, Population, duplication, placed
from alktrace.demo.read_pairs import Library, ReadPairs, draw_umis, make_reads

GENOME = build_genome(load_facts(), seed=5)
T1151DUP = duplication(GENOME, "ALK", "p.Thr1151dup", 3451, 3453)
ANCHOR = GENOME.fetch("chr2", 29220760, 29220764)
DELETION = PlantedVariant("ALK", "del", "", "chr2", 29220760, ANCHOR, ANCHOR[0])
EML4_ALK = Inversion("ALK", "EML4", "E13;A20", "chr2", 29_223_740, 42_299_749)
NOBODY = Germline(np.zeros((2, len(GENOME.polymorphisms)), dtype=bool))
CELLS = (Population("normal", 0.5), Population("t", 0.5, placed(T1151DUP, DELETION, EML4_ALK)))


def tag(read: pysam.AlignedSegment, name: str) -> Any:
    return read.get_tag(name)


@pytest.fixture(scope="module")
def bams(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Molecules, ReadPairs, NDArray[np.uint8]]:
    folder = tmp_path_factory.mktemp("bam")
    rng = np.random.default_rng(2)
    molecules = draw_molecules(
        GENOME, CELLS, NOBODY, rng, depth=150, fragments="plasma", copies=0.8, both_strands=True
    )
    umis = draw_umis(rng, len(molecules), "duplex")
    library = Library("duplex", pcr_error=0.0, damage=0.0)
    reads = make_reads(molecules, umis, library, rng)
    raw, consensus = folder / "raw.bam", folder / "consensus.bam"
    write_raw_bam(reads, molecules, GENOME, raw, sample="P.T.plasma")
    write_consensus_bam(molecules, umis, GENOME, consensus, sample="P.T.plasma", rng=rng)
    return {"raw": raw, "consensus": consensus}, molecules, reads, umis


@pytest.mark.parametrize("kind", ["raw", "consensus"])
def test_files_are_sorted_indexed_and_named(
    kind: str, bams: tuple[Any, Molecules, ReadPairs, NDArray[np.uint8]]
) -> None:
    path = bams[0][kind]
    subprocess.run(["samtools", "quickcheck", path], check=True)
    with pysam.AlignmentFile(str(path)) as bam:
        assert bam.header.to_dict()["RG"][0]["SM"] == "P.T.plasma"
        assert dict(zip(bam.references, bam.lengths, strict=True)) == GENOME.chromosomes
        assert bam.count("chr2", 29220706, 29220835) > 50
        places = [(read.reference_id, read.reference_start) for read in bam.fetch()]
    assert places == sorted(places)


def test_bytes_are_those_of_pysam(
    tmp_path: Path, bams: tuple[Any, Molecules, ReadPairs, NDArray[np.uint8]]
) -> None:
    _, molecules, reads, umis = bams
    sample = "P.T.plasma"
    write_raw_bam(reads, molecules, GENOME, tmp_path / "raw.bam", sample=sample)
    write_plain_raw_bam(reads, molecules, GENOME, tmp_path / "plain_raw.bam", sample=sample)
    for seed in range(3):
        names = ("consensus", write_consensus_bam), ("plain_consensus", write_plain_consensus_bam)
        for name, write in names:
            path = tmp_path / f"{name}{seed}.bam"
            write(molecules, umis, GENOME, path, sample=sample, rng=np.random.default_rng(seed))
    for suffix in ("bam", "bam.bai"):
        for name in ("raw", *(f"consensus{seed}" for seed in range(3))):
            fast, plain = (tmp_path / f"{kind}{name}.{suffix}" for kind in ("", "plain_"))
            assert fast.read_bytes() == plain.read_bytes(), fast
    with pysam.AlignmentFile(str(tmp_path / "consensus0.bam")) as bam:
        assert any("N" in present(read.query_sequence) for read in bam.fetch())


@pytest.mark.parametrize(("kind", "most"), [("raw", 0.005), ("consensus", 0.0005)])
def test_aligned_bases_are_those_of_the_genome(
    kind: str, most: float, bams: tuple[Any, Molecules, ReadPairs, NDArray[np.uint8]]
) -> None:
    wrong = total = indels = 0
    with pysam.AlignmentFile(str(bams[0][kind])) as bam:
        for read in bam.fetch("chr2"):
            indels += any(op in (1, 2) for op, _ in present(read.cigartuples))
            for query, place in read.get_aligned_pairs(matches_only=True):
                base = present(read.query_sequence)[query]
                if base != "N":
                    total += 1
                    wrong += base != GENOME.fetch("chr2", place, place + 1)
    assert indels > 10
    assert wrong / total < most


@pytest.mark.parametrize("kind", ["raw", "consensus"])
def test_mates_agree(kind: str, bams: tuple[Any, Molecules, ReadPairs, NDArray[np.uint8]]) -> None:
    pairs = defaultdict(list)
    with pysam.AlignmentFile(str(bams[0][kind])) as bam:
        for read in bam.fetch():
            if not read.is_supplementary:
                pairs[read.query_name].append(read)
    assert len(pairs) > 500
    for one, two in pairs.values():
        assert {one.is_read1, two.is_read1} == {True, False}
        for a, b in ((one, two), (two, one)):
            assert (a.next_reference_id, a.next_reference_start) == (b.reference_id, b.reference_start)
            assert a.mate_is_reverse == b.is_reverse
            assert a.get_tag("MC") == b.cigarstring
        assert one.template_length == -two.template_length != 0
        assert one.is_proper_pair == two.is_proper_pair


def test_split_reads_have_a_supplementary_record_on_the_other_side(
    bams: tuple[Any, Molecules, ReadPairs, NDArray[np.uint8]],
) -> None:
    with pysam.AlignmentFile(str(bams[0]["raw"])) as bam:
        split = [read for read in bam.fetch() if read.has_tag("SA")]
    assert len(split) > 10
    for read in split:
        chrom, place, strand, cigar, _, _ = tag(read, "SA").rstrip(";").split(",")
        (other,) = (
            mate
            for mate in split
            if mate.query_name == read.query_name
            and mate.is_read1 == read.is_read1
            and mate.is_supplementary != read.is_supplementary
        )
        assert (chrom, int(place) - 1, cigar) == (
            other.reference_name,
            other.reference_start,
            other.cigarstring,
        )
        assert (strand == "-") == other.is_reverse
        assert len(present(read.query_sequence)) == len(present(other.query_sequence))
    edges = {
        edge
        for read in split
        for edge in (read.reference_start, present(read.reference_end) - 1)
        if edge in (29_223_740, 42_299_749, 29_223_741, 42_299_750)
    }
    assert edges == {29_223_740, 42_299_749, 29_223_741, 42_299_750}


def test_raw_reads_carry_the_umi_as_sequenced(
    bams: tuple[Any, Molecules, ReadPairs, NDArray[np.uint8]],
) -> None:
    paths, _, reads, _ = bams
    expected = {}
    for row in range(len(reads)):
        key = (int(reads.strand[row]), int(reads.molecule[row]), int(reads.copy[row]))
        umi = "".join("ACGT"[code] for code in reads.umi[row])
        expected[key] = f"{umi[:5]}-{umi[5:]}"
    with pysam.AlignmentFile(str(paths["raw"])) as bam:
        for read in bam.fetch():
            strand, molecule, copy = (int(part) for part in present(read.query_name).split(":")[4:7])
            assert read.get_tag("RX") == expected[strand, molecule, copy]


def test_consensus_tags_are_those_of_fgbio(bams: tuple[Any, Molecules, ReadPairs, NDArray[np.uint8]]) -> None:
    paths, molecules, _, _ = bams
    both = single = 0
    with pysam.AlignmentFile(str(paths["consensus"])) as bam:
        for read in bam.fetch():
            molecule = int(read.get_tag("MI"))
            depths = sorted((int(molecules.top[molecule]), int(molecules.bottom[molecule])))
            assert sorted((read.get_tag("aD"), read.get_tag("bD"))) == depths
            assert tag(read, "aD") > 0
            assert read.get_tag("cD") == sum(depths)
            size = len(present(read.query_sequence))
            assert len(tag(read, "ad")) == len(tag(read, "ac")) == len(tag(read, "aq")) == size
            if depths[0]:
                both += 1
                assert len(tag(read, "bd")) == size
            else:
                single += 1
                assert not any(read.has_tag(name) for name in ("bd", "be", "bc", "bq"))
                assert read.get_tag("ac") == read.query_sequence
            assert not read.has_tag("cd")
    assert both > 100
    assert single > 100


def test_one_consensus_pair_per_molecule(bams: tuple[Any, Molecules, ReadPairs, NDArray[np.uint8]]) -> None:
    paths, molecules, _, _ = bams
    with pysam.AlignmentFile(str(paths["consensus"])) as bam:
        primary = [read.query_name for read in bam.fetch() if not read.is_supplementary]
    assert len(primary) == 2 * len(molecules) == 2 * len(set(primary))


def test_many_reads_are_placed_as_each_alone() -> None:
    templates = list(build_templates(GENOME, CELLS, NOBODY))
    rng = np.random.default_rng(4)
    sizes = np.array([len(template.bases) for template in templates])
    special = [number for number, item in enumerate(templates) if item.variants or item.inversion]
    template = rng.choice(special, 4000)
    start = rng.integers(0, sizes[template] - 100)
    joint = np.array([item.joint for item in templates])[template]
    start = np.where((joint > 0) & (rng.random(4000) < 0.5), joint - rng.integers(1, 100, 4000), start)
    end = start + rng.integers(30, 100, 4000)
    places = place_reads(templates, template, start, end)
    assert len(places.read) > 4000
    found: dict[int, list[Placement]] = defaultdict(list)
    for row, read in enumerate(places.read.tolist()):
        assert places.rank[row] == len(found[read])
        chrom, cigar = templates[template[read]].chrom, places.cigars[places.cigar[row]]
        found[read].append(Placement(chrom, int(places.start[row]), bool(places.falling[row]), cigar))
    for read in range(4000):
        alone = place_read(templates[template[read]], int(start[read]), int(end[read]))
        assert tuple(found[read]) == alone


def test_placements_around_indels_and_junctions() -> None:
    templates = list(build_templates(GENOME, CELLS, NOBODY))
    (deleted,) = (t for t in templates if DELETION in t.variants)
    at = int(np.flatnonzero(deleted.positions == DELETION.pos)[0])
    (place,) = place_read(deleted, at - 49, at + 51)
    assert cigar_text(place.cigar) == "50M3D50M"
    fused = next(t for t in templates if t.inversion and not t.reciprocal)
    long, short = place_read(fused, fused.joint - 60, fused.joint + 40)
    assert (cigar_text(long.cigar), long.falling, long.start) == ("60M40S", False, 29_223_681)
    assert (cigar_text(short.cigar), short.falling, short.start) == ("40M60S", True, 42_299_710)
    (only,) = place_read(fused, fused.joint - 90, fused.joint + 10)
    assert cigar_text(only.cigar) == "90M10S"
