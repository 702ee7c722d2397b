"""Two runs in one folder, killed runs, and what a job asks of the machine."""

import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from present_values import present

from alktrace.commands.run import _work
from alktrace.errors import DataError
from alktrace.io.atomic import atomic_output
from alktrace.io.resources import ROOT
from alktrace.workflow.needs import Need, disk, memory, minutes
from alktrace.workflow.sole_run import LOCK, sole_run
from alktrace.workflow.watched import changed_since, look_at

RUN = """
import sys
from pathlib import Path
from alktrace.commands.run import _work
work = "import subprocess; job = subprocess.Popen(['sleep', '60']); print(job.pid, flush=True); job.wait()"
sys.exit(_work([sys.executable, "-c", work], Path(".")))
"""


def start(folder: Path) -> tuple[subprocess.Popen[str], int, int]:
    """A run of a snakemake with one job that does nothing for a minute, and the numbers of both processes."""
    run = subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    job = int(present(run.stdout).readline())
    deadline = time.monotonic() + 20
    while "process" not in (said := (folder / LOCK).read_text()):
        assert time.monotonic() < deadline
    return run, int(said.split()[1]), job


def kill(number: int) -> None:
    os.kill(number, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{number}/fd").is_dir() and time.monotonic() < deadline:
        try:
            if not list(Path(f"/proc/{number}/fd").iterdir()):
                return
        except OSError:
            return


def lives(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_second_run_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    run, child, job = start(tmp_path)
    refused = f"another run works here .process {child} on .*; wait for it"
    with pytest.raises(DataError, match=refused), sole_run(tmp_path):
        pass
    kill(run.pid)
    run.wait()
    with pytest.raises(DataError, match=refused), sole_run(tmp_path):
        pass
    kill(child)
    kill(job)
    run.communicate()


def test_a_killed_run_is_seen_and_cleared_up(tmp_path: Path) -> None:
    run, child, job = start(tmp_path)
    locks, sample = tmp_path / ".snakemake" / "locks", tmp_path / "results" / "patients" / "P1"
    scripts = tmp_path / ".snakemake" / "scripts"
    locks.mkdir()
    scripts.mkdir()
    sample.mkdir(parents=True)
    (scripts / "tmp0a1b.call_variants.py").touch()
    (locks / "0.output.lock").write_text("results/x\n")
    for name in ("consensus.bam", "consensus.bam.partial-a1B2c3D4", ".partial-0a1b-molecules.tsv"):
        (sample / name).touch()
    kill(run.pid)
    kill(child)
    assert lives(job)
    with sole_run(tmp_path) as here:
        assert here.killed == f"process {child} on {platform.node()}"
        assert here.clear_up() == 2
    assert not lives(job)
    run.communicate()
    assert [*locks.iterdir(), *scripts.iterdir()] == []
    assert [path.name for path in sample.iterdir()] == ["consensus.bam"]


def test_jobs_end_with_a_snakemake_that_is_killed(tmp_path: Path) -> None:
    run, child, job = start(tmp_path)
    kill(child)
    assert run.wait(20) == 128 + signal.SIGKILL
    assert not lives(job)
    run.communicate()


def test_a_run_that_goes_on_without_a_killed_job_removes_what_that_left(tmp_path: Path) -> None:
    left = tmp_path / "results" / "P1" / "consensus.bam.partial-a1B2c3D4"
    left.parent.mkdir(parents=True)
    left.touch()
    lock = tmp_path / ".snakemake" / "locks" / "0.output.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    assert _work([sys.executable, "-c", "raise SystemExit(1)"], tmp_path) == 1
    assert left.exists(), "of a plain snakemake that works here"
    lock.unlink()
    assert _work([sys.executable, "-c", ""], tmp_path) == 0
    assert not left.exists()


def test_a_run_that_ends_leaves_no_trace(tmp_path: Path) -> None:
    for _ in range(2):
        with sole_run(tmp_path) as here:
            assert here.killed == ""
            here.record(os.getpid())
            here.forget()


def test_snakemakes_own_lock_stays_where_no_run_of_ours_was_killed(tmp_path: Path) -> None:
    lock = tmp_path / ".snakemake" / "locks" / "0.output.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with sole_run(tmp_path) as here:
        assert here.killed == ""
    assert lock.is_file()


def test_what_writes_on_after_its_name_was_removed_becomes_no_result(tmp_path: Path) -> None:
    path = tmp_path / "results" / "table.tsv"
    with pytest.raises(FileNotFoundError), atomic_output(path) as (partial,), partial.open("w") as stream:
        (tmp_path / ".snakemake").mkdir()
        with sole_run(tmp_path) as here:
            assert here.clear_up() == 1
        path.write_text("new")
        stream.write("old")
    assert path.read_text() == "new"


def test_two_jobs_of_one_output_write_to_two_names(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    with atomic_output(path) as (one,), atomic_output(path) as (other,):
        assert one != other
        one.write_text("x")
        other.write_text("x")


# --- inputs ---------------------------------------------------------------------------------


def test_inputs_that_change_or_vanish_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("kept.bam", "grown.bam", "renewed.bam", "gone.bam"):
        Path(name).write_bytes(bytes(5))
    before = look_at(["kept.bam", "grown.bam", "renewed.bam", "gone.bam", "never.bam"])
    Path("grown.bam").write_bytes(bytes(9))
    os.utime("renewed.bam", (1, 1))
    Path("gone.bam").unlink()
    Path("never.bam").touch()
    assert changed_since(before) == [
        "grown.bam: changed while the run worked (5 bytes, now 9)",
        "renewed.bam: changed while the run worked (another date, 5 bytes)",
        "gone.bam: deleted while the run worked",
    ]


# --- needs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "gigabytes", "asked"),
    [
        (memory(4000), 50, (4000, 8000, 16000)),
        (memory(4000, per_gb=1000, of="bam"), 2, (6000, 12000, 24000)),
        (minutes(60, per_gb=30, of="bam"), 1, (60, 120, 180)),
        (minutes(60, per_gb=30, of="bam fastq"), 10, (300, 600, 900)),
        (disk(5000, of="bam"), 0.001, (1000, 2000, 3000)),
        (disk(5000, of="bam"), 4, (20000, 40000, 60000)),
    ],
)
def test_more_for_larger_files_and_for_every_try(
    need: Need, gigabytes: float, asked: tuple[int, ...], tmp_path: Path
) -> None:
    bam = tmp_path / "s.bam"
    with bam.open("wb") as stream:
        stream.truncate(round(gigabytes * 1e9))
    given: dict[str, Any] = {"bam": str(bam), "fastq": [], "fasta": "genome.fa"}
    assert tuple(need(None, given, attempt) for attempt in (1, 2, 3)) == asked
