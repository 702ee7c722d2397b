"""Excel workbooks: what is text stays text, whatever it looks like.

Excel makes a date of `5-5` or `MARCH1` and a formula of `=cmd()` wherever it reads a table from text. Here
every text cell is a string in the format of text, and what could begin a formula is marked as quoted.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..io.atomic import atomic_output
from ..io.tables import MISSING, describe_columns, format_cell, header

TEXT = "@"
LONGEST_CELL = 32767
CUT = " [cut]"
_FORMULA = re.compile(r"\s*['=+@＝＋＠－\-]")
# Control characters are no part of XML 1.0.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a ZIP can hold: equal tables give equal bytes."""
LONG_AGO = rb"\g<1>1980-01-01T00:00:00Z"
ABOUT = "about"


@dataclass(frozen=True)
class Sheet:
    """One table: its name (at most 31 letters), the class of its rows, the rows."""

    name: str
    row_type: type[Any]
    rows: Sequence[Any]


def write_workbook(path: Path, title: str, sheets: Sequence[Sheet]) -> None:
    """Write a workbook with a sheet per table and one that says what the columns are.

    Args:
        path: `.xlsx`.
        title: first line of the sheet `about`.
        sheets: the tables, in order.
    """
    # Every run imports this module, of which most write no workbook.
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    _write_about(book, title, sheets)
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        page.freeze_panes = "A2"
        names, cells = header(sheet.row_type), _Cells(page)
        page.append([cells.text(name, bold=True) for name in names])
        for row in sheet.rows:
            page.append([cells.value(getattr(row, name)) for name in names])
        page.auto_filter.ref = f"A1:{get_column_letter(len(names))}{len(sheet.rows) + 1}"
    packed = io.BytesIO()
    book.save(packed)
    with atomic_output(path) as (partial,):
        partial.write_bytes(_without_times(packed))


def _write_about(book: Any, title: str, sheets: Iterable[Sheet]) -> None:
    page = book.create_sheet(ABOUT)
    cells = _Cells(page)
    lines = [(title,), ("For research use. Counts are molecules.",), ("sheet", "column", "meaning")]
    lines += [(sheet.name, *told) for sheet in sheets for told in describe_columns(sheet.row_type)]
    for line in lines:
        page.append([cells.text(text) for text in line])


class _Cells:
    """Makes the cells of one sheet."""

    def __init__(self, page: Any) -> None:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font

        self._page, self._type, self._bold = page, WriteOnlyCell, Font(bold=True)

    def value(self, value: Any) -> Any:
        """Return a number as a number, everything else as text; nothing where a value is missing."""
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            # Six digits, as in the tables.
            return float(format_cell(value)) if isinstance(value, float) else value
        text = format_cell(value)
        return None if text == MISSING else self.text(text)

    def text(self, text: str, *, bold: bool = False) -> Any:
        """Return a cell of text."""
        shown = _ILLEGAL.sub(" ", text)
        if len(shown) > LONGEST_CELL:
            shown = shown[: LONGEST_CELL - len(CUT)] + CUT
        cell = self._type(self._page, "")
        # Set by value, openpyxl would make a formula of it.
        cell._value, cell.data_type = shown, "s"
        cell.number_format = TEXT
        if _FORMULA.match(shown):
            cell.quotePrefix = True
        if bold:
            cell.font = self._bold
        return cell


def _without_times(packed: io.BytesIO) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(packed) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            content = given.read(name)
            if name == "docProps/core.xml":
                content = _TIMES.sub(LONG_AGO, content)
            made.writestr(zipfile.ZipInfo(name, FIRST_DATE), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
