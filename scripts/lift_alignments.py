"""Member of the pipe behind the aligner: alignments on compact contigs to true coordinates."""

import argparse
from pathlib import Path

from alktrace.align.lift import lift_alignments
from alktrace.workflow.pipe_member import pipe_member


def main() -> None:
    """Lift standard input to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fai", type=Path, required=True, help="index of the genome FASTA")
    given = parser.parse_args()
    lift_alignments(source="-", fai=given.fai, out="-")


if __name__ == "__main__":
    with pipe_member("lift_alignments"):
        main()
