"""A Slurm cluster of one node on loopback: munge, a controller and a node daemon in a folder of their own.

With accounting there are also slurmdbd and its MariaDB, which hear no other machine than this one. Outside
that folder there is only the link `/etc/slurm/slurm.conf`: jobs lose `SLURM_CONF`, since Snakemake's plugin
clears what begins with `SLURM_`. A machine that has a Slurm of its own is left alone. It needs root, since a
node daemon starts jobs as their users.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "slurmdbd", "mariadbd", "mariadb-install-db", "sbatch", "sacct")
CONFIGURED = Path("/etc/slurm/slurm.conf")
SECONDS = 120
"""What starts, answers or ends within seconds on an idle machine has so long."""

CONF = """\
ClusterName=alone
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=10
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
{accounting}
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
# With accounts the controller forgets jobs at once: squeue cannot tell how they ended.
WITHOUT_ACCOUNTING = "MinJobAge=300\nAccountingStorageType=accounting_storage/none"
WITH_ACCOUNTING = """\
MinJobAge=2
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={ports[2]}
AccountingStoragePass={folder}/munge.socket
JobCompType=jobcomp/none"""
DBD_CONF = """\
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={ports[2]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={ports[3]}
StorageUser=slurm
StoragePass={password}
StorageLoc=slurm
"""
INIT_SQL = """\
CREATE USER IF NOT EXISTS 'slurm'@'%' IDENTIFIED BY '{password}';
GRANT ALL ON slurm.* TO 'slurm'@'%';
"""
ACCOUNT = "lab"
SOCKETS = {"munged": "munge.socket", "mariadbd": "mariadb.socket"}
"""What the daemons make that must be there before the next one starts."""


def missing_programs() -> list[str]:
    """Return the daemons and clients that are not installed."""
    return [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]


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


def _daemons(folder: Path, database_port: int, accounting: bool) -> dict[str, list[str]]:
    """Return the arguments of each daemon, in the order in which they start."""
    munge = [
        *("--foreground", "--force", f"--socket={folder}/munge.socket", f"--key-file={folder}/munge.key"),
        *(f"--pid-file={folder}/munge.pid", f"--seed-file={folder}/munge.seed"),
        f"--log-file={folder}/munge.log",
    ]
    database = [
        *(
            "--no-defaults",
            "--user=root",
            f"--datadir={folder}/database",
            f"--socket={folder}/mariadb.socket",
        ),
        *("--bind-address=127.0.0.1", f"--port={database_port}", f"--pid-file={folder}/mariadb.pid"),
        *(f"--log-error={folder}/mariadb.log", f"--init-file={folder}/init.sql"),
        *("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--innodb-lock-wait-timeout=900"),
    ]
    accounts = {"mariadbd": database, "slurmdbd": ["-D"]} if accounting else {}
    slurm = ["-D", "-f", f"{folder}/slurm.conf"]
    return {"munged": munge, **accounts, "slurmctld": slurm, "slurmd": slurm}


class Cluster:
    """Runs in a `with` block; `environment` is what its clients need."""

    def __init__(self, folder: Path, *, cpus: int, memory_mb: int, accounting: bool = False) -> None:
        """Write its configuration.

        Args:
            folder: of state, spool, logs and key; short, since sockets have at most 107 characters.
            cpus: processors it believes to have.
            memory_mb: memory it believes to have.
            accounting: with slurmdbd and a database of its own.
        """
        self.folder = folder
        self.accounting = accounting
        self.environment: Mapping[str, str] = {
            **os.environ,
            "PATH": _path(),
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("state", "spool"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        ports = _free_ports(4)
        host = socket.gethostname().split(".")[0]
        given = {"host": host, "ports": ports, "folder": folder, "password": secrets.token_hex(16)}
        self._daemons = _daemons(folder, ports[3], accounting)
        accounts = (WITH_ACCOUNTING if accounting else WITHOUT_ACCOUNTING).format(**given)
        text = CONF.format(**given, cpus=cpus, memory=memory_mb, accounting=accounts)
        (folder / "slurm.conf").write_text(text)
        self._write_secret("munge.key", os.urandom(128))
        self._write_secret("slurmdbd.conf", DBD_CONF.format(**given).encode())
        self._write_secret("init.sql", INIT_SQL.format(**given).encode())

    def _write_secret(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)

    def __enter__(self) -> "Cluster":
        """Start all daemons and wait until the node takes jobs.

        Raises:
            FileExistsError: this machine has a Slurm of its own.
        """
        CONFIGURED.parent.mkdir(exist_ok=True)
        CONFIGURED.symlink_to(self.folder / "slurm.conf")
        try:
            for name in self._daemons:
                if name == "mariadbd":
                    self._make_database()
                self.start_daemon(name)
                if name == "slurmdbd":
                    self._open_account()
            idle = ("sinfo", "--noheader", "--format=%t")
            self.wait_for(lambda: "idle" in self.ask(*idle), "the node to be idle")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End all jobs and all daemons."""
        try:
            if "slurmd" in self._running and "slurmctld" in self._running:
                self.ask("scancel", "--user=root")
                self.wait_for(lambda: not self.ask("squeue", "--noheader").strip(), "jobs to end")
        finally:
            for name in reversed(self._daemons):
                if name in self._running:
                    self.stop_daemon(name)
            CONFIGURED.unlink()

    def _make_database(self) -> None:
        command = ("mariadb-install-db", "--no-defaults", "--user=root", "--skip-test-db")
        subprocess.run(
            [*command, f"--datadir={self.folder}/database"],
            env=self.environment,
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )

    def _open_account(self) -> None:
        """Enter cluster, account and user, as its administrator would, once the daemon answers."""

        def added() -> bool:
            self.ask("sacctmgr", "--immediate", "add", "cluster", "alone")
            self.ask("sacctmgr", "--immediate", "add", "account", ACCOUNT, "cluster=alone")
            self.ask("sacctmgr", "--immediate", "add", "user", "root", f"account={ACCOUNT}")
            self.ask("sacctmgr", "--immediate", "modify", "user", "root", "set", f"defaultaccount={ACCOUNT}")
            return ACCOUNT in self.ask("sacctmgr", "--noheader", "list", "user", "root")

        self.wait_for(added, "slurmdbd to keep accounts")

    def start_daemon(self, name: str) -> None:
        """Start one daemon, in the foreground of a process of its own."""
        with (self.folder / f"{name}.out").open("ab") as out:
            self._running[name] = subprocess.Popen(
                [shutil.which(name, path=_path()) or name, *self._daemons[name]],
                # Where slurmdbd looks for its own configuration.
                env={**self.environment, "SLURM_CONF": f"{self.folder}/slurm.conf"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        if name in SOCKETS:
            self.wait_for((self.folder / SOCKETS[name]).exists, name)

    def stop_daemon(self, name: str, how: int = signal.SIGTERM) -> None:
        """End one daemon and wait for its end."""
        process = self._running.pop(name)
        process.send_signal(how)
        process.wait(SECONDS)

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
            time.sleep(0.5)

    def _logs(self) -> str:
        logs: Sequence[Path] = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)


def try_it() -> None:
    """Start a cluster with accounts and run a job on it.

    Raises:
        TimeoutError, OSError: that cannot be here.
    """
    with (
        tempfile.TemporaryDirectory(prefix="slurm") as folder,
        Cluster(Path(folder), cpus=1, memory_mb=100, accounting=True) as made,
    ):
        command = ("srun", "--mem=10", "echo", "ran")
        made.wait_for(lambda: made.ask(*command) == "ran\n", "a job to run")


if __name__ == "__main__":
    try_it()
