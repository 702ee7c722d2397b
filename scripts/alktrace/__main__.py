"""`python -m alktrace` is the console script `alktrace`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
