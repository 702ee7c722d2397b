"""What the alignment rules get for each kind of row."""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pysam
import pytest
import yaml

from alktrace.checks.probes import bam_head, fastq_head
from alktrace.inputs.sample import Sample, Unit
from alktrace.inputs.settings.configuration import check_settings
from alktrace.inputs.sheet import Sheet
from alktrace.reference.locate import locate_reference
from alktrace.vocabulary.samples import BamKind, Role, Setting, SpecimenType
from alktrace.workflow.units import Units


def bam(path: Any, *, flags: Any, order: str = "coordinate", mapped: bool = True) -> Any:
    header = {"HD": {"VN": "1.6", "SO": order}, "SQ": [{"SN": "chr1", "LN": 100}] if mapped else []}
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for flag in flags:
            record = pysam.AlignedSegment(out.header)
            record.query_name, record.flag, record.query_sequence = "r", flag, "ACGT"
            if mapped:
                record.reference_id, record.reference_start, record.cigarstring = 0, 1, "4M"
            out.write(record)
    bam_head.cache_clear()
    return str(path)


def units(root: Path, *rows: Any, **umi: Any) -> Any:
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    config["assays"] = {"panel": {"targets": "panel.bed", "umi": umi}}
    settings = check_settings(config, file="config")
    sample = Sample(
        "P1", "T1", "plasma", SpecimenType.PLASMA, "panel", date(2026, 1, 1), Setting.PROGRESSION,
        Role.PATIENT,
        tuple(Unit(f"u{i}", f"lib{i}", **row) for i, row in enumerate(rows, start=1)),
    )  # fmt: skip
    place = locate_reference(settings.reference, "results/reference")
    return Units(Sheet({sample.name: sample}), settings, place)


def wildcards(unit: str = "u1") -> Any:
    return SimpleNamespace(patient="P1", timepoint="T1", specimen="plasma", unit=unit)


FOLDER = "results/patients/P1/T1/plasma/units"
PAIR = {"fastq_1": "1.fq", "fastq_2": "2.fq"}


def test_pairs(root: Path) -> None:
    plan = units(root, PAIR, source="inline", read_structures=["5M2S+T", "5M2S+T"])
    assert plan.fastqs(wildcards()) == ["1.fq", "2.fq"]
    assert plan.given_bams(wildcards()) == plan.umi_fastqs(wildcards()) == plan.fixed_umis(wildcards()) == []
    assert plan.extract_options(wildcards()) == "--source inline --read-structure 5M2S+T 5M2S+T"
    assert plan.fastp_options(wildcards()).startswith("--interleaved_in --adapter_sequence AGATCGGAAGAGC")
    assert plan.aligner_options(wildcards()) == "-p"
    assert plan.read_group(wildcards()) == r"@RG\tID:u1\tSM:P1.T1.plasma\tLB:lib1\tPL:ILLUMINA"


def test_single_reads(root: Path) -> None:
    plan = units(root, {"fastq_1": "1.fq"}, source="inline", read_structures=["12M16S+T"])
    assert "interleaved" not in plan.fastp_options(wildcards())
    assert plan.aligner_options(wildcards()) == ""


def test_one_fastq_with_both_reads_is_pairs(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "both.fq"
    path.write_text("".join(f"@r{i // 2}\nACGT\n+\nIIII\n" for i in range(6)))
    fastq_head.cache_clear()
    plan = units(root, {"fastq_1": str(path)})
    assert plan.extract_options(wildcards()) == "--source none --interleaved"
    assert plan.fastp_options(wildcards()).startswith("--interleaved_in")
    assert plan.aligner_options(wildcards()) == "-p"


def test_one_read_with_two_templates_is_a_pair(root: Path) -> None:
    plan = units(root, {"fastq_1": "1.fq"}, source="inline", read_structures=["50T8M50T"])
    assert plan.aligner_options(wildcards()) == "-p"


def test_umi_read_is_no_template(root: Path) -> None:
    plan = units(root, PAIR | {"fastq_umi": "3.fq"}, source="fastq")
    assert plan.umi_fastqs(wildcards()) == ["3.fq"]
    assert plan.aligner_options(wildcards()) == "-p"


def test_fixed_umis(root: Path) -> None:
    plan = units(root, PAIR, source="tag", tag="ZU", fixed_umis="umis.txt")
    assert plan.fixed_umis(wildcards()) == ["umis.txt"]
    assert plan.umi_options(wildcards()) == "--source tag --tag ZU --max-mismatches 1 --min-distance 2"


@pytest.mark.parametrize(
    ("flags", "options", "pairs"),
    [
        pytest.param((77, 141), "--source none", "-p", id="pairs"),
        pytest.param((4,), "--source none --single", "", id="single reads"),
    ],
)
def test_unaligned_bam_is_aligned(
    root: Path, tmp_path: Path, flags: tuple[int, ...], options: str, pairs: str
) -> None:
    path = bam(tmp_path / "u.bam", flags=flags, mapped=False)
    plan = units(root, {"bam": path, "bam_kind": BamKind.RAW})
    assert plan.fastqs(wildcards()) == []
    assert plan.given_bams(wildcards()) == [path]
    assert plan.extract_options(wildcards()) == options
    assert plan.aligner_options(wildcards()) == pairs
    assert plan.unit_bams(wildcards()) == [f"{FOLDER}/u1.aligned.bam"]


@pytest.mark.parametrize(
    ("order", "finish"),
    [
        pytest.param("coordinate", "view --bam", id="sorted"),
        pytest.param("unsorted", "sort", id="unsorted"),
        pytest.param("queryname", "sort", id="by name"),
    ],
)
def test_aligned_bam_is_adopted(root: Path, tmp_path: Path, order: str, finish: str) -> None:
    path = bam(tmp_path / "a.bam", flags=(99, 147), order=order)
    plan = units(root, PAIR, {"bam": path, "bam_kind": BamKind.RAW})
    assert plan.finish(wildcards("u2")) == finish
    assert plan.group_options(wildcards("u2")) == "--unit u2 --sample P1.T1.plasma --library lib2"
    assert plan.unit_bams(wildcards()) == [f"{FOLDER}/u1.aligned.bam", f"{FOLDER}/u2.adopted.bam"]
