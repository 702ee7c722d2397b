"""The demo as a whole: its sheet, config and clinical tables are read by the readers of the product."""

import csv
import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import pytest
from outcome_cohort import ROOT, cohort_settings
from present_values import present

from alktrace.demo.build_demo import write_demo
from alktrace.inputs.config_file import load_settings
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.inputs.settings.configuration import Settings
from alktrace.inputs.sheet import read_sheet
from alktrace.knowledge.load import load_knowledge
from alktrace.outcomes.clinical_tables import read_clinical
from alktrace.outcomes.endpoints import RWPFS2, patient_rows
from alktrace.outcomes.outcome_jobs import Clinic, load_timelines
from alktrace.outcomes.response import response_rows
from alktrace.vocabulary.negatives import ExclusionStatus, NegativeKind
from alktrace.vocabulary.resistance import (
    Classification,
    Component,
    Emergence,
    NotEvaluableReason,
    Phase,
    Timing,
)

LIGHT = 0.06
KNOWLEDGE = load_knowledge(KnowledgeFiles(ROOT / "resources" / "knowledge"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    write_demo(out, seed=9, depth=LIGHT)
    return out


def test_processes_side_by_side_write_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    write_demo(tmp_path, seed=9, depth=LIGHT, jobs=2)
    files = sorted(path.relative_to(demo) for path in demo.rglob("*") if path.is_file())
    assert [path for path in files if (demo / path).read_bytes() != (tmp_path / path).read_bytes()] == []
    assert len(files) > 80


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def settings(demo: Path, root: Path) -> Settings:
    return load_settings(demo / "config.yaml", defaults=root / "config" / "config.yaml")


def test_config_is_complete_and_its_files_exist(demo: Path, settings: Settings) -> None:
    reference = settings.reference
    for path in (reference.fasta, reference.gff3, reference.align_fasta, reference.polymorphisms):
        assert (demo / present(path)).is_file(), path
    for suffix in (".fai", ".gzi"):
        assert (demo / (reference.fasta + suffix)).is_file()
    for assay in settings.assays.values():
        assert (demo / assay.targets).is_file()


def test_sheet_is_read_and_its_files_exist(demo: Path, settings: Settings) -> None:
    sheet = read_sheet(demo / "samples.tsv", assays=settings.assays)
    for sample in sheet.samples.values():
        for unit in sample.units:
            for path in (unit.fastq_1, unit.fastq_2, unit.fastq_umi, unit.bam, unit.calls):
                assert path is None or (demo / path).is_file(), path
    expected = {(row["patient"], row["timepoint"]) for row in rows(demo / "truth" / "expected.tsv")}
    assert set(sheet.timepoints) == expected
    assert len(sheet.normals("plasma-duplex")) >= settings.copy_number.min_normals


def test_clinical_tables_are_read(demo: Path) -> None:
    given = read_clinical(demo / "clinical", knowledge=KNOWLEDGE, today=dt.date(2026, 1, 1))
    records = given.records
    expected = rows(demo / "truth" / "expected.tsv")
    assert set(records) == {row["patient"] for row in expected}
    outside = {(row["patient"], row["timepoint"]) for row in expected if row["reasons"] == "outside_window"}
    assert len(outside) == 1
    for name, record in records.items():
        first, *others = record.treatments
        assert first.drugs == ("lorlatinib",)
        for item in rows(demo / "samples.tsv"):
            if item["patient"] != name or item["setting"] != "progression" or name == "P18":
                continue
            if (name, item["timepoint"]) in outside:
                assert item["collected"] > min(other.start for other in others).isoformat()
                continue
            taken = dt.date.fromisoformat(item["collected"])
            assert first.end is not None
            assert all(taken < other.start for other in others), "taken before a new therapy"
            assert (taken - first.end).days <= 30


def test_the_next_treatment_is_assessed(demo: Path) -> None:
    """Everybody who was switched has a best response, and progression or death; the tables say the same."""
    folder = demo / "clinical"
    second = {row["patient"]: row for row in rows(folder / "treatments.tsv") if row["line"] == "2"}
    scans = {
        name: [
            r["response"]
            for r in rows(folder / "assessments.tsv")
            if r["patient"] == name and row["start"] < r["date"] <= row["end"]
        ]
        for name, row in second.items()
    }
    died = {row["patient"] for row in rows(folder / "follow_up.tsv") if row["death"] != "."}
    assert all(found and ("PD" in found or name in died) for name, found in scans.items())
    settings = cohort_settings()
    timelines = load_timelines(
        Clinic(folder, KnowledgeFiles(ROOT / "resources" / "knowledge"), 30, ()), settings
    )
    best = {
        row.patient: present(row.best).value
        for row in response_rows(timelines, settings, days_after_last_dose=30)
        if row.included
    }
    assert best == {name: s[0] for name, s in scans.items()}
    assert {"CR", "PR", "SD", "PD"} == set(best.values())
    events = [row for row in patient_rows(timelines) if row.endpoint == RWPFS2.name and row.event]
    assert {row.patient for row in events} >= set(second)


def test_every_drug_is_known(demo: Path, root: Path) -> None:
    known = {row["subject"] for row in rows(root / "resources" / "knowledge" / "drugs.tsv")}
    used = {drug for row in rows(demo / "clinical" / "treatments.tsv") for drug in row["drugs"].split(";")}
    assert used <= known


def test_every_class_appears_and_vocabularies_are_closed(demo: Path) -> None:
    expected = rows(demo / "truth" / "expected.tsv")
    # The panels of the demo hold no introns of RET and ROS1: nothing there is NONE_FOUND.
    possible = {item.value for item in Classification} - {"NONE_FOUND"}
    assert {row["classification"] for row in expected} == possible
    for row in expected:
        for name, kind in (
            ("components", Component),
            ("phase", Phase),
            ("reasons", NotEvaluableReason),
            ("timing", Timing),
            ("emergence", Emergence),
        ):
            cells = [] if row[name] == "." else row[name].split(";")
            assert all(cell in {item.value for item in kind} for cell in cells), (row["patient"], name)
        states = {f"{kind.value}:{state.value}" for kind in NegativeKind for state in ExclusionStatus}
        assert {".", *states} >= set(row["excluded"].split(";")), row["patient"]
        assert {".", *row["mechanisms"].split(";")} >= set(row["pre_existing"].split(";")), row["patient"]


def test_the_readme_names_every_timepoint_with_its_class(demo: Path, root: Path) -> None:
    text = (root / "resources" / "demo" / "README.md").read_text()
    told = re.findall(r"(?m)^\| (P\d\d) \| (\w+) \| (\w+) \|", text)
    expected = rows(demo / "truth" / "expected.tsv")
    assert told == [(row["patient"], row["timepoint"], row["classification"]) for row in expected]


def test_expected_mechanisms_are_in_the_cells(demo: Path) -> None:
    there = {
        (row["sample"].rsplit(".", 1)[0], f"{row['gene']} {row['alteration']}")
        for row in rows(demo / "truth" / "alterations.tsv")
    }
    reported = {
        (row["patient"], row["timepoint"]) for row in rows(demo / "samples.tsv") if row["calls"] != "."
    }
    for row in rows(demo / "truth" / "expected.tsv"):
        if (row["patient"], row["timepoint"]) in reported:
            continue
        wanted = [] if row["mechanisms"] == "." else row["mechanisms"].split(";")
        wanted += [] if row["fusion"] == "." else [f"ALK {row['fusion']}"]
        for mechanism in wanted:
            assert (f"{row['patient']}.{row['timepoint']}", mechanism) in there


def test_truth_of_molecules_fits_that_of_samples(demo: Path) -> None:
    molecules = {row["sample"]: int(row["molecules"]) for row in rows(demo / "truth" / "samples.tsv")}
    for row in rows(demo / "truth" / "molecules.tsv"):
        assert int(row["molecule"]) < molecules[row["sample"]]
        assert int(row["top"]) + int(row["bottom"]) > 0
    for row in rows(demo / "truth" / "alterations.tsv"):
        if row["total_molecules"] != ".":
            assert 0 <= int(row["mutant_molecules"]) <= int(row["total_molecules"])


def test_the_command_writes_the_same_bytes(demo: Path, tmp_path: Path, root: Path) -> None:
    command = [sys.executable, "-m", "alktrace", "demo", "inputs", "--out", str(tmp_path / "again")]
    done = subprocess.run(
        [*command, "--seed", "9", "--depth", str(LIGHT)],
        env={"PYTHONPATH": str(root / "scripts"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{tmp_path / 'again' / 'config.yaml'}\n"
    assert "23 timepoints" in done.stderr
    first = {path.relative_to(demo): path.read_bytes() for path in demo.rglob("*") if path.is_file()}
    again = tmp_path / "again"
    second = {path.relative_to(again): path.read_bytes() for path in again.rglob("[!.]*") if path.is_file()}
    assert sorted(first) == sorted(second)
    assert [str(name) for name in first if first[name] != second[name]] == []
