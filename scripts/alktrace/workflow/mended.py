"""Parts of Snakemake that this workflow replaces. Traps at its next upgrade, each held by a test."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .lean_graph import lean_graph
from .slurm import wait_for_answers
from .warm import WarmProcess, start_warm

LEAN_FOR = "9.27.1"
"""The graph of another version is left as it is: slower and larger, but nothing of it was looked at."""


def mend_snakemake(
    modules: Mapping[str, Any], *, kernels: Path, libraries: Sequence[str] = ()
) -> WarmProcess:
    """Replace what does not serve a run of many short jobs, and return what its scripts are forks of.

    Args:
        modules: loaded modules by name, `sys.modules`.
        kernels: folder in which jobs leave a file once some are compiled.
        libraries: what several scripts of this run load beside the package.
    """
    warm = WarmProcess(kernels, libraries)
    start_warm(modules["snakemake.script"].PythonScript, warm)
    if modules["snakemake"].__version__ == LEAN_FOR:
        lean_graph(modules)
    keep_one_timer(modules["snakemake.scheduling.job_scheduler"].JobScheduler)
    if plugin := modules.get("snakemake_executor_plugin_slurm"):
        wait_for_answers(plugin)
    return warm


def keep_one_timer(scheduler: Any) -> None:
    """Let a scheduler with a rate of jobs look for new ones once a timespan.

    Its own way starts a timer at every look, and each of them starts a look: with every job that ends
    there is one more look a second, for ever.

    Args:
        scheduler: Snakemake's class; its method is replaced.
    """

    def look_later(self: Any, delay: float) -> None:
        if getattr(self, "timer", None) is not None:
            return

        def look() -> None:
            # First: the look that follows must find that it needs a timer of its own.
            self.timer = None
            self._open_jobs.release()

        self.timer = threading.Timer(delay, look)
        self.timer.daemon = True
        self.timer.start()

    scheduler._schedule_reevalutation = look_later
