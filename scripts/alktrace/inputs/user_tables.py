"""Tables that people write: their problems are collected, never raised one by one."""

import difflib
import itertools
import re
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import fields
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from ..errors import InputProblems, Problem
from ..io.tables import MISSING, header, parse_cell
from .cells import read_cells

EMPTY = ("", MISSING)

R = TypeVar("R")


class Line(dict[str, str]):
    """Cells of one line by column, without the empty ones; `number` is 1-based."""

    def __init__(self, number: int, cells: Mapping[str, str]) -> None:
        """Keep the cells that say something."""
        super().__init__({name: text for name, text in cells.items() if text not in EMPTY})
        self.number = number


class Numbered(Generic[R]):
    """A row with the line it stands in."""

    def __init__(self, line: int, row: R) -> None:
        """Keep both."""
        self.line = line
        self.row = row


def as_written(name: str) -> str:
    """Return a name of a column unchanged."""
    return name


def read_lines(
    path: Path,
    *,
    columns: Sequence[str],
    required: Collection[str],
    sheet: str,
    rename: Callable[[str], str] = as_written,
) -> tuple[list[Line], list[Problem]]:
    """Return the lines of a table and what is wrong with its form.

    Args:
        path: text or workbook with a header, as `read_cells` takes it; blank lines and lines that begin with
            `#` are skipped, before the header too.
        columns: names that may stand in the header, in any order.
        required: names that must.
        sheet: sheet of a workbook with several.
        rename: gives the column that a header means.

    Returns:
        The lines, empty where the header is wrong, and all problems.
    """
    file = str(path)
    try:
        said = read_cells(path, sheet)
    except InputProblems as error:
        return [], list(error.problems)
    said = list(itertools.dropwhile(lambda row: _is_comment(row[1], columns, rename), said))
    top, names = (said[0][0], [rename(name) for name in _filled(said[0][1])]) if said else (1, [])
    problems = _header_problems(file, top, names, columns, required)
    if problems:
        return [], problems
    lines = []
    for number, values in said[1:]:
        if values[0].startswith("#"):
            continue
        if any(values[len(names) :]):
            what = f"{len(values)} cells where the header has {len(names)}"
            problems.append(Problem(file, number, "", what, "separate cells by one tab or comma"))
            continue
        lines.append(Line(number, dict(zip(names, values, strict=False))))
    return lines, problems


def read_user_table(path: Path, row_type: type[R]) -> tuple[list[Numbered[R]], list[Problem]]:
    """Return the rows of a table as objects, with their lines, and everything wrong with it.

    Args:
        path: the table.
        row_type: dataclass whose fields are the columns, of pydantic where values have limits; a field
            that allows None or has a default may be left out or empty.
    """
    lines, problems = read_lines(path, columns=header(row_type), required=_needed(row_type), sheet=path.stem)
    rows, wrong = rows_of_lines(str(path), lines, row_type)
    return rows, problems + wrong


def rows_of_lines(
    file: str, lines: Iterable[Line], row_type: type[R]
) -> tuple[list[Numbered[R]], list[Problem]]:
    """Return lines as objects, and everything wrong with their values; as `read_user_table` does."""
    kinds, needed = typing.get_type_hints(row_type), _needed(row_type)
    rows, problems = [], []
    for line in lines:
        values, wrong = _values(file, line, kinds, needed)
        problems += wrong
        if wrong:
            continue
        try:
            rows.append(Numbered(line.number, row_type(**values)))
        except ValidationError as error:
            problems += [_refused(file, line, detail) for detail in error.errors()]
    return rows, problems


def _needed(row_type: type[Any]) -> set[str]:
    kinds = typing.get_type_hints(row_type)
    return {
        item.name
        for item in fields(row_type)
        if item.default is NO_DEFAULT and not _optional(kinds[item.name])
    }


def _filled(names: Sequence[str]) -> Sequence[str]:
    """Return the names without the empty ones at the end, which spreadsheets append."""
    return names[: max(i for i, name in enumerate(names, start=1) if name)]


def _is_comment(values: Sequence[str], columns: Sequence[str], rename: Callable[[str], str]) -> bool:
    """Tell whether a line before the header is a comment; one that names columns is a header with a `#`."""
    if not values[0].startswith("#"):
        return False
    return len(values) == 1 or rename(values[0].lstrip("# ")) not in columns


def _values(
    file: str, line: Line, kinds: Mapping[str, Any], needed: Collection[str]
) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    problems = []
    for name, kind in kinds.items():
        if name not in line:
            if name in needed:
                problems.append(Problem(file, line.number, name, "empty", "write a value"))
            elif _optional(kind):
                values[name] = parse_cell(MISSING, kind)
            continue
        try:
            values[name] = parse_cell(line[name], kind)
        except ValueError as error:
            problems.append(Problem(file, line.number, name, f"value {line[name]!r}", str(error)))
    return values, problems


def _refused(file: str, line: Line, detail: Any) -> Problem:
    name = str(detail["loc"][0])
    remedy = detail["msg"].replace("Input", "the value", 1).replace("String", "the value", 1)
    return Problem(file, line.number, name, f"value {line.get(name, '')!r}", remedy)


def _optional(kind: Any) -> bool:
    return type(None) in typing.get_args(kind) or typing.get_origin(kind) is tuple


def _header_problems(
    file: str, line: int, names: list[str], columns: Sequence[str], required: Collection[str]
) -> list[Problem]:
    if len(names) == 1 and re.search("[,;]", names[0]):
        what = "the header is not separated by tabs or commas"
        return [Problem(file, line, "", what, "separate columns by tabs or commas")]
    problems = []
    for name in dict.fromkeys(names):
        if name not in columns:
            close = difflib.get_close_matches(name, columns, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else "columns are " + " ".join(columns)
            problems.append(Problem(file, line, name or "(empty)", "unknown column", remedy))
        elif names.count(name) > 1:
            problems.append(Problem(file, line, name, "column stands twice", "keep one"))
    missing = [name for name in columns if name in required and name not in names]
    return problems + [Problem(file, line, name, "column is missing", "add it") for name in missing]
