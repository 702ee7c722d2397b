"""What would stop a run is said in one round, whatever else is wrong."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from alktrace.checks.input_files import Judged
from alktrace.errors import InputProblems
from alktrace.io.resources import DEFAULTS
from alktrace.io.unreadable import read_unreadable
from alktrace.workflow.plan import Plan
from alktrace.workflow.readiness import checked_plan

HEAD = "patient timepoint specimen_type assay collected setting fastq_1 bam bam_kind calls"


def config(folder: Any, *rows: Any, head: Any = HEAD, **changes: Any) -> Any:
    (folder / "samples.tsv").write_text("".join("\t".join(row.split()) + "\n" for row in (head, *rows)))
    (folder / "genome.fa").write_text(">chr1\n" + "ACGT" * 100 + "\n")
    (folder / "genes.gff3").write_text("##gff-version 3\nchr1\tx\tgene\t1\t9\t.\t+\t.\tID=gene:g\n")
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
        ((VCF,), {"multiqc", "samtools"}),
        ((CONSENSUS,), {"multiqc", "samtools"}),
        ((REPORT, READS), {"multiqc", "samtools", "fastp", "bwa"}),
    ],
    ids=["reports", "VCF", "consensus", "reads"],
)
def test_only_tools_that_the_run_needs_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: Any, needed: set[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("alktrace.workflow.readiness.judge_files", lambda *_: Judged([], {}))
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


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, False),
        ({"normals": 3}, True),
        ({"normals": 2}, False),
        ({"targets": 999}, False),
        ({"targets": 1000}, True),
        ({"reference": "spread"}, True),
        ({"reference": "spread residual_1"}, False),
    ],
    ids=["small", "pool", "no-pool", "hundreds", "large", "pool-of-cnvkit", "pool-of-ours"],
)
@pytest.mark.parametrize("installed", [True, False], ids=["installed", "missing"])
def test_cnvkit_is_asked_for_where_copy_number_imports_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: Any, needed: bool, installed: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("alktrace.workflow.readiness.package_version", lambda _: "1" if installed else None)
    monkeypatch.setattr("alktrace.workflow.readiness.judge_files", lambda *_: Judged([], {}))
    normals = [
        f"{READS} normal".replace("A ", f"N{i} ").replace("r.", f"{i}.")
        for i in range(changes.get("normals", 0))
    ]
    given = config(tmp_path, f"{READS} patient", *normals, head=f"{HEAD} role")
    (tmp_path / "panel.bed").write_text(
        "".join(f"chr1\t{10 * i}\t{10 * i + 9}\n" for i in range(changes.get("targets", 1)))
    )
    if columns := changes.get("reference"):
        cells = columns.split()
        (tmp_path / "x.cnn").write_text(
            "\t".join(["chromosome", "start", "end", "gene", "log2", *cells])
            + "\n"
            + "\t".join(["chr1", "0", "9", "x", "0", *("0.1" for _ in cells)])
            + "\n"
        )
        given["assays"]["panel"]["copy_number_reference"] = "x.cnn"
    if needed and not installed:
        monkeypatch.setenv("PATH", str(tmp_path))
        line, *others = said(given, tools=True)
        assert "multiqc: not found on PATH" in others, "all of it at once"
        assert line.startswith("config:assays.panel: its copy number")
        assert line.endswith("needs CNVkit, which is not installed")
    else:
        checked_plan(given, tools=False)


@pytest.mark.parametrize("installed", [True, False], ids=["installed", "missing"])
def test_igv_is_asked_for_where_a_page_is_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("alktrace.workflow.readiness.package_version", lambda _: "1" if installed else None)
    given = config(tmp_path, READS, exports=["igv_page"], export_inherited=True)
    if installed:
        checked_plan(given, tools=False)
    else:
        assert said(given) == ["config:exports: igv_page needs igv.js, which is not installed"]


# --- `bad_inputs: row` ---------------------------------------------------------------------

REFUSED = "results/patients/B/T1/plasma/refused.txt"
B = SimpleNamespace(patient="B", timepoint="T1", specimen="plasma")


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads that can be used, a consensus BAM that is missing, a report."""
    monkeypatch.chdir(tmp_path)
    return config(tmp_path, READS, CONSENSUS, REPORT)


def test_by_default_a_wrong_file_stops_the_run(given: Any) -> None:
    with pytest.raises(InputProblems, match=r"samples\.tsv:3:bam: no file 'c\.bam'; correct the path"):
        checked_plan(given, tools=False)


def test_as_a_row_it_costs_its_sample_alone(given: Any) -> None:
    plan = checked_plan(given | {"bad_inputs": "row"}, tools=False)
    plan.write_refusals()
    assert list(plan.refused) == ["B.T1.plasma"]
    assert [problem.what for problem in read_unreadable(REFUSED)] == ["no file 'c.bam'"]
    assert plan.consensus_bam(B) == REFUSED
    assert sorted(plan.sheet.patients) == ["A", "B", "C"], "it stays in the cohort"
    assert not Path("results/patients/A").exists()


def test_a_job_on_a_cluster_sees_the_same_plan(given: Any) -> None:
    """It reads the plan again, without the checks, while its reads may be gone."""
    given |= {"bad_inputs": "row"}
    checked_plan(given, tools=False).write_refusals()
    assert Plan.from_config(given).consensus_bam(B) == REFUSED
    assert Plan.from_config(given | {"bad_inputs": "stop"}).consensus_bam(B) == "c.bam"


def test_a_report_is_refused_as_a_report(given: Any) -> None:
    Path("calls.tsv").write_text("")
    plan = checked_plan(given | {"bad_inputs": "row"}, tools=False)
    plan.write_refusals()
    assert list(plan.refused) == ["B.T1.plasma", "C.T1.plasma"]
    report = SimpleNamespace(patient="C", timepoint="T1", specimen="plasma")
    assert plan.sample(report).reported
    assert read_unreadable(plan.report(report))


def test_a_reason_that_stands_keeps_its_date_and_goes_with_the_problem(given: Any) -> None:
    given |= {"bad_inputs": "row"}
    dates = []
    for _ in range(2):
        checked_plan(given, tools=False).write_refusals()
        dates.append(Path(REFUSED).stat().st_mtime_ns)
    assert dates[0] == dates[1]
    Path("c.bam").touch()
    checked_plan(given, tools=False).write_refusals()
    assert [problem.what for problem in read_unreadable(REFUSED)] == ["'c.bam' is empty (0 bytes)"]
    sheet = Path("samples.tsv")
    sheet.write_text(sheet.read_text().replace("\t.\tc.bam\tconsensus", "\tr2.fastq\t.\t."))
    Path("r2.fastq").write_text("@s\nACGA\n+\nIIII\n")
    plan = checked_plan(given, tools=False)
    plan.write_refusals()
    assert not plan.refused
    assert not Path(REFUSED).exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda: Path("panel.bed").unlink(), "no file 'panel.bed'", id="targets"),
        pytest.param(
            lambda: Path("samples.tsv").write_text(
                Path("samples.tsv").read_text().replace("2026-01-01", "x")
            ),
            "date 'x'",
            id="sheet",
        ),
    ],
)
def test_what_samples_share_stops_the_run_all_the_same(given: Any, change: Any, said: str) -> None:
    change()
    with pytest.raises(InputProblems, match=said):
        checked_plan(given | {"bad_inputs": "row"}, tools=False)
