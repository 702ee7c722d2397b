"""Members of the pipes of shell rules: how they end where something is wrong."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from ..errors import AlktraceError
from ..io.atomic import place_error
from ..io.unreadable import leave_reason


@contextmanager
def pipe_member(name: str, own: Sequence[Path] = (), outputs: Sequence[Path] = ()) -> Iterator[None]:
    """Run a member of a pipe; whatever goes wrong is a line on standard error, which is the log of the job.

    Args:
        name: of the adapter.
        own: files that are the sample's own. Where they are at fault, the outputs hold the reason.
        outputs: files that the next rules ask.
    """
    try:
        yield
    except AlktraceError as error:
        leave_reason(error, own, outputs)
        sys.exit(f"{name}: {error}")
    except BrokenPipeError:
        # The interpreter would flush stdout once more at exit and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(f"{name}: another program of the pipe ended early; its message stands in this log")
    except OSError as error:
        sys.exit(f"{name}: {place_error(error, gettempdir()) or error}")
