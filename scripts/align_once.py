"""Member of the pipe of rule align_unit: reads on stdin, one of all copies aligned, BAM of all on stdout."""

import argparse
import logging
import sys
from pathlib import Path
from tempfile import gettempdir

from alktrace.align.once import align_once
from alktrace.errors import AlktraceError
from alktrace.io.atomic import place_error


def main() -> None:
    """Align standard input to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paired", action="store_true", help="mates follow each other")
    parser.add_argument("--aligner", required=True, help="command of bash, run twice: FASTQ in, BAM out")
    parser.add_argument("--group", required=True, help="read group that it writes")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="align_once: %(message)s")
    align_once(
        reads=sys.stdin.buffer,
        paired=given.paired,
        command=given.aligner,
        group=given.group,
        out=Path("/dev/stdout"),
    )


if __name__ == "__main__":
    try:
        main()
    except AlktraceError as error:
        sys.exit(f"align_once: {error}")
    except BrokenPipeError:
        sys.exit("align_once: a program of the pipe ended early; its message stands in this log")
    except OSError as error:
        sys.exit(f"align_once: {place_error(error, gettempdir()) or error}")
