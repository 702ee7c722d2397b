"""A small demo cohort that the tests of the workflow share; each test takes links to it and changes those."""

from pathlib import Path
from typing import Any

import pytest
from rough_runs import Run, new_project
from workflow_runs import Project

from alktrace.commands.demo import SEED
from alktrace.demo.build_demo import write_demo

SECONDS = 300
"""A test of the workflow may take so long, unless it says otherwise."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder their time."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All patients of the demo at a depth that is good for nothing but reading the files."""
    folder = tmp_path_factory.mktemp("small-demo")
    write_demo(folder, seed=SEED, depth=0.06)
    return folder


@pytest.fixture
def project(small_demo: Path, tmp_path: Path) -> Any:
    """The small demo in a folder of its own; what it links to is made a copy before it is changed."""
    return Project.of_demo(small_demo, tmp_path)


@pytest.fixture(scope="session")
def undisturbed(small_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of a few patients that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    run = Run(new_project(small_demo, folder / "run").folder, folder)
    assert run.done() == 0, run.said[-4000:]
    return run
