"""What would stop a run is said in one round, whatever else is wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from alktrace.errors import InputProblems
from alktrace.io.resources import DEFAULTS
from alktrace.workflow.readiness import checked_plan

HEAD = "patient timepoint specimen_type assay collected setting fastq_1 bam bam_kind calls"


def config(folder: Any, *rows: Any, **changes: Any) -> Any:
    (folder / "samples.tsv").write_text("".join("\t".join(row.split()) + "\n" for row in (HEAD, *rows)))
    (folder / "genome.fa").write_text(">chr1\n" + "ACGT" * 100 + "\n")
    (folder / "genes.gff3").write_text("##gff-version 3\nchr1\tx\tgene\t1\t9\t.\t+\t.\tID=g\n")
    (folder / "panel.bed").write_text("chr1\t10\t20\n")
    (folder / "r.fastq").write_text("@r\nACGT\n+\nIIII\n")
    (folder / "calls.tsv").write_text("gene\thgvs_p\thgvs_c\tvariant_class\tvaf\tcopy_number\tpartner\n")
    return yaml.safe_load(DEFAULTS.read_text()) | {
        "samples": "samples.tsv",
        "assays": {"panel": {"targets": "panel.bed"}},
        "reference": yaml.safe_load(DEFAULTS.read_text())["reference"]
        | {"fasta": "genome.fa", "gff3": "genes.gff3"},
    } | changes  # fmt: skip


READS = "A T1 plasma panel 2026-01-01 progression r.fastq . . ."
CONSENSUS = "B T1 plasma panel 2026-01-01 progression . c.bam consensus ."
REPORT = "C T1 plasma panel 2026-01-01 progression . . . calls.tsv"
VCF = "D T1 plasma panel 2026-01-01 progression . . . calls.vcf.gz"


def said(given: Any, **options: Any) -> Any:
    with pytest.raises(InputProblems) as caught:
        checked_plan(given, **{"tools": False} | options)
    return [line.split("; ")[0] for line in str(caught.value).splitlines()]


def test_nothing_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert checked_plan(config(tmp_path, READS), tools=False).sheet.patients == ("A",)


def test_settings_sheet_and_files_in_one_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bad_row = READS.replace("progression", "never")
    assert said(config(tmp_path, bad_row, assays={"panel": {"targets": "none.bed"}}, clinical="nowhere")) == [
        "samples.tsv:2:setting: value 'never'",
        "config:clinical: no table `patients` in 'nowhere'",
        "config:assays.panel.targets: no file 'none.bed'",
    ]
    assert said(config(tmp_path, bad_row, calling={})) == [
        *(line for line in said(config(tmp_path, READS, calling={}))),
        "samples.tsv:2:setting: value 'never'",
    ]


@pytest.mark.parametrize(
    "changes", [{"samples": 3}, {"assays": ["panel"]}, {"samples": None, "assays": None}]
)
def test_a_sheet_that_is_not_named_rightly_is_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, int | list[str] | None]
) -> None:
    monkeypatch.chdir(tmp_path)
    found = said(config(tmp_path, READS, **changes))
    assert [line.partition(": value")[0] for line in found] == [f"config:{name}" for name in changes]


@pytest.mark.parametrize(
    ("rows", "needed"),
    [
        ((REPORT,), {"multiqc", "samtools"}),
        ((VCF,), {"multiqc", "samtools", "bcftools"}),
        ((CONSENSUS,), {"multiqc", "samtools", "bcftools"}),
        ((REPORT, READS), {"multiqc", "samtools", "bcftools", "fastp", "bwa"}),
    ],
    ids=["reports", "VCF", "consensus", "reads"],
)
def test_only_tools_that_the_run_needs_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: Any, needed: set[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("alktrace.workflow.readiness.find_problems", lambda *_: [])
    monkeypatch.setenv("PATH", str(tmp_path))
    found = said(config(tmp_path, *rows), tools=True)
    assert found == [f"{tool}: not found on PATH" for tool in sorted(needed)]


def test_the_aligner_of_the_configuration_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    given = config(tmp_path, READS)
    given["reference"]["aligner"] = "bwa-mem2"
    assert "bwa-mem2: not found on PATH" in said(given, tools=True)
