"""What a run says at its end: counts by class, reasons in words, quality, pages; also where it failed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from alktrace.classify.resistance_table import ClassificationRow
from alktrace.commands import show
from alktrace.inputs.sample import Sample, Unit
from alktrace.io.tables import write_table
from alktrace.qc.qc_table import QcRow
from alktrace.qc.quality import unreadable_quality
from alktrace.vocabulary.resistance import Classification, NotEvaluableReason
from alktrace.vocabulary.samples import Role, Setting, SpecimenType, Verdict


def row(patient: str, found: Classification, *reasons: NotEvaluableReason) -> ClassificationRow:
    return ClassificationRow(patient, "PD1", Setting.PROGRESSION, found, (), None, None, (), reasons)


ROWS = [
    row("P01", Classification.BYPASS),
    row("P02", Classification.BYPASS),
    row("P03", Classification.NOT_EVALUABLE, NotEvaluableReason.POWER_LOW, NotEvaluableReason.NO_DATA),
]


def quality(patient: str, verdict: Verdict, *reasons: str) -> QcRow:
    unit = Unit("u1", "lib1", fastq_1="a.fq")
    sample = Sample(
        patient, "PD1", "plasma", SpecimenType.PLASMA, "panel", date(2024, 1, 1),
        Setting.PROGRESSION, Role.PATIENT, (unit,),
    )  # fmt: skip
    return replace(unreadable_quality(sample), verdict=verdict, reasons=reasons)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    cohort = tmp_path / "cohort"
    cohort.mkdir()
    write_table(cohort / "classification.tsv", ClassificationRow, ROWS)
    rows = [
        quality("P01", Verdict.PASS),
        quality("P02", Verdict.WARN, "molecules 300 below 500"),
        quality("P03", Verdict.FAIL, "molecules 2 below 100"),
    ]
    write_table(cohort / "qc.tsv", QcRow, rows)
    (cohort / "report.html").touch()
    return tmp_path


def test_a_finished_run(results: Path) -> None:
    said = show.summary(results)
    assert "3 timepoints of 3 patients:\n    2  BYPASS\n    1  NOT_EVALUABLE\n" in said
    assert "P03 PD1: " in said and "(power_low)" in said and "(no_data)" in said
    assert ". (power_low) " in said, "the reason stands in words"
    counts, fail, warn = said[said.index("quality by") :].splitlines()[:3]
    assert counts.endswith("of 3 samples: 1 pass, 1 warn, 1 fail")
    assert fail == "  fail  P03 PD1 plasma: molecules 2 below 100"
    assert warn == "  warn  P02 PD1 plasma: molecules 300 below 500"
    assert f"  cohort: {results / 'cohort' / 'report.html'}" in said


def test_a_failed_run_counts_what_it_has(results: Path) -> None:
    planned = [("P01", "PD1"), ("P02", "PD1")]
    assert show.summary_so_far(results, planned) == ""
    folder = results / "patients" / "P01" / "PD1"
    folder.mkdir(parents=True)
    write_table(folder / "classification.tsv", ClassificationRow, ROWS[:1])
    said = show.summary_so_far(results, planned)
    assert said.startswith("1 of 2 timepoints are classified")
    assert "    1  BYPASS" in said and "quality by" not in said


def test_tables_that_cannot_be_read_are_no_fault_of_the_run(results: Path) -> None:
    (results / "cohort" / "classification.tsv").write_text("nothing\n")
    assert show.at_the_end(results) == show.at_the_end(results / "none") == ""


def test_of_many_the_first_are_named(results: Path) -> None:
    many = [
        row(f"P{number}", Classification.NOT_EVALUABLE, NotEvaluableReason.NO_DATA) for number in range(300)
    ]
    write_table(results / "cohort" / "classification.tsv", ClassificationRow, many)
    said = show.summary(results)
    assert "and 280 more: cohort/classification.tsv" in said
    assert len(said.splitlines()) < 40
