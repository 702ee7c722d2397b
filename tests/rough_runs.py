"""`alktrace run` on a few patients, watched and disturbed from outside."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow_runs import ROOT, Project, final_files

FEW = ("P02", "P16", "P18")
"""FASTQ, aligned reads, reports."""
LONGEST = 900
"""Seconds of one start of a run."""
RULE = re.compile(r"(?:scripts/tmp[^/]*?\.|logs/)(\w+?)[/.]")
"""In the command of a job, or the name of the log that it has opened."""


@dataclass(frozen=True)
class Process:
    """One process of a run as the system shows it."""

    number: int
    parent: int
    command: str
    rule: str
    """The rule whose job it is part of, as far as that can be seen."""

    @property
    def is_master(self) -> bool:
        """Whether it starts jobs."""
        return " -m alktrace " in self.command or " -m snakemake " in self.command

    def kill(self) -> bool:
        """Kill it; tell whether it was still there."""
        try:
            os.kill(self.number, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True


@dataclass
class Run:
    """`alktrace run` in a folder, started as often as it takes.

    Attributes:
        logs: where what it says is kept; the folder itself may be full.
        environment: laid over that of the tests; None takes a variable away.
        user: who runs it, by number, with files that nobody else may read; None: who runs the tests.
    """

    folder: Path
    logs: Path
    environment: dict[str, str | None] = field(default_factory=dict)
    config: str = "config.yaml"
    user: int | None = None
    process: subprocess.Popen[bytes] = field(init=False)
    starts: int = 0

    def start(self, *options: str) -> None:
        self.starts += 1
        names = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), **self.environment}
        other: dict[str, Any] = {"user": self.user, "group": self.user, "extra_groups": [], "umask": 0o077}
        with self._log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "alktrace", "run", self.config, "--", "--cores", "2", *options],
                cwd=self.folder,
                env={name: value for name, value in names.items() if value is not None},
                stdout=out,
                stderr=out,
                start_new_session=True,
                **({} if self.user is None else other),
            )

    @property
    def _log(self) -> Path:
        return self.logs / f"said-{self.starts}.txt"

    @property
    def said(self) -> str:
        return self._log.read_text()

    def end(self) -> int:
        return self.process.wait(LONGEST)

    def stop(self) -> None:
        """Kill what is left of the latest start."""
        for process in self.processes():
            process.kill()
        self.process.wait(LONGEST)

    def done(self, *options: str) -> int:
        """Start it and wait for its end."""
        self.start(*options)
        return self.end()

    def wait_for(self, reached: Callable[[], object]) -> None:
        deadline = time.monotonic() + LONGEST
        while not reached():
            assert self.process.poll() is None, self.said[-4000:]
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def processes(self) -> list[Process]:
        """Return the processes of the latest start that live: all are of its session."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                state, parent, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(session) != self.process.pid or state == "Z":
                    continue
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                # Jobs that are forks of one process have its command.
                files = " ".join(str(file.readlink()) for file in (folder / "fd").iterdir())
            except OSError:
                continue
            rule = RULE.search(f"{command} {files}")
            found.append(Process(int(folder.name), int(parent), command, rule[1] if rule else ""))
        return found

    def jobs(self) -> list[list[Process]]:
        """Return the processes of each job that runs, its first one first."""
        all_of_it = self.processes()
        masters = {process.number for process in all_of_it if process.is_master}
        # The process of which jobs are forks is none.
        living = [one for one in all_of_it if not (one.parent in masters and "forkserver" in one.command)]
        jobs = {process.number for process in living if process.rule}
        first = [one for one in living if one.rule and not one.is_master and one.parent not in jobs]
        return [_below(one, living) for one in first]

    def running(self) -> set[str]:
        """Return the rules whose jobs run."""
        return {job[0].rule for job in self.jobs()}

    def begun(self) -> int:
        """Return the number of jobs that ever began here: each has a log of its own."""
        return len(list((self.folder / "logs").rglob("*.log")))


def _below(first: Process, living: list[Process]) -> list[Process]:
    deeper = (_below(one, living) for one in living if one.parent == first.number)
    return [first, *(process for processes in deeper for process in processes)]


def new_project(small_demo: Path, folder: Path) -> Project:
    """Lay down a project of a few patients, with a genome that has no index yet."""
    folder.mkdir(exist_ok=True)
    project = Project.of_demo(small_demo, folder, FEW)
    project.own("reference/genome.fa.gz")
    for name in ("genome.fa.gz.fai", "genome.fa.gz.gzi", "genome.dict"):
        (folder / "reference" / name).unlink()
    project.write_config()
    return project


def check_end(run: Run, undisturbed: Run) -> None:
    """Check that a run has ended well, with the same files and no others, and has nothing more to do."""
    assert run.end() == 0, run.said[-4000:]
    found, expected = final_files(run.folder), final_files(undisturbed.folder)
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
    for name in ("incomplete", "locks", "scripts"):
        folder = run.folder / ".snakemake" / name
        assert not folder.is_dir() or list(folder.iterdir()) == [], name
    assert run.done() == 0, run.said[-4000:]
    assert "Nothing to be done" in run.said
