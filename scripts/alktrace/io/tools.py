"""Programs and packages: where they are looked for, which version they are, which would do."""

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..errors import DataError, Problem
from .resources import ADAPTERS, RESOURCES, ROOT

FLOORS = ROOT / "envs" / "floors.txt"
FOLDERS = (Path(sys.executable).parent, ROOT / ".tools" / "bin")
"""Of the Python that runs, such as a virtual environment, and of tools that a clone installed for itself."""

SAYS_VERSION: dict[str, list[str]] = {"bwa": [], "bwa-mem2": ["version"]}
"""Arguments that make a tool say its version, where `--version` does not; bwa says it with its usage."""


def find_tool_folders() -> None:
    """Put the folders that come with the project on PATH, so that nobody has to."""
    known = os.environ.get("PATH", os.defpath).split(os.pathsep)
    # A folder that stands on PATH keeps its place: /usr/bin must not go before the user's own choice.
    new = [str(folder) for folder in FOLDERS if folder.is_dir() and str(folder) not in known]
    os.environ["PATH"] = os.pathsep.join([*new, *known])


def prepare_jobs() -> None:
    """Set the environment of jobs: they find the tools, and this package before another installed one.

    Members of pipes that are our own run in this Python, whatever `python` the environment of a tool holds.
    """
    # On a full disk the log of Snakemake ends; for each line that it lacks there would be a traceback.
    logging.raiseExceptions = False
    find_tool_folders()
    given = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ADAPTERS), *([given] if given else [])])
    os.environ.update(
        ALKTRACE_PYTHON=sys.executable, ALKTRACE_SCRIPTS=str(ADAPTERS), ALKTRACE_RESOURCES=str(RESOURCES)
    )


def tool_problems(needed: Iterable[str]) -> list[Problem]:
    """Return what is wrong with the tools of a run: each that is missing or too old."""
    return [problem for tool in sorted(set(needed)) if (problem := _problem(tool))]


def _problem(tool: str) -> Problem | None:
    floor = floors().get(tool)
    how = "`pip install multiqc`" if tool == "multiqc" else "apt"
    remedy = (
        f"install {tool}{f' {floor} or newer' if floor else ''} (conda, {how}, or `envs/setup.sh` in a clone)"
    )
    if shutil.which(tool) is None:
        return Problem(tool, 0, "", "not found on PATH", remedy)
    found = tool_version(tool) if floor else None
    if floor and found is None:
        return Problem(tool, 0, "", f"{shutil.which(tool)} does not say its version", remedy)
    if floor and found and _numbers(found) < _numbers(floor):
        return Problem(tool, 0, "", f"version {found} of {shutil.which(tool)} is too old", remedy)
    return None


@cache
def package_version(name: str) -> str | None:
    """Return the version of an installed package, None without it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@cache
def floors() -> dict[str, str]:
    """Return the oldest version that will do, by tool."""
    lines = (line.split() for line in FLOORS.read_text(encoding="utf-8").splitlines())
    return {cells[0]: cells[1] for cells in lines if cells and cells[0] != "#"}


@cache
def tool_version(tool: str) -> str | None:
    """Return the version a tool prints, None if it is not on PATH or does not say.

    Raises:
        DataError: it was killed: a manifest without its version would be of other bytes.
    """
    if shutil.which(tool) is None:
        return None
    command = [tool, *SAYS_VERSION.get(tool, ["--version"])]
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if ran.returncode == -signal.SIGKILL:
        raise DataError(tool, "was killed when asked for its version", "run again, with more memory")
    # Standard output first: the launcher of bwa-mem2 names paths, which have numbers, on the other.
    found = re.search(r"(\d+\.\d+[\w.-]*)", ran.stdout + ran.stderr)
    return found[1] if found else None


def _numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version: 0.7.17-r1188 is 0, 7, 17."""
    return tuple(map(int, re.findall(r"\d+", re.match(r"[\d.]*", version)[0])))  # type: ignore[index]
