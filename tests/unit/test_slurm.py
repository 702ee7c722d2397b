"""What the Slurm plugin is told follows from what the controller says of itself."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from alktrace.errors import DataError
from alktrace.workflow.slurm import cluster_options, options_for, read_config, wait_for_answers

SHOWN = """\
Configuration data as of 2026-01-01T00:00:00
AccountingStorageHost   = localhost
AccountingStorageType   = accounting_storage/none
MinJobAge               = 300 sec
SLURM_VERSION           = 22.05.8

Slurmctld(primary) at node is UP
"""


def test_the_configuration_is_read() -> None:
    config = read_config(SHOWN)
    assert config["AccountingStorageType"] == "accounting_storage/none"
    assert config["MinJobAge"] == "300 sec"


@pytest.mark.parametrize(
    ("accounting", "age", "expected"),
    [
        ("accounting_storage/none", "300 sec", ["--slurm-status-command", "squeue", "--slurm-no-account"]),
        ("(null)", "30 sec", ["--slurm-status-command", "squeue", "--slurm-no-account"]),
        ("accounting_storage/slurmdbd", "2 sec", []),
    ],
)
def test_options(accounting: str, age: str, expected: list[str]) -> None:
    assert options_for({"AccountingStorageType": accounting, "MinJobAge": age}) == expected


def test_a_cluster_that_forgets_at_once_is_refused() -> None:
    with pytest.raises(DataError, match="forgets ended jobs after MinJobAge = 2 sec"):
        options_for({"AccountingStorageType": "accounting_storage/none", "MinJobAge": "2 sec"})


def test_no_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="`scontrol` is not there; run on a login node"):
        cluster_options()


def test_a_controller_that_is_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "scontrol"
    program.write_text(
        "#!/bin/sh\necho 'slurm_load_ctl_conf error: Unable to contact slurm controller' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(DataError, match="Unable to contact slurm controller"):
        cluster_options()


class Away:
    """The plugin's module, of a cluster that answers only at times."""

    def __init__(self) -> None:
        self.answers = False
        self.asked: list[str] = []
        self.get_min_job_age: Any = lambda: 300 if self.answers else None
        self.query_job_status_squeue = lambda run: f"squeue {run}"
        self.query_job_status_sacct = lambda run: f"sacct {run}"

        async def check(executor: object, active_jobs: list[str]) -> AsyncIterator[str]:
            yield f"checked {len(active_jobs)}"

        self.Executor: Any = SimpleNamespace(check_active_jobs=check)

    async def query_job_status(self, command: str, logger: object) -> tuple[dict[str, str] | None, None]:
        self.asked.append(command)
        return ({} if self.answers else None), None


def test_jobs_are_kept_while_the_cluster_does_not_answer() -> None:
    plugin = Away()
    wait_for_answers(plugin)
    said: list[str] = []
    executor = SimpleNamespace(
        run_uuid="run", get_status_command=lambda: "squeue", logger=SimpleNamespace(warning=said.append)
    )

    async def turn() -> list[str]:
        return [job async for job in plugin.Executor.check_active_jobs(executor, ["1", "2"])]

    assert asyncio.run(turn()) == ["1", "2"]
    assert said == ["Slurm does not answer; it is asked again"]
    plugin.answers = True
    assert asyncio.run(turn()) == ["checked 2"]
    assert plugin.asked == ["squeue run"] * 2


def test_nothing_is_asked_before_there_is_a_job() -> None:
    """The first turn may come while the plugin is still being made, before it has what a question needs."""
    plugin = Away()
    wait_for_answers(plugin)

    async def turn() -> list[str]:
        return [job async for job in plugin.Executor.check_active_jobs(SimpleNamespace(), [])]

    assert asyncio.run(turn()) == ["checked 0"]
    assert plugin.asked == []


def test_the_age_of_ended_jobs_is_known_once_it_was_told() -> None:
    plugin = Away()
    wait_for_answers(plugin)
    assert plugin.get_min_job_age() is None
    plugin.answers = True
    assert plugin.get_min_job_age() == 300
    plugin.answers = False
    assert plugin.get_min_job_age() == 300


def test_the_plugin_still_has_what_is_replaced() -> None:
    """An upgrade may move it; then the controller must be killed in `make test-slurm` once more."""
    slurm = import_module("snakemake_executor_plugin_slurm")
    names = ("get_min_job_age", "query_job_status", "query_job_status_squeue", "query_job_status_sacct")
    assert all(callable(getattr(slurm, name)) for name in names)
    code = slurm.Executor.check_active_jobs.__code__
    assert {"get_min_job_age", "query_job_status", "get_status_command", "run_uuid"} <= {*code.co_names}
