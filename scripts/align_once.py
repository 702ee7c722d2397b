"""Member of the pipe of rule align_unit: reads on stdin, one of all copies aligned, BAM of all on stdout."""

import argparse
import logging
import sys
from pathlib import Path

from alktrace.align.once import align_once
from alktrace.workflow.pipe_member import pipe_member


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
    with pipe_member("align_once"):
        main()
