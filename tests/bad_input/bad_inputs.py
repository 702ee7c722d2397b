"""Runs of the commands on a small right project in which one thing is broken, and what they said.

The entries stand in YAML files beside this one, the right project in `right`. An entry has `what` (its name),
what is changed, the `command` (default `check`), its exit `code` (default 1) and the line it `says`, with
`...` for any text. The command `job NAME` runs a job as its rule does, with what `handed.yml` says where the
entry has no `given`; what it says is in its log, too. Changes:

- `config`: values of keys, as `calling.power: 0.05`
- `cell`: `{file: {line: {column: value}}}` of tables with tabs
- `json`: values by place, as `specimens.0.collected`; null removes
- `write`, `hex`, `gzip`, `blocks` (of bgzip), `sam` (a BAM from SAM text), `xlsx` (rows or cells by sheet):
  content of a file; `{repeat: [text, times]}` is a long one
- `edit`: `{file: [old, new]}`; `bytes`: `{file: [place, hex]}`; `cut`: bytes that stay
- `program`: a file that can be run; `environment`: variables
- `remove`: files; `folder`: files that are folders instead; `copy` and `link`: `{new: old}`
"""

import ast
import gzip
import inspect
import json
import os
import runpy
import shlex
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO, StringIO, TextIOWrapper
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pysam
import pytest
import yaml
from shipped_settings import SHIPPED

import alktrace
from alktrace.checks.probes import bam_head, fastq_head
from alktrace.cli import main
from alktrace.commands.export_site import run as export
from alktrace.errors import AlktraceError, Problem
from alktrace.inputs.settings.section import Fault
from alktrace.io import resources
from alktrace.io.bgzf import END_OF_FILE, deflate_block
from alktrace.io.tables import write_table
from alktrace.io.tools import tool_version
from alktrace.reference.gene_models import GeneModels
from alktrace.reference.gff3 import write_gff3
from alktrace.reference.locus_table import HotspotRow, LocusRow
from alktrace.reference.targets import prepare_targets

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGE = Path(alktrace.__file__).parent
CHECK = "check config.yaml --without-tools"
OURS = "resources/knowledge"

Entry = Mapping[str, Any]
Site = tuple[str, int]
"""File below the package and line."""


def entries() -> list[Entry]:
    """Return the entries of all files, in order."""
    return [e for path in sorted(HERE.glob("*.yaml")) for e in yaml.load(path.read_text(), _WithoutDates)]


class _WithoutDates(yaml.SafeLoader):
    """Reads 2021-02-30 as the text that a cell holds."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        sign: [(tag, pattern) for tag, pattern in known if not tag.endswith(":timestamp")]
        for sign, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass
class Outcome:
    """What a run ended with, and where in the package its messages were made."""

    code: int
    said: str
    sites: set[Site] = field(default_factory=set)


def run(entry: Entry, right: Path, folder: Path) -> Outcome:
    """Break a copy of the right project and run the command in it."""
    shutil.copytree(right, folder)
    command = shlex.split(entry.get("command", CHECK))
    if ours := OURS in str(entry):
        shutil.copytree(ROOT / OURS, folder / OURS)
    for kind, change in CHANGES.items():
        if kind in entry:
            change(folder, entry[kind])
    fastq_head.cache_clear()
    bam_head.cache_clear()
    tool_version.cache_clear()
    said, sites, out = StringIO(), set[Site](), TextIOWrapper(BytesIO())
    with chdir(folder), _recorded(sites) as patch, redirect_stderr(said), redirect_stdout(out):
        if ours:
            patch.setattr(resources, "RESOURCES", folder / "resources")
        for name, value in entry.get("environment", {}).items():
            patch.setenv(name, value)
        try:
            is_job = command[:1] == ["job"]
            code = _run_job(command[1:], entry.get("given", {}), patch) if is_job else main(command)
        except SystemExit as end:  # argparse, and adapters of jobs
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            said.write(end.code if isinstance(end.code, str) else "")
    if (log := folder / "job.log").is_file():
        said.write(log.read_text())
    return Outcome(code, said.getvalue().replace(f"{folder}/", ""), sites)


class _Job(dict[str, Any]):
    """What Snakemake hands to a job, by name and by number."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


def _run_job(command: list[str], given: Mapping[str, Any], patch: pytest.MonkeyPatch) -> int:
    name, *arguments = command
    patch.setattr(sys, "argv", [name, *arguments])
    jobs = yaml.safe_load((HERE / "handed.yml").read_text())
    values = (
        {} if arguments else jobs[name] | {"log": ["job.log"], "threads": 1, "config": {"knowledge": None}}
    )
    settings = {"settings": SHIPPED.model_dump(mode="json")}
    values["params"] = settings | values.get("params", {})
    for kind, changed in given.items():
        values[kind] = values[kind] | changed
    handed = _Job({key: _Job(value) if isinstance(value, dict) else value for key, value in values.items()})
    with _without_stdout():
        runpy.run_path(str(ROOT / "scripts" / f"{name}.py"), {"snakemake": handed}, "__main__")
    return 0


