"""One run at a time in a folder, and what a killed one leaves behind."""

import fcntl
import os
import platform
import secrets
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import DataError

LOCK = Path(".snakemake") / "alktrace.lock"
UNFINISHED = "*.partial-*"
"""Names that jobs write to until they are done, below the results."""
MARK = "ALKTRACE_RUN"
"""Environment variable by which the processes of a run are known."""
SECONDS_TO_DIE = 10


class SoleRun:
    """A run that holds its folder.

    Attributes:
        descriptor: of the lock; handed to snakemake, it holds as long as either process lives.
        killed: the run before, if it was killed; empty if it ended.
        mark: value of `MARK` in the environment of all processes of this run.
    """

    def __init__(self, folder: Path, descriptor: int) -> None:
        """Hold a folder by the open file of its lock."""
        self.folder = folder
        self.descriptor = descriptor
        self.killed, _, last = os.pread(descriptor, 200, 0).decode(errors="replace").strip().partition("\n")
        self._marks = {last} if last else set()
        self.mark = secrets.token_hex(8)

    def record(self, process: int) -> None:
        """Write down which process works here; it stands there until `forget`."""
        self.forget()
        self._marks.add(self.mark)
        os.pwrite(self.descriptor, f"process {process} on {platform.node()}\n{self.mark}\n".encode(), 0)

    def forget(self) -> None:
        """Note that the run has ended by itself."""
        os.ftruncate(self.descriptor, 0)

    def clear_up(self) -> int:
        """End the jobs of a killed run, remove its unfinished files, and what snakemake left: lock, scripts.

        Returns:
            The number of unfinished files.
        """
        self.end_jobs()
        for path in self._left_by_snakemake("locks/*.lock", "scripts/tmp*"):
            path.unlink(missing_ok=True)
        return self.remove_unfinished()

    def _left_by_snakemake(self, *patterns: str) -> list[Path]:
        return [path for pattern in patterns for path in (self.folder / ".snakemake").glob(pattern)]

    def remove_unfinished(self) -> int:
        """Remove files that jobs left unfinished, unless a plain snakemake works here; return their number.

        A job that was killed leaves some also where the run goes on and tries it again. Whoever still writes
        to one of them, from another machine, cannot make it a result any more.
        """
        if any(self._left_by_snakemake("locks/*.lock")):
            return 0
        unfinished = list((self.folder / "results").rglob(UNFINISHED))
        for path in unfinished:
            path.unlink(missing_ok=True)
        return len(unfinished)

    def end_jobs(self) -> None:
        """Kill the jobs on this machine that outlived a killed snakemake, of the run before or of this one.

        Beside the next run they would take the memory twice, and write temporary files behind its end.
        """
        deadline = time.monotonic() + SECONDS_TO_DIE
        while (living := _marked(self._marks)) and time.monotonic() < deadline:
            for process in living:
                with suppress(OSError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.05)


def _marked(marks: Iterable[str]) -> list[int]:
    """Return the processes on this machine with one of some marks; none where there is no /proc."""
    words = [f"{MARK}={mark}".encode() for mark in marks]
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        # Those of others cannot be read, those that have ended are empty.
        with suppress(OSError):
            if not set(words).isdisjoint(path.read_bytes().split(b"\0")):
                found.append(int(path.parent.name))
    return found


@contextmanager
def sole_run(folder: Path) -> Iterator[SoleRun]:
    """Hold a folder for one run.

    The kernel frees the lock with the last process that holds it, however it ended: no lock is ever stale.

    Raises:
        DataError: another run works in the folder.
    """
    path = folder / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        run = SoleRun(folder, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = f"another run works here ({run.killed or 'about to start'})"
            raise DataError(folder, what, "wait for it, end it, or choose another `--directory`") from None
        except OSError:
            # A file system without locks: snakemake's own lock is all there is, and must stay.
            run.killed, run._marks = "", set()
        yield run
    finally:
        os.close(descriptor)
