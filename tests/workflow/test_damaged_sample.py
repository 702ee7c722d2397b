"""One damaged file costs its own timepoint and nothing else; mended, its own jobs are due and no other."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from workflow_runs import NEEDS_TOOLS, ROOT, Project

from alktrace.classify.resistance_table import ClassificationRow
from alktrace.io.bgzf import END_OF_FILE
from alktrace.io.tables import read_table
from alktrace.io.unreadable import is_readable
from alktrace.qc.qc_table import QcRow
from alktrace.qc.unreadable_table import UnreadableRow
from alktrace.vocabulary.resistance import Classification, NotEvaluableReason

pytestmark = [NEEDS_TOOLS, pytest.mark.timeout(900)]

# An aligned BAM, damaged behind the records that are checked before work; a consensus BAM beside it.
DAMAGED, GOOD = "P16", "P17"
BAM = f"bam/{DAMAGED}_PD1_plasma.bam"
OF_THE_SAMPLE = dict.fromkeys(
    "adopt_unit call_molecules align_consensus call_variants call_structural annotate_alterations".split(),
    1,
)


class Run:
    """A run of both patients by `alktrace run`, and what it said."""

    def __init__(self, small_demo: Path, folder: Path) -> None:
        self.project = Project.of_demo(small_demo, folder, (DAMAGED, GOOD))
        self.project.config["clinical"] = None
        self.bam = self.project.own(BAM)
        self.sound = self.bam.read_bytes()
        # Cut off inside a block, but with the block that ends a BAM: what the checks before work look at.
        self.bam.write_bytes(self.sound[: len(self.sound) * 2 // 3] + END_OF_FILE)
        self.project.write_config()
        command = [sys.executable, "-m", "alktrace", "run", "config.yaml", "--", "--cores", "2"]
        self.done = subprocess.run(
            command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
            capture_output=True, text=True, check=False, timeout=800,
        )  # fmt: skip
        self.results = folder / "results"


@pytest.fixture(scope="module")
def run(small_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    yield Run(small_demo, tmp_path_factory.mktemp("damaged"))


def test_the_run_ends_with_3_and_names_the_file(run: Run) -> None:
    assert run.done.returncode == 3, run.done.stderr[-6000:]
    said = run.done.stderr.splitlines()[-1]
    assert said.startswith(f"left out: {DAMAGED}.PD1.plasma: {BAM}:record ")
    assert said.endswith("; fetch or write the BAM again")


def test_the_others_have_their_tables_and_it_has_its_row(run: Run) -> None:
    rows = read_table(run.results / "cohort" / "classification.tsv", ClassificationRow)
    bad, good = sorted(rows, key=lambda row: row.patient)
    assert (bad.classification, bad.not_evaluable_reason) == (
        Classification.NOT_EVALUABLE,
        (NotEvaluableReason.UNREADABLE,),
    )
    assert NotEvaluableReason.UNREADABLE not in good.not_evaluable_reason
    (left_out,) = read_table(run.results / "cohort" / "unreadable.tsv", UnreadableRow)
    assert (left_out.patient, left_out.file) == (DAMAGED, BAM)
    reasons = {row.patient: row.reasons for row in read_table(run.results / "cohort" / "qc.tsv", QcRow)}
    assert reasons[DAMAGED] == ("unreadable",) != reasons[GOOD]
    assert (run.results / "cohort" / "multiqc.html").is_file()
    assert BAM in (run.results / "patients" / DAMAGED / "report.html").read_text()


def test_no_file_of_the_sample_looks_like_a_result(run: Run) -> None:
    folder = run.results / "patients" / DAMAGED / "PD1" / "plasma"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if is_readable(path)]


def test_snakemake_has_nothing_to_do_until_the_file_is_mended(run: Run) -> None:
    assert "Nothing to be done" in run.project.dry().check().text
    before = run.bam.stat()
    run.bam.write_bytes(run.sound)
    # As fetched again with its old date: older than all that was made from it.
    os.utime(run.bam, (before.st_mtime - 1000, before.st_mtime - 1000))
    found = run.project.dry().check()
    assert {name: count for name, count in found.jobs.items() if name in OF_THE_SAMPLE} == OF_THE_SAMPLE
    assert f" {GOOD} " not in found.text
    assert not {"index_aligner", "prepare_targets", "compile_calling_kernels"} & set(found.jobs)
