"""The demo on a real Slurm of one node: the same bytes as without, whatever the cluster does to its jobs.

`make test-slurm` installs Slurm where it may and runs these tests.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from slurm_cluster import ACCOUNT, Cluster, missing_programs
from workflow_runs import ROOT, Project

from alktrace.commands.demo import SEED
from alktrace.demo.build_demo import write_demo
from alktrace.workflow.sole_run import LOCK

WAIT = 3600
"""What takes minutes on an idle machine has so long."""
pytestmark = [
    pytest.mark.slurm,
    pytest.mark.timeout(2 * WAIT),
    pytest.mark.skipif(
        bool(missing_programs()) or os.geteuid() != 0,
        reason="needs root and Debian's packages of Slurm, munge and MariaDB; `make test-slurm` gets them",
    ),
]
FEW = {"P01", "P07"}
"""Patients of the runs with faults: two timepoints of one, plasma and white cells of the other."""
SAMPLE = "rule_sample_"
"""What the plugin writes into the comment of a job with all stages of a sample."""
ANNOTATION = "rule_annotate_alterations"
IN_OTHERS = """
    align_unit call_molecules align_consensus call_variants call_structural classify_timepoint
    write_patient_page
"""
"""Rules of samples and patients that are no jobs of the cluster: in a group, or run by the main process."""
STAGES = [
    "rule_compile_consensus_kernels",
    SAMPLE,
    ANNOTATION,
    "rule_compare_identity",
    "rule_gather_evidence",
    "rule_collect_multiqc",
    "rule_write_manifest",
]
LOCAL = ("--workflow-profile", str(ROOT / "config/profiles/local"))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running() as made:
        yield made


@contextmanager
def running(*, accounting: bool = False) -> Iterator[Cluster]:
    """Run a cluster that has more cores than the machine, so that its jobs crowd."""
    with (
        tempfile.TemporaryDirectory(prefix="slurm") as folder,
        Cluster(Path(folder), cpus=16, memory_mb=16_000, accounting=accounting) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inputs of the demo."""
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, seed=SEED, depth=1)
    return folder


def few_of(demo: Path, folder: Path) -> Project:
    """Return a project with some patients of the demo and without outcomes."""
    project = Project.of_demo(demo, folder, FEW)
    project.config["clinical"] = None
    return project


