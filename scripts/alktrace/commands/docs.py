"""Renew the parts of the docs that come from the code: keys of the config, columns of the tables.

For those who change the code: it writes the pages of the clone that it runs from.
"""

import argparse

from ..io.resources import ROOT

EXAMPLE = "alktrace docs"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command: none."""


def main(_options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from .generated_docs import renew_docs

    for page in renew_docs(ROOT):
        print(page)
    return 0
