"""What Snakemake's Slurm plugin must be told of the cluster that it submits to."""

import re
import subprocess
from collections.abc import AsyncIterator, Mapping
from typing import Any

from ..errors import DataError

WITHOUT_ACCOUNTING = ("--slurm-status-command", "squeue", "--slurm-no-account")
# The plugin trusts squeue only where ended jobs stay visible for three of its status intervals.
STATUS_SECONDS = 10
ASK = ("scontrol", "show", "config")


def cluster_options() -> list[str]:
    """Ask the controller how it is set up and return options for Snakemake.

    The plugin asks `sacct` wherever that program is installed. On a cluster without accounting sacct answers
    nothing, also of jobs that failed at once, and the run would wait for ever.

    Raises:
        DataError: there is no cluster, or it forgets ended jobs before they can be asked for.
    """
    try:
        done = subprocess.run(ASK, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        raise _no_cluster("the program `scontrol` is not there") from None
    except subprocess.TimeoutExpired:
        raise _no_cluster("its controller does not answer") from None
    if done.returncode:
        raise _no_cluster(" ".join(done.stderr.split()) or f"`{' '.join(ASK)}` ended with {done.returncode}")
    return options_for(read_config(done.stdout))


def wait_for_answers(plugin: Any) -> None:
    """Let Snakemake's plugin wait while its cluster does not answer.

    It forgets its jobs, and waits for ever, where questions stay without an answer for one turn. A controller
    that is away has no `MinJobAge` either: then the plugin asks sacct, whatever it was told.

    Args:
        plugin: the module of the plugin; parts of it are replaced.
    """
    check, age, known = plugin.Executor.check_active_jobs, plugin.get_min_job_age, list[int]()

    async def answers(self: Any) -> bool:
        squeue = self.get_status_command() == "squeue"
        question = plugin.query_job_status_squeue if squeue else plugin.query_job_status_sacct
        answer, _ = await plugin.query_job_status(question(self.run_uuid), self.logger)
        return answer is not None

    async def check_active_jobs(self: Any, active_jobs: list[Any]) -> AsyncIterator[Any]:
        # The first turn may come before `__post_init__` has given the plugin what a question needs.
        if active_jobs and not await answers(self):
            self.logger.warning("Slurm does not answer; it is asked again")
            for job in active_jobs:
                yield job
            return
        async for job in check(self, active_jobs):
            yield job

    def get_min_job_age() -> int | None:
        if not known and (found := age()) is not None:
            known.append(found)
        return known[0] if known else None

    plugin.Executor.check_active_jobs = check_active_jobs
    plugin.get_min_job_age = get_min_job_age


def read_config(text: str) -> dict[str, str]:
    """Return the settings that `scontrol show config` prints as `name = value`."""
    return dict(re.findall(r"^(\w+) += (.*?) *$", text, re.MULTILINE))


def options_for(config: Mapping[str, str]) -> list[str]:
    """Return options for Snakemake by the configuration of a cluster.

    Raises:
        DataError: the cluster has no accounting and forgets ended jobs too early.
    """
    if config.get("AccountingStorageType", "").removeprefix("accounting_storage/") not in (
        "none",
        "(null)",
        "",
    ):
        return []
    age = config.get("MinJobAge", "unknown")
    seconds = re.match(r"\d+", age)
    if seconds is None or int(seconds[0]) < 3 * STATUS_SECONDS:
        raise DataError(
            "Slurm",
            f"it has no accounting and forgets ended jobs after MinJobAge = {age}",
            f"let its administrator set MinJobAge to {3 * STATUS_SECONDS} s or more, or switch accounting on",
        )
    return list(WITHOUT_ACCOUNTING)


def _no_cluster(reason: str) -> DataError:
    return DataError(
        "Slurm", f"cannot be asked: {reason}", "run on a login node, or choose another --profile"
    )
