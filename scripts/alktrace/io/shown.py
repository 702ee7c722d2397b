"""Paths as results show them: without the folders of whoever ran them."""

import os
import re
from pathlib import Path

ELSEWHERE = ".../"
"""Stands before the name of a file outside the working directory."""
QUOTED = re.compile(r"'/(?:[^'/]+/)*([^'/]*)'")
BARE = re.compile(r"(?<![\w./:])/(?:[^\s'\",;:/]+/)+([^\s'\",;:/]*)")


def shown(path: Path | str) -> str:
    """Return a path relative to the working directory; of one outside the name alone, behind `.../`."""
    given = Path(os.path.normpath(path))
    if given.is_absolute() and given.is_relative_to(Path.cwd()):
        given = given.relative_to(Path.cwd())
    outside = given.is_absolute() or given.parts[:1] in (("..",), ("~",))
    return ELSEWHERE + given.name if outside else given.as_posix()


def without_folders(text: str) -> str:
    """Return a text in which names alone stand for absolute paths."""
    return BARE.sub(rf"{ELSEWHERE}\1", QUOTED.sub(rf"'{ELSEWHERE}\1'", text))
