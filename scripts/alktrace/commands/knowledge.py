"""Check a site's own knowledge tables, say what they change, or read CIViC's release into candidates.

check FILE|FOLDER: against the schemas and our tables; every problem is a line on standard error.
diff FILE|FOLDER: a table of the rows added, changed and removed, and of what findings mean then.
civic FILE: ClinicalEvidenceSummaries of CIViC (TSV, or evidence items as JSON) to candidate rows for review,
all `proposed`; nothing is taken in. What was skipped, and why, goes to standard error.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import InputProblems
from ..io.resources import resource

EXAMPLE = "alktrace knowledge check our-knowledge && alktrace knowledge diff our-knowledge"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("action", choices=("check", "diff", "civic"), help="what to do")
    text = "folder with overlay.yaml and tables named as ours, or one such table; for civic the release file"
    parser.add_argument("path", help=text)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    if options.action == "check":
        print(check(options.path))
    elif options.action == "diff":
        diff(options.path)
    else:
        civic(Path(options.path))
    return 0


def check(path: str) -> str:
    """Check tables that are to lie over ours; return what they are.

    Raises:
        InputProblems: everything wrong with them.
    """
    from ..checks.table_files import check_knowledge

    files, problems = check_knowledge(path)
    if problems or files.own is None:
        raise InputProblems(problems)
    names = ", ".join(files.own.tables) or "no table"
    return f"{files.own.label} of {files.own.date}: {names}; nothing is wrong"


def diff(path: str) -> None:
    """Write to standard output what changes.

    Raises:
        InputProblems: everything wrong with the tables.
    """
    from ..checks.table_files import check_knowledge
    from ..inputs.knowledge_files import KnowledgeFiles
    from ..io.tables import print_table
    from ..knowledge.knowledge_changes import KnowledgeChange, meaning_changes, row_changes
    from ..knowledge.load import load_knowledge

    files, problems = check_knowledge(path)
    if problems:
        raise InputProblems(problems)
    ours = load_knowledge(KnowledgeFiles(files.folder))
    changes = [*row_changes(files, wide_rows()), *meaning_changes(ours, load_knowledge(files))]
    print_table(sys.stdout, KnowledgeChange, changes)


def wide_rows() -> dict[str, type[Any]]:
    """Return the classes of the wide tables, which lie in the rooms that read them."""
    from ..inputs.knowledge_rows import KnownGene, KnownIsoform, KnownLocus
    from ..outcomes.frequency_table import ExpectedFrequencyRow
    from ..reported.report_words import WordRow

    return {
        "genes": KnownGene,
        "hotspots": KnownLocus,
        "isoforms": KnownIsoform,
        "report_words": WordRow,
        "expected_frequencies": ExpectedFrequencyRow,
    }


def civic(path: Path) -> None:
    """Write candidate rows to standard output, and to standard error what was skipped.

    Raises:
        InputProblems: no file of CIViC that can be read.
    """
    from ..inputs.knowledge_files import KnowledgeFiles
    from ..io.tables import print_table
    from ..knowledge.civic import CandidateRow, candidates, read_civic
    from ..knowledge.load import load_knowledge

    rows, skipped = candidates(read_civic(path), load_knowledge(KnowledgeFiles(resource("knowledge"))))
    print_table(sys.stdout, CandidateRow, rows)
    for item in skipped:
        print(item, file=sys.stderr)
    print(f"{len(rows)} candidates for review, {len(skipped)} items skipped", file=sys.stderr)
