"""A small demo cohort that the tests of the workflow share; each test takes links to it and changes those."""

import pytest
from workflow_runs import Project

from alktrace.commands.demo import SEED
from alktrace.demo.build_demo import write_demo


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory):
    """All patients of the demo at a depth that is good for nothing but reading the files."""
    folder = tmp_path_factory.mktemp("small-demo")
    write_demo(folder, seed=SEED, depth=0.06)
    return folder


@pytest.fixture
def project(small_demo, tmp_path):
    """The small demo in a folder of its own; what it links to is made a copy before it is changed."""
    return Project.of_demo(small_demo, tmp_path)
