"""Outputs that appear whole or not at all."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import DataError

ROOM = "make room there and run again: what is finished is kept"
PLACE = "make it writable, or choose another place"
REMEDIES = {
    errno.ENOSPC: ROOM,
    errno.EDQUOT: ROOM,
    errno.EFBIG: ROOM,
    errno.EROFS: PLACE,
}
"""What to do about errors that only writing has."""
FORBIDDEN = (errno.EACCES, errno.EPERM)


def place_error(error: OSError, file: Path | str = "") -> DataError | None:
    """Return what to say where a disk is full or may only be read; None for any other error.

    Args:
        error: of the system; of a write to an open file it names none.
        file: what was written, if that is known.
    """
    remedy = REMEDIES.get(error.errno or 0)
    return _unwritable(file or error.filename or "disk", error, remedy) if remedy else None


def _unwritable(file: Path | str, error: OSError, remedy: str) -> DataError:
    return DataError(file, f"cannot be written: {os.strerror(error.errno or 0)}", remedy)


@contextmanager
def atomic_output(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """Give temporary names beside the outputs and rename them when all went well.

    Args:
        *paths: final paths; their folders are made.

    Yields:
        Paths to write to, in the same order, with the same suffixes.

    Raises:
        DataError: the place is full or cannot be written to.
    """
    # By chance, not by process: on a cluster two nodes may give one number.
    own = secrets.token_hex(8)
    partial = tuple(path.with_name(f".partial-{own}-{path.name}") for path in paths)
    try:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        for source, target in zip(partial, paths, strict=True):
            source.replace(target)
    except OSError as error:
        if said := place_error(error, paths[0]):
            raise said from error
        # Inputs that may not be read are forbidden too.
        if error.errno in FORBIDDEN and Path(str(error.filename)) in (*partial, *(p.parent for p in paths)):
            raise _unwritable(paths[0], error, PLACE) from error
        raise
    finally:
        for source in partial:
            with suppress(OSError):
                source.unlink(missing_ok=True)
