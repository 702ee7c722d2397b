"""Proof of a run: no path leaves a trace in its results, and a run again gives what the manifest says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from workflow_runs import NEEDS_TOOLS, ROOT, Project, traces

pytestmark = [NEEDS_TOOLS, pytest.mark.timeout(900)]

BAM, REPORT = "P16", "P18"
USER = "jane-of-the-tests"


class Run:
    """Aligned reads and a report, all files named by absolute paths outside the working directory."""

    def __init__(self, demo: Path, folder: Path) -> None:
        self.folder = folder / "run"
        self.folder.mkdir()
        self.project = Project.of_demo(demo, self.folder, (BAM, REPORT))
        rows = self.project.rows(BAM, REPORT)
        for row in rows:
            row |= {name: str(demo / row[name]) for name in ("bam", "calls") if row[name] != "."}
        self.project.keep(rows)
        config = self.project.config
        config["clinical"] = str(demo / config["clinical"])
        for section in (config["reference"], *config["assays"].values()):
            section |= {
                key: str(demo / value)
                for key, value in section.items()
                if isinstance(value, str) and (demo / value).is_file()
            }
        self.project.write_config()
        self.manifest = "results/cohort/run_manifest.json"
        self.ended = self("run", "config.yaml", "--", "--cores", "2")

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder, as a user whose name is no word."""
        names = {"USER": USER, "LOGNAME": USER, "PYTHONPATH": str(ROOT / "scripts")}
        return subprocess.run(
            [sys.executable, "-m", "alktrace", *arguments],
            cwd=self.folder, env=os.environ | names, capture_output=True, text=True, check=False, timeout=800,
        )  # fmt: skip


@pytest.fixture(scope="module")
def run(small_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = Run(small_demo, tmp_path_factory.mktemp("proof"))
    assert made.ended.returncode == 0, made.ended.stderr[-6000:]
    return made


def test_no_file_names_user_machine_or_folders(run: Run, small_demo: Path) -> None:
    assert len(list((run.folder / "results").rglob("*.tsv"))) > 20
    assert traces(run.folder / "results", USER, str(small_demo)) == {}


def test_the_run_again_is_equal(run: Run) -> None:
    ended = run("verify", run.manifest, "--config", "config.yaml", "--rerun", "again", "--", "--cores", "1")
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    lines = ended.stdout.splitlines()
    assert [line for line in lines if line.split()[1:2] == ["result"] and not line.startswith("equal")] == []
    assert "equal     result patients/P16/PD1/plasma/consensus.bam" in lines
    assert "equal     result cohort/multiqc.html" in lines
    first, again = (folder / run.manifest for folder in (run.folder, run.folder / "again"))
    assert first.read_bytes() == again.read_bytes()


def test_another_result_is_named(run: Run) -> None:
    table = run.folder / "results" / "cohort" / "qc.tsv"
    before = table.read_bytes()
    table.write_bytes(before + b"#\n")
    try:
        ended = run("verify", run.manifest, "--config", "config.yaml")
    finally:
        table.write_bytes(before)
    assert ended.returncode == 4
    kinds = ("equal", "versions:", "settings:", "inputs:", "results:")
    lines = ended.stdout.splitlines()
    assert [line for line in lines if not line.startswith(kinds)] == ["different result cohort/qc.tsv"]
