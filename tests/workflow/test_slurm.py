"""The demo on a real Slurm of one node: the same bytes as without, whatever the cluster does to its jobs.

`make test-slurm` installs Slurm where it may and runs these tests.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from slurm_cluster import Cluster, missing_programs
from workflow_runs import ROOT, Project

from alktrace.commands.demo import SEED
from alktrace.demo.build_demo import write_demo

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(
        bool(missing_programs()) or os.geteuid() != 0,
        reason="needs root and Debian's slurmctld, slurmd and munge; `make test-slurm` gets them",
    ),
]
FEW = {"P01", "P07"}
"""Patients of the runs with faults: two timepoints of one, plasma and white cells of the other."""
SAMPLE = "rule_sample_"
"""What the plugin writes into the comment of a job with all stages of a sample."""
WAIT = 900


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="slurm") as folder:
        made = Cluster(Path(folder), cpus=16, memory_mb=16_000)
        made.start()
        yield made
        made.stop()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inputs of the demo."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, seed=SEED, depth=1)
    return folder


@pytest.fixture(scope="module")
def few(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Some patients, run to the end on this machine without Slurm."""
    project = Project.of_demo(demo, tmp_path_factory.mktemp("few"), FEW)
    project.run("--workflow-profile", str(ROOT / "config/profiles/local"), timeout=WAIT).check()
    return project


def results(project: Project) -> dict[str, bytes]:
    """Return every final file."""
    folder = project.folder / "results"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class SlurmRun:
    """`alktrace run --profile slurm`, started and not waited for."""

    def __init__(self, cluster: Cluster, project: Project, *options: str) -> None:
        project.run("--list-rules").check()  # writes the configuration
        self.cluster = cluster
        self.log = project.folder / f"slurm-{len(list(project.folder.glob('slurm-*.txt')))}.txt"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "alktrace", "run", "config.yaml", "--profile", "slurm"),
                    *("--", "--latency-wait", "5", *options),
                ],
                env={
                    **cluster.environment,
                    "PATH": f"{Path(sys.executable).parent}:{cluster.environment['PATH']}",
                    "PYTHONPATH": str(ROOT / "scripts"),
                },
                cwd=project.folder,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def text(self) -> str:
        return self.log.read_text()

    def end(self) -> int:
        """Wait for the end; return the exit status."""
        return self.process.wait(WAIT)

    def __enter__(self) -> "SlurmRun":
        return self

    def __exit__(self, *_: object) -> None:
        """End it also where the test failed."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def when_running(self, comment: str) -> str:
        """Wait until a job with this in its comment runs; return its Slurm id."""
        found: list[str] = []

        def look() -> bool:
            assert self.process.poll() is None, self.text()[-4000:]
            rows = self.cluster.ask("squeue", "--noheader", "--states=RUNNING", "--format=%i %k").splitlines()
            found.extend(row.split()[0] for row in rows if comment in row)
            return bool(found)

        self.cluster.wait_for(look, f"a running job of {comment}", WAIT)
        return found[0]


def test_the_whole_demo_gives_the_same_bytes(cluster: Cluster, demo: Path, tmp_path: Path) -> None:
    for name in ("local", "slurm"):
        (tmp_path / name).mkdir()
    local, there = (Project.of_demo(demo, tmp_path / name) for name in ("local", "slurm"))
    local.run("--workflow-profile", str(ROOT / "config/profiles/local"), timeout=WAIT).check()
    with SlurmRun(cluster, there) as run:
        assert run.end() == 0, run.text()[-4000:]
    assert results(there) == results(local)


def cancel(cluster: Cluster, run: SlurmRun) -> None:
    cluster.ask("scancel", run.when_running(SAMPLE))


def node_down(cluster: Cluster, run: SlurmRun) -> None:
    run.when_running(SAMPLE)
    node = cluster.ask("sinfo", "--noheader", "--format=%n").strip()
    cluster.ask("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    time.sleep(3)
    cluster.ask("scontrol", "update", f"nodename={node}", "state=resume")


def controller_restarts(cluster: Cluster, run: SlurmRun) -> None:
    run.when_running(SAMPLE)
    cluster.stop_daemon("slurmctld")
    time.sleep(3)
    cluster.start_daemon("slurmctld")


def controller_is_killed(cluster: Cluster, run: SlurmRun) -> None:
    run.when_running(SAMPLE)
    # It writes down every few seconds what runs; killed before, it would start the job twice and hold it.
    time.sleep(10)
    cluster.stop_daemon("slurmctld", signal.SIGKILL)
    time.sleep(15)
    cluster.start_daemon("slurmctld")


@pytest.mark.parametrize("fault", [cancel, node_down, controller_restarts, controller_is_killed])
def test_a_fault_of_the_cluster_is_outlived(
    cluster: Cluster, demo: Path, few: Project, tmp_path: Path, fault: Callable[[Cluster, SlurmRun], None]
) -> None:
    project = Project.of_demo(demo, tmp_path, FEW)
    with SlurmRun(cluster, project) as run:
        fault(cluster, run)
        assert run.end() == 0, run.text()[-4000:]
    assert results(project) == results(few)


@pytest.mark.parametrize("limit", ["mem_mb=40", "runtime=0.05"])
def test_a_limit_that_is_too_low_is_named_and_the_next_run_goes_on(
    cluster: Cluster, demo: Path, few: Project, tmp_path: Path, limit: str
) -> None:
    project = Project.of_demo(demo, tmp_path, FEW)
    with SlurmRun(cluster, project, "--retries", "0", "--set-resources", f"compare_identity:{limit}") as run:
        assert run.end() != 0
        assert "Error in rule compare_identity" in run.text()
    with SlurmRun(cluster, project) as again:
        assert again.end() == 0, again.text()[-4000:]
    assert results(project) == results(few)


def test_the_main_process_is_killed(cluster: Cluster, demo: Path, few: Project, tmp_path: Path) -> None:
    """Its jobs go on without it; the next run needs no hand and writes the same bytes."""
    project = Project.of_demo(demo, tmp_path, FEW)
    with SlurmRun(cluster, project) as run:
        run.when_running(SAMPLE)
        os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait(WAIT)
    with SlurmRun(cluster, project) as again:
        assert again.end() == 0, again.text()[-4000:]
    assert results(project) == results(few)
