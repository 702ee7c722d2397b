"""Users who may write to their project alone: code, inputs, compiled kernels and more are somebody else's."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from rough_runs import Run, new_project
from workflow_runs import NEEDS_TOOLS, ROOT, final_files

OTHER = 54321
"""A user without a name: no entry in /etc/passwd."""


@cache
def why_not() -> str:
    if os.geteuid() != 0:
        return "needs root, to become another user"
    try:
        code = f"import snakemake; open({str(ROOT / 'Snakefile')!r})"
        done = subprocess.run([sys.executable, "-c", code], user=OTHER, group=OTHER, cwd="/", check=False)
    except PermissionError:
        return "others may not start the Python of the tests"
    return "others may not read this clone, or its Python packages" if done.returncode else ""


pytestmark = [
    NEEDS_TOOLS,
    pytest.mark.long,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]


@pytest.fixture
def place(small_demo: Path) -> Iterator[Path]:
    """A folder that all may enter, with the inputs and a project that belongs to the other user."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(small_demo, folder / "inputs")
        (folder / "inputs").chmod(0o755)
        new_project(folder / "inputs", folder / "run")
        for path in (folder / "run", *(folder / "run").rglob("*")):
            os.chown(path, OTHER, OTHER, follow_symlinks=False)
        yield folder


def check_results(run: Run, undisturbed: Run) -> None:
    found, expected = final_files(run.folder), final_files(undisturbed.folder)
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


def test_a_user_with_a_home(place: Path, undisturbed: Run, tmp_path: Path) -> None:
    home = place / "home"
    home.mkdir()
    os.chown(home, OTHER, OTHER)
    names = {"HOME": str(home), "NUMBA_CACHE_DIR": None, "XDG_CACHE_HOME": None, "TMPDIR": None}
    run = Run(place / "run", tmp_path, names, user=OTHER)
    assert run.done() == 0, run.said[-4000:]
    check_results(run, undisturbed)
    assert list((home / ".cache" / "alktrace" / "kernels").rglob("*.kernel"))


def test_a_user_who_may_write_nowhere_else(place: Path, undisturbed: Run, tmp_path: Path) -> None:
    """No home, no temporary folder of one's own, and kernels and caches are those of somebody else."""
    for name in ("kernels", "caches", "tmp"):
        (place / name).mkdir()
    names = {
        "HOME": str(place / "nowhere"),
        "NUMBA_CACHE_DIR": str(place / "kernels"),
        "XDG_CACHE_HOME": str(place / "caches"),
        "TMPDIR": str(place / "tmp"),
        "USER": None,
        "LOGNAME": None,
    }
    run = Run(place / "run", tmp_path, names, user=OTHER)
    assert run.done() == 0, run.said[-4000:]
    check_results(run, undisturbed)
    assert f"{place / 'kernels'} cannot be written to: compiled kernels are kept in" in run.said
    assert f"{place / 'caches'} cannot be written to: caches are kept in" in run.said


@pytest.mark.parametrize("name", [".", "results", ".snakemake"])
def test_a_project_of_somebody_else(name: str, place: Path, tmp_path: Path) -> None:
    folder = place / "run" / name
    folder.mkdir(exist_ok=True)
    os.chown(folder, 0, 0)
    run = Run(place / "run", tmp_path, {"HOME": str(place), "TMPDIR": None}, user=OTHER)
    assert run.done() == 1
    assert "Traceback" not in run.said
    assert "Permission denied" in run.said


def test_inputs_in_a_folder_that_may_not_be_entered(place: Path, tmp_path: Path) -> None:
    (place / "inputs").chmod(0o700)
    run = Run(place / "run", tmp_path, {"HOME": str(place), "TMPDIR": None}, user=OTHER)
    assert run.done() == 1
    assert "reference/compact.fa: Permission denied; correct the path, or ask for the permission" in run.said
    assert "input_files.py" not in run.said
