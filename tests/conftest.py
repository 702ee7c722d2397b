"""Shared by all tests: one place for compiled kernels."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from alktrace.io.digest import code_digest

ROOT = Path(__file__).resolve().parents[1]
KERNELS = code_digest("compile_consensus_kernels", "compile_calling_kernels")

# Before any kernel is imported: numba reads it once. It does not see changes in imported modules, so the
# folder is named for the code.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / f"kernels-{KERNELS}"))

# `make test` gives the same answer every time; the long tier looks for new examples.
settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("search", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Compile the kernels if a test can need them: that takes longer than a test may."""
    done = Path(os.environ["NUMBA_CACHE_DIR"]) / f"compiled-{KERNELS}"
    if session.config.option.collectonly or "numba" not in sys.modules or done.is_file():
        return
    from shipped_settings import SHIPPED

    from alktrace.calling.compile_calling_kernels import compile_calling_kernels
    from alktrace.consensus.compile_consensus_kernels import compile_consensus_kernels

    print("compiling the kernels, once per state of their code", flush=True)
    compile_consensus_kernels(settings=SHIPPED.molecules, out=done.with_name("consensus.txt"))
    compile_calling_kernels(molecules=SHIPPED.molecules, calling=SHIPPED.calling, out=done)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real reads and sequence; the test is skipped where it is not given."""
    folder = os.environ.get("ALKTRACE_REAL_DATA")
    if not folder:
        pytest.skip("ALKTRACE_REAL_DATA is not set: real reads are not part of the project")
    return Path(folder)
