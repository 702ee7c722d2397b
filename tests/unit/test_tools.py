"""Command-line tools: found beside the Python that runs, and refused where they are missing or too old."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from present_values import present

from alktrace.errors import DataError
from alktrace.io import tools
from alktrace.io.tools import find_tool_folders, floors, prepare_jobs, tool_problems, tool_version


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A PATH with nothing but what the test puts there."""
    tool_version.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    yield tmp_path
    tool_version.cache_clear()


def install(folder: Any, name: Any, script: Any) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


SAYS = {
    "bwa": 'echo "Program: bwa (alignment)\nVersion: {}-r1188\nContact: x" >&2; exit 1',
    "bwa-mem2": 'echo "launching /opt/bwa-mem2-9.9/bwa-mem2.avx2" >&2; [ "$1" = version ] && echo {}',
    "fastp": '[ "$1" = --version ] && echo "fastp {}" >&2',
    "samtools": '[ "$1" = --version ] && echo "samtools {}\nUsing htslib 9.9"',
}


def test_every_tool_of_the_list_is_known_here() -> None:
    assert set(floors()) == set(SAYS)


@pytest.mark.parametrize("tool", SAYS)
@pytest.mark.parametrize(
    ("found", "enough"),
    [("0.0.9", False), (None, True), ("99.1", True)],
    ids=["older", "oldest that will do", "newer"],
)
def test_versions(folder: Any, tool: str, found: str | None, enough: bool) -> None:
    version = found or floors()[tool]
    install(folder, tool, SAYS[tool].format(version))
    assert present(tool_version(tool)).startswith(version)
    said = [str(problem) for problem in tool_problems([tool])]
    remedy = f"install {tool} {floors()[tool]} or newer (conda, apt, or `envs/setup.sh` in a clone)"
    refused = f"{tool}: version {tool_version(tool)} of {folder / tool} is too old; {remedy}"
    assert said == ([] if enough else [refused])


def test_versions_are_compared_as_numbers(folder: Any) -> None:
    """1.9 is older than 1.16."""
    install(folder, "samtools", SAYS["samtools"].format("1.9"))
    assert tool_problems(["samtools"])


def test_a_tool_that_is_killed_is_not_one_without_a_version(folder: Any) -> None:
    install(folder, "samtools", "kill -9 $$")
    with pytest.raises(DataError, match="samtools: was killed when asked for its version"):
        tool_version("samtools")


def test_missing_and_mute_tools_are_all_said_at_once(folder: Any) -> None:
    install(folder, "bwa", "echo what")
    said = [str(problem) for problem in tool_problems(["samtools", "bwa", "multiqc"])]
    assert [line.split("; ")[0] for line in said] == [
        f"bwa: {folder / 'bwa'} does not say its version",
        "multiqc: not found on PATH",
        "samtools: not found on PATH",
    ]


def test_folders_of_the_project_go_first_but_what_stands_on_path_keeps_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, both, theirs = (tmp_path / name for name in ("ours", "both", "theirs"))
    for path in (ours, both):
        path.mkdir()
    monkeypatch.setattr(tools, "FOLDERS", (ours, both, tmp_path / "missing"))
    monkeypatch.setenv("PATH", f"{theirs}{os.pathsep}{both}")
    find_tool_folders()
    find_tool_folders()
    assert os.environ["PATH"].split(os.pathsep) == [str(ours), str(theirs), str(both)]


@pytest.mark.parametrize("given", [None, "/theirs"])
def test_jobs_find_this_package_first(monkeypatch: pytest.MonkeyPatch, given: str | None) -> None:
    for name in ("PATH", "ALKTRACE_PYTHON", "ALKTRACE_SCRIPTS"):
        monkeypatch.setenv(name, "/x")
    monkeypatch.setenv("PYTHONPATH", given) if given else monkeypatch.delenv("PYTHONPATH", raising=False)
    prepare_jobs()
    first, *rest = os.environ["PYTHONPATH"].split(os.pathsep)
    assert rest == ([given] if given else []), "an empty entry would be the working directory"
    assert first == os.environ["ALKTRACE_SCRIPTS"]
