"""Member of the pipe behind the aligner: tags of consensus reads to their alignments."""

import argparse
import sys
from pathlib import Path

from alktrace.consensus.zipping import zip_consensus
from alktrace.errors import AlktraceError


def main() -> None:
    """Zip standard input with the consensus BAM to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unaligned", type=Path, required=True, help="consensus BAM as it was aligned")
    given = parser.parse_args()
    zip_consensus(aligned=sys.stdin.buffer, unaligned=given.unaligned, out=Path("/dev/stdout"))


if __name__ == "__main__":
    try:
        main()
    except AlktraceError as error:
        sys.exit(f"zip_consensus: {error}")
