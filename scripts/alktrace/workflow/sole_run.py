"""One run at a time in a folder, and what a killed one leaves behind."""

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DataError

LOCK = Path(".snakemake") / "alktrace.lock"
UNFINISHED = "*.partial-*"
"""Names that jobs write to until they are done, below the results."""


class SoleRun:
    """A run that holds its folder.

    Attributes:
        descriptor: of the lock; handed to snakemake, it holds as long as either process lives.
        killed: the run before, if it was killed; empty if it ended.
    """

    def __init__(self, folder: Path, descriptor: int) -> None:
        """Hold a folder by the open file of its lock."""
        self.folder = folder
        self.descriptor = descriptor
        self.killed = os.pread(descriptor, 200, 0).decode(errors="replace").strip()

    def record(self, process: int) -> None:
        """Write down which process works here; it stands there until `forget`."""
        self.forget()
        os.pwrite(self.descriptor, f"process {process} on {platform.node()}\n".encode(), 0)

    def forget(self) -> None:
        """Note that the run has ended by itself."""
        os.ftruncate(self.descriptor, 0)

    def clear_up(self) -> int:
        """Remove the lock of snakemake and the unfinished files of a killed run; return their number.

        Whoever still writes to one of them cannot make it a result any more.
        """
        for lock in (self.folder / ".snakemake" / "locks").glob("*.lock"):
            lock.unlink(missing_ok=True)
        unfinished = list((self.folder / "results").rglob(UNFINISHED))
        for path in unfinished:
            path.unlink(missing_ok=True)
        return len(unfinished)


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
            run.killed = ""
        yield run
    finally:
        os.close(descriptor)
