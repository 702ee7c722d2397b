"""What a person sees while a run works: a line per finished step, with what runs and for how long yet.

Snakemake's own lines name neither sample nor step; they stay in its log file.
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

from ..io.kernel_folder import SUFFIX, kernel_folder

TERMINAL = "DefaultStreamHandler"
"""Snakemake's name of what writes to the terminal."""
QUIET = {"ALL", "PROGRESS"}
CHATTER = (
    "Select jobs to execute",
    "Execute ",
    "Finished jobid",
    "DAG of jobs will be updated",
    "Updating checkpoint dependencies",
    "Removing temporary output",
    "Group job ",
)
RETRY = "Trying to restart job "
FIRST_PAUSE, LONGEST_PAUSE = 20.0, 600.0
"""Seconds of silence after which it is said what still runs; doubled each time until a step ends."""
LEAST_STEPS, LEAST_SHARE, LEAST_SECONDS = 5, 0.05, 10.0
"""What a guess of the time left needs: steps done, as a share of all, too, and seconds since the start."""
SHOWN_RUNNING = 2
COMPILING = "compile_"
"""How the names of rules begin that compile kernels."""
LAST_WORDS = 100
READ_AT_END = 4096


def show_progress(logger: logging.Logger, workflow: Any) -> None:
    """Let a run say on the terminal what it does, unless `--quiet` or `--verbose` ask for less or all.

    Args:
        logger: of Snakemake.
        workflow: Snakemake's, with its graph built.
    """
    asked = workflow.output_settings
    terminal = next((handler for handler in logger.handlers if handler.name == TERMINAL), None)
    if terminal is None or asked.verbose or QUIET & {item.name for item in asked.quiet or ()}:
        return
    logger.removeHandler(terminal)
    steps = Counter(job.rule.name for job in workflow.dag.needrun_jobs())
    progress = Progress(terminal, steps)
    logger.addHandler(progress)
    if told := first_words(steps, kernel_folder()):
        progress.tell(told)
    progress.watch()


def first_words(rules: Iterable[str], kernels: Path) -> str:
    """Return that kernels are compiled first, which takes a minute without a line; empty where some are kept.

    Args:
        rules: of the jobs to do.
        kernels: folder of compiled kernels.
    """
    compiling = any(rule.startswith(COMPILING) for rule in rules)
    if not compiling or any(kernels.glob(f"*/*{SUFFIX}")):
        return ""
    return f"first the kernels are compiled, about a minute, once; they are kept in {kernels}"


@dataclass
class Step:
    """A job that works, or waits in the queue of a cluster."""

    rule: str
    name: str
    log: str
    since: float


@dataclass
class Times:
    """How long steps took, and what is left: the arithmetic of the guess.

    Attributes:
        left: jobs to do per rule.
        taken: seconds of the finished ones per rule.
    """

    left: Counter[str]
    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def finish(self, rule: str, seconds: float) -> None:
        """Count a finished job."""
        self.left[rule] -= 1
        self.taken[rule].append(seconds)

    def seconds_left(self, elapsed: float, running: Mapping[str, list[float]]) -> float | None:
        """Return the seconds until all is done, if the rest goes on as it went; None while nobody knows.

        Jobs take as long as those of their rule did, else as long as a rule in the middle, as many at a time
        as until now. One at work for longer than those of its rule needs as much again as it is over that.
        Nothing is promised beside one whose rule has no time yet, once it takes longer than a rule in the
        middle: a genome is indexed for an hour behind steps of seconds.

        Args:
            elapsed: seconds since the first job.
            running: seconds that the jobs at work have taken so far, per rule.
        """
        done = [seconds for taken in self.taken.values() for seconds in taken]
        share = len(done) / max(len(done) + sum(self.left.values()), 1)
        if len(done) < LEAST_STEPS or share < LEAST_SHARE or elapsed < LEAST_SECONDS:
            return None
        each = {rule: sum(taken) / len(taken) for rule, taken in self.taken.items()}
        usual = median(each.values())  # kernels are compiled first, and once
        work = sum(each.get(rule, usual) * max(count, 0) for rule, count in self.left.items())
        begun = [(rule, seconds) for rule, many in running.items() for seconds in many]
        if any(rule not in each and seconds > usual for rule, seconds in begun):
            return None
        expected = [(each.get(rule, usual), seconds) for rule, seconds in begun]
        needed = [abs(whole - seconds) for whole, seconds in expected]
        work += sum(needed) - sum(whole for whole, _ in expected)
        at_once = (sum(done) + sum(seconds for _, seconds in begun)) / elapsed
        return max(work / max(at_once, 1.0), *needed, 0.0)


