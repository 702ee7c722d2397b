"""What every job needs: its log, an atomic output, the digest of the code, the place of compiled kernels."""

import hashlib
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import AlktraceError

PACKAGE = Path(__file__).resolve().parent
DIGEST_LENGTH = 12


def code_digest(*parts: str) -> str:
    """Return a digest of the package's Python files.

    Args:
        *parts: folders or modules of the package, relative to it; all of it if none is given.

    Returns:
        The first 12 hexadecimal digits of a SHA-256 over paths and contents.
    """
    roots = [PACKAGE / part for part in parts] or [PACKAGE]
    files = {file for root in roots for file in (root.rglob("*.py") if root.is_dir() else [root])}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.relative_to(PACKAGE).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:DIGEST_LENGTH]


def text_digest(text: str) -> str:
    """Return the first 12 hexadecimal digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


def optional_path(given: str | Sequence[str] | None) -> Path | None:
    """Return the path of an input that a rule may leave empty."""
    if isinstance(given, str):
        return Path(given)
    return Path(given[0]) if given else None


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


@contextmanager
def job_log(path: str | Path) -> Iterator[logging.Logger]:
    """Send logging and errors of a job to its log file.

    A user error is one line in the log and ends the job with status 1; anything else leaves its
    traceback in the log and is raised again.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    logger = logging.getLogger("alktrace")
    logger.setLevel(logging.INFO)
    with target.open("w") as stream:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        logger.info("package %s, code %s", PACKAGE, code_digest())
        try:
            yield logger
        except AlktraceError as error:
            logger.error("%s", error)
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)
        except Exception:
            stream.write(traceback.format_exc())
            raise
        finally:
            logger.removeHandler(handler)
            handler.flush()