@contextmanager
def _without_stdout() -> Iterator[None]:
    """Send to nowhere what a member of a pipe writes to `/dev/stdout`, and cut off a file behind it."""
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


# --- where messages are made ------------------------------------------------------------------


class _recorded:
    """While it is entered, every message notes the lines of the package that led to it."""

    def __init__(self, sites: set[Site]) -> None:
        self.sites = sites
        self.patch = pytest.MonkeyPatch()

    def __enter__(self) -> pytest.MonkeyPatch:
        self.patch.setattr(Problem, "__init__", self._noting(Problem.__init__))
        self.patch.setattr(AlktraceError, "__init__", self._noting(Exception.__init__))
        self.patch.setattr(Fault, "__new__", self._noting(Fault.__new__))
        return self.patch

    def __exit__(self, *error: object) -> None:
        self.patch.undo()

    def _noting(self, made: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*args: Any, **options: Any) -> Any:
            for frame, line in traceback.walk_stack(inspect.currentframe()):
                path = Path(frame.f_code.co_filename)
                if PACKAGE in path.parents:
                    self.sites.add((path.relative_to(PACKAGE).as_posix(), line))
            return made(*args, **options)

        return noting


# Without InputProblems: it gathers messages and has none.
MESSAGES = {"Problem", "DataError", "ProbeError", "ReadStructureError", "ToolError", "Fault"}


def message_sites() -> dict[str, tuple[str, int, int]]:
    """Return every place of the package where a message is made: file, first and last line, by its name.

    That is each call of an error class, or of a function that hands on its own argument `what`. The name is
    file, function and number of the call in it, which other lines do not move.
    """
    found: dict[str, tuple[str, int, int]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent == PACKAGE / "demo" or path.name == "errors.py":
            continue
        file, tree = path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text())
        handing = _handing_on(tree)
        for function, call in _calls(tree, ""):
            if _name(call) in MESSAGES | handing and function.rpartition(".")[2] not in handing:
                number = sum(name.startswith(f"{file}:{function}:") for name in found) + 1
                found[f"{file}:{function}:{number}"] = (file, call.lineno, call.end_lineno or call.lineno)
    return found


def _handing_on(tree: ast.Module) -> set[str]:
    """Return the functions of a module that make a message of their own argument `what`."""
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(argument.arg == "what" for argument in node.args.args)
        and any(isinstance(call, ast.Call) and _name(call) in MESSAGES for call in ast.walk(node))
    }


def _calls(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, ast.FunctionDef | ast.ClassDef)
        inner = (
            f"{function}.{child.name}".lstrip(".")
            if isinstance(child, ast.FunctionDef | ast.ClassDef)
            else function
        )
        if isinstance(child, ast.Call):
            yield function, child
        yield from _calls(child, inner if named else function)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


# --- what is broken ----------------------------------------------------------------------------


def _text(content: str | Mapping[str, Any]) -> str:
    if isinstance(content, str):
        return content
    text, times = content["repeat"]
    return f"{content.get('before', '')}{text * times}{content.get('after', '')}"


def _write(folder: Path, files: Mapping[str, Any]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_text(content).encode("utf-8"))


