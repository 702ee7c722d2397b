"""Run the workflow on your own data.

A thin call of `snakemake` with the workflow of this package, a profile and your configuration; what follows
`--` is handed on to it. Everything is checked before the first job, as `alktrace check` does.
"""

import argparse
import contextlib
import getpass
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import AlktraceError, DataError
from ..io.kernel_folder import CACHES, is_writable, user_caches
from ..io.resources import DEFAULTS, ROOT
from ..workflow.slurm import cluster_options
from ..workflow.sole_run import MARK, SoleRun, sole_run
from ..workflow.watched import State, changed_since, look_at

if TYPE_CHECKING:
    from ..workflow.plan import Plan

EXAMPLE = "alktrace run config.yaml -- --dry-run"
HANDED_ON = "behind `--`: options of snakemake, such as --cores 8 or --dry-run"
PROFILES = ROOT / "config" / "profiles"
EXECUTOR = re.compile(r"^executor: *[\"']?([\w-]+)", re.MULTILINE)
LOOKS_ONLY = {
    "-n",
    "--dry-run",
    "--dryrun",
    "--unlock",
    "--summary",
    "--dag",
    "--touch",
    "--lint",
    "--report",
}
"""Options of snakemake that start no job: they need no folder for themselves, and have left nothing out."""
SHOWN_UNFINISHED = 10
ROOM = 100_000_000
"""A run that failed with fewer bytes free may have failed by that."""
KILLED = 128
"""Statuses above say the signal that ended a process: then nothing was put in order."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("config", type=Path, help="your configuration, laid over the defaults")
    add_run_arguments(parser)
    parser.add_argument("--directory", type=Path, help="paths and results are relative to it (default: here)")


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of every command that runs the workflow."""
    known = ", ".join(sorted(path.name for path in PROFILES.iterdir())) if PROFILES.is_dir() else ""
    text = f"{known}, or a folder with a profile of snakemake (default: local)"
    parser.add_argument("--profile", default="local", help=text)
    parser.add_argument_group("options of snakemake", HANDED_ON)
    parser.set_defaults(handed_on=[])


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    return run(options.config, options.handed_on, directory=options.directory, profile=options.profile)


def run(
    config: Path,
    handed_on: Sequence[str] = (),
    *,
    directory: Path | None = None,
    profile: str = "local",
    all_timepoints: bool = False,
) -> int:
    """Run the workflow, say what it has found; return the exit status of snakemake, 3 without some samples.

    Args:
        config: configuration, laid over the defaults.
        handed_on: further options of snakemake.
        directory: working directory of the run; None: the current one.
        profile: name of a profile that comes with the project, or a folder.
        all_timepoints: name the class of each at the end, beside the counts.

    Raises:
        DataError: no such configuration or profile, a configuration that is no YAML, or another run that
            works in the folder.
    """
    from ..inputs.config_file import read_config

    if not config.is_file():
        raise DataError(config, "no such file", "write it, or let `alktrace init` do so")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    folder = _profile(profile)
    command += ["--configfile", str(config), "--workflow-profile", str(folder)]
    read_config(config)  # snakemake does not say where a file is no YAML
    if directory is not None:
        command += ["--directory", str(directory)]
    if LOOKS_ONLY.intersection(handed_on):
        return _wait([*command, *handed_on], _environment(directory or Path()))
    if _executor(folder) == "slurm":
        command += cluster_options()
    here = directory or Path()
    before = _inputs(config, here)
    status = _work([*command, *handed_on], here)
    status = _unfinished(config, here, status) if status else _without_some(here)
    if said := _summary(config, here, status, all_timepoints=all_timepoints):
        print(f"\n{said}")
    return _changed(before, here) or status


def _work(command: Sequence[str], folder: Path) -> int:
    """Run snakemake alone in its folder, behind a killed run too; return its exit status."""
    with sole_run(folder) as here:
        if here.killed:
            number = here.clear_up()
            print(
                f"the run before ({here.killed}) was killed: {number} unfinished files removed, going on",
                file=sys.stderr,
            )
        status = _wait(command, _environment(folder) | {MARK: here.mark}, here)
        if status == 0 and here.killed and "--notemp" not in command:
            # Where jobs of a cluster had ended without it nothing was left to do, and nothing was deleted.
            subprocess.run([*command, "--delete-temp-output", "--quiet", "all"], check=False)
        if status < KILLED:
            here.forget()
        else:
            here.end_jobs()
        here.remove_unfinished()
    return status


def _summary(config: Path, folder: Path, status: int, *, all_timepoints: bool) -> str:
    """Return what the run has found, also where it failed; empty where there is no plan or no result."""
    from . import show

    path, results = config.resolve(), folder / "results"
    with contextlib.suppress(AlktraceError, OSError):
        if status in (0, show.WITHOUT_SOME):
            return show.run(results) if all_timepoints else show.summary(results)
        with contextlib.chdir(folder):
            timepoints = _plan(path).sheet.timepoints
        return show.at_the_end(results, timepoints)
    return ""


