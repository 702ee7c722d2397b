"""What a job asks of the machine: more for larger files of its own, and more each time it is tried again."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

GIGABYTE = 1e9
Need = Callable[[Any, Any, int], int]


def memory(least: int, *, per_gb: int = 0, of: str = "") -> Need:
    """Return the memory in MB of a rule, doubled with every new try: the last one may have died of it.

    Args:
        least: for small files, at the first try.
        per_gb: further MB for each GB of the files.
        of: names of the inputs whose size counts.
    """
    return _need(of, lambda gigabytes, attempt: (least + per_gb * gigabytes) * 2 ** (attempt - 1))


def minutes(least: int, *, per_gb: int = 0, of: str = "") -> Need:
    """Return the minutes of a rule: the larger of both, and as much again with every new try."""
    return _need(of, lambda gigabytes, attempt: max(least, per_gb * gigabytes) * attempt)


def disk(per_gb: int, *, of: str) -> Need:
    """Return the MB of scratch of a rule that sorts: by the size of its files, at least a GB."""
    return _need(of, lambda gigabytes, attempt: max(1000, per_gb * gigabytes) * attempt)


def _need(names: str, amount: Callable[[float, int], float]) -> Need:
    # Snakemake gives arguments by these names.
    def need(wildcards: Any, input: Any, attempt: int) -> int:  # noqa: A002, ARG001
        size = sum(_size(path) for name in named for path in _listed(input.get(name)))
        return round(amount(size / GIGABYTE, attempt))

    named = names.split()
    return need


def _size(path: str) -> int:
    """Return the bytes of a file; of none where what an earlier job of a group will make is not there yet."""
    try:
        found = Path(path).stat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _listed(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())
