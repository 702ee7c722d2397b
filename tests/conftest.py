"""Shared by all tests: one place for compiled kernels."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Before any kernel is imported: numba reads it once.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / "numba"))


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
