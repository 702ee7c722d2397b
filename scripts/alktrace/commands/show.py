"""Print the classification of a finished run, and what could not be judged."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from ..classify.resistance_table import ClassificationRow
from ..errors import DataError
from ..io.tables import format_cell, read_table
from ..qc.qc_table import QcRow
from ..qc.unreadable_table import UnreadableRow
from ..vocabulary.resistance import Classification
from ..vocabulary.samples import Verdict

EXAMPLE = "alktrace show demo/results"
WITHOUT_SOME = 3
"""Exit status of a run that ended without some of its samples."""
SHOWN = ("patient", "timepoint", "setting", "classification", "components", "confidence", "timing")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("results", type=Path, help="folder `results` of the run")


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    print(run(options.results))
    return 0


def run(results: Path) -> str:
    """Return the classification table, what could not be judged and where the reports are.

    Args:
        results: folder `results` of a run.

    Raises:
        DataError: the run did not get as far as the cohort tables.
    """
    table = results / "cohort" / "classification.tsv"
    if not table.is_file():
        raise DataError(table, "no such file", "let the workflow finish first")
    rows = read_table(table, ClassificationRow)
    quality = read_table(results / "cohort" / "qc.tsv", QcRow)
    parts = [
        _columns([SHOWN, *([format_cell(getattr(row, name)) for name in SHOWN] for row in rows)]),
        _not_evaluable(rows),
        _unreadable(unreadable_rows(results)),
        _failed(quality),
        _knowledge(results / "cohort" / "run_manifest.json"),
        f"cohort report: {results / 'cohort' / 'report.html'}",
    ]
    return "\n\n".join(part for part in parts if part)


def unreadable_rows(results: Path) -> list[UnreadableRow]:
    """Return what is wrong with the samples that a finished run had to leave out; mostly nothing."""
    table = results / "cohort" / "unreadable.tsv"
    return read_table(table, UnreadableRow) if table.is_file() else []


def after_run(folder: Path, status: int) -> int:
    """Print what a run has found, if it went well and was no dry run; return its exit status."""
    if status in (0, WITHOUT_SOME) and (folder / "results" / "cohort" / "classification.tsv").is_file():
        print(run(folder / "results"))
    return status


def _knowledge(manifest: Path) -> str:
    """Say which knowledge the classes rest on; empty where the run did not get as far as its manifest."""
    if not manifest.is_file():
        return ""
    said = json.loads(manifest.read_text(encoding="utf-8"))["knowledge"]
    if "version" not in said:  # of a run before tables of a site
        return ""
    site = said["site"]
    over = f", over it site knowledge {site['name']} {site['version']} of {site['date']}" if site else ""
    return f"knowledge {said['version']} as of {said['as_of']}{over}"


def _columns(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _not_evaluable(rows: Sequence[ClassificationRow]) -> str:
    lines = [
        f"  {row.patient} {row.timepoint}: {format_cell(row.not_evaluable_reason)}"
        for row in rows
        if row.classification is Classification.NOT_EVALUABLE
    ]
    return "\n".join(["not evaluable:", *lines]) if lines else ""


def _unreadable(rows: Sequence[UnreadableRow]) -> str:
    return "\n".join(["could not be read:", *(f"  {row}" for row in rows)]) if rows else ""


def _failed(rows: Sequence[QcRow]) -> str:
    lines = [
        f"  {row.patient}.{row.timepoint}.{row.specimen}: {row.verdict.value}, {format_cell(row.reasons)}"
        for row in rows
        if row.verdict is not Verdict.PASS
    ]
    return "\n".join(["quality below the thresholds of the assay:", *lines]) if lines else ""
