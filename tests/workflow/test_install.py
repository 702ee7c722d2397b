"""The package as it is installed: a wheel in an environment of its own, used far from the clone."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from workflow_runs import NEEDS_TOOLS, ROOT, Outcome, Project

from alktrace.io.digest import code_digest

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of programs of an environment with the wheel; other packages are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = ["wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), str(ROOT)]
    subprocess.run([*pip, *build], check=True, timeout=120)
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (wheel,) = folder.glob("*.whl")
    pip += ["--python", str(environment / "bin" / "python"), "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], check=True, timeout=120)
    return environment / "bin"


@pytest.fixture
def alktrace(installed: Path, tmp_path: Path) -> Callable[..., Any]:
    """Runs the console script in an empty folder."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    here = tmp_path / "here"
    here.mkdir()

    def run(*arguments: Path | str, timeout: int = 200) -> Outcome:
        done = subprocess.run(
            [str(installed / "alktrace"), *map(str, arguments)], cwd=here, env=kept, timeout=timeout,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout)

    return run


def test_the_installed_files_are_used(installed: Path, alktrace: Callable[..., Any]) -> None:
    code = (
        "from alktrace.io.resources import ROOT\n"
        "from alktrace.io.digest import code_digest\n"
        "print(ROOT, code_digest())"
    )
    command = [str(installed / "python"), "-c", code]
    done = subprocess.run(command, cwd=installed, env={}, capture_output=True, text=True, check=True)
    root, digest = done.stdout.split()
    assert root.startswith(str(installed.parent)) and root.endswith("alktrace/project")
    assert digest == code_digest(), "results of a clone are those of an installed package"
    assert "usage: alktrace" in alktrace("--help").check().text
    assert "usage: alktrace demo" in alktrace("demo", "--help").check().text


def test_every_file_of_the_project_is_installed(installed: Path) -> None:
    (project,) = installed.parent.glob("lib/python*/site-packages/alktrace/project")
    listed = ["git", "ls-files", "Snakefile", "rules", "envs", "config", "resources", "scripts/*.py"]
    tracked = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    wanted = [name for name in tracked if "scripts/alktrace/" not in name and (ROOT / name).is_file()]
    assert wanted and [name for name in wanted if not (project / name).is_file()] == []
    assert (project.parent / "py.typed").is_file()


def test_commands_without_the_workflow(alktrace: Callable[..., Any], tmp_path: Path) -> None:
    evidence = ROOT / "docs" / "examples" / "classification" / "evidence.json"
    assert "resistance.tsv" in alktrace("classify", evidence, "--out", "out").check().text
    assert (tmp_path / "here" / "out" / "resistance.tsv").is_file()
    written = alktrace("init", "study", "--assay", "simsen").check().text
    assert written == "study/samples.tsv\nstudy/config.yaml\n"
    refused = alktrace("check", "study/config.yaml", "--directory", "study")
    assert refused.code == 1
    assert "config.yaml:6:reference.fasta: no file 'genome.fa'; correct the path" in refused.text


@NEEDS_TOOLS
def test_the_workflow_of_the_package_runs(
    alktrace: Callable[..., Any], small_demo: Path, tmp_path: Path
) -> None:
    """Everything in a dry run; for real, from a report to its tables, by jobs that import what is there."""
    config = small_demo / "config.yaml"
    assert "nothing would stop a run" in alktrace("check", config, "--directory", small_demo).check().text
    jobs = alktrace("run", config, "--directory", small_demo, "--", "--dry-run").check().jobs
    assert jobs["align_unit"] > 20 and jobs["write_manifest"] == 1
    project = Project.of_demo(small_demo, tmp_path, patients=("P18",))
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(project.config | {"clinical": None}))
    ran = alktrace("run", tmp_path / "config.yaml", "--directory", tmp_path, "--", "--cores", "2").check()
    # The Python that runs the tests may lie in the clone itself.
    assert ROOT.as_posix() not in ran.text.replace(sys.prefix, "")
    assert "P18" in alktrace("show", tmp_path / "results").check().text
