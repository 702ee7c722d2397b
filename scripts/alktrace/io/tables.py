"""Typed tables: one frozen class per file, header from its fields, missing is `.`, lists are `;`-joined."""

import csv
import re
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import field, fields
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TextIO, TypeVar

from ..errors import DataError, InputProblems, Problem
from .atomic import atomic_output

MISSING = "."
LIST_SEPARATOR = ";"
SIGNIFICANT_DIGITS = 6
# Programs in Chinese and Japanese also take the wide signs for a formula.
_FORMULA, _QUOTED_FORMULA = re.compile("'*[=+@＝＋＠－-]."), re.compile("'+[=+@＝＋＠－-].")
ISO_LENGTH = len("YYYY-MM-DD")

R = TypeVar("R")


def column(description: str, **options: Any) -> Any:
    """Describe one column; the description, with its unit, goes into the docs."""
    return field(metadata={"description": description}, **options)


def header(row_type: type[Any]) -> tuple[str, ...]:
    """Return the column names in file order."""
    return tuple(item.name for item in fields(row_type))


def write_table(path: Path, row_type: type[R], rows: Iterable[R]) -> None:
    """Write a tab-separated table with a header; the file appears whole or not at all.

    Text that a spreadsheet would take for a formula gets an apostrophe in front; `read_table` takes it off.

    Args:
        path: where to write.
        row_type: dataclass whose fields are the columns.
        rows: instances of it.

    Raises:
        ValueError: a text cell holds a tab, a line break or, inside a list, a semicolon.
    """
    with atomic_output(path) as (partial,), partial.open("w", encoding="utf-8", newline="") as stream:
        print_table(stream, row_type, rows)


def print_table(stream: TextIO, row_type: type[R], rows: Iterable[R]) -> None:
    """Write a table as `write_table` does, to an open stream."""
    names, texts = header(row_type), _text_columns(row_type)
    writer = csv.writer(stream, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(names)
    for row in rows:
        cells = {name: format_cell(getattr(row, name)) for name in names}
        cells |= {name: as_text(cells[name]) for name in texts}
        writer.writerow(list(cells.values()))


def read_table(path: Path, row_type: type[R]) -> list[R]:
    """Read a table that `write_table` wrote, or one with more columns or in another order.

    Args:
        path: a tab-separated file; columns that the class does not know are ignored.
        row_type: dataclass whose fields are the columns; a column that is missing gets the field's default.

    Raises:
        InputProblems: columns that are missing and have no default or that stand twice, or cells of the
            wrong kind; all of them at once.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None)
        names = next(_cells(reader, path), [])
        if problems := _header_problems(str(path), names, row_type):
            raise InputProblems(problems)
        kinds, texts = typing.get_type_hints(row_type), _text_columns(row_type)
        places = [(names.index(name), name, kinds[name]) for name in header(row_type) if name in names]
        rows: list[R] = []
        for line, cells in enumerate(_cells(reader, path), start=2):
            if len(cells) != len(names):
                what = f"{len(cells)} cells where the header has {len(names)}"
                remedy = "give every column a value, `.` if missing"
                problems.append(Problem(str(path), line, "", what, remedy))
                continue
            for index, name, _ in places:
                if name in texts and _QUOTED_FORMULA.match(cells[index]):
                    cells[index] = cells[index][1:]
            values, wrong = _parse_cells(str(path), line, cells, places)
            problems.extend(wrong)
            if not wrong:
                rows.append(row_type(**values))
    if problems:
        raise InputProblems(problems)
    return rows


def _text_columns(row_type: type[Any]) -> frozenset[str]:
    """Return the columns of text, single or in lists: in those of numbers a minus is a sign."""
    kinds = typing.get_type_hints(row_type)
    return frozenset(name for name in header(row_type) if _holds_text(kinds[name]))


def _holds_text(kind: Any) -> bool:
    return kind is str or any(map(_holds_text, typing.get_args(kind)))


def as_text(cell: str) -> str:
    """Return a cell of text that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _cells(reader: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    try:
        yield from reader
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(path, f"is no table in UTF-8 ({error})", "give the file as it was written") from None


def format_cell(value: Any) -> str:
    """Return the text of one cell.

    Floats get six significant digits, so that equal inputs give equal bytes on any machine.
    """
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return format(value, f".{SIGNIFICANT_DIGITS}g")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (tuple, list, frozenset)):
        items = [format_cell(item) for item in value]
        if any(LIST_SEPARATOR in item for item in items):
            raise ValueError(f"a list item holds `{LIST_SEPARATOR}`: {items}")
        return LIST_SEPARATOR.join(items) or MISSING
    text = str(value)
    if any(mark in text for mark in "\t\n\r"):
        raise ValueError(f"a cell holds a tab or a line break: {text!r}")
    return text or MISSING


def parse_cell(text: str, kind: Any) -> Any:
    """Return the value of one cell of the annotated type.

    Raises:
        ValueError: the text is no value of that type; the message says what is expected.
    """
    origin, options = _parts(kind)
    if origin in (typing.Union, types.UnionType):
        if text == MISSING:
            return None
        (inner,) = (option for option in options if option is not type(None))
        return parse_cell(text, inner)
    if origin is tuple:
        return () if text == MISSING else tuple(parse_cell(t, options[0]) for t in text.split(";"))
    if kind is str:
        return "" if text == MISSING else text
    return _parse_scalar(text, kind)


@cache
def _parts(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    # The same few annotations for every cell of a table.
    return typing.get_origin(kind), typing.get_args(kind)


def describe_columns(row_type: type[Any]) -> list[tuple[str, str]]:
    """Return name and description of every column, for the docs."""
    return [(item.name, item.metadata["description"]) for item in fields(row_type)]


def _parse_scalar(text: str, kind: Any) -> Any:
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError("write true or false")
        return text == "true"
    if kind is date:
        try:
            # From Python 3.11 on also 20260331 and 2026-W14-2 are ISO dates.
            return date.fromisoformat(text if len(text) == ISO_LENGTH and "W" not in text else "")
        except ValueError:
            raise ValueError("write the date as YYYY-MM-DD") from None
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(text)
        except ValueError:
            raise ValueError("write one of " + ", ".join(str(item.value) for item in kind)) from None
    if hasattr(kind, "parse"):
        return kind.parse(text)
    try:
        return kind(text if text.isascii() and "_" not in text else "")
    except ValueError:
        raise ValueError(f"write a number ({kind.__name__})") from None


def _parse_cells(
    file: str, line: int, cells: Sequence[str], places: Iterable[tuple[int, str, Any]]
) -> tuple[dict[str, Any], list[Problem]]:
    values, problems = {}, []
    for index, name, kind in places:
        try:
            values[name] = parse_cell(cells[index], kind)
        except ValueError as error:
            problems.append(Problem(file, line, name, f"cannot read {cells[index]!r}", str(error)))
    return values, problems


def _header_problems(file: str, names: Sequence[str], row_type: type[Any]) -> list[Problem]:
    needed = [
        item.name
        for item in fields(row_type)
        if item.default is NO_DEFAULT and item.default_factory is NO_DEFAULT
    ]
    remedy = "write a header with " + " ".join(needed)
    missing = [Problem(file, 1, name, "column is missing", remedy) for name in needed if name not in names]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    return missing + [Problem(file, 1, name, "column stands twice", "keep one") for name in twice]
