"""Print the classification of a finished run, and what could not be judged."""

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ..classify.resistance_table import ClassificationRow
from ..errors import AlktraceError, DataError
from ..inputs.knowledge_files import KnowledgeFiles
from ..io.resources import resource
from ..io.tables import format_cell, read_table
from ..knowledge.load import load_knowledge
from ..qc.qc_table import QcRow
from ..qc.unreadable_table import UnreadableRow
from ..vocabulary.resistance import Classification
from ..vocabulary.samples import Verdict

EXAMPLE = "alktrace show demo/results"
WITHOUT_SOME = 3
"""Exit status of a run that ended without some of its samples."""
MOST_LINES = 20
"""Of a list on the terminal; tables have the rest."""
PAGES = {"newest batch": "batch.html", "cohort": "report.html", "reads and molecules": "multiqc.html"}
SHOWN = ("patient", "timepoint", "setting", "classification", "components", "confidence", "timing")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("results", type=Path, help="folder `results` of the run")


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    print(run(options.results))
    return 0


def run(results: Path) -> str:
    """Return the classification table and the summary of a finished run.

    Args:
        results: folder `results` of a run.

    Raises:
        DataError: the run did not get as far as the cohort tables.
    """
    shown = [[format_cell(getattr(row, name)) for name in SHOWN] for row in _classified(results)]
    return f"{_columns([SHOWN, *shown])}\n\n{summary(results)}"


def summary(results: Path) -> str:
    """Return what a finished run has found, in a screen: classes, what could not be judged, quality, pages.

    Args:
        results: folder `results` of a run.

    Raises:
        DataError: the run did not get as far as the cohort tables.
    """
    rows = _classified(results)
    quality = read_table(results / "cohort" / "qc.tsv", QcRow)
    parts = [
        _classes(rows),
        _not_evaluable(rows),
        _unreadable(unreadable_rows(results)),
        _quality(quality),
        _knowledge(results / "cohort" / "run_manifest.json"),
        _pages(results, rows),
    ]
    return "\n\n".join(part for part in parts if part)


def summary_so_far(results: Path, timepoints: Sequence[tuple[str, str]]) -> str:
    """Return what a run that failed has found until then; empty before the first timepoint is classified.

    Args:
        results: folder `results` of the run.
        timepoints: patient and timepoint, of all that are to be classified.
    """
    tables = [results / "patients" / patient / point / "classification.tsv" for patient, point in timepoints]
    rows = [row for path in tables if path.is_file() for row in read_table(path, ClassificationRow)]
    if not rows:
        return ""
    head = (
        f"{len(rows)} of {len(timepoints)} timepoints are classified, by this run or an earlier one; "
        "the quality of the samples is judged when all are there"
    )
    parts = [head, _classes(rows), _not_evaluable(rows), _pages(results, rows)]
    return "\n\n".join(part for part in parts if part)


def at_the_end(results: Path, timepoints: Sequence[tuple[str, str]] | None = None) -> str:
    """Return what is said at the end of a run: nothing where a table is not there, by which it must not fail.

    Args:
        results: folder `results` of the run.
        timepoints: those of the plan, where the run failed.
    """
    with suppress(AlktraceError, OSError):
        return summary(results) if timepoints is None else summary_so_far(results, timepoints)
    return ""


def _classified(results: Path) -> list[ClassificationRow]:
    table = results / "cohort" / "classification.tsv"
    if not table.is_file():
        raise DataError(table, "no such file", "let the workflow finish first")
    return read_table(table, ClassificationRow)


def unreadable_rows(results: Path) -> list[UnreadableRow]:
    """Return what is wrong with the samples that a finished run had to leave out; mostly nothing."""
    table = results / "cohort" / "unreadable.tsv"
    return read_table(table, UnreadableRow) if table.is_file() else []


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


def _plural(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _columns(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _classes(rows: Sequence[ClassificationRow]) -> str:
    found = Counter(row.classification for row in rows)
    patients = _plural(len({row.patient for row in rows}), "patient")
    head = f"{_plural(len(rows), 'timepoint')} of {patients}:"
    return "\n".join([head, *(f"{found[one]:5}  {one.value}" for one in Classification if found[one])])


def _not_evaluable(rows: Sequence[ClassificationRow]) -> str:
    found = [row for row in rows if row.classification is Classification.NOT_EVALUABLE]
    if not found:
        return ""
    texts = load_knowledge(KnowledgeFiles(resource("knowledge"))).messages
    lines = [f"{row.patient} {row.timepoint}: {_reasons(row, texts)}" for row in found]
    return "\n".join(["not evaluable:", *_some(lines, "cohort/classification.tsv")])


def _reasons(row: ClassificationRow, texts: Mapping[str, str]) -> str:
    return " ".join(f"{texts[reason.value]} ({reason.value})" for reason in row.not_evaluable_reason)


def _some(lines: Sequence[str], where: str) -> list[str]:
    """Return lines, indented; of many the first, with the place of all."""
    shown = [f"  {line}" for line in lines[:MOST_LINES]]
    more = len(lines) - MOST_LINES
    return [*shown, f"  and {more} more: {where}"] if more > 0 else shown


def _unreadable(rows: Sequence[UnreadableRow]) -> str:
    lines = [str(row) for row in rows]
    return "\n".join(["could not be read:", *_some(lines, "cohort/unreadable.tsv")]) if rows else ""


def _quality(quality: Sequence[QcRow]) -> str:
    """Count the verdicts, and say of each that is not a pass what it missed; failures first."""
    found = Counter(row.verdict for row in quality)
    counts = ", ".join(f"{found[verdict]} {verdict.value}" for verdict in Verdict)
    missed = [row for verdict in (Verdict.FAIL, Verdict.WARN) for row in quality if row.verdict is verdict]
    lines = [
        f"{row.verdict.value}  {row.patient} {row.timepoint} {row.specimen}: {', '.join(row.reasons)}"
        for row in missed
    ]
    head = f"quality by the thresholds of the assays, of {_plural(len(quality), 'sample')}: {counts}"
    return "\n".join([head, *_some(lines, "cohort/qc.tsv")]) if quality else ""


def _pages(results: Path, rows: Sequence[ClassificationRow]) -> str:
    pages = {name: results / "cohort" / path for name, path in PAGES.items()}
    lines = [f"  {name}: {path}" for name, path in pages.items() if path.is_file()]
    patients = dict.fromkeys(row.patient for row in rows)
    own = [path for name in patients if (path := results / "patients" / name / "report.html").is_file()]
    if own:
        lines.append(f"  {_plural(len(own), 'patient')}: {own[0]}{' and so on' if len(own) > 1 else ''}")
    return "\n".join(["pages:", *lines]) if lines else ""