@pytest.fixture(scope="module")
def few(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Some patients, run to the end on this machine without Slurm."""
    project = few_of(demo, tmp_path_factory.mktemp("few"))
    project.run(*LOCAL, timeout=WAIT).check()
    return project


@pytest.fixture
def project(demo: Path, tmp_path: Path) -> Project:
    """The same patients, not yet run."""
    return few_of(demo, tmp_path)


def results(project: Project) -> dict[str, bytes]:
    """Return every file below the results, what is temporary too."""
    folder = project.folder / "results"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class SlurmRun:
    """`alktrace run --profile slurm`, started and not waited for."""

    def __init__(self, cluster: Cluster, project: Project, *options: str) -> None:
        self.cluster = cluster
        self.log = project.folder / f"slurm-{len(list(project.folder.glob('slurm-*.txt')))}.txt"
        quick = ("--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2")
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "alktrace", "run", str(project.write_config())),
                    *("--profile", "slurm", "--", "--latency-wait", "5", *quick, *options),
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

    def end_well(self) -> None:
        """Wait for the end, which must be a good one."""
        assert self.end() == 0, self.text()[-4000:]

    def send(self, number: int) -> None:
        """Send a signal to the command and its Snakemake; jobs of the cluster get none."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Kill both."""
        self.send(signal.SIGKILL)
        self.process.wait()
        # Elsewhere jobs work on other machines, where the next run cannot end them: it shall not know them.
        lock = self.log.parent / LOCK
        lock.write_text(lock.read_text().splitlines()[0])

    def __enter__(self) -> "SlurmRun":
        return self

    def __exit__(self, *_: object) -> None:
        """End it also where the test failed."""
        if self.process.poll() is None:
            self.kill()

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


@pytest.mark.long
@pytest.mark.timeout(3 * WAIT)
def test_the_whole_demo_gives_the_same_bytes(cluster: Cluster, demo: Path, tmp_path: Path) -> None:
    for name in ("local", "slurm"):
        (tmp_path / name).mkdir()
    local, there = (Project.of_demo(demo, tmp_path / name) for name in ("local", "slurm"))
    local.run(*LOCAL, timeout=WAIT).check()
    with SlurmRun(cluster, there) as run:
        run.end_well()
    assert results(there) == results(local)


def test_a_cluster_with_accounts_is_asked_for_them(project: Project, few: Project) -> None:
    """Its controller forgets jobs at once, so that only the accounts tell how they ended.

    A sample is two jobs of the cluster and a patient one, however many rules theirs are.
    """
    with running(accounting=True) as cluster, SlurmRun(cluster, project) as run:
        run.end_well()
        said = cluster.ask("sacct", "-X", "-n", "-P", "--format=state,account", "--starttime=now-1days")
    submitted = re.findall(r"submitted with SLURM jobid \d+ \(log: \S+/slurm_logs/(\w+)/", run.text())
    assert said.splitlines() == len(submitted) * [f"COMPLETED|{ACCOUNT}"]
    samples = len(list(project.folder.glob("results/patients/*/*/*/consensus.bam")))
    jobs = Counter(submitted)
    assert sum(name.startswith("group_sample_") for name in submitted) == jobs[ANNOTATION] == samples
    assert jobs["rule_gather_evidence"] == len(FEW)
    assert not {f"rule_{name}" for name in IN_OTHERS.split()} & set(submitted)
    assert results(project) == results(few)


def test_faults_of_the_cluster_are_outlived(cluster: Cluster, project: Project, few: Project) -> None:
    """One after another, in one run."""
    with SlurmRun(cluster, project) as run:
        cluster.ask("scancel", run.when_running(SAMPLE))
        run.when_running(SAMPLE)
        kill_controller(cluster, run)
        run.when_running(ANNOTATION)
        node_down(cluster)
        run.when_running("rule_gather_evidence")
        restart_controller(cluster)
        run.end_well()
    assert results(project) == results(few)


def kill_controller(cluster: Cluster, run: SlurmRun) -> None:
    # It writes down every few seconds which jobs there are, and forgets those of the last seconds: nobody
    # submits any meanwhile. The run then asks a dead controller for a while.
    run.send(signal.SIGSTOP)
    time.sleep(10)
    cluster.stop_daemon("slurmctld", signal.SIGKILL)
    run.send(signal.SIGCONT)
    time.sleep(10)
    cluster.start_daemon("slurmctld")


def node_down(cluster: Cluster) -> None:
    node = cluster.ask("sinfo", "--noheader", "--format=%n").strip()
    cluster.ask("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    time.sleep(3)
    cluster.ask("scontrol", "update", f"nodename={node}", "state=resume")


def restart_controller(cluster: Cluster) -> None:
    cluster.stop_daemon("slurmctld")
    time.sleep(3)
    cluster.start_daemon("slurmctld")


def test_limits_that_are_too_low_are_named_and_the_next_run_goes_on(
    cluster: Cluster, project: Project, few: Project
) -> None:
    """First the time of one job, then the memory of a later one."""
    with SlurmRun(cluster, project, *limit("prepare_gene_models", "runtime=1")) as run:
        job = run.when_running("rule_prepare_gene_models")
        # Stopped, it needs more than the minute that is Slurm's shortest limit, on every machine.
        cluster.ask("scancel", "--signal=STOP", "--full", job)
        assert run.end() == 1
        assert "Error in rule prepare_gene_models" in run.text()
        assert "SLURM status is: 'TIMEOUT'" in run.text()
    with SlurmRun(cluster, project, *limit("compare_identity", "mem_mb=40")) as run:
        assert run.end() == 1
        assert "Error in rule compare_identity" in run.text()
        assert "Error in rule prepare_gene_models" not in run.text()
    with SlurmRun(cluster, project) as run:
        run.end_well()
    assert results(project) == results(few)


def limit(rule: str, resource: str) -> tuple[str, ...]:
    """Return options that give jobs of a rule too little, once."""
    return ("--retries", "0", "--set-resources", f"{rule}:{resource}")


def test_the_main_process_is_killed(cluster: Cluster, project: Project, few: Project) -> None:
    """Its jobs go on without it; the next run needs no hand and writes the same bytes."""
    with SlurmRun(cluster, project) as run:
        run.when_running(SAMPLE)
        run.kill()
    with SlurmRun(cluster, project) as run:
        run.end_well()
    assert results(project) == results(few)


@pytest.mark.long
def test_the_main_process_is_killed_again_and_again(cluster: Cluster, project: Project, few: Project) -> None:
    """Each run goes on where the killed one stood, beside what is left of its jobs."""
    for stage in STAGES:
        with SlurmRun(cluster, project) as run:
            run.when_running(stage)
            run.kill()
    with SlurmRun(cluster, project) as run:
        run.end_well()
    assert results(project) == results(few)
