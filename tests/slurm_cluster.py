"""A Slurm cluster of one node on loopback: munge, a controller and a node daemon in a folder of their own.

Outside that folder there is only the link `/etc/slurm/slurm.conf`: jobs lose `SLURM_CONF`, since Snakemake's
plugin clears what begins with `SLURM_`. A machine that has a Slurm of its own is left alone. It needs root,
since a node daemon starts jobs as their users.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
CONFIGURED = Path("/etc/slurm/slurm.conf")
SECONDS = 30

CONF = """\
ClusterName=alone
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
SlurmdParameters=config_overrides
KillWait=5
OverTimeLimit=0
MinJobAge=300
AccountingStorageType={accounting}
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing_programs() -> list[str]:
    """Return the daemons and clients that are not installed."""
    return [name for name in (*DAEMONS, "sbatch", "squeue") if shutil.which(name, path=_path()) is None]


def _path() -> str:
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


def _free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Cluster:
    """Start with `start`, end with `stop`; `environment` is what its clients need."""

    def __init__(self, folder: Path, *, cpus: int, memory_mb: int, accounting: str = "none") -> None:
        """Write its configuration.

        Args:
            folder: of state, spool, logs and key; short, since sockets have at most 107 characters.
            cpus: processors it believes to have.
            memory_mb: memory it believes to have.
            accounting: `none` or `slurmdbd`, which must be running.
        """
        self.folder = folder
        self.environment: Mapping[str, str] = {
            **os.environ,
            "PATH": _path(),
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("state", "spool"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        host = socket.gethostname().split(".")[0]
        text = CONF.format(
            host=host, ports=_free_ports(2), folder=folder, cpus=cpus, memory=memory_mb,
            accounting=f"accounting_storage/{accounting}",
        )  # fmt: skip
        (folder / "slurm.conf").write_text(text)
        key = folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)

    def start(self) -> None:
        """Start all daemons and wait until the node takes jobs.

        Raises:
            FileExistsError: this machine has a Slurm of its own.
        """
        CONFIGURED.parent.mkdir(exist_ok=True)
        CONFIGURED.symlink_to(self.folder / "slurm.conf")
        for name in DAEMONS:
            self.start_daemon(name)
        self.wait_for(lambda: "idle" in self.ask("sinfo", "--noheader", "--format=%t"), "the node to be idle")

    def start_daemon(self, name: str) -> None:
        """Start one daemon, in the foreground of a process of its own."""
        own = {
            "munged": (
                "--foreground", "--force", f"--socket={self.folder}/munge.socket",
                f"--key-file={self.folder}/munge.key", f"--pid-file={self.folder}/munge.pid",
                f"--seed-file={self.folder}/munge.seed", f"--log-file={self.folder}/munge.log",
            ),
            "slurmctld": ("-D", "-f", f"{self.folder}/slurm.conf"),
            "slurmd": ("-D", "-f", f"{self.folder}/slurm.conf"),
        }  # fmt: skip
        with (self.folder / f"{name}.out").open("ab") as out:
            self._running[name] = subprocess.Popen(
                [shutil.which(name, path=_path()) or name, *own[name]],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        if name == "munged":
            self.wait_for((self.folder / "munge.socket").exists, "munge")

    def stop_daemon(self, name: str, how: int = signal.SIGTERM) -> None:
        """End one daemon and wait for its end."""
        process = self._running.pop(name)
        process.send_signal(how)
        process.wait(SECONDS)

    def stop(self) -> None:
        """End all jobs and all daemons."""
        if "slurmctld" in self._running:
            self.ask("scancel", "--user=root")
            self.wait_for(lambda: not self.ask("squeue", "--noheader").strip(), "jobs to end")
        for name in reversed(DAEMONS):
            if name in self._running:
                self.stop_daemon(name)
        CONFIGURED.unlink()

    def ask(self, *command: str) -> str:
        """Return what a client prints; empty where the controller does not answer."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=SECONDS, check=False
        ).stdout

    def wait_for(self, ready: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
        """Wait until it is so.

        Raises:
            TimeoutError: it is not; the end of the daemons' logs is in the message.
        """
        until = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > until:
                raise TimeoutError(f"waited {seconds:g} s for {what}\n{self._logs()}")
            time.sleep(0.2)

    def _logs(self) -> str:
        logs: Sequence[Path] = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)
