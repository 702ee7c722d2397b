"""UMIs that are none, found in the first reads, and no alarm on true ones."""

import random
from pathlib import Path
from typing import Any

import pysam
import pytest
import yaml

from alktrace.align.extract import layout_for
from alktrace.checks.first_umis import FirstUmi, bam_umis, equal_umis, fastq_umis, raw_fault, unused_umis
from alktrace.checks.input_files import judge_files
from alktrace.checks.probes import HeadRead, bam_head, fastq_head
from alktrace.checks.target_files import check_targets
from alktrace.inputs.settings.configuration import check_settings
from alktrace.inputs.settings.umi_settings import UmiSettings
from alktrace.inputs.sheet import read_sheet
from alktrace.io.resources import resource
from alktrace.vocabulary.samples import RandomEnd, UmiSource

HEAD = 512


def bases(draw: random.Random, size: int) -> str:
    return "".join(draw.choices("ACGT", k=size))


def misread(draw: random.Random, text: str, rate: float) -> str:
    return "".join(draw.choice("ACGT") if draw.random() < rate else base for base in text)


def head(draw: random.Random, umis: list[str], molecules: int, error: float = 0.005) -> list[FirstUmi]:
    """First templates of a file: copies of molecules, each with a start of its own and a UMI of the set."""
    known = [(draw.choice(umis), bases(draw, 20)) for _ in range(molecules)]
    drawn = draw.choices(known, k=HEAD)
    return [FirstUmi(misread(draw, umi, error), misread(draw, start, error)) for umi, start in drawn]


@pytest.mark.parametrize("size", [32, 96, 384])
@pytest.mark.parametrize("molecules", [1, 2, 5, 20, 10_000])
def test_no_alarm_on_sets_of_few_umis(size: int, molecules: int) -> None:
    """One molecule, as in a blank or a sorted BAM, to a file in any order: 2,000 heads, no alarm."""
    draw = random.Random(size * molecules)
    umis = [bases(draw, 8) for _ in range(size)]
    assert not any(equal_umis(head(draw, umis, molecules)) for _ in range(130))


@pytest.mark.parametrize("others", [0, 0.25])
def test_a_sample_index_is_no_umi(others: float) -> None:
    """Also where a quarter of the reads has another one, such as a cycle that failed in most."""
    draw = random.Random(1)
    reads = head(draw, ["ACGTACGT"], 10_000)
    reads = [item._replace(umi=bases(draw, 8)) if draw.random() < others else item for item in reads]
    fault = equal_umis(reads)
    assert fault is not None
    assert "'ACGTACGT': it tells no molecules apart" in fault[0]


def settings(source: UmiSource, duplex: bool = False) -> UmiSettings:
    return UmiSettings(
        source=source, read_structures=(), tag="RX", duplex=duplex, random_end=RandomEnd.BOTH, edits=1,
        fixed_umis=None, max_mismatches=1, min_distance=2,
    )  # fmt: skip


def fastq(path: Path, names: list[str], sequences: list[str]) -> Path:
    pairs = zip(names, sequences, strict=True)
    path.write_text("".join(f"@{name}\n{text}\n+\n{'I' * len(text)}\n" for name, text in pairs))
    return path


def test_umis_are_read_as_extraction_reads_them(tmp_path: Path) -> None:
    one = fastq_head(fastq(tmp_path / "1.fq", ["r:1:AC+GT", "r:2:GG+TT"], ["AATCCCC", "CCTGGGG"]))
    two = fastq_head(fastq(tmp_path / "2.fq", ["r:1:AC+GT", "r:2:GG+TT"], ["GGTAAAA", "TTTAAAA"]))
    inline = layout_for(["2M1S+T", "2M1S+T"], reads=2, umi_reads=0)
    assert fastq_umis([one, two], settings(UmiSource.INLINE), inline) == [
        ("AA-GG", "CCCC"),
        ("CC-TT", "GGGG"),
    ]
    plain = layout_for([], reads=2, umi_reads=0)
    assert [u.umi for u in fastq_umis([one, two], settings(UmiSource.NAME), plain)] == ["AC-GT", "GG-TT"]
    assert fastq_umis([one, two], settings(UmiSource.NONE), plain) == []


# --- the files of a project -------------------------------------------------------------------


