"""Relate classes to outcomes: tables and page of a cohort from tables alone, without reads.

Besides `classification.tsv`, `resistance.tsv`, `evidence.tsv`, `emergent_unknown.tsv` and
`*resistance.json` are used if they exist.
"""

import argparse
from pathlib import Path

from ..io.resources import DEFAULTS, resource
from .classify import CONFIG_HELP, KNOWLEDGE_HELP

EXAMPLE = "alktrace cohort synthetic/clinical synthetic --out synthetic/cohort"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("clinical", type=Path, help="folder of the clinical tables")
    parser.add_argument(
        "tables", type=Path, help="folder with classification.tsv, and others if known; or with such folders"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for tables and page")
    parser.add_argument("--config", type=Path, default=DEFAULTS, help=CONFIG_HELP)
    parser.add_argument("--knowledge", help=KNOWLEDGE_HELP)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    page = run(
        options.clinical, options.tables, out=options.out, config=options.config, knowledge=options.knowledge
    )
    print(page)
    return 0


def run(
    clinical: Path, tables: Path, *, out: Path, config: Path = DEFAULTS, knowledge: str | None = None
) -> Path:
    """Write the outcome tables and the page of a cohort; return the page.

    Raises:
        AlktraceError: what is wrong in the tables or the configuration.
    """
    from ..inputs.config_file import load_settings
    from ..inputs.knowledge_files import open_knowledge
    from ..report.cohort_alone import write_cohort

    settings = load_settings(config, defaults=DEFAULTS)
    files = open_knowledge(resource("knowledge"), knowledge or settings.knowledge)
    return write_cohort(clinical=clinical, tables=tables, knowledge=files, settings=settings, out=out)
