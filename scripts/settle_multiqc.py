"""Member of the shell rule of MultiQC: its page without what differs from run to run."""

import argparse
import sys
from pathlib import Path

from alktrace.report.multiqc_page import settle_multiqc


def main() -> None:
    """Rewrite one page; say in the log what could not be settled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, help="page that MultiQC wrote")
    for pattern in settle_multiqc(parser.parse_args().page):
        print(f"multiqc.html differs from run to run: {pattern} is not in it", file=sys.stderr)


if __name__ == "__main__":
    main()
