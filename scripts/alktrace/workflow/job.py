"""What every job needs: its log, and inputs that a rule may leave empty."""

import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from .. import __version__
from ..errors import AlktraceError
from ..io.atomic import place_error


def optional_path(given: str | Sequence[str] | None) -> Path | None:
    """Return the path of an input that a rule may leave empty."""
    if isinstance(given, str):
        return Path(given)
    return Path(given[0]) if given else None


@contextmanager
def job_log(path: str | Path) -> Iterator[logging.Logger]:
    """Send logging and errors of a job to its log file.

    A user error, or a place that cannot be written to, is one line in the log and ends the job with status 1;
    anything else leaves its traceback in the log and is raised again.
    """
    logger = logging.getLogger("alktrace")
    logger.setLevel(logging.INFO)
    handler = _log_handler(Path(path))
    logger.addHandler(handler)
    logger.info("alktrace %s", __version__)
    try:
        yield logger
    except AlktraceError as error:
        _end(logger, error)
    except Exception as error:
        if isinstance(error, OSError) and (said := place_error(error)):
            _end(logger, said)
        logger.error("%s", traceback.format_exc())
        raise
    finally:
        logger.removeHandler(handler)
        handler.close()


def _end(logger: logging.Logger, error: AlktraceError) -> NoReturn:
    logger.error("%s", error)
    print(f"error: {error}", file=sys.stderr)
    sys.exit(1)


def _log_handler(path: Path) -> logging.Handler:
    """Return what writes the log; to nowhere where that cannot be: the job will say more when it fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = _LogHandler(path)
    except OSError:
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler


class _LogHandler(logging.Handler):
    """Writes a log without a buffer: on a full disk what stands in one is an error when it is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line as far as that is possible."""
        with suppress(OSError):
            os.write(self._descriptor, f"{self.format(record)}\n".encode(errors="backslashreplace"))

    def close(self) -> None:
        """Close the log."""
        os.close(self._descriptor)
        super().close()
