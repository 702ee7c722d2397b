"""Every kind of wrong input file gives one line with file, place and remedy, before work starts."""

import gzip
import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pysam
import pytest
import yaml

from alktrace.checks.input_files import judge_files
from alktrace.checks.probes import bam_head, fastq_head
from alktrace.inputs.sample import Sample, Unit
from alktrace.inputs.settings.configuration import Settings, check_settings
from alktrace.inputs.sheet import Sheet
from alktrace.reference.contigs import grch37_contig
from alktrace.vocabulary.samples import BamKind, Role, Setting, SpecimenType

LENGTHS = {"chr1": 3000, "chr2": 2000}
LINE = 7


class Project:
    """A right configuration with its files; tests break one thing at a time."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.fasta = folder / "genome.fa"
        self.fasta.write_text("".join(f">{name}\n{'ACGT' * (n // 4)}\n" for name, n in LENGTHS.items()))
        self.gff3 = folder / "genes.gff3"
        self.gff3.write_text(
            "##gff-version 3\n##sequence-region 2 1 2000\n2\tx\tgene\t1\t9\t.\t+\t.\tID=gene:g\n"
        )
        self.bed = folder / "panel.bed"
        self.bed.write_text("chr1\t100\t200\tALK\nchr2\t0\t2000\n")
        self.config = yaml.safe_load((root / "config" / "config.yaml").read_text())
        self.config["samples"] = "samples.tsv"
        self.config["reference"] |= {"fasta": str(self.fasta), "gff3": str(self.gff3)}
        self.umi: dict[str, Any] = {"source": "none"}
        self.assay = {"targets": str(self.bed), "umi": self.umi}
        self.config["assays"] = {"panel": self.assay}

    def settings(self) -> Settings:
        return check_settings(self.config, file="config")

    def problems(self, exclude: Sequence[str] = (), **files: Any) -> list[str]:
        fastq_head.cache_clear()
        bam_head.cache_clear()
        given: dict[str, Any] = {k: v if k == "bam_kind" else str(v) for k, v in files.items()}
        unit = Unit("u1", "lib1", line=LINE, **given)
        units = (unit,) if files else ()
        sample = Sample(
            "P1", "T1", "plasma", SpecimenType.PLASMA, "panel", date(2026, 1, 1), Setting.PROGRESSION,
            Role.PATIENT, units,
        )  # fmt: skip
        return [
            str(p)
            for p in judge_files(Sheet({sample.name: sample}, frozenset(exclude)), self.settings()).problems
        ]

    def fastq(self, name: str, reads: int = 3, length: int = 50, names: list[str] | None = None) -> Path:
        path, base = self.folder / name, "ACGT"[sum(name.encode()) % 4]
        texts = [
            f"@{n}\n{base * length}\n+\n{'I' * length}\n" for n in names or [f"r{i}" for i in range(reads)]
        ]
        data = "".join(texts).encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    def bam(
        self,
        name: str,
        *,
        lengths: dict[str, int] | None = None,
        mapped: bool = True,
        tags: dict[str, str | int] | None = None,
        order: str = "coordinate",
        flags: tuple[int, int] = (99, 147),
        reads: int = 3,
    ) -> Path:
        path = self.folder / name
        contigs = [{"SN": n, "LN": size} for n, size in (LENGTHS if lengths is None else lengths).items()]
        header = {"HD": {"VN": "1.6", "SO": order}, "SQ": contigs}
        with pysam.AlignmentFile(str(path), "wb", header=header) as out:
            for i in range(reads):
                for flag in flags:
                    record = pysam.AlignedSegment(out.header)
                    record.query_name, record.flag, record.query_sequence = f"r{i}:AC+GT", flag, "ACGTACGT"
                    record.query_qualities_str = "IIIIIIII"
                    if mapped:
                        record.reference_id, record.reference_start, record.cigarstring = 0, 10, "8M"
                    record.set_tags(list((tags or {}).items()))
                    out.write(record)
        return path


@pytest.fixture
def project(tmp_path: Path, root: Path) -> Project:
    return Project(tmp_path, root)


def only(problems: list[str], *parts: str) -> None:
    """Exactly one problem, with these texts in it."""
    assert len(problems) == 1, problems
    for part in parts:
        assert part in problems[0]


# --- right files ----------------------------------------------------------------------------


def test_right_files_of_every_kind(project: Project) -> None:
    assert project.problems() == []
    assert project.problems(fastq_1=project.fastq("1.fastq.gz"), fastq_2=project.fastq("2.fastq.gz")) == []
    assert project.problems(bam=project.bam("a.bam"), bam_kind=BamKind.RAW) == []
    consensus = project.bam("c.bam")
    pysam.index(str(consensus))
    assert project.problems(bam=consensus, bam_kind=BamKind.CONSENSUS) == []


def test_fastq_without_reads_is_legal(project: Project) -> None:
    assert project.problems(fastq_1=project.fastq("1.fastq.gz", reads=0)) == []


def test_bam_without_reads_is_legal(project: Project) -> None:
    assert project.problems(bam=project.bam("a.bam", reads=0), bam_kind=BamKind.RAW) == []


def test_extra_contigs_are_fine(project: Project) -> None:
    bam = project.bam("a.bam", lengths=LENGTHS | {"chrUn": 77})
    assert project.problems(bam=bam, bam_kind=BamKind.RAW) == []


def test_excluded_patients_are_not_looked_at(project: Project) -> None:
    assert project.problems(exclude=["P1"], fastq_1="nowhere.fastq") == []


def test_all_problems_come_at_once(project: Project) -> None:
    project.bed.write_text("chr1\t5\t5\n")
    project.gff3.unlink()
    assert len(project.problems(fastq_1="nowhere.fastq")) == 3


# --- FASTQ ----------------------------------------------------------------------------------


def test_missing_file(project: Project) -> None:
    only(
        project.problems(fastq_1="nowhere.fastq"), f"samples.tsv:{LINE}:fastq_1: no file", "correct the path"
    )


def test_folder_instead_of_a_file(project: Project) -> None:
    only(project.problems(fastq_1=project.folder), "is no file")


def test_empty_file(project: Project) -> None:
    path = project.folder / "1.fastq.gz"
    path.write_bytes(b"")
    only(project.problems(fastq_1=path), "0 bytes")


def test_truncated_gzip(project: Project) -> None:
    path = project.fastq("1.fastq.gz", names=[f"r{random.Random(i).random()}" for i in range(3000)])
    path.write_bytes(path.read_bytes()[:-200])
    only(project.problems(fastq_1=path), "fastq_1", "truncated")


def test_cut_off_text(project: Project) -> None:
    path = project.fastq("1.fastq")
    path.write_text(path.read_text() + "@r\nACGT\n")
    only(project.problems(fastq_1=path), "fastq_1", "1.fastq")


def test_mates_of_other_number_far_behind_the_head(project: Project) -> None:
    names = [f"r{i}" for i in range(900)]
    one, two = project.fastq("1.fastq.gz", names=names), project.fastq("2.fastq.gz", names=names[:-1])
    only(project.problems(fastq_1=one, fastq_2=two), ":fastq_2: 899 reads", "but 900 in fastq_1")


def test_truncated_blocks(project: Project) -> None:
    path = project.folder / "1.fastq.gz"
    with pysam.BGZFile(str(path), "wb", None) as out:
        out.write(b"@r\nACGT\n+\nIIII\n")
    path.write_bytes(path.read_bytes()[:-28])
    only(project.problems(fastq_1=path), "fastq_1", "truncated")


def test_other_text(project: Project) -> None:
    path = project.folder / "1.fastq"
    path.write_text("patient\ttimepoint\n")
    only(project.problems(fastq_1=path), "no valid FASTQ")


def test_mates_with_other_names(project: Project) -> None:
    one = project.fastq("1.fastq", names=["a 1:N", "b 1:N"])
    two = project.fastq("2.fastq", names=["a 2:N", "c 2:N"])
    only(project.problems(fastq_1=one, fastq_2=two), ":fastq_2: read 2 is 'c'", "'b' in fastq_1")


def test_mates_with_slashes_agree(project: Project) -> None:
    one, two = project.fastq("1.fastq", names=["a/1"]), project.fastq("2.fastq", names=["a/2"])
    assert project.problems(fastq_1=one, fastq_2=two) == []


def test_mates_of_other_number(project: Project) -> None:
    only(
        project.problems(fastq_1=project.fastq("1.fastq", reads=4), fastq_2=project.fastq("2.fastq")),
        ":fastq_2: 3 reads",
        "but 4 in fastq_1",
    )


# --- UMI ------------------------------------------------------------------------------------


def test_umi_shorter_than_its_read_structure(project: Project) -> None:
    project.umi |= {"source": "fastq", "read_structures": ["+T", "+T", "10M"]}
    files: dict[str, Any] = {"fastq_1": project.fastq("1.fastq"), "fastq_2": project.fastq("2.fastq")}
    only(
        project.problems(**files, fastq_umi=project.fastq("3.fastq", length=8)),
        ":fastq_umi: reads have at most 8 bases",
        "10M",
        "need 10",
    )
    assert project.problems(**files, fastq_umi=project.fastq("4.fastq", length=10)) == []


def test_reads_shorter_than_their_read_structure(project: Project) -> None:
    project.umi |= {"source": "inline", "read_structures": ["12M16S+T"]}
    only(project.problems(fastq_1=project.fastq("1.fastq", length=28)), "at most 28 bases", "need 29")


def test_number_of_read_structures(project: Project) -> None:
    project.umi |= {"source": "inline", "read_structures": ["5M2S+T", "5M2S+T"]}
    only(project.problems(fastq_1=project.fastq("1.fastq")), ":fastq_1: 2 read structures", "for 1 reads")


def test_missing_umi_fastq(project: Project) -> None:
    project.umi["source"] = "fastq"
    only(project.problems(fastq_1=project.fastq("1.fastq")), ":fastq_umi: empty")


def test_names_without_umi(project: Project) -> None:
    project.umi["source"] = "name"
    only(
        project.problems(fastq_1=project.fastq("1.fastq")),
        "no UMI at the end of the read names, such as 'r0'",
    )
    assert project.problems(fastq_1=project.fastq("2.fastq", names=["r0:ACGT"])) == []


def test_tag_source_needs_tags(project: Project) -> None:
    project.umi["source"] = "tag"
    only(project.problems(fastq_1=project.fastq("1.fastq")), "no RX tag behind the read names")


@pytest.mark.parametrize(
    ("umi", "parts"),
    [
        pytest.param({"read_structures": ["5M2X"]}, ["read_structures", "5M2X"], id="no read structure"),
        pytest.param({"source": "inline"}, ["read_structures: empty"], id="inline without"),
        pytest.param({"read_structures": ["5M+T"]}, ["write S"], id="UMI that is not used"),
        pytest.param(
            {"source": "inline", "read_structures": ["5M+T", "+T"], "duplex": True},
            ["duplex, but 1 M segments"],
            id="duplex with one UMI",
        ),
        pytest.param({"fixed_umis": "nowhere.txt"}, ["fixed_umis", "nowhere.txt"], id="no UMI list"),
    ],
)
def test_umi_settings(project: Project, umi: dict[str, bool | str | list[str]], parts: list[str]) -> None:
    project.umi |= umi
    only(project.problems(), "config:assays.panel.umi", *parts)


def test_umi_list_is_read(project: Project) -> None:
    path = project.folder / "umis.txt"
    path.write_text("ACGT\nAXGT\n")
    project.umi["fixed_umis"] = str(path)
    only(project.problems(), f"{path}:2: 'AXGT' is no UMI")


# --- BAM ------------------------------------------------------------------------------------


def test_truncated_bam(project: Project) -> None:
    path = project.bam("a.bam")
    path.write_bytes(path.read_bytes()[:-28])
    only(project.problems(bam=path, bam_kind=BamKind.RAW), ":bam: ", "truncated")


@pytest.mark.parametrize(
    ("data", "part"),
    [
        pytest.param(b"CRAM\3", "truncated", id="CRAM"),
        pytest.param(gzip.compress(b"x"), "a gzip file", id="gzip"),
        pytest.param(b"@HD\tVN:1.6\n", "is no BAM", id="SAM"),
    ],
)
def test_other_files_are_no_bam(project: Project, data: bytes, part: str) -> None:
    path = project.folder / "a.bam"
    path.write_bytes(data)
    only(project.problems(bam=path, bam_kind=BamKind.RAW), part)


def test_bam_of_another_reference(project: Project) -> None:
    bam = project.bam("a.bam", lengths={"chr1": 3000, "chr2": 2001})
    only(project.problems(bam=bam, bam_kind=BamKind.RAW), "another reference: chr2 has 2001 bases, not 2000")


def test_bam_with_other_names(project: Project) -> None:
    project.bed.write_text("chr1\t100\t200\n")
    bam = project.bam("a.bam", lengths={"1": 3000})
    only(project.problems(bam=bam, bam_kind=BamKind.RAW), "no contig 'chr1', but '1'")


def test_bam_of_grch37(project: Project) -> None:
    bam = project.bam("a.bam", lengths={"chr1": 249250621, "chr2": 243199373})
    only(project.problems(bam=bam, bam_kind=BamKind.RAW), "GRCh37: chr1 has 249250621", "give FASTQ")


def test_unaligned_bam_needs_no_contigs(project: Project) -> None:
    bam = project.bam("u.bam", lengths={}, mapped=False, flags=(77, 141), order="unsorted")
    assert project.problems(bam=bam, bam_kind=BamKind.RAW) == []


def test_reads_of_an_unaligned_bam_fit_their_read_structures(project: Project) -> None:
    project.umi |= {"source": "inline", "read_structures": ["4M+T", "9M+T"]}
    bam = project.bam("u.bam", lengths={}, mapped=False, flags=(77, 141))
    only(project.problems(bam=bam, bam_kind=BamKind.RAW), "at most 8 bases", "need 10")


@pytest.mark.parametrize("source", ["tag", "inline"])
def test_aligned_bam_without_umi_tag(project: Project, source: str) -> None:
    project.umi |= {"source": source, "read_structures": ["4M+T"] if source == "inline" else []}
    bam = project.bam("a.bam")
    only(project.problems(bam=bam, bam_kind=BamKind.RAW), "none of the first 6 records has a RX tag")
    assert project.problems(bam=project.bam("b.bam", tags={"RX": "AC-GT"}), bam_kind=BamKind.RAW) == []


def test_umi_in_the_names_of_a_bam(project: Project) -> None:
    project.umi["source"] = "name"
    assert project.problems(bam=project.bam("a.bam"), bam_kind=BamKind.RAW) == []


def test_consensus_bam_without_index(project: Project) -> None:
    only(project.problems(bam=project.bam("c.bam"), bam_kind=BamKind.CONSENSUS), "no index", "samtools index")


def test_consensus_bam_in_another_order(project: Project) -> None:
    bam = project.bam("c.bam", order="queryname")
    only(project.problems(bam=bam, bam_kind=BamKind.CONSENSUS), "not sorted by coordinate (SO:queryname)")


def test_unaligned_consensus_bam(project: Project) -> None:
    bam = project.bam("c.bam", mapped=False, flags=(77, 141), order="unsorted")
    only(project.problems(bam=bam, bam_kind=BamKind.CONSENSUS), "is not aligned")


# --- targets, gene models, genome ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        pytest.param("chr1 100 200\n", 1, "separated by tabs", id="blanks"),
        pytest.param(
            "chr1\t100\t200\nchr1\t300\t3001\n", "2:end", "ends at 3001, but chr1 has 3000", id="outside"
        ),
        pytest.param("chr3\t1\t2\n", "1:chromosome", "'chr3' is not in the genome", id="unknown contig"),
        pytest.param("1\t1\t2\n", "1:chromosome", "write 'chr1'", id="without chr"),
        pytest.param("chr1\t9\t9\n", "1:end", "empty interval", id="empty"),
        pytest.param("chr1\t9\t8\n", "1:end", "empty interval", id="backwards"),
        pytest.param("chr1\t-9\t8\n", "1:start", "a whole number", id="negative"),
        pytest.param("chrom\tstart\tend\n", "1:start", "a whole number", id="header line"),
    ],
)
def test_targets(project: Project, text: str, place: int | str, part: str) -> None:
    project.bed.write_text(text)
    only(project.problems(), f"{project.bed}:{place}: ", part)


def test_targets_without_intervals(project: Project) -> None:
    project.bed.write_text("# none\ntrack name=x\n\n")
    only(project.problems(), f"{project.bed}: no intervals")


def test_many_problems_of_a_bed_are_cut_short(project: Project) -> None:
    project.bed.write_text("chr3\t1\t2\n" * 50)
    problems = project.problems()
    assert len(problems) == 21
    assert "30 more problems" in problems[-1]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("chr1\t100\t200\nchr1\t200\t300\r\n", id="touching"),
        pytest.param("chr1\t200\t300\nchr1\t100\t201\nchr1\t100\t201\n", id="overlapping"),
        pytest.param("chr2\t200\t300\nchr1\t0\t3000\nchr2\t0\t9\n", id="unsorted"),
    ],
)
def test_targets_in_any_arrangement_are_fine(project: Project, text: str) -> None:
    project.bed.write_text(text)
    assert project.problems() == []


def test_compressed_targets_are_refused(project: Project) -> None:
    project.bed.write_bytes(gzip.compress(b"chr1\t100\t200\n"))
    only(project.problems(), f"{project.bed}: cannot be read", "decompress it")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        pytest.param("#!genome-build GRCh37.p13\n", "gene models of GRCh37", id="build"),
        pytest.param(
            "##sequence-region 2 1 2001\n", "2 has 2001 bases, chr2 of the genome 2000", id="length"
        ),
        pytest.param("##sequence-region 2 1 243199373\n", "(GRCh37)", id="length of GRCh37"),
        pytest.param("7\tx\tgene\t1\t9\t.\t+\t.\tID=gene:g\n", "no sequence of the genome", id="names"),
        pytest.param("##gff-version 3\n", "no line of a gene", id="nothing"),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_gene_models(project: Project, text: str, part: str, packed: bool) -> None:
    if packed:
        project.gff3.write_bytes(gzip.compress(text.encode()))
    else:
        project.gff3.write_text(text)
    only(project.problems(), str(project.gff3), part)


def test_genome_of_grch37(project: Project) -> None:
    Path(f"{project.fasta}.fai").write_text("chr1\t249250621\t6\t60\t61\nchr2\t243199373\t6\t60\t61\n")
    project.gff3.write_text("1\tx\tgene\t1\t9\t.\t+\t.\tID=gene:g\n")
    only(project.problems(), "config:reference.fasta: ", "is GRCh37: chr1")


def test_genome_compressed_by_gzip(project: Project) -> None:
    path = project.folder / "genome.fa.gz"
    path.write_bytes(gzip.compress(project.fasta.read_bytes()))
    project.config["reference"]["fasta"] = str(path)
    only(project.problems(), "config:reference.fasta: ", "bgzip")


@pytest.mark.parametrize("key", ["fasta", "gff3", "align_fasta", "polymorphisms", "population_vcf"])
def test_missing_files_of_the_genome(project: Project, key: str) -> None:
    project.config["reference"][key] = "nowhere"
    only(project.problems(), f"config:reference.{key}: no file 'nowhere'")


@pytest.mark.parametrize("key", ["targets", "noise_model", "copy_number_reference"])
def test_missing_files_of_an_assay(project: Project, key: str) -> None:
    project.assay[key] = "nowhere"
    only(project.problems(), f"config:assays.panel.{key}: no file 'nowhere'")


def test_compact_genome_must_fit(project: Project) -> None:
    path = project.folder / "compact.fa"
    path.write_text(">chr2:1991-2010\n" + "A" * 20 + "\n")
    project.config["reference"]["align_fasta"] = str(path)
    only(project.problems(), "config:reference.align_fasta: ", "chr2 ends at 2000")
    path.write_text(">chr2:1981-2000\n" + "A" * 20 + "\n")
    assert project.problems() == []


def test_missing_report(project: Project) -> None:
    only(project.problems(calls="nowhere.tsv"), f"samples.tsv:{LINE}:calls: no file")


def test_regions_that_a_report_covered(project: Project) -> None:
    report = project.folder / "report.tsv"
    report.write_text("gene\thgvs_p\nALK\tG1202R\n")
    assert project.problems(calls=report, covered_regions=project.bed) == []
    only(project.problems(calls=report, covered_regions="no.bed"), f"samples.tsv:{LINE}:covered_regions: no")
    bed = project.folder / "report.bed"
    bed.write_text("2\t0\t10\n")
    only(
        project.problems(calls=report, covered_regions=bed),
        "report.bed:1:chromosome: '2' is not in the genome",
    )


def test_bare_fractions_of_a_report_are_refused_before_work_starts(project: Project) -> None:
    report = project.folder / "report.csv"
    report.write_text("基因,突变,丰度\nALK,G1202R,0.1\n", encoding="gb18030")
    only(project.problems(calls=report), "report.csv:2:vaf: value '0.1' without a unit")


def test_words_of_a_site_are_checked_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.folder)
    (project.folder / "report_words.csv").write_text("word,language,meaning\nok,en,good\n")
    report = project.folder / "report.tsv"
    report.write_text("gene\thgvs_p\nALK\tG1202R\n")
    only(
        project.problems(calls=report), "report_words.csv:2:meaning: value 'good'; write one of found, denied"
    )


@pytest.mark.real
def test_published_bam_is_of_grch38(real_data: Path) -> None:
    head = bam_head(real_data / "fusion" / "H3122_EML4.bam")
    assert head.aligned
    assert grch37_contig(head.contigs) is None
    assert head.contigs["chr2"] == 242193529


# --- hostile reads --------------------------------------------------------------------------


@pytest.mark.parametrize("quality", ["I", "K", "#", "~!", "F,:#"])
def test_qualities_of_phred_33(project: Project, quality: str) -> None:
    path = project.folder / "1.fastq"
    path.write_text(f"@r\n{'A' * len(quality)}\n+\n{quality}\n")
    assert project.problems(fastq_1=path) == []


def test_the_longest_read_name_and_an_inner_at_are_fine(project: Project) -> None:
    assert project.problems(fastq_1=project.fastq("1.fastq", names=["r" * 254, "a@b"])) == []


@pytest.mark.parametrize("tag", ["cD", "bD", "XW"])
def test_a_negative_depth(project: Project, tag: str) -> None:
    bam = project.bam("c.bam", tags={"cE": 2, tag: -1})
    pysam.index(str(bam))
    only(project.problems(bam=bam, bam_kind=BamKind.CONSENSUS), f"{tag} of 'r0:AC+GT' is negative")


# --- hostile references ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "index",
    [
        pytest.param("chr1\t2999\t6\t3000\t3001\nchr2\t2000\t3013\t2000\t2001\n", id="length"),
        pytest.param("chr1\t3000\t6\t3000\t3001\nchr2\t2000\t3014\t2000\t2001\n", id="place"),
        pytest.param("chr1\t3000\t6\t3000\t3001\nchr22\t2000\t3013\t2000\t2001\n", id="name"),
        pytest.param("chr1\t3000\t6\t60\t61\nchr2\t2000\t3013\t60\t61\n", id="line length"),
    ],
)
def test_an_index_of_another_genome(project: Project, index: str) -> None:
    Path(f"{project.fasta}.fai").write_text(index)
    remedy = f"`samtools faidx {project.fasta}`"
    only(project.problems(), "config:reference.fasta: ", "is not the index of", remedy)


def test_an_old_index_of_the_compact_genome(project: Project) -> None:
    fasta = project.folder / "compact.fa"
    fasta.write_text(">chr1:1-8\nACGTACGT\n>chr2:1-4\nACGT\n")
    project.config["reference"]["align_fasta"] = str(fasta)
    pysam.faidx(str(fasta))
    assert project.problems() == []
    fasta.write_text(">chr1:1-12\nACGTACGTACGT\n>chr2:1-4\nACGT\n")
    only(project.problems(), "config:reference.align_fasta: ", "'chr1:1-8' of 8 bases is not there", "faidx")


def test_the_right_index(project: Project) -> None:
    project.fasta.write_text(">chr1 first\n" + "ACGT\n" * 750 + ">chr2\r\n" + "ACGTA\r\n" * 400)
    pysam.faidx(str(project.fasta))
    assert project.problems() == []


@pytest.mark.parametrize(
    ("ends", "reads", "same"), [("/1", 3, True), (":copy", 64, True), (":copy", 63, False)]
)
def test_a_copy_under_other_names_is_one(tmp_path: Path, ends: str, reads: int, same: bool) -> None:
    """Of a blank with a handful of reads bases may be equal by chance."""
    heads = []
    for end in ("", ends):
        path = tmp_path / f"{len(end)}.fastq"
        path.write_text("".join(f"@r{i}{end}\n{'ACGT'[i % 4] * 9}\n+\n{'I' * 9}\n" for i in range(reads)))
        heads.append(fastq_head(path))
    assert (heads[0].digest == heads[1].digest) is same


def sites(project: Project, chrom: str) -> str:
    """A VCF of frequencies, indexed, of whose two sites the first is that of the genome."""
    info = '##INFO=<ID=AF,Number=A,Type=Float,Description="frequency">'
    head = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    rows = [f"{chrom}\t{pos}\t.\tA\tG\t.\t.\tAF=0.1" for pos in (5, 6)]
    vcf = project.folder / "sites.vcf"
    vcf.write_text("\n".join(["##fileformat=VCFv4.2", f"##contig=<ID={chrom}>", info, head, *rows, ""]))
    return str(pysam.tabix_index(str(vcf), preset="vcf", force=True))


@pytest.mark.parametrize("key", ["polymorphisms", "population_vcf"])
def test_sites_whose_chromosomes_have_other_names(project: Project, key: str) -> None:
    """None would be found, and an inherited variant taken for one of the tumour."""
    pysam.faidx(str(project.fasta))
    project.config["reference"][key] = sites(project, "1")
    only(project.problems(), "sites.vcf.gz:CHROM: no site on the genome: it has no '1'; rename", "to 'chr1'")


@pytest.mark.parametrize("key", ["polymorphisms", "population_vcf"])
def test_sites_of_another_genome(project: Project, key: str) -> None:
    pysam.faidx(str(project.fasta))
    project.config["reference"][key] = sites(project, "chr1")
    only(project.problems(), "sites.vcf.gz:REF: REF 'A' at chr1:6, where the genome has 'C'; give variants")
