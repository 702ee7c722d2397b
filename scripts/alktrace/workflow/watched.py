"""Input files that change or vanish while a run reads them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

State = tuple[int, int]
"""Size in bytes and date in nanoseconds."""


def look_at(paths: Iterable[str]) -> dict[str, State | None]:
    """Return size and date of files; None where there is none."""
    return {path: _state(Path(path)) for path in paths}


def changed_since(before: Mapping[str, State | None]) -> list[str]:
    """Return what happened to files since they were looked at, a line each.

    A change with the same size and date is not seen: contents are not read for this.
    """
    lines = []
    for path, now in look_at(before).items():
        then = before[path]
        if then is None or then == now:
            continue
        if now is None:
            lines.append(f"{path}: deleted while the run worked")
        else:
            size = f"{then[0]} bytes, now {now[0]}" if then[0] != now[0] else f"another date, {now[0]} bytes"
            lines.append(f"{path}: changed while the run worked ({size})")
    return lines


def _state(path: Path) -> State | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