class Progress(logging.Handler):
    """Stands before Snakemake's terminal: turns its events on jobs into lines, hands on what else it says."""

    def __init__(
        self,
        terminal: logging.Handler,
        steps: Mapping[str, int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with the jobs to do per rule."""
        super().__init__()
        self.terminal = terminal
        self._clock = clock
        self._begun = self._said = clock()
        self._pause = FIRST_PAUSE
        self._times = Times(Counter(steps))
        self._done, self._total = 0, sum(steps.values())
        self._steps: dict[Any, Step] = {}
        self._names: dict[Any, str] = {}
        self._finished: list[tuple[Step, float]] = []
        self._lines: list[str] = []
        self._closed = Event()

    def watch(self) -> None:
        """Break long silences, from a thread that ends with the run."""
        Thread(target=self._watch, name="progress", daemon=True).start()

    def close(self) -> None:
        """End with the run."""
        self._closed.set()
        self._write()
        self.terminal.close()
        super().close()

    def flush(self) -> None:
        """Write what the terminal keeps."""
        self.terminal.flush()

    def emit(self, record: logging.LogRecord) -> None:
        """Say a record of Snakemake in our way, or hand it on."""
        on_event = {
            "job_info": self._start,
            "job_finished": self._finish,
            "progress": self._count,
            "job_error": self._fail,
            "job_started": self._nothing,
            "group_info": self._nothing,
            "resources_info": self._nothing,
        }
        event = on_event.get(str(getattr(record, "event", None)), self._other)
        try:
            event(record)
        except Exception:
            # Whatever another version of Snakemake says, a run must not end by what is shown of it.
            self._hand_on(record)

    def _start(self, record: Any) -> None:
        name = record.rule_msg or ""
        log = next(iter(record.log or ()), "")
        self._names[record.jobid] = name or record.rule_name
        self._steps[record.jobid] = Step(record.rule_name, name, str(log), self._clock())

    def _finish(self, record: Any) -> None:
        if step := self._steps.pop(record.job_id, None):
            seconds = self._clock() - step.since
            self._times.finish(step.rule, seconds)
            self._finished.append((step, seconds))

    def _count(self, record: Any) -> None:
        # Jobs of a group end together: the number is that of the last.
        self._total = record.total
        self._done = record.done - len(self._finished)
        for step, seconds in self._finished:
            self._done += 1
            if step.name:
                self._lines.append(self._line(f"{step.name}: done in {lasting(seconds)}"))
        self._finished.clear()
        self._pause = FIRST_PAUSE

    def _fail(self, record: Any) -> None:
        if step := self._steps.pop(record.jobid, None):
            self._lines.append(self._line(f"{step.name or step.rule}: failed"))
        self._hand_on(record)

    def _nothing(self, record: Any) -> None:
        pass

    def _other(self, record: Any) -> None:
        said = str(record.msg)
        if record.levelno == logging.INFO and said.startswith(CHATTER):
            return
        number = said.removeprefix(RETRY).rstrip(".")
        if said.startswith(RETRY) and number.isdigit() and int(number) in self._names:
            self._lines.append(self._line(f"{self._names[int(number)]}: is tried again"))
            return
        self._hand_on(record)

    def _hand_on(self, record: logging.LogRecord) -> None:
        self._write()
        self.terminal.handle(record)

    def _line(self, text: str) -> str:
        return f"{time.strftime('%H:%M:%S')}  {self._done} of {self._total}  {text}"

    def _write(self) -> None:
        """Write what waits; the last line says what goes on."""
        if not self._lines:
            return
        *before, last = self._lines
        self._lines.clear()
        for line in (*before, f"{last}{self._running()}{self._left()}"):
            self._tell(line)

    def tell(self, text: str) -> None:
        """Say a line of one's own, with the time of the day."""
        self._tell(f"{time.strftime('%H:%M:%S')}  {text}")

    def _tell(self, line: str) -> None:
        self._said = self._clock()
        self.terminal.handle(logging.LogRecord("alktrace", logging.INFO, "", 0, line, (), None))

    def _running(self) -> str:
        names = [step.name for step in self._steps.values() if step.name]
        more = f", and {len(names) - SHOWN_RUNNING} more" if len(names) > SHOWN_RUNNING else ""
        return f"; now {', '.join(names[:SHOWN_RUNNING])}{more}" if names else ""

    def _left(self) -> str:
        running, now = defaultdict(list), self._clock()
        for step in self._steps.values():
            running[step.rule].append(now - step.since)
        left = self._times.seconds_left(now - self._begun, running)
        return f"; about {lasting(left)} left" if left is not None and self._done < self._total else ""

    def _watch(self) -> None:
        while not self._closed.wait(1):
            self.acquire()
            try:
                self.tick()
            finally:
                self.release()

    def tick(self) -> None:
        """Write what waits: by now the jobs that follow have begun. Break a long silence."""
        self._write()
        now = self._clock()
        if now - self._said < self._pause or not (steps := [s for s in self._steps.values() if s.name]):
            return
        oldest = min(steps, key=lambda step: step.since)
        more = f", and {len(steps) - 1} more" if len(steps) > 1 else ""
        words = last_words(Path(oldest.log)) if oldest.log else ""
        said = f" ({words})" if words else ""
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        text = f"still {oldest.name}, {lasting(now - oldest.since)} so far{said}{more}"
        self._tell(f"{self._line(text)}{self._left()}")


def lasting(seconds: float) -> str:
    """Return a duration as people say it: `3 s`, `12 min`, `2.5 h`."""
    if seconds < 1:
        return "1 s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def last_words(log: Path) -> str:
    """Return the last line of a job's log, shortened; empty where there is none yet."""
    try:
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - READ_AT_END, 0))
            lines = file.read(READ_AT_END).decode(errors="replace").splitlines()
    except OSError:
        return ""
    line = next((line.strip() for line in reversed(lines) if line.strip()), "")
    shown = "".join(letter if letter.isprintable() else " " for letter in line)
    return shown if len(shown) <= LAST_WORDS else shown[: LAST_WORDS - 1] + "…"
