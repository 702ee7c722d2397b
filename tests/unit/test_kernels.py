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

import numpy as np
import pytest
from numba.core.errors import NumbaError
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


def in_new_process(clone: Clone, program: str) -> str:
    """What a program prints that has loaded the modules and compiled nothing."""
    program = f"import sys; sys.path.insert(0, {str(clone.folder)!r}); import made; {program}"
    command = [sys.executable, "-B", "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_what_only_a_compiler_needs_is_not_loaded(clone: Clone) -> None:
    clone.run()
    compiler = "numba.np.arrayobj" in sys.modules
    loaded = in_new_process(clone, "print(made.answer(), 'numba.np.arrayobj' in sys.modules)")
    assert (compiler, loaded) == (True, f"{ANSWER} False\n")


def test_a_loaded_kernel_is_part_of_one_compiled_later(clone: Clone) -> None:
    clone.run()
    clone.edit("made", "LIMIT = 5", "LIMIT = 6")
    program = (
        "print(made.answer(), made.helper.stats.cache_hits.total(), made.run.stats.cache_misses.total())"
    )
    assert in_new_process(clone, program) == f"{ANSWER + 1} 1 1\n"
    assert in_new_process(clone, program) == f"{ANSWER + 1} 0 0\n"


def test_seeds_of_hashes_are_those_of_the_process(clone: Clone) -> None:
    clone.edit(
        "made", "def answer", "@kernel\ndef same(a, b):\n    return hash(a + b) == hash(b + a)\n\ndef answer"
    )
    program = "print(made.same('ab', 'ab'), made.same.stats.cache_hits.total())"
    assert [in_new_process(clone, program) for _ in range(2)] == ["True 0\n", "True 1\n"]


ARRAYS = {
    "returned": "return x",
    "returned in a tuple": "return Pair(x, 1)",
    "taken from another": "return made_array(x)[0]",
    "made": "return np.zeros(3)[0]",
}


@pytest.mark.parametrize("name", ARRAYS)
def test_a_lean_kernel_has_no_arrays_of_its_own(name: str, clone: Clone) -> None:
    code = "import numpy as np\nfrom alktrace.io.kernels import lean_kernel\n\n"
    code += "@kernel\ndef made_array(x):\n    return x.copy()\n\n"
    code += f"@lean_kernel\ndef lean(x):\n    {ARRAYS[name]}\n\ndef answer"
    clone.edit("made", "def answer", code)
    lean = clone.load().lean
    with pytest.raises((TypeError, NumbaError), match=r"lean kernel lean makes|Only accept returning"):
        lean(np.arange(3))


LEAN = """
from alktrace.io.kernels import lean_kernel

@lean_kernel
def first(x):
    return x[1:][0]

@kernel
def both(x):
    return first(x) + first(x.copy())

def answer"""


def test_a_lean_kernel_counts_no_references(clone: Clone) -> None:
    clone.edit("made", "def answer", LEAN)
    values, made = np.arange(3), clone.load()
    before = sys.getrefcount(values)
    assert made.both(values) == 2
    assert sys.getrefcount(values) == before
    assert not any("NRT_incref" in text for text in made.first.inspect_asm().values())


def test_what_might_change_unseen_is_refused(clone: Clone) -> None:
    clone.edit("made", "LIMIT = 5", "LIMIT = {}")
    with pytest.raises(TypeError, match="kernel run uses LIMIT, a dict"):
        clone.run()


def kernels_of_the_package() -> Iterator[CPUDispatcher]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if re.search("^@(lean_)?kernel", path.read_text(), re.MULTILINE):
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
