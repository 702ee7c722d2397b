"""Runs of the commands on a small right project in which one thing is broken, and what they said.

The entries stand in YAML files beside this one, the right project in `right`. An entry has `what` (its name),
what is changed, the `command` (default `check`), its exit `code` (default 1) and the line it `says`, with
`...` for any text. Changes:

- `config`: values of keys, as `calling.power: 0.05`
- `cell`: `{file: {line: {column: value}}}` of tables with tabs
- `json`: values by place, as `specimens.0.collected`; null removes
- `write`, `hex`, `gzip`, `blocks` (of bgzip), `sam` (a BAM from SAM text), `xlsx` (rows by sheet): content of
  a file; `{repeat: [text, times]}` is a long one
- `edit`: `{file: [old, new]}`; `cut`: bytes that stay
- `remove`: files; `folder`: files that are folders instead; `copy` and `link`: `{new: old}`
"""

import ast
import gzip
import inspect
import json
import shlex
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pysam
import pytest
import yaml

import alktrace
from alktrace.checks.probes import bam_head, fastq_head
from alktrace.cli import main
from alktrace.errors import AlktraceError, Problem
from alktrace.inputs.settings.section import Fault
from alktrace.io import resources
from alktrace.io.bgzf import END_OF_FILE, deflate_block

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
    said, sites = StringIO(), set[Site]()
    with chdir(folder), _recorded(sites) as patch, redirect_stderr(said), redirect_stdout(StringIO()):
        if ours:
            patch.setattr(resources, "RESOURCES", folder / "resources")
        try:
            code = main(command)
        except SystemExit as end:  # argparse
            code = int(end.code or 0)
    return Outcome(code, said.getvalue().replace(f"{folder}/", ""), sites)


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
        (folder / name).write_bytes(deflate_block(content.encode(), 1) + END_OF_FILE)


def _workbook(folder: Path, files: Mapping[str, Mapping[str, list[list[Any]]]]) -> None:
    for name, sheets in files.items():
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for title, rows in sheets.items():
            page = book.create_sheet(title)
            for row in rows:
                page.append([_text(cell) for cell in row])
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
    for name in ("raw", "consensus"):
        write_sam(folder, {f"{name}.bam": (folder / f"{name}.sam").read_text()})
    examples = ROOT / "docs" / "examples"
    shutil.copy(examples / "classification" / "evidence.json", folder)
    shutil.copytree(examples / "outcomes", folder / "outcomes")
    return folder
