"""Jobs that start warm: Python, the package and its kernels are loaded once a run, each job is a fork of it.

A run has six jobs for each sample from reads, and most take less than loading them does. The server and its
forks are those of `multiprocessing`; a job finds nothing in memory but code.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import threading
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

LOADED = "alktrace.workflow.loaded"
FOREIGN = ("conda_env", "container_img", "env_modules", "bench_record")
"""What Snakemake does around a script in another environment, or that it measures: not for us."""
_TURN = threading.Lock()
"""Starting a process also reads the exit status of all others that have ended, which goes once only: without
turns a thread that waits for its own would find it gone, and take a job that ended well for failed (255)."""


def start_warm(script: Any, *, after: Path) -> None:
    """Let the Python scripts of this run be forks of one warm process.

    Args:
        script: class of Snakemake that runs a script; its `execute_script` is replaced.
        after: file that exists once all kernels are compiled. Before, scripts start cold, so that a kernel is
            not compiled twice at the same time.
    """
    cold = script.execute_script
    context = multiprocessing.get_context("forkserver")
    # The module that started the run first: else every fork of a run by `snakemake` itself loads it anew.
    context.set_forkserver_preload(["__main__", LOADED])
    here = after.absolute()

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        if edit or any(getattr(self, name) for name in FOREIGN) or not here.exists():
            cold(self, fname, edit)
            return
        process = context.Process(target=_run, args=(str(Path.cwd()), fname), name=Path(fname).name)
        try:
            start(process)
        except OSError:  # no server: it ended, or there is no socket to be had
            cold(self, fname)
            return
        wait_for(process)

    script.execute_script = execute_script


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
