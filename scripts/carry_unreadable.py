"""Member of the shell rules of a sample: where one of its files is unreadable, so are its results.

Status 0: so it is, and nothing else is to be done; 1: the files are what they should be.
"""

import argparse
import sys

from alktrace.io.unreadable import carry_unreadable


def main() -> int:
    """Hand on the reason, if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", nargs="+", required=True, help="files of the sample")
    parser.add_argument("--to", nargs="+", required=True, help="outputs of the rule")
    given = parser.parse_args()
    return 0 if carry_unreadable(given.of, given.to) else 1


if __name__ == "__main__":
    sys.exit(main())
