"""Jobs of one sample: what its data fails ends well, with the reason in place of the results."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import AlktraceError
from ..io.unreadable import leave_reason, read_unreadable, write_unreadable
from .job import job_log


@contextmanager
def sample_job(job: Any, *own: str) -> Iterator[logging.Logger]:
    """Run a job of one sample, with its log.

    Where an input of the sample is unreadable the outputs are too, and nothing is done. Where its data end
    the job, the outputs hold the reason and the job ends well: the batch goes on without the sample.
    Everything else, also a wrong file that samples share, ends as in `job_log`.

    Args:
        job: `snakemake` of the adapter.
        *own: names of the inputs that are the sample's own.
    """
    files = [path for name in own for path in _paths(job.input.get(name))]
    with job_log(job.log[0]) as logger:
        if handed_on := read_unreadable(*files):
            logger.error("nothing done, the sample is unreadable: %s", handed_on[0])
            write_unreadable(handed_on, job.output)
            sys.exit(0)
        try:
            yield logger
        except AlktraceError as error:
            if not leave_reason(error, files, job.output):
                raise
            logger.error("the sample is unreadable: %s", error)


def _paths(given: str | list[str] | None) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())
