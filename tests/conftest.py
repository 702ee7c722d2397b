"""Shared by all tests: one place for compiled kernels."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from alktrace.io.digest import code_digest

ROOT = Path(__file__).resolve().parents[1]
KERNELS = ("compile_consensus_kernels", "compile_calling_kernels")

# Before any kernel is imported: numba reads it once. It does not see changes in imported modules, so the
# folder is named for the code.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / f"kernels-{code_digest(*KERNELS)}"))

# `make test` gives the same answer every time; the long tier looks for new examples.
settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("search", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


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
