"""What every job needs: its log, and inputs that a rule may leave empty."""

import logging
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .. import __version__
from ..errors import AlktraceError


def optional_path(given: str | Sequence[str] | None) -> Path | None:
    """Return the path of an input that a rule may leave empty."""
    if isinstance(given, str):
        return Path(given)
    return Path(given[0]) if given else None


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
        logger.info("alktrace %s", __version__)
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
