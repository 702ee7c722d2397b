"""The evidence file: read with errors that name the field, written the same way every time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import DataError, InputProblems, Problem
from ..io.atomic import atomic_output
from ..io.text import parse_json
from .schema import EVIDENCE_SCHEMA_VERSION, PatientEvidence

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
    return parse_evidence(parse_json(text, path), file=str(path))


def parse_evidence(content: Any, *, file: str) -> PatientEvidence:
    """Check the content of an evidence file.

    Raises:
        InputProblems: every field that is wrong.
    """
    if broken := list(_broken_texts(content, "")):
        raise InputProblems([Problem(file, 0, *told) for told in broken])
    try:
        return PatientEvidence.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise InputProblems([_problem(file, detail) for detail in error.errors()]) from None


def _broken_texts(content: Any, place: str) -> Iterator[tuple[str, str, str]]:
    """Yield place, what and remedy of texts that no cell of a table can hold."""
    if isinstance(content, str) and set(content) & set("\t\n\r"):
        yield place, f"value {content[:VALUE_SHOWN]!r}", "write it without tabs and line breaks"
    if isinstance(content, dict | list):
        for key, item in content.items() if isinstance(content, dict) else enumerate(content):
            yield from _broken_texts(item, f"{place}.{key}".lstrip("."))


def save_evidence(evidence: PatientEvidence, path: Path) -> None:
    """Write an evidence file; equal evidence gives equal bytes."""
    with atomic_output(path) as (partial,):
        partial.write_text(evidence.model_dump_json(indent=1) + "\n", encoding="utf-8")


def evidence_schema() -> str:
    """Return the JSON schema of the evidence file, as `alktrace docs` writes it into the resources."""
    schema = PatientEvidence.model_json_schema()
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"alktrace-evidence-{EVIDENCE_SCHEMA_VERSION}",
    }
    return json_text(head | schema)


def json_text(content: Any) -> str:
    """Return a JSON file's text as people read it."""
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