def _hex(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(bytes.fromhex(content))


def write_sam(folder: Path, files: Mapping[str, str]) -> None:
    """Write BAM files from SAM text, whose cells blanks separate, with an index where they are sorted."""
    for name, content in files.items():
        text = folder / "text.sam"
        text.write_text("\n".join("\t".join(line.split()) for line in content.strip().splitlines()) + "\n")
        with (
            pysam.AlignmentFile(str(text), check_sq=False) as sam,
            pysam.AlignmentFile(str(folder / name), "wb", template=sam) as out,
        ):
            for record in sam:
                out.write(record)
        text.unlink()
        if "coordinate" in content:
            pysam.index(str(folder / name))


def _edit(folder: Path, files: Mapping[str, list[Any]]) -> None:
    for name, (old, new) in files.items():
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        (folder / name).write_text(text.replace(old, _text(new), 1), encoding="utf-8")


def _cells(folder: Path, files: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> None:
    for name, lines in files.items():
        rows = [line.split("\t") for line in (folder / name).read_text(encoding="utf-8").split("\n")]
        for number, cells in lines.items():
            for column, value in cells.items():
                rows[number - 1][rows[0].index(column)] = _text(value)
        (folder / name).write_text("\n".join(map("\t".join, rows)), encoding="utf-8")


def _put(content: Any, place: str, value: Any) -> None:
    *way, last = (int(step) if step.isdigit() else step for step in place.split("."))
    for step in way:
        content = content[step] if isinstance(step, int) else content.setdefault(step, {})
    if value is None:
        del content[last]
    else:
        content[last] = None if value == "null" else value


def _config(folder: Path, values: Mapping[str, Any]) -> None:
    path = folder / "config.yaml"
    content = yaml.safe_load(path.read_text())
    for place, value in values.items():
        _put(content, place, value)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def _json(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    for name, values in files.items():
        content = json.loads((folder / name).read_text())
        for place, value in values.items():
            _put(content, place, value)
        (folder / name).write_text(json.dumps(content))


def _cut(folder: Path, files: Mapping[str, int]) -> None:
    for name, size in files.items():
        (folder / name).write_bytes((folder / name).read_bytes()[:size])


def _bytes(folder: Path, files: Mapping[str, list[Any]]) -> None:
    for name, (at, changed) in files.items():
        content, new = bytearray((folder / name).read_bytes()), bytes.fromhex(changed)
        start = at % len(content)
        content[start : start + len(new)] = new
        (folder / name).write_bytes(content)


def _programs(folder: Path, files: Mapping[str, str]) -> None:
    _write(folder, files)
    for name in files:
        (folder / name).chmod(0o755)


def _remove(folder: Path, names: list[str]) -> None:
    for name in names:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _folder(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()


def _copy(folder: Path, files: Mapping[str, str]) -> None:
    for new, old in files.items():
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / old, folder / new)


def _link(folder: Path, files: Mapping[str, str]) -> None:
    for new, old in files.items():
        (folder / new).unlink(missing_ok=True)
        (folder / new).symlink_to(old)


def _gzip(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(gzip.compress(content.encode()))


def _blocks(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(deflate_block(_text(content).encode(), 1) + END_OF_FILE)


Rows = list[list[Any]] | dict[str, Any]


def _workbook(folder: Path, files: Mapping[str, Mapping[str, Rows]]) -> None:
    for name, sheets in files.items():
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for title, rows in sheets.items():
            page = book.create_sheet(title)
            for row in rows if isinstance(rows, list) else ():
                page.append([_text(cell) for cell in row])
            for place, value in rows.items() if isinstance(rows, dict) else ():
                page[place] = value
        book.save(folder / name)


CHANGES: dict[str, Callable[[Path, Any], None]] = {
    "copy": _copy,
    "link": _link,
    "config": _config,
    "cell": _cells,
    "json": _json,
    "write": _write,
    "hex": _hex,
    "gzip": _gzip,
    "blocks": _blocks,
    "xlsx": _workbook,
    "sam": write_sam,
    "edit": _edit,
    "cut": _cut,
    "bytes": _bytes,
    "program": _programs,
    "remove": _remove,
    "folder": _folder,
}


# --- the right project -------------------------------------------------------------------------


@cache
def right_project(parent: Path) -> Path:
    """Return a project in which nothing is wrong, made once of the files of `right`."""
    folder = shutil.copytree(HERE / "right", parent / "right")
    contigs = {"chr1": 3000, "chr2": 2000}
    genome = "".join(f">{name}\n{'ACGT' * (length // 4)}\n" for name, length in contigs.items())
    (folder / "genome.fa").write_text(genome)
    pysam.faidx(str(folder / "genome.fa"))
    for mate, last in enumerate("AC", start=1):
        starts = ("".join(bases) * 6 + last for bases in product("ACGT", repeat=3))
        reads = (f"@r{i}:ACGTACGT\n{text}\n+\n{'I' * len(text)}\n" for i, text in enumerate(starts))
        (folder / f"index_{mate}.fastq").write_text("".join(reads))
    for name in ("raw", "consensus"):
        write_sam(folder, {f"{name}.bam": (folder / f"{name}.sam").read_text()})
    prepare_targets(folder / "panel.bed", folder / "joined.bed")
    GeneModels().save(folder / "models.json")
    write_gff3(GeneModels(), folder / "models.gff3")
    write_table(folder / "loci.tsv", LocusRow, [])
    write_table(folder / "hotspots.tsv", HotspotRow, [])
    examples = ROOT / "docs" / "examples"
    shutil.copy(examples / "classification" / "evidence.json", folder)
    shutil.copytree(examples / "outcomes", folder / "outcomes")
    for site in ("north", "south"):
        key = folder / "keys" / site
        export(folder / "outcomes/clinical", folder / "outcomes", site=site, key=key, out=folder / site)
    return folder
