"""Jobs that start warm: Python, the package and its kernels are loaded once a run, each job is a fork of it.

A run has six jobs for each sample from reads, and most take less than loading them does. The server and its
forks are those of `multiprocessing`; a job finds nothing in memory but code. Scripts in the pipes of shell
rules are forked by one of its forks (`warm_members.py`).
"""

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from .warm_members import name_server, serve_members

LOADED = "alktrace.workflow.loaded"
PREAMBLE = ("snakemake.iocontainers", "snakemake.logging")
"""What the lines import that Snakemake writes before each script."""
FOREIGN = ("conda_env", "container_img", "env_modules", "bench_record")
"""What Snakemake does around a script in another environment, or that it measures: not for us."""
_TURN = threading.Lock()
"""Starting a process also reads the exit status of all others that have ended, which goes once only: without
turns a thread that waits for its own would find it gone, and take a job that ended well for failed (255)."""


class WarmProcess:
    """The warm process of a run. Nothing starts before it is needed, nor before all kernels are compiled."""

    def __init__(self, kernels: Path, libraries: Sequence[str] = ()) -> None:
        """Keep where the kernels are.

        Args:
            kernels: folder in which jobs leave a file once some are compiled. Before, scripts start cold, so
                that a kernel is not compiled twice at the same time.
            libraries: what several scripts of this run load, and not those of every run.
        """
        self._kernels = kernels.absolute()
        self._context = multiprocessing.get_context("forkserver")
        # The module that started the run first: else every fork of a run by `snakemake` itself loads it anew.
        self._context.set_forkserver_preload(["__main__", *PREAMBLE, *libraries, LOADED])
        self._socket: Path | None = None
        self._begun = threading.Lock()

    @property
    def may_start(self) -> bool:
        """Are the kernels of all scripts compiled."""
        return (self._kernels / "calling.txt").exists()

    def run(self, path: str) -> None:
        """Run a script as a fork.

        Raises:
            CalledProcessError: it failed, or a signal ended it.
            OSError: no server can be had; nothing was run.
        """
        process = self._context.Process(target=_run, args=(str(Path.cwd()), path), name=Path(path).name)
        start(process)
        wait_for(process)

    def name_members(self) -> None:
        """Let scripts in the pipes of shell rules ask for forks too; on a full disk they start cold."""
        with suppress(OSError):
            self._socket = name_server()

    def serve_members(self) -> None:
        """Begin to fork such scripts, in the background and once, if the kernels are there."""
        if self._socket is None or not self.may_start or not self._begun.acquire(blocking=False):
            return
        align = str(self._kernels / "align.txt")
        server = self._context.Process(target=serve_members, args=(str(self._socket), align))
        beginning = threading.Thread(target=_start_quietly, args=(server,), daemon=True)
        beginning.start()

        def end() -> None:
            beginning.join()
            with suppress(ValueError, AttributeError):  # it never began
                server.terminate()

        # `multiprocessing` waits for its processes at the end; what is registered later comes before.
        atexit.register(end)


def start_warm(script: Any, warm: WarmProcess) -> None:
    """Let the Python scripts of this run be forks of one warm process.

    Args:
        script: class of Snakemake that runs a script; its `execute_script` is replaced.
        warm: forks them.
    """
    cold = script.execute_script

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        if edit or any(getattr(self, name) for name in FOREIGN) or not warm.may_start:
            cold(self, fname, edit)
            warm.serve_members()
            return
        try:
            warm.run(fname)
        except OSError:  # no server: it ended, or there is no socket to be had
            cold(self, fname)

    script.execute_script = execute_script


def _start_quietly(process: ForkServerProcess) -> None:
    with suppress(OSError, EOFError):  # without it scripts start cold
        start(process)


def start(process: ForkServerProcess) -> None:
    """Start a job, from any thread.

    Raises:
        OSError: there is no server to fork it.
    """
    with _TURN:
        process.start()


def wait_for(process: ForkServerProcess) -> None:
    """Wait for the end of a job that `start` has started.

    Raises:
        CalledProcessError: it failed, or a signal ended it.
    """
    wait([process.sentinel])
    with _TURN:
        process.join()
        status = process.exitcode
        process.close()
    if status:
        raise subprocess.CalledProcessError(status, process.name)


def _run(folder: str, path: str) -> None:
    os.chdir(folder)
    sys.argv = [path]
    runpy.run_path(path, run_name="__main__")
