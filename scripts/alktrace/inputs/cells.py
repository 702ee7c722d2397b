"""Cells of the tables that people have: text with tabs or commas, UTF-8, UTF-16 or GB18030, and .xlsx."""

import csv
import datetime as dt
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from ..errors import InputProblems, Problem
from ..io.text import split_lines

WORKBOOK = ".xlsx"
TABLE_SUFFIXES = (".tsv", ".csv", ".txt", WORKBOOK)
MAX_CELL = 32_767
"""Characters that a spreadsheet holds in a cell."""
MAX_DIGITS = 100
MAX_CELLS = 1_000_000
COMMON_SHARE = 0.9
"""Share of a Chinese text that are common characters (GB 2312); bytes of other encodings make rare ones."""

Rows = list[tuple[int, list[str]]]


def table_path(folder: Path, name: str) -> Path:
    """Return the file of a table in a folder, whatever its kind; `name.tsv` where there is none."""
    given = (folder / f"{name}{suffix}" for suffix in TABLE_SUFFIXES)
    return next((path for path in given if path.is_file()), folder / f"{name}.tsv")


def read_cells(path: Path, sheet: str) -> Rows:
    """Return the rows of a table that say something, with their 1-based lines.

    Args:
        path: the file.
        sheet: sheet of a workbook that is read where it has several.

    Raises:
        InputProblems: no such file, another encoding, or a workbook that cannot be taken as it is.
    """
    if not path.is_file():
        raise _refused(path, "no file but a folder" if path.is_dir() else "no such file", "correct the path")
    rows = _workbook(path, sheet) if path.suffix.lower() == WORKBOOK else _text(path)
    stripped = [(number, [cell.strip() for cell in values]) for number, values in rows]
    problems = [
        Problem(str(path), number, str(column), *wrong)
        for number, values in stripped
        for column, cell in enumerate(values, start=1)
        if (wrong := _excess(cell))
    ]
    if problems:
        raise InputProblems(problems)
    return [(number, values) for number, values in stripped if any(values)]


def _excess(cell: str) -> tuple[str, str] | None:
    """Return what is wrong with a cell that no person wrote, and the remedy."""
    if len(cell) > MAX_CELL:
        return f"a cell of {len(cell)} characters", f"write at most {MAX_CELL}; is a quote or tab missing?"
    if len(cell) > MAX_DIGITS and (found := re.search(rf"\d{{{MAX_DIGITS + 1},}}", cell)):
        return f"a number of {len(found.group())} digits", f"write at most {MAX_DIGITS}"
    return None


def _refused(path: Path, what: str, remedy: str, line: int = 0, column: str = "") -> InputProblems:
    return InputProblems([Problem(str(path), line, column, what, remedy)])


def _text(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise _refused(path, f"cannot be read ({error.strerror})", "ask for the permission") from None
    if text is None:
        raise _refused(path, "not a UTF-8 text file, nor GB18030", "save it as UTF-8 text, or as .xlsx")
    lines = split_lines(text)
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    if "\t" in first or "," not in first:
        yield from ((number, line.split("\t")) for number, line in enumerate(lines, start=1))
        return
    reader = csv.reader(line + "\n" for line in lines)
    while True:
        start = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _refused(path, f"no cells ({error})", "correct the quotes", reader.line_num) from None
        yield start, [_one_line(value) for value in values]


def _decoded(raw: bytes) -> str | None:
    """Return the text; GB18030 decodes almost any bytes, so that its result must look Chinese."""
    encodings = ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        foreign = [character for character in text if not character.isascii()]
        common = sum(len(character.encode("gb2312", errors="ignore")) > 0 for character in foreign)
        if encoding != "gb18030" or common >= COMMON_SHARE * len(foreign):
            return text
    return None


def _one_line(text: str) -> str:
    """Return the lines of a cell as items of a list; a tab, which no cell of ours holds, becomes a blank."""
    lines = split_lines(text.replace("\t", " "))
    return "; ".join(line.strip() for line in lines if line.strip())


# --- workbooks ---------------------------------------------------------------------------------


def _workbook(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook

    try:
        # Given a path, a damaged workbook stays open.
        content = path.read_bytes()
        shown, written = load_workbook(BytesIO(content), data_only=True), load_workbook(BytesIO(content))
    except Exception as error:  # errors of zip, XML and openpyxl
        raise _refused(path, f"no workbook that can be read ({error})", "save it as .xlsx anew") from None
    for page in shown.worksheets:
        # One cell far out, formatted by mistake, makes a sheet of 17 billion cells.
        if page.max_row * page.max_column > MAX_CELLS:
            what = f"sheet {page.title!r} has {page.max_row} rows and {page.max_column} columns"
            raise _refused(path, what, "delete the rows and columns behind the table")
    name = _sheet_name(path, {page.title: page for page in shown.worksheets}, sheet)
    values, formulas = shown[name], written[name]
    merged = _merged(values)
    for row in values.iter_rows():
        cells = []
        for cell in row:
            source = merged.get((cell.row, cell.column), cell)
            cells.append(_shown(path, source, formulas.cell(source.row, source.column).value))
        yield row[0].row, cells


def _sheet_name(path: Path, pages: dict[str, Any], sheet: str) -> str:
    """Return the sheet to read: the one of that name, else the only one that holds anything."""
    named = [title for title in pages if title.strip().casefold() == sheet.casefold()]
    filled = [title for title, page in pages.items() if any(any(row) for row in page.values)]
    if named or len(filled) == 1:
        return (named or filled)[0]
    if not filled:
        raise _refused(path, "an empty workbook", "fill its first sheet")
    # The sheets not read may hold findings: which one counts is for the user to say.
    raise _refused(path, f"several sheets: {', '.join(filled)}", f"name the one to read {sheet!r}")


def _merged(page: Any) -> dict[tuple[int, int], Any]:
    """Return the cell whose value holds for each place of merged cells, downwards only."""
    found = {}
    for area in page.merged_cells.ranges:
        for number in range(area.min_row, area.max_row + 1):
            found[number, area.min_col] = page.cell(area.min_row, area.min_col)
    return found


def _shown(path: Path, cell: Any, written: object) -> str:
    """Return a cell as a person reads it: dates as YYYY-MM-DD, percentages with their sign."""
    from openpyxl.utils import get_column_letter

    value, place = cell.value, get_column_letter(cell.column)  # cells merged into another have no letter
    if value is None:
        if isinstance(written, str) and written.startswith("="):
            what = f"formula {written!r} without a stored result"
            remedy = "write the value, or save the file in a spreadsheet program"
            raise _refused(path, what, remedy, cell.row, place)
        return ""
    if cell.data_type == "e":
        raise _refused(path, f"error value {value!r}", "correct the formula", cell.row, place)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _one_line(str(value))
    # Twelve digits: what a spreadsheet shows as 1.2 may be stored as 1.2000000000000002.
    return f"{100 * value:.12g}%" if "%" in cell.number_format else f"{value:.12g}"
