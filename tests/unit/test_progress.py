"""Lines of a run: what is done, what runs, how long yet; and what Snakemake itself says goes through."""

import logging
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from alktrace.workflow.progress import Progress, Times, first_words, last_words, lasting

ROOT = Path(__file__).resolve().parents[2]


class Terminal(logging.Handler):
    """Keeps the lines that a person would see."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class Run:
    """A run of Snakemake by the records that it logs, with a clock that tests move."""

    def __init__(self, **steps: int) -> None:
        self.now = 0.0
        self.terminal = Terminal()
        self.progress = Progress(self.terminal, steps, clock=lambda: self.now)
        self.done, self.total = 0, sum(steps.values())

    def log(self, text: str | None, level: int = logging.INFO, **fields: Any) -> None:
        record = logging.LogRecord("snakemake", level, "", 0, text, (), None)
        vars(record).update(fields)
        self.progress.handle(record)

    def start(self, number: int, rule: str, name: str, log: str = "") -> None:
        logs = [log] if log else []
        self.log("", event="job_info", jobid=number, rule_name=rule, rule_msg=name, log=logs)

    def finish(self, *numbers: int) -> None:
        for number in numbers:
            self.log(f"Finished jobid: {number}", event="job_finished", job_id=number)
        self.done += len(numbers)
        self.log(None, event="progress", done=self.done, total=self.total)

    def said(self) -> list[str]:
        """Return the new lines without the time of the day."""
        self.progress.tick()
        lines = [line.partition("  ")[2] for line in self.terminal.lines]
        self.terminal.lines.clear()
        return lines


def test_a_step_is_a_line_with_its_sample_and_what_goes_on() -> None:
    run = Run(align=3, all=1)
    run.start(1, "align", "aligning P01 PD1 plasma u1")
    run.start(2, "align", "aligning P02 PD1 plasma u1")
    run.now = 8
    run.finish(1)
    run.start(3, "align", "aligning P03 PD1 plasma u1")
    running = "now aligning P02 PD1 plasma u1, aligning P03 PD1 plasma u1"
    assert run.said() == [f"1 of 4  aligning P01 PD1 plasma u1: done in 8 s; {running}"]


def test_steps_of_a_group_end_together_with_numbers_of_their_own() -> None:
    run = Run(align=1, call=1)
    run.start(1, "align", "aligning P01")
    run.start(2, "call", "calling P01")
    run.finish(1, 2)
    assert run.said() == ["1 of 2  aligning P01: done in 1 s", "2 of 2  calling P01: done in 1 s"]


def test_a_failure_is_named_before_what_snakemake_says_of_it() -> None:
    run = Run(align=1)
    run.start(7, "align", "aligning P01")
    run.log("Error in rule align", logging.ERROR, event="job_error", jobid=7)
    run.log("Trying to restart job 7.")
    assert run.said() == ["0 of 1  aligning P01: failed", "", "0 of 1  aligning P01: is tried again"]


@pytest.mark.parametrize(
    ("text", "level", "shown"),
    [
        ("Select jobs to execute...", logging.INFO, False),
        ("Complete log(s): a.log", logging.INFO, True),
        ("Trying to restart job 99.", logging.INFO, True),
        ("Select jobs to execute: no scheduler", logging.ERROR, True),
        ("The disk is full", logging.WARNING, True),
    ],
)
def test_what_else_is_said_goes_through(text: str, level: int, shown: bool) -> None:
    run = Run(align=1)
    run.log(text, level)
    assert run.terminal.lines == ([text] if shown else [])


def test_a_record_that_is_other_than_known_goes_through() -> None:
    run = Run(align=1)
    run.log("new kind", event="job_info")
    assert run.terminal.lines == ["new kind"]


def test_a_silence_is_broken_ever_less_often_with_the_last_words_of_the_job(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    log.write_text("begun\n[M::mem_process_seqs] Processed 66000 reads\n\n")
    run = Run(align=2)
    run.start(1, "align", "aligning P01", str(log))
    run.now = 5
    run.start(2, "align", "aligning P02")
    times = []
    for run.now in range(5, 200, 5):
        if lines := run.said():
            times.append(run.now)
            words = "([M::mem_process_seqs] Processed 66000 reads), and 1 more"
            assert lines == [f"0 of 2  still aligning P01, {lasting(run.now)} so far {words}"]
    assert times == [20, 60, 140]


@pytest.mark.parametrize(
    ("left", "taken", "elapsed", "running", "expected"),
    [
        pytest.param({"a": 10}, {"a": [10.0] * 5}, 50.0, {}, 100.0, id="one at a time"),
        pytest.param({"a": 10}, {"a": [10.0] * 5}, 25.0, {}, 50.0, id="two at a time"),
        pytest.param({"a": 1, "b": 2}, {"a": [1.0] * 4, "b": [16.0]}, 20.0, {}, 33.0, id="by the rule"),
        pytest.param({"c": 1}, {"a": [1.0] * 4, "b": [16.0]}, 20.0, {}, 8.5, id="unknown: between"),
        pytest.param({"a": 2}, {"a": [10.0] * 5}, 52.0, {"a": [2.0]}, 18.0, id="one has begun"),
        pytest.param({"a": 1}, {"a": [10.0] * 5}, 150.0, {"a": [100.0]}, 90.0, id="longer than usual: grows"),
        pytest.param(
            {"a": 10, "b": 1},
            {"a": [10.0] * 9, "b": [60.0]},
            30.0,
            {"b": [0.0]},
            60.0,
            id="not before its end",
        ),
        pytest.param({"a": 2, "b": 1}, {"a": [10.0] * 5}, 58.0, {"b": [8.0]}, 22.0, id="unknown: has begun"),
        pytest.param({"a": 2, "b": 1}, {"a": [10.0] * 5}, 61.0, {"b": [11.0]}, None, id="unknown: too long"),
        pytest.param({"a": 10}, {"a": [10.0] * 4}, 40.0, {}, None, id="too few"),
        pytest.param({"a": 96}, {"a": [10.0] * 5}, 50.0, {}, None, id="too few of many"),
        pytest.param({"a": 10}, {"a": [1.0] * 5}, 5.0, {}, None, id="too early"),
    ],
)
def test_the_time_left(
    left: dict[str, int],
    taken: dict[str, list[float]],
    elapsed: float,
    running: dict[str, list[float]],
    expected: float | None,
) -> None:
    assert Times(Counter(left), taken).seconds_left(elapsed, running) == expected


def test_nothing_is_promised_while_a_genome_is_indexed() -> None:
    """Behind steps of seconds it takes an hour; the guess was that of the steps, below a minute all along."""
    run = Run(prepare=6, index_aligner=1, align=1)
    for number in range(6):
        run.start(number, "prepare", f"preparing P{number}")
        run.now += 5
        run.finish(number)
    run.start(6, "index_aligner", "indexing the genome")
    said = []
    for run.now in range(40, 3600, 20):
        said += run.said()
    assert len(said) > 5
    assert not [line for line in said if "left" in line]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (99, "99 s"), (100, "2 min"), (5000, "83 min"), (9000, "2.5 h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert lasting(seconds) == text


def test_last_words_of_a_log_that_is_none(tmp_path: Path) -> None:
    assert last_words(tmp_path / "none") == ""
    path = tmp_path / "bytes.log"
    path.write_bytes(b"\xff\x00\x1b[31m" + b"x" * 9000)
    words = last_words(path)
    assert len(words) == 100 and words.isprintable()


SNAKEFILE = """
import sys
sys.path.insert(0, {scripts!r})
from snakemake.logging import logger
from alktrace.workflow.progress import show_progress
rule all:
    input: expand("{{p}}.out", p=["P1", "P2"])
