"""First member of the pipe of rule align_consensus: consensus reads in, BAM of their alignments on stdout."""

import argparse
from pathlib import Path

from alktrace.consensus.placing import align_consensus
from alktrace.workflow.pipe_member import pipe_member


def main() -> None:
    """Align a consensus BAM to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unaligned", type=Path, required=True, help="consensus BAM")
    parser.add_argument("--fasta", type=Path, help="genome; reads may lie where theirs do")
    parser.add_argument("--aligner", required=True, help="command of bash: FASTQ in, BAM out")
    given = parser.parse_args()
    align_consensus(
        unaligned=given.unaligned, fasta=given.fasta, command=given.aligner, out=Path("/dev/stdout")
    )


if __name__ == "__main__":
    with pipe_member("align_consensus"):
        main()
