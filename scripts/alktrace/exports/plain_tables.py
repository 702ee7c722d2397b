"""Tab-separated tables as other programs expect them: their columns, empty where missing, no quoting."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..io.tables import as_text, format_cell

# What some reader takes for the end of a line or cell, beside what no cell of ours can hold.
_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
_LEVEL = re.compile(r"-?\d+")


def plain_text(value: Any) -> str:
    """Return a value as one cell: nothing for a missing one, blanks for whatever could end a line or cell.

    Text that a spreadsheet would take for a formula gets an apostrophe in front, as in all tables; levels of
    copy numbers are text too, and stay.
    """
    if value in (None, ""):
        return ""
    cell = _BREAKS.sub(" ", format_cell(value)).strip()
    return as_text(cell) if isinstance(value, str) and not _LEVEL.fullmatch(cell) else cell


def write_plain(
    path: Path, names: Sequence[str], rows: Iterable[Mapping[str, Any]], *, above: Sequence[str] = ()
) -> None:
    """Write a table.

    Args:
        path: where to write; give a temporary name.
        names: columns in order.
        rows: values by column; a column that is missing stays empty.
        above: lines before the header.
    """
    lines = [*above, "\t".join(names)]
    lines += ["\t".join(plain_text(row.get(name)) for name in names) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
