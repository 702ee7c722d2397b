"""Every kit of `alktrace init`: made-up reads in its layout, from its sheet to the stream for the aligner."""

import gzip
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pysam
import pytest
import yaml

from alktrace.align.extract import Extraction, extract_bam, extract_fastq, layout_for
from alktrace.align.retag import UnitGroup, tag_alignments
from alktrace.align.umi_text import in_halves
from alktrace.checks.input_files import judge_files
from alktrace.checks.probes import bam_head, fastq_head
from alktrace.commands.init import run as init
from alktrace.inputs.settings.configuration import Settings, check_settings, lay_over
from alktrace.inputs.sheet import Sheet, read_sheet
from alktrace.io.resources import resource
from alktrace.reference.locate import locate_reference
from alktrace.vocabulary.samples import UmiSource
from alktrace.workflow.plan import Plan
from alktrace.workflow.units import Units

ONE, TWO = "ACGTTGCAAC", "GGATCCTTAG"
HEADS = {"fastq_1": ONE, "fastq_2": TWO}

# kit: FASTQs (bases before the template; whole reads of UMIs), end of the name, UMI by hand
KITS: dict[str, tuple[dict[str, str], str, str]] = {
    "none": ({"fastq_1": "", "fastq_2": ""}, "", ""),
    "twist-umi": ({"fastq_1": "AACCGTT", "fastq_2": "TTGGAAA"}, "", "AACCG-TTGGA"),
    "xgen-duplex": ({"fastq_1": "AACTT", "fastq_2": "GGTTT"}, "", "AAC-GGT"),
    "xt-hs2": ({"fastq_1": "AACTT", "fastq_2": "GGTTT"}, "", "AAC-GGT"),
    "archer": ({"fastq_1": "AACCGGTT" + "AACCGCCAGGAGT", "fastq_2": ""}, "", "AACCGGTT"),
    "xt-hs2-trimmed": ({"fastq_1": "", "fastq_2": ""}, "\tBC:Z:A+C\tRX:Z:AAC-GGT\tQX:Z:III III", "AAC-GGT"),
    "xt-hs": ({"fastq_1": "", "fastq_2": "", "fastq_umi": "AACCGGTTAC"}, "", "AACCGGTTAC"),
    "index-umi": (
        {"fastq_1": "", "fastq_2": "", "fastq_umi": "AACCGGTT", "fastq_umi_2": "TTGGCCAA"},
        "",
        "AACCGGTT-TTGGCCAA",
    ),
    "kapa-umi": ({"fastq_1": "AACTTT", "fastq_2": "GGTTTT"}, "", "AAC-GGT"),
    "qiaseq": ({"fastq_1": "", "fastq_2": "AACCGGTTAACC" + "ATTGGAGTCCT"}, "", "AACCGGTTAACC"),
    "simsen": ({"fastq_1": "AACCGGTTAACC" + "ATGGGAAAGAGTGTCC"}, "", "AACCGGTTAACC"),
    "tso500": ({"fastq_1": "", "fastq_2": ""}, ":AAGGATG+TCGGAGA 1:N:0:AC", "AAGGATG-TCGGAGA"),
}  # fmt: skip


def project(folder: Path, kit: str) -> tuple[Sheet, Settings]:
    """What `init` wrote, with files of the two rows beside it."""
    _, config = init(folder, kit)
    (folder / "genome.fa").write_text(f">chr1\n{'ACGT' * 500}\n")
    (folder / "genes.gff3.gz").write_text("1\tx\tgene\t1\t9\t.\t+\t.\tID=gene:g\n")
    (folder / "panel.bed").write_text("chr1\t100\t200\tALK\n")
    defaults = yaml.safe_load((Path(__file__).parents[2] / "config" / "config.yaml").read_text())
    settings = check_settings(lay_over(defaults, yaml.safe_load(config.read_text())), file="config")
    return read_sheet(Path("samples.tsv"), assays=settings.assays), settings


def test_every_kit_has_reads() -> None:
    assert set(KITS) == {path.stem for path in resource("assays").glob("*.yaml")}


@pytest.mark.parametrize("kit", KITS)
def test_reads_of_a_kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kit: str) -> None:
    """The check passes, and the stream holds the template alone and the UMI in RX, halves in order."""
    monkeypatch.chdir(tmp_path)
    files, tail, umi = KITS[kit]
    sheet, settings = project(tmp_path, kit)
    for number, sample in enumerate(sheet.samples.values()):
        for column, before in files.items():
            text = before + HEADS.get(column, "")
            # Each file has reads of its own, so that none is a copy.
            other = text if column not in HEADS else text + "ACGT"[number]
            path = Path(getattr(sample.units[0], column))
            record = f"@r{number}{tail}\n{other}\n+\n{'I' * len(other)}\n"
            path.write_bytes(gzip.compress(record.encode()))
    fastq_head.cache_clear()
    assert [str(problem) for problem in judge_files(sheet, settings).problems] == []
    sample = next(iter(sheet.samples.values()))
    plan = Units(sheet, settings, locate_reference(settings.reference, "results/reference"))
    place: Any = SimpleNamespace(patient=sample.patient, timepoint="BL", specimen="plasma", unit="u1")
    given = settings.assays[sample.assay].umi
    fastqs = [Path(path) for path in plan.fastqs(place) + plan.umi_fastqs(place)]
    assert len(fastqs) == len(files)
    layout = layout_for(
        given.read_structures, reads=len(plan.fastqs(place)), umi_reads=len(plan.umi_fastqs(place))
    )
    out = io.BytesIO()
    extract_fastq(fastqs=fastqs, extraction=Extraction(layout, given.source, given.tag), out=out)
    lines = out.getvalue().decode().splitlines()
    assert [line.partition("RX:Z:")[2].split("\t")[0] for line in lines[::4]] == [umi] * len(lines[::4])
    assert lines[1::4] == [HEADS[column] + "A" for column in files if column in HEADS]
    assert given.duplex is ("-" in umi)