rule align:
    output: "{{p}}.out"
    message: "aligning {{wildcards.p}}"
    shell: "touch {{output}}"
onstart:
    show_progress(logger, workflow)
"""


@pytest.mark.parametrize(
    ("options", "ours", "its"),
    [((), True, False), (("--quiet",), False, False), (("--verbose",), False, True)],
)
def test_the_snakemake_that_is_installed(
    options: tuple[str, ...], ours: bool, its: bool, tmp_path: Path
) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(scripts=str(ROOT / "scripts")))
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ("aligning P1: done in" in done.stderr) is ours
    assert ("Finished jobid" in done.stderr) is its
    (log,) = (tmp_path / ".snakemake" / "log").iterdir()
    assert ("Finished jobid" in log.read_text()) is (options != ("--quiet",))


def test_compiling_is_said_where_no_kernel_is_kept(tmp_path: Path) -> None:
    """A minute in which no step ends, and only in the first run of a user."""
    said = first_words({"compile_align_kernels": 1, "align_unit": 9}, tmp_path)
    assert "about a minute" in said and str(tmp_path) in said
    assert first_words({"align_unit": 9}, tmp_path) == "", "a run without reads compiles nothing"
    kept = tmp_path / "numba-0.62" / "group-12.kernel"
    kept.parent.mkdir()
    kept.touch()
    assert first_words({"compile_align_kernels": 1}, tmp_path) == ""
