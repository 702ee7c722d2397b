"""What the Slurm plugin is told follows from what the controller says of itself."""

from pathlib import Path

import pytest

from alktrace.errors import DataError
from alktrace.workflow.slurm import cluster_options, options_for, read_config

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