def test_primers_that_end_all_molecules_belong_to_the_kit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fusion of anchored PCR has one outer end on the side of the primer."""
    least = {}
    for kit in KITS:
        (tmp_path / kit).mkdir()
        monkeypatch.chdir(tmp_path / kit)
        sheet, settings = project(tmp_path / kit, kit)
        place: Any = SimpleNamespace(patient="P001", timepoint="BL", specimen="plasma")
        least[kit] = Plan(settings, sheet).structural_settings(place)["fusions"]["min_ends"]
    assert {kit for kit, ends in least.items() if ends == 1} == {"archer", "qiaseq", "simsen"}
    assert set(least.values()) == {1, 2}


# --- tags of BAM files ------------------------------------------------------------------------


def bam(path: Path, tags: dict[str, str], *, aligned: bool) -> Path:
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "chr1", "LN": 2000}]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for flag in (99, 147) if aligned else (77, 141):
            record = pysam.AlignedSegment(out.header)
            record.query_name, record.flag, record.query_sequence = "r", flag, ONE
            record.query_qualities_str = "I" * len(ONE)
            if aligned:
                record.reference_id, record.reference_start, record.cigarstring = 0, 100, f"{len(ONE)}M"
            record.set_tags(list(tags.items()))
            out.write(record)
    return path


@pytest.mark.parametrize(
    ("tag", "tags", "umi"),
    [
        pytest.param("RX", {"RX": "ACG-TTA"}, "ACG-TTA", id="fgbio"),
        pytest.param("RX", {"RX": "ACG+TTA"}, "ACG-TTA", id="plus"),
        pytest.param("RX", {"RX": "ACG_TTA"}, "ACG-TTA", id="UMI-tools"),
        pytest.param("BX", {"BX": "ACGTTA"}, "ACGTTA", id="BX"),
        pytest.param("ZA+ZB", {"ZA": "ACG", "ZB": "TTA"}, "ACG-TTA", id="ZA-and-ZB"),
    ],
)
def test_tags_become_rx(tmp_path: Path, tag: str, tags: dict[str, str], umi: str) -> None:
    """Aligned or not: later stages read RX alone."""
    path = bam(tmp_path / "a.bam", tags, aligned=True)
    out = tmp_path / "out.bam"
    tag_alignments(
        bam=path, out=str(out), group=UnitGroup("u1", "s", "l"), source=UmiSource.TAG, tag=tag, fixed=None
    )
    with pysam.AlignmentFile(str(out), check_sq=False) as records:
        assert [record.get_tag("RX") for record in records] == [umi, umi]
    stream = io.BytesIO()
    plain = layout_for([], reads=2, umi_reads=0)
    unaligned = bam(tmp_path / "u.bam", tags, aligned=False)
    extract_bam(bam=unaligned, extraction=Extraction(plain, UmiSource.TAG, tag), out=stream)
    assert stream.getvalue().decode().splitlines()[0].split("\t")[1] == f"RX:Z:{umi}"
    bam_head.cache_clear()


def test_halves_in_one_word(tmp_path: Path) -> None:
    """Of a duplex assay an even word is both halves; of others it is one UMI."""
    stream, plain = io.BytesIO(), layout_for([], reads=2, umi_reads=0)
    path = bam(tmp_path / "u.bam", {"RX": "ACGTTA"}, aligned=False)
    extract_bam(bam=path, extraction=Extraction(plain, UmiSource.TAG, duplex=True), out=stream)
    assert stream.getvalue().decode().splitlines()[0].split("\t")[1] == "RX:Z:ACG-TTA"
    aligned, out = bam(tmp_path / "a.bam", {"RX": "ACGTTA"}, aligned=True), tmp_path / "out.bam"
    group = UnitGroup("u1", "s", "l")
    tag_alignments(
        bam=aligned, out=str(out), group=group, source=UmiSource.TAG, tag="RX", fixed=None, duplex=True
    )
    with pysam.AlignmentFile(str(out), check_sq=False) as records:
        assert [record.get_tag("RX") for record in records] == ["ACG-TTA"] * 2
    assert [in_halves(text) for text in ("ACG-TT", "ACGTT", "", "AC+GT")] == ["ACG-TT", "ACGTT", "", "AC+GT"]


def test_one_half_without_the_other_is_no_umi(tmp_path: Path) -> None:
    path = bam(tmp_path / "a.bam", {"ZA": "ACG"}, aligned=True)
    counts = tag_alignments(
        bam=path, out=str(tmp_path / "o.bam"), group=UnitGroup("u1", "s", "l"), source=UmiSource.TAG,
        tag="ZA+ZB", fixed=None,
    )  # fmt: skip
    assert counts.without_umi == 1
