"""Validate a panel of your own: limits of blank and detection, precision, agreement, and whether claims hold.

validate TABLE: a table of what was put into samples and what was found, or where the results of the workflow
lie; docs/assay.md describes it. Claims are judged where a file of criteria is given.
"""

import argparse
from pathlib import Path

from ..io.resources import resource
from ..vocabulary.languages import Language

EXAMPLE = "alktrace assay validate dilutions.tsv --criteria criteria.yaml --out validation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    one = actions.add_parser("validate", help="tables and a page from a dilution series, blanks, replicates")
    one.add_argument("table", type=Path, help="the study; text with tabs or commas, or a workbook")
    one.add_argument("--criteria", type=Path, help="YAML of claims; without it nothing passes or fails")
    one.add_argument("--title", help="name of the assay on the page (default: name of the table)")
    one.add_argument("--language", choices=list(Language), default="en", help="of the page (default: en)")
    one.add_argument("--out", type=Path, required=True, help="folder for tables and page")


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    title = options.title or options.table.stem
    print(validate(options.table, options.criteria, options.out, title, Language(options.language)))
    return 0


def validate(table: Path, criteria: Path | None, out: Path, title: str, language: Language) -> Path:
    """Write the tables and the page of a study; return the page.

    Raises:
        AlktraceError: what is wrong in the table or the criteria.
    """
    from ..assay.claims import Claims, read_claims
    from ..assay.read_study import read_study
    from ..assay.validate import validate as measure
    from ..assay.validate import write_validation
    from ..inputs.knowledge_files import KnowledgeFiles
    from ..knowledge.load import load_knowledge
    from ..report.assay_page import write_assay_page
    from ..report.language import Words

    claims = Claims() if criteria is None else read_claims(criteria)
    found = measure(read_study(table), claims)
    write_validation(found, out)
    page = out / "report.html"
    words = Words(language, load_knowledge(KnowledgeFiles(resource("knowledge"))))
    write_assay_page(found, title, words, page)
    return page
