"""Outputs that appear whole or not at all."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_output(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """Give temporary names beside the outputs and rename them when all went well.

    Args:
        *paths: final paths; their folders are made.

    Yields:
        Paths to write to, in the same order, with the same suffixes.
    """
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    # By chance, not by process: on a cluster two nodes may give one number.
    own = secrets.token_hex(8)
    partial = tuple(path.with_name(f".partial-{own}-{path.name}") for path in paths)
    try:
        yield partial
        for source, target in zip(partial, paths, strict=True):
            source.replace(target)
    finally:
        for source in partial:
            source.unlink(missing_ok=True)