def project(
    folder: Path, root: Path, cells: str, columns: str, umi: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """Return what stops a run of one sample, and what is only said."""
    (folder / "genome.fa").write_text(f">chr1\n{'ACGT' * 500}\n")
    (folder / "genes.gff3").write_text("##gff-version 3\n1\tx\tgene\t1\t9\t.\t+\t.\tID=gene:g\n")
    (folder / "panel.bed").write_text("chr1\t100\t200\tALK\n")
    head = "patient\ttimepoint\tspecimen_type\tassay\tcollected\tsetting\t"
    row = "P1\tT1\tplasma\tpanel\t2021-06-02\tprogression\t"
    (folder / "samples.tsv").write_text(f"{head}{columns}\n{row}{cells}\n")
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    config |= {
        "samples": "samples.tsv",
        "assays": {"panel": {"targets": str(folder / "panel.bed"), "umi": umi}},
    }
    config["reference"] |= {"fasta": str(folder / "genome.fa"), "gff3": str(folder / "genes.gff3")}
    fastq_head.cache_clear()
    bam_head.cache_clear()
    judged = judge_files(
        read_sheet(folder / "samples.tsv", assays=["panel"]), check_settings(config, file="c")
    )
    return [f"{p.what}; {p.remedy}" for p in judged.problems], [f"{p.what}; {p.remedy}" for p in judged.notes]


def test_pairs_in_one_file_are_said(tmp_path: Path, root: Path) -> None:
    draw = random.Random(2)
    names = [f"r{i // 2}" for i in range(600)]
    path = fastq(tmp_path / "all.fq", names, [bases(draw, 60) for _ in names])
    problems, notes = project(tmp_path, root, str(path), "fastq_1", {"source": "none"})
    assert problems == []
    assert notes == [f"{str(path)!r} holds both reads of each pair; it is read as pairs"]
    umi = {"source": "inline", "read_structures": ["5M2S+T", "60M+T"]}
    problems, _ = project(tmp_path, root, str(path), "fastq_1", umi)
    assert [text.split("(")[0] for text in problems] == ["reads have at most 60 bases, the read structures "]


def test_a_sample_index_in_the_names_stops_the_run(tmp_path: Path, root: Path) -> None:
    draw = random.Random(3)
    files = [
        fastq(
            tmp_path / f"{i}.fq",
            [f"r:{n}:ACGTACGT" for n in range(200)],
            [bases(draw, 60) for _ in range(200)],
        )
        for i in (1, 2)
    ]
    cells = "\t".join(map(str, files))
    problems, _ = project(tmp_path, root, cells, "fastq_1\tfastq_2", {"source": "name"})
    assert len(problems) == 1
    assert problems[0].startswith("the UMI of 200 of the first 200 templates is 'ACGTACGT'")
    problems, notes = project(tmp_path, root, cells, "fastq_1\tfastq_2", {"source": "none"})
    assert (problems, notes) == ([], []), "nothing is lost where nobody asks for it"


def bam(path: Path, places: list[tuple[int, int]], *, tags: list[tuple[str, Any]] | None = None) -> Path:
    """Pairs of 30 bases at (first base, length of the fragment), sorted."""
    draw = random.Random(4)
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": 2000}]}
    records = []
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for i, (start, length) in enumerate(sorted(places)):
            for flag in (99, 147):
                record = pysam.AlignedSegment(out.header)
                record.query_name, record.flag, record.query_sequence = f"r{i}", flag, bases(draw, 30)
                record.query_qualities = pysam.qualitystring_to_array("I" * 30)
                record.reference_id = record.next_reference_id = 0
                ends = (start, start + length - 30)
                record.reference_start, record.next_reference_start = ends if flag == 99 else ends[::-1]
                record.template_length = length if flag == 99 else -length
                record.cigarstring, record.mapping_quality = "30M", 60
                record.set_tags(tags or [("RX", f"{bases(draw, 3)}-{bases(draw, 3)}")])
                records.append(record)
        for record in sorted(records, key=lambda r: r.reference_start):
            out.write(record)
    pysam.index(str(path))
    return path


def test_umis_that_nobody_asks_for_are_said(tmp_path: Path, root: Path) -> None:
    path = bam(tmp_path / "a.bam", [(at, 100) for at in range(100, 160)])
    problems, notes = project(tmp_path, root, f"{path}\traw", "bam\tbam_kind", {"source": "none"})
    assert problems == []
    assert len(notes) == 1
    assert notes[0].startswith("the reads have UMIs in RX, such as ")
    assert "`umi: {source: tag}` and, if both strands carry them, `duplex: true`" in notes[0]
    assert "`--umi tag` of `alktrace one`" in notes[0]


def test_names_of_sequencers_hold_no_umi() -> None:
    assert unused_umis([f"A00:1:HX:1:1101:{i}:2000" for i in range(9)], [""] * 9) is None
    assert unused_umis(["r_A", "r_C"], []) is None, "a base is no UMI"
    fault = unused_umis(["r:1:AC+GT", "r:2:GG+TT"], [])
    assert fault is not None
    assert "at the end of their names, such as 'AC-GT'" in fault[0]


def test_halves_in_one_word_are_said(tmp_path: Path, root: Path) -> None:
    path = bam(tmp_path / "a.bam", [(100, 90)], tags=[("RX", "ACGTTA")])
    columns, umi = "bam\tbam_kind", {"source": "tag", "duplex": True}
    problems, notes = project(tmp_path, root, f"{path}\traw", columns, umi)
    assert (problems, notes) == (
        [],
        ["the UMI 'ACGTTA' of a duplex assay is one word; it is read as 'ACG-TTA'"],
    )


def test_raw_reads_given_as_consensus_are_refused(tmp_path: Path, root: Path) -> None:
    """Three copies of each of forty fragments; consensus of the same fragments, or with depths, passes."""
    draw = random.Random(5)
    fragments = [(draw.randrange(100, 400), draw.randrange(80, 200)) for _ in range(40)]
    columns, cells = "bam\tbam_kind", "{}\tconsensus"
    raw = bam(tmp_path / "raw.bam", fragments * 3)
    problems, _ = project(tmp_path, root, cells.format(raw), columns, {"source": "none"})
    assert len(problems) == 1
    assert "has no tags of depth, and 120 templates at 40 pairs of ends: these are raw reads" in problems[0]
    right = bam(tmp_path / "once.bam", fragments)
    assert project(tmp_path, root, cells.format(right), columns, {"source": "none"}) == ([], [])
    deep = bam(tmp_path / "deep.bam", fragments * 3, tags=[("cD", 3)])
    assert project(tmp_path, root, cells.format(deep), columns, {"source": "none"}) == ([], [])


@pytest.mark.parametrize("molecules", [500, 2000, 5000])
def test_consensus_of_many_molecules_is_no_raw_file(molecules: int) -> None:
    """Plasma fragments of 167 +- 20 bases over one place, as they stand at the head of 200 files."""
    draw = random.Random(molecules)
    for _ in range(200):
        # Starts per base: every molecule over a base began in the 167 before it.
        starts = [draw.random() * 256 * 167 / molecules for _ in range(256)]
        places = [(0, int(start), 0, int(draw.gauss(167, 20)), False) for start in starts]
        assert raw_fault([HeadRead("r", False, "A", place, {}) for place in places], False) is None


def test_molecules_of_an_amplicon_share_their_ends() -> None:
    reads = [HeadRead("r", False, "A", (0, 100 + i % 2, 0, 120, False), {}) for i in range(256)]
    assert raw_fault(reads, False) is None


def test_bam_umis_come_from_first_reads(tmp_path: Path) -> None:
    path = bam(tmp_path / "a.bam", [(100, 90)], tags=[("RX", "ACG-TTA")])
    found = bam_umis(bam_head(path), settings(UmiSource.TAG), "RX")
    assert [item.umi for item in found] == ["ACG-TTA"]


# --- targets of another build -----------------------------------------------------------------


def test_exons_of_both_builds(tmp_path: Path) -> None:
    """ALK lies 222,866 bases further on in GRCh37 (Ensembl 75): each gene's exons are refused there alone."""
    shifts = [
        line.split("\t")[:2] for line in resource("reference/grch37_shift.tsv").read_text().splitlines()[1:]
    ]
    assert dict(shifts)["ALK"] == "222866"
    exons = [line.split("\t") for line in resource("demo/exons.tsv").read_text().splitlines()[1:]]
    for gene, shift in shifts:
        bed = tmp_path / "panel.bed"
        for moved in (0, int(shift)):
            rows = [(row[2], int(row[5]) + moved, int(row[6]) + moved) for row in exons if row[0] == gene]
            bed.write_text("".join(f"{chrom}\t{start}\t{end}\t{gene}\n" for chrom, start, end in rows))
            problems = check_targets(bed, None)[1]
            assert [p.remedy for p in problems] == (["give targets of GRCh38"] if moved else []), gene


def test_introns_are_no_other_build(tmp_path: Path) -> None:
    """All of ALK in tiles, exons of GRCh37 among them, and intron 19 alone."""
    bed = tmp_path / "panel.bed"
    tiles = range(29_192_774, 29_921_566, 120)
    bed.write_text("".join(f"chr2\t{start}\t{start + 120}\tALK\n" for start in tiles))
    assert check_targets(bed, None)[1] == []
    bed.write_text("chr2\t29223528\t29225461\tALK\n")
    assert check_targets(bed, None)[1] == []
