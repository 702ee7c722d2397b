"""Member of the pipe behind the aligner: alignments on compact contigs to true coordinates."""

import argparse
import sys
from pathlib import Path

from alktrace.align.lift import lift_alignments
from alktrace.errors import AlktraceError


def main() -> None:
    """Lift standard input to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fai", type=Path, required=True, help="index of the genome FASTA")
    given = parser.parse_args()
    lift_alignments(source="-", fai=given.fai, out="-")


if __name__ == "__main__":
    try:
        main()
    except AlktraceError as error:
        sys.exit(f"lift_alignments: {error}")
