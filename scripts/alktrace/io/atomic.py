"""Outputs that appear whole or not at all."""

import os
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
    partial = tuple(path.with_name(f".partial-{os.getpid()}-{path.name}") for path in paths)
    try:
        yield partial
        for source, target in zip(partial, paths, strict=True):
            source.replace(target)
    finally:
        for source in partial:
            source.unlink(missing_ok=True)
