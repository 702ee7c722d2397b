"""Starts the real command on a folder with a sheet and a configuration, and reads what it says."""

import getpass
import gzip
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
INPUTS = ("reference", "fastq", "bam", "calls", "clinical", "sap.yaml")
CODE = ("Snakefile", "config", "envs", "resources", "rules", "scripts")
PROGRAMS = ("bwa", "fastp", "samtools")
NEEDS_TOOLS = pytest.mark.skipif(
    any(shutil.which(program) is None for program in PROGRAMS), reason="command-line tools are missing"
)


@dataclass(frozen=True)
class Outcome:
    """How a command ended and everything it printed."""

    code: int
    text: str

    @property
    def jobs(self) -> dict[str, int]:
        """Jobs per rule of a dry run, without the total; empty where there is nothing to do."""
        table = re.search(r"^Job stats:\n.*\n-+ .*\n((?:\S+ +\d+\n)+)", self.text, re.MULTILINE)
        counts = dict(line.split() for line in table[1].splitlines()) if table else {}
        return {name: int(count) for name, count in counts.items() if name not in ("total", "all")}

    def check(self) -> "Outcome":
        """Return the outcome of a command that must succeed."""
        assert self.code == 0, self.text[-6000:]
        return self


@dataclass
class Project:
    """A folder to run the workflow in: configuration of the demo, changes to it, rows of a sheet.

    Attributes:
        folder: working directory.
        config: what the configuration file says.
        code: the clone whose workflow runs.
    """

    folder: Path
    config: dict[str, Any] = field(default_factory=dict)
    code: Path = ROOT

    @classmethod
    def of_demo(cls, source: Path, folder: Path, patients: Collection[str] | None = None) -> "Project":
        """Return a project with links to the inputs of a demo, for all of its patients or for some."""
        for name in INPUTS:
            (folder / name).symlink_to(source / name)
        rows = read_sheet(source / "samples.tsv")
        write_sheet(folder / "samples.tsv", [r for r in rows if patients is None or r["patient"] in patients])
        return cls(folder, yaml.safe_load((source / "config.yaml").read_text()))

    def own(self, name: str) -> Path:
        """Replace the link to one file by a copy that may be changed; return its path."""
        path = self.folder / name
        if path.parent.is_symlink():
            target = path.parent.resolve()
            path.parent.unlink()
            path.parent.mkdir()
            for item in target.iterdir():
                (path.parent / item.name).symlink_to(item)
        if path.is_symlink():
            target = path.resolve()
            path.unlink()
            shutil.copy(target, path)
        return path

    def rows(self, *patients: str) -> list[dict[str, str]]:
        """Return the rows of some patients."""
        return [row for row in read_sheet(self.folder / "samples.tsv") if row["patient"] in patients]

    def keep(self, rows: list[dict[str, str]]) -> None:
        """Make these rows the sheet."""
        write_sheet(self.folder / "samples.tsv", rows)

    def run(self, *arguments: str, hash_seed: str | None = None, timeout: float = 280) -> Outcome:
        """Write the configuration and start Snakemake as the README does."""
        return snakemake(
            *("--directory", str(self.folder), "--configfile", str(self.write_config())),
            *arguments,
            code=self.code,
            hash_seed=hash_seed,
            timeout=timeout,
        )

    def write_config(self) -> Path:
        """Write the configuration; return its path."""
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump(self.config, sort_keys=False))
        return path

    def dry(self, *arguments: str) -> Outcome:
        """Show what would be done."""
        return self.run("--dry-run", *arguments)

    def pretend(self) -> None:
        """Make the folder look like a finished run: empty results, and what Snakemake remembers of them."""
        summary = self.run("--summary").check().text
        for name in re.findall(r"^(results/\S+)\t", summary, re.MULTILINE):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        self.run("--touch", "--forceall", "--cores", "2").check()

    @property
    def left_behind(self) -> list[Path]:
        """Files below `results` and `logs`."""
        folders = (self.folder / "results", self.folder / "logs")
        return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def copy_code(folder: Path) -> Path:
    """Return a copy of the code whose files are as new as those of a fresh clone."""
    for name in CODE:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source, target)
    return folder


def snakemake(
    *arguments: str, code: Path = ROOT, hash_seed: str | None = None, timeout: float = 280
) -> Outcome:
    """Run the workflow of this project, or of a copy of its code, with the Python of the tests."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(code / "scripts"),
    }
    if hash_seed is not None:
        environment["PYTHONHASHSEED"] = hash_seed
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--snakefile", str(code / "Snakefile"), *arguments],
        env=environment,
        cwd=code,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=timeout,
    )
    return Outcome(done.returncode, done.stdout)


def read_sheet(path: Path) -> list[dict[str, str]]:
    """Return the rows of a sheet by column."""
    head, *rows = (line.split("\t") for line in path.read_text().splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def write_sheet(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows as a sheet; all have the columns of the first."""
    lines = [list(rows[0]), *([row[name] for name in rows[0]] for row in rows)]
    path.write_text("".join("\t".join(line) + "\n" for line in lines))


def final_files(folder: Path) -> dict[str, bytes]:
    """Return every file of the results; compiled kernels, where they are kept there, are of the machine."""
    results = folder / "results"
    return {
        str(path.relative_to(results)): path.read_bytes()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.suffix != ".kernel"
    }


def traces(results: Path, *more: str) -> dict[str, list[str]]:
    """Files of some results that name the user, the machine or a folder of this machine, and what they name.

    Args:
        results: folder of the results; compressed files are looked into.
        *more: further words that must not stand there.
    """
    folders = {tempfile.gettempdir(), str(ROOT), sys.prefix, str(Path.home()), "/home", *more}
    # Short names, as of a container, stand in every page by chance.
    names = {name for name in (platform.node(), getpass.getuser()) if len(name) > 5}
    words = {
        word: re.compile(rb"(?<![\w.])" + re.escape(word.encode()) + rb"(?![\w-])")
        for word in folders | names
    }
    found = {}
    for path in sorted(results.rglob("*")):
        if path.is_file() and path.suffix not in (".nbc", ".nbi"):
            data = path.read_bytes()
            data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
            # The pattern alone is slow: it begins nowhere.
            if named := [w for w, whole in words.items() if w.encode() in data and whole.search(data)]:
                found[str(path.relative_to(results))] = named
    return found
