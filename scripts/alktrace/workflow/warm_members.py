"""Scripts in the pipes of shell rules, started warm: a process of the run forks each from loaded code.

A job that aligns is a pipe of programs, three or four of them scripts of this package; on a small sample
starting those took longer than all else. The rules call `$ALKTRACE_PYTHON` as ever. Where a run has a warm
process it names a program that asks it for a fork (`start_member.py`); in jobs of a cluster it is Python.
"""

import atexit
import marshal
import os
import runpy
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, TextIO

from . import start_member
from .start_member import COLD, HEAD, STREAMS, VARIABLE, Request

PATIENCE = 10.0
"""Seconds for a member to say what it wants; it says so at once."""
WAITING = 64
"""Members that may stand in line."""
MAX_SOCKET = 107
"""Bytes of the path of a socket (unix(7)), less its end."""
MAX_LINE = 127
"""Bytes of a program's first line that every kernel reads (execve(2): 255 since Linux 5.1)."""


def name_server() -> Path | None:
    """Let `$ALKTRACE_PYTHON` of this process's jobs ask for warm members; return the socket where it asks.

    Until a server listens there, and after its end, scripts start cold. None: they always do, here.
    """
    folder = Path(tempfile.mkdtemp(prefix="alktrace-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program, here = folder / "python", folder / "warm"
    # No shell between: dash drops the functions that bash exports, such as `align` of the rules.
    line = f"#!{sys.executable} -IS\n"
    program.write_text(line + Path(start_member.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    program.chmod(0o700)
    # Else temporary files may not be executed (`noexec`), or the kernel would not find this Python.
    runs = os.access(program, os.X_OK) and len(line) <= MAX_LINE and line.count(" ") == 1
    if not runs or len(os.fsencode(_bound(here))) > MAX_SOCKET:
        return None
    os.environ |= {"ALKTRACE_PYTHON": str(program), VARIABLE: str(here)}
    return here


def _bound(here: Path | str) -> str:
    """Return where the socket lies before it listens."""
    return f"{here}.new"


class _Member:
    """A script that runs for a process that waits for its status."""

    def __init__(self, asked: socket.socket, process: ForkProcess) -> None:
        self.asked = asked
        self.process = process

    @property
    def ends(self) -> tuple[Any, ...]:
        """What is ready when the script or who asked for it has ended."""
        return (self.process.sentinel,) if self.asked.fileno() < 0 else (self.process.sentinel, self.asked)

    def over(self, ready: Iterable[Any]) -> bool:
        """Tell whether the script has ended, and say so; end it where nobody waits any more."""
        if self.process.sentinel in ready:
            self.process.join()
            with suppress(OSError):
                self.asked.sendall(str(self.process.exitcode).encode())
            self.asked.close()
            return True
        if self.asked in ready:
            self.asked.close()
            self.process.terminate()
        return False


def serve_members(here: str, kernels: str) -> None:
    """Fork each member that is asked for, until the process that started this one ends.

    Args:
        here: socket to listen on, in a folder that this user alone may enter.
        kernels: file that exists once the kernels of alignment are compiled.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if Path(kernels).exists():
        # Here: the process of the run names the socket, and needs no kernel.
        from ..align.compile_align_kernels import compile_align_kernels

        with suppress(Exception), tempfile.TemporaryDirectory() as folder:
            compile_align_kernels(Path(folder, "align.txt"))
    run = parent_process().sentinel  # type: ignore[union-attr]
    members: list[_Member] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(_bound(here))
        listener.listen(WAITING)
        Path(_bound(here)).rename(here)
        while run not in (ready := wait([listener, run, *chain.from_iterable(m.ends for m in members)])):
            members = [member for member in members if not member.over(ready)]
            if listener in ready:
                with suppress(OSError, EOFError, ValueError):  # who asked has ended already
                    members.append(_start(listener, members))
    for member in members:
        member.process.terminate()
    # A run that was killed did not do it.
    shutil.rmtree(Path(here).parent, ignore_errors=True)


def _start(listener: socket.socket, members: Sequence[_Member]) -> _Member:
    asked = listener.accept()[0]
    asked.settimeout(PATIENCE)
    streams: list[int] = []
    try:
        head, streams, _, _ = socket.recv_fds(asked, HEAD, STREAMS)
        with asked.makefile("rb") as stream:
            request = marshal.loads(stream.read(int.from_bytes(head, "little")))
        unneeded = [listener, asked, *(member.asked for member in members)]
        process = get_context("fork").Process(target=_run, args=(request, streams, unneeded))
        try:
            process.start()
        except OSError:  # no more processes, or no memory for one
            asked.sendall(COLD)
            raise
    except BaseException:
        asked.close()
        raise
    finally:
        # Else who reads at the other end of a pipe waits for the end of the run.
        for descriptor in streams:
            os.close(descriptor)
    return _Member(asked, process)


def _run(request: Request, streams: Sequence[int], unneeded: Iterable[socket.socket]) -> None:
    """Become what was asked for: its folder, environment, descriptors and arguments, then its script."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for other in unneeded:
        other.close()
    folder, arguments, environment = request
    os.chdir(folder)
    os.environb.clear()
    os.environb.update(environment)
    tempfile.tempdir = None  # it was asked for in another environment
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout, sys.stderr = (_opened(number) for number in range(3))
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def _opened(number: int) -> TextIO:
    """Return a standard stream as Python opens it."""
    if number == 0:
        return open(0, encoding="utf-8", closefd=False)
    errors = "strict" if number == 1 else "backslashreplace"
    return open(number, "w", 1 if number == 2 else -1, encoding="utf-8", errors=errors, closefd=False)