def _without_some(folder: Path) -> int:
    """Name the samples that a run ended without; return its exit status."""
    from . import show

    rows = show.unreadable_rows(folder / "results")
    for row in rows:
        print(f"left out: {row}", file=sys.stderr)
    return show.WITHOUT_SOME if rows else 0


def _plan(config: Path, **changed: str) -> "Plan":
    from ..inputs.config_file import read_config
    from ..inputs.settings.configuration import lay_over
    from ..workflow.plan import Plan

    return Plan.from_config(lay_over(read_config(DEFAULTS), read_config(config)) | changed)


def _inputs(config: Path, folder: Path) -> dict[str, State | None]:
    """Look at the input files of a run; at none where its checks will find no plan."""
    path = config.resolve()
    with contextlib.suppress(AlktraceError, OSError), contextlib.chdir(folder):
        # Files of samples refused before, too: what refuses them now goes or comes with the run.
        plan = _plan(path, bad_inputs="stop")
        own = plan.site_knowledge.files if plan.site_knowledge else ()
        return look_at([str(path), *plan.given_files(), *map(str, own)])
    return {}


def _changed(before: Mapping[str, State | None], folder: Path) -> int:
    """Name the input files that a run found other than they are now; return 1 if there are any."""
    if not before:
        return 0
    with contextlib.chdir(folder):
        lines = changed_since(before)
    for line in lines:
        print(f"{line}; run again, so that the results are those of one state", file=sys.stderr)
    return 1 if lines else 0


def _unfinished(config: Path, folder: Path, status: int) -> int:
    """Say of a failed run which disk is full and which samples are not finished; return its exit status."""
    path = config.resolve()
    _name_full_disks(folder)
    with contextlib.suppress(AlktraceError, OSError), contextlib.chdir(folder):
        # What the checks before work found was said by them; then there is no plan.
        files = _plan(path).all_files() if Path("results/patients").is_dir() else []
        missing = [one.sample.name for one in files if not one.alterations.is_file()]
        more = f" and {len(missing) - SHOWN_UNFINISHED} more" if len(missing) > SHOWN_UNFINISHED else ""
        if missing:
            print(
                f"not finished: {', '.join(missing[:SHOWN_UNFINISHED])}{more}; run again to go on, or name "
                "their patients in `exclude` of the configuration to finish without them",
                file=sys.stderr,
            )
    return status


def _name_full_disks(folder: Path) -> None:
    # Python goes by a temporary folder that is full; programs do not.
    for place in {folder.resolve(), Path(os.environ.get("TMPDIR") or tempfile.gettempdir())}:
        if place.is_dir() and (free := shutil.disk_usage(place).free) < ROOM:
            said = f"{place}: its disk has {free // 1_000_000} MB free; make room there and run again"
            print(said, file=sys.stderr)


def _profile(name: str) -> Path:
    # Snakemake goes on without a word where a workflow profile does not exist.
    for folder in (PROFILES / name, Path(name)):
        if any(folder.glob("*config*.yaml")) or (folder / "profile.yaml").is_file():
            return folder.resolve()
    known = ", ".join(sorted(path.name for path in PROFILES.iterdir()))
    raise DataError(name, "no such profile", f"give one of {known}, or a folder with a config.yaml")


def _executor(profile: Path) -> str:
    """Return the executor that a profile names, empty for this machine."""
    files = sorted((*profile.glob("*config*.yaml"), *profile.glob("profile.yaml")))
    return next(
        (found[1] for file in files if (found := EXECUTOR.search(file.read_text(encoding="utf-8")))), ""
    )


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of snakemake, which asks for a user with a name and caches to write to."""
    environment = dict(os.environ)
    try:
        getpass.getuser()
    except (KeyError, OSError):
        environment["LOGNAME"] = str(os.getuid())  # in a container a user may be a number
    caches, own = user_caches(), (folder / ".snakemake" / "caches").resolve()
    if not is_writable(caches / "snakemake"):
        print(f"{caches} cannot be written to: caches are kept in {own}", file=sys.stderr)
        environment[CACHES] = str(own)
    return environment


def _wait(
    command: Sequence[str], environment: Mapping[str, str] | None = None, here: SoleRun | None = None
) -> int:
    """Run a command to its end, also when interrupted: snakemake then ends its jobs and cleans up."""
    process = subprocess.Popen(command, env=environment, pass_fds=(here.descriptor,) if here else ())
    if here:
        here.record(process.pid)
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),  # the terminal tells both
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
    }
    try:
        status = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
