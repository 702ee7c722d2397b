"""The evidence file: read with errors that name the field, written the same way every time."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import DataError, InputProblems, Problem
from ..evidence_table import evidence_rows
from ..job import atomic_output
from ..models import EVIDENCE_SCHEMA_VERSION, PatientEvidence
from ..rows import ClassificationRow, EvidenceRow, ResistanceRow
from ..settings import ResistanceSettings
from ..tables import write_table
from .classify import TimepointResult, classify_patient
from .evidence_checks import content_problems
from .knowledge_files import load_knowledge

VALUE_SHOWN = 80


def load_evidence(path: Path) -> PatientEvidence:
    """Read an evidence file.

    Args:
        path: JSON of one patient, schema version 1.

    Raises:
        InputProblems: every field that is wrong, with its path such as `specimens.0.collected`.
        DataError: the file cannot be read or is no JSON.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, f"cannot be read ({error})", "give an evidence JSON") from None
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise DataError(path, f"is no JSON: {error.msg}", "correct it at that place", place) from None
    return parse_evidence(content, file=str(path))


def parse_evidence(content: Any, *, file: str) -> PatientEvidence:
    """Check the content of an evidence file.

    Raises:
        InputProblems: every field that is wrong.
    """
    try:
        return PatientEvidence.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise InputProblems([_problem(file, detail) for detail in error.errors()]) from None


def save_evidence(evidence: PatientEvidence, path: Path) -> None:
    """Write an evidence file; equal evidence gives equal bytes."""
    with atomic_output(path) as (partial,):
        partial.write_text(_json(evidence.model_dump(mode="json")), encoding="utf-8")


def evidence_schema() -> dict[str, Any]:
    """Return the JSON schema of the evidence file."""
    schema = PatientEvidence.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"alktrace-evidence-{EVIDENCE_SCHEMA_VERSION}",
        **schema,
    }


def write_evidence_schema(path: Path) -> None:
    """Write the JSON schema, as it lies in `resources/schemas/evidence.schema.json`."""
    with atomic_output(path) as (partial,):
        partial.write_text(_json(evidence_schema()), encoding="utf-8")


def classify_timepoint_file(
    *,
    evidence: Path,
    knowledge: Path,
    settings: ResistanceSettings,
    timepoint: str,
    out_table: Path,
    out_summary: Path,
    out_json: Path,
) -> None:
    """Classify one timepoint of an evidence file.

    Args:
        evidence: evidence JSON of one patient.
        knowledge: folder of the knowledge tables.
        settings: section `resistance`.
        timepoint: id of the timepoint.
        out_table: `resistance.tsv`.
        out_summary: `classification.tsv`, its one row.
        out_json: `resistance.json`, the full account.

    Raises:
        InputProblems: wrong fields in the evidence or the tables.
        DataError: the timepoint has no specimen to classify.
    """
    results = classify_patient(load_evidence(evidence), load_knowledge(knowledge), settings)
    found = [result for result in results if result.timepoint == timepoint]
    if not found:
        known = ", ".join(result.timepoint for result in results) or "none"
        raise DataError(evidence, f"has no timepoint {timepoint!r}", f"give one of: {known}")
    write_table(out_table, ResistanceRow, found[0].rows)
    write_table(out_summary, ClassificationRow, [found[0].row])
    _write_detail(found[0], out_json)


def classify_evidence_file(
    *, evidence: Path, knowledge: Path, settings: ResistanceSettings, out_dir: Path
) -> None:
    """Classify every timepoint of an evidence file.

    Args:
        evidence: evidence JSON of one patient.
        knowledge: folder of the knowledge tables.
        settings: section `resistance`.
        out_dir: gets `resistance.tsv`, `classification.tsv`, `evidence.tsv` and, per timepoint,
            `{timepoint}.resistance.json`.

    Raises:
        InputProblems: wrong fields in the evidence or the tables.
    """
    given, tables = load_evidence(evidence), load_knowledge(knowledge)
    if problems := list(content_problems(given, tables, str(evidence))):
        raise InputProblems(problems)
    results = classify_patient(given, tables, settings)
    write_table(out_dir / "resistance.tsv", ResistanceRow, [row for item in results for row in item.rows])
    write_table(out_dir / "classification.tsv", ClassificationRow, [item.row for item in results])
    write_table(out_dir / "evidence.tsv", EvidenceRow, evidence_rows(given))
    for item in results:
        _write_detail(item, out_dir / f"{item.timepoint}.resistance.json")


def _write_detail(result: TimepointResult, path: Path) -> None:
    with atomic_output(path) as (partial,):
        partial.write_text(_json(result.detail), encoding="utf-8")


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _problem(file: str, detail: Any) -> Problem:
    place = ".".join(str(part) for part in detail["loc"])
    kind = detail["type"]
    if kind == "missing":
        return Problem(file, 0, place, "the field is missing", "add it")
    if kind == "extra_forbidden":
        return Problem(file, 0, place, "unknown field", "remove it or correct its spelling")
    if kind == "value_error":
        return Problem(file, 0, place, str(detail["ctx"]["error"]), "correct it")
    seen = repr(detail["input"])
    seen = seen if len(seen) <= VALUE_SHOWN else seen[:VALUE_SHOWN] + "..."
    return Problem(file, 0, place, f"value {seen}", detail["msg"])
