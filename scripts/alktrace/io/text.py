"""Text that people give: lines as editors show them, JSON and YAML that are refused with their place."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError


def split_lines(text: str) -> list[str]:
    """Return the lines of a text, which end at line feeds, carriage returns or both only.

    `str.splitlines` also ends one at U+2028, U+0085 or the separator 0x1c, as they stand in copied cells.
    """
    return [line.removesuffix("\n") for line in io.StringIO(text, newline=None)]


def parse_json(text: str, file: Path | str) -> Any:
    """Return the content of a JSON file.

    Raises:
        DataError: no JSON, or a key that stands twice in one object, of which JSON would keep the last.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        place = f"{error.lineno}:{error.colno}"
        raise DataError(file, f"is no JSON: {error.msg}", "correct it at that place", place) from None
    except RecursionError:
        raise DataError(file, "is nested too deeply", "give the file as it was written") from None
    except ValueError as error:
        raise DataError(file, f"is no JSON: {error}", "correct it") from None


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} stands twice in one object")
    return dict(pairs)
