"""First member of the pipe of rule align_consensus: consensus reads in, BAM of their alignments on stdout."""

import argparse
import sys
from pathlib import Path
from tempfile import gettempdir

from alktrace.consensus.placing import align_consensus
from alktrace.errors import AlktraceError
from alktrace.io.atomic import place_error


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
    try:
        main()
    except AlktraceError as error:
        sys.exit(f"align_consensus: {error}")
    except BrokenPipeError:
        sys.exit("align_consensus: a program of the pipe ended early; its message stands in this log")
    except OSError as error:
        sys.exit(f"align_consensus: {place_error(error, gettempdir()) or error}")
