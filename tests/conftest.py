"""Shared by all tests."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# `make test` gives the same answer every time; the long tier looks for new examples.
settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("search", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Compile the kernels if a test can need them: that takes longer than a test may."""
    if session.config.option.collectonly or "numba" not in sys.modules:
        return
    from shipped_settings import SHIPPED

    from alktrace.calling.compile_calling_kernels import compile_calling_kernels
    from alktrace.consensus.compile_consensus_kernels import compile_consensus_kernels

    with TemporaryDirectory() as folder:
        out = Path(folder, "done")
        compile_consensus_kernels(settings=SHIPPED.molecules, out=out)
        compile_calling_kernels(molecules=SHIPPED.molecules, calling=SHIPPED.calling, out=out)


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
