"""Commands as they are printed: the example of every `--help`, and the lines of the README."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from workflow_runs import ROOT, Project

from alktrace.cli import COMMANDS, build_parser
from alktrace.commands.generated_docs import fill
from alktrace.inputs.config_file import read_config
from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.digest import code_digest
from alktrace.io.resources import DEFAULTS, resource
from alktrace.io.tables import write_table
from alktrace.qc.qc_table import QcRow
from alktrace.report.manifest import write_manifest

PAGES = ("README.md", "resources/assays/README.md", "docs/examples/README.md", "resources/demo/README.md")


@pytest.fixture
def folder(small_demo: Path, tmp_path: Path) -> Path:
    """A folder with every file that an example names, and the command on PATH."""
    project = Project.of_demo(small_demo, tmp_path, patients=("P16",))
    project.config["clinical"] = None
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(project.config))
    shutil.copy(ROOT / "docs/examples/classification/evidence.json", tmp_path)
    shutil.copytree(ROOT / "docs/examples/outcomes", tmp_path / "synthetic")
    shutil.copytree(ROOT / "docs/examples/knowledge", tmp_path / "our-knowledge")
    shutil.copytree(ROOT / "docs/examples/assay", tmp_path, dirs_exist_ok=True)
    (cohort := tmp_path / "demo/results/cohort").mkdir(parents=True)
    shutil.copy(tmp_path / "synthetic/classification.tsv", cohort)
    write_table(cohort / "qc.tsv", QcRow, [])
    write_manifest(
        settings=read_config(DEFAULTS),
        inputs={},
        samples=[],
        made=[r"results/cohort/\w+\.tsv$"],
        knowledge=open_knowledge(resource("knowledge"), None),
        code=code_digest(),
        threads=1,
        out=cohort / "run_manifest.json",
    )
    reference = tmp_path / "reference"
    for suffix in ("", ".fai", ".gzi"):
        (tmp_path / f"genome.fa{suffix}").symlink_to(reference / f"genome.fa.gz{suffix}")
    (tmp_path / "genes.gff3.gz").symlink_to(reference / "genes.gff3.gz")
    (tmp_path / "panel.bed").symlink_to(reference / "targets.bed")
    (tmp_path / "a.bam").symlink_to(next((tmp_path / "bam").glob("P16*.bam")))
    command = tmp_path / "bin" / "alktrace"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m alktrace "$@"\n')
    command.chmod(0o755)
    return tmp_path


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    paths = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.run(
        command, cwd=folder, env=os.environ | paths, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_every_command_works_as_printed(name: str, folder: Path) -> None:
    pages = [(ROOT / page).read_text() for page in ("README.md", "config/README.md")]
    if name == "docs" and pages != [fill(page) for page in pages]:
        pytest.skip("it would write; `test_generated_docs_are_current` says so")
    done = run(["bash", "-c", COMMANDS[name].EXAMPLE], folder)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    assert done.stdout or name in ("completion", "docs", "run", "one")


def shown(page: str) -> list[str]:
    """Commands of a page: lines of its shell blocks, and code that begins with the command."""
    text = (ROOT / page).read_text()
    blocks = "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    return re.findall(r"^alktrace .+", blocks, re.MULTILINE) + re.findall(r"`(alktrace [^`]+)`", text)


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_the_docs_are_understood(page: str) -> None:
    lines = shown(page)
    assert lines
    for line in lines:
        given, _, _ = line.partition(" -- ")
        words = shlex.split(given)[1:]
        if len(words) == 1 or "--help" in words:
            assert words[0] in (*COMMANDS, "--help"), line
        else:
            options = vars(build_parser().parse_args(words))
            assert (ROOT / "config/profiles" / options.get("profile", "local") / "config.yaml").is_file()


def test_the_example_configuration_is_ready_to_run(folder: Path) -> None:
    """The files it names are laid beside it; only their names are made up."""
    for path in (ROOT / "config" / "example").iterdir():
        shutil.copy(path, folder)
    rows = [line.split("\t") for line in (folder / "samples.tsv").read_text().splitlines()[1:]]
    fastqs = [
        sorted((folder / "fastq").glob(f"P{patient}_PD1_*_R*.fastq.gz")) for patient in ("06", "01", "02")
    ]
    for row, files in zip(rows, fastqs, strict=True):
        for name, source in zip(row[-2:], files[:2], strict=True):
            (folder / name).symlink_to(source)
    command = [sys.executable, "-m", "alktrace", "check", "config.yaml", "--without-tools"]
    done = run(command, folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 patients, 2 timepoints, 3 samples\nnothing would stop a run\n"
