"""Compiled kernels are found again wherever their code lies, and never once it has changed."""

import importlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from numba.core.registry import CPUDispatcher

from alktrace.io.kernel_folder import KEPT_DAYS, forget_old_kernels, kernel_folder, writable_kernel_folder
from alktrace.io.kernels import kernel_code
from alktrace.io.resources import PACKAGE

HELPER = '''
import numpy as np
from alktrace.io.kernels import kernel
TABLE = np.array([10, 20, 30])

@kernel
def helper(x):
    """Add a little."""
    return x + 1
'''
CODE = '''
from typing import NamedTuple
import math
from made_helper import TABLE, helper
from alktrace.io.kernels import kernel
LIMIT = 5

class Pair(NamedTuple):
    a: int
    b: int

class Sum(NamedTuple):
    total: int
    none: int

@kernel
def run(pair):
    """Say it."""
    found = Sum(helper(pair.a) - pair.b + TABLE[1] + LIMIT, 0)
    return found.total

def answer():
    return run(Pair(a=100, b=1))
'''
ANSWER = 125
EDITS = {
    "a kernel of another module": ("made_helper", "x + 1", "x + 2", 126),
    "a table of another module": ("made_helper", "20", "21", 126),
    "a constant": ("made", "LIMIT = 5", "LIMIT = 6", 126),
    "order of the fields of an argument": ("made", "    a: int\n    b: int", "    b: int\n    a: int", 125),
    "order of the fields of a result": ("made", "total: int\n    none", "none: int\n    total", 0),
    "its own code": ("made", "- pair.b", "+ pair.b", 127),
}
SAME = {
    "comment": ("made", "LIMIT = 5", "LIMIT = 5  # five\n\n"),
    "docstring": ("made", "Say it.", "Return it."),
    "docstring of another module": ("made_helper", "Add a little.", "Add one."),
}


class Clone:
    """Two modules in a folder, as a clone of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        for name, text in {"made_helper": HELPER, "made": CODE}.items():
            (folder / f"{name}.py").write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / f"{name}.py"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def load(self) -> ModuleType:
        for name in ("made", "made_helper"):
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        sys.path.insert(0, str(self.folder))
        sys.dont_write_bytecode = True
        try:
            return importlib.import_module("made")
        finally:
            sys.path.remove(str(self.folder))

    def run(self) -> tuple[int, int]:
        """The answer, and how many kernels had to be compiled for it."""
        made = self.load()
        answer = made.answer()
        return answer, sum(made.run.stats.cache_misses.values())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    return tmp_path / "kernels"


@pytest.fixture
def clone(folder: Path, tmp_path: Path) -> Iterator[Clone]:
    before = sys.dont_write_bytecode
    yield Clone(tmp_path / "clone")
    sys.dont_write_bytecode = before


def test_another_clone_compiles_nothing(clone: Clone, tmp_path: Path) -> None:
    assert clone.run() == (ANSWER, 1)
    assert clone.run() == (ANSWER, 0)
    other = Clone(tmp_path / "another")
    for edit in SAME.values():
        other.edit(*edit)
    assert other.run() == (ANSWER, 0)


@pytest.mark.parametrize("name", EDITS)
def test_changed_code_is_compiled_again(name: str, clone: Clone) -> None:
    clone.run()
    module, old, new, answer = EDITS[name]
    clone.edit(module, old, new)
    assert clone.run() == (answer, 1)


@pytest.mark.parametrize("content", [b"", b"nonsense" * 20, None], ids=["empty", "nonsense", "cut"])
def test_a_damaged_file_is_compiled_again(
    content: bytes | None, clone: Clone, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clone.run()
    for path in folder.rglob("*.kernel"):
        path.write_bytes(path.read_bytes()[:-10] if content is None else content)
    assert clone.run() == (ANSWER, 1)
    assert "cannot be read" in caplog.text
    assert clone.run() == (ANSWER, 0)


def test_a_folder_that_cannot_be_written_to_is_survived(
    clone: Clone, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file")
    assert clone.run() == (ANSWER, 1)
    assert "cannot be kept" in caplog.text


def test_jobs_may_compile_at_the_same_time(clone: Clone, folder: Path) -> None:
    program = f"import sys; sys.path.insert(0, {str(clone.folder)!r}); import made; print(made.answer())"
    jobs = [
        subprocess.Popen([sys.executable, "-B", "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [job.communicate()[0] for job in jobs] == [f"{ANSWER}\n"] * 3
    assert not [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".kernel"]
    assert clone.run() == (ANSWER, 0)


def test_what_might_change_unseen_is_refused(clone: Clone) -> None:
    clone.edit("made", "LIMIT = 5", "LIMIT = {}")
    with pytest.raises(TypeError, match="kernel run uses LIMIT, a dict"):
        clone.run()


def kernels_of_the_package() -> Iterator[CPUDispatcher]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if re.search("^@kernel", path.read_text(), re.MULTILINE):
            name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            for value in vars(importlib.import_module(name)).values():
                if isinstance(value, CPUDispatcher) and value.py_func.__module__ == name:
                    yield value


def test_every_kernel_of_the_package_has_a_code() -> None:
    codes = [kernel_code(item) for item in kernels_of_the_package()]
    assert len(codes) > 200
    assert len(set(codes)) == len(codes)


def test_no_kernel_goes_past_the_cache() -> None:
    users = {path.name for path in PACKAGE.rglob("*.py") if re.search(r"\bn?jit\(", path.read_text())}
    assert users == {"kernels.py"}


# --- the folder -----------------------------------------------------------------------------


def test_the_folder_is_that_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kernel_folder() == tmp_path / ".cache" / "alktrace" / "kernels"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert kernel_folder() == tmp_path / "caches" / "alktrace" / "kernels"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "given"))
    assert kernel_folder() == tmp_path / "given"


def test_results_serve_where_the_folder_cannot_be_written_to(folder: Path, tmp_path: Path) -> None:
    assert writable_kernel_folder(tmp_path / "results") == folder
    folder.rmdir()
    folder.write_text("a file")
    assert writable_kernel_folder(tmp_path / "results") == tmp_path / "results"


def test_old_kernels_are_forgotten(tmp_path: Path) -> None:
    old, new = (tmp_path / "numba-1" / f"{name}.kernel" for name in ("old", "new"))
    old.parent.mkdir()
    for path in (old, new, old.with_suffix(".txt")):
        path.touch()
    for path in (old, old.with_suffix(".txt")):
        os.utime(path, times=(0, time.time() - (KEPT_DAYS + 1) * 86400))
    forget_old_kernels(tmp_path)
    assert sorted(path.name for path in old.parent.iterdir()) == ["new.kernel", "old.txt"]
