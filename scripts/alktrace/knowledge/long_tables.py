"""Long knowledge tables: one value per row with its source, checked against the schema beside the table."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import InputProblems, Problem
from ..inputs.knowledge_rows import KnownValue
from ..io.tables import read_table


class AttributeSchema(BaseModel):
    """What one attribute may hold: a closed list, a pattern, or free text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    pattern: str | None = None
    values: tuple[str, ...] | None = None
    repeat: bool = False
    required: bool = False

    def refusal(self, value: str) -> str | None:
        """Return what to write instead, or None if the value is allowed."""
        if self.values is not None and value not in self.values:
            return "write one of " + ", ".join(self.values)
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            return f"write a value that matches {self.pattern}"
        return None


class LongSchema(BaseModel):
    """Schema of a long table, read from `<table>.schema.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    version: str
    date: str
    description: str
    subject: str
    attributes: dict[str, AttributeSchema]


class WideSchema(BaseModel):
    """Schema of a wide table: one column per property."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    version: str
    date: str
    description: str
    columns: dict[str, AttributeSchema]


@dataclass(frozen=True)
class Facts:
    """The rows of one subject, by attribute, in file order."""

    subject: str
    rows: tuple[tuple[int, KnownValue], ...]

    def all(self, attribute: str) -> Iterator[tuple[int, KnownValue]]:
        """Yield line number and row of every value of the attribute."""
        return ((line, row) for line, row in self.rows if row.attribute == attribute)

    def values(self, attribute: str, *, verified_only: bool = False) -> tuple[str, ...]:
        """Return the values of the attribute."""
        return tuple(row.value for _, row in self.all(attribute) if row.verified or not verified_only)

    def one(self, attribute: str) -> KnownValue | None:
        """Return the first row of the attribute, verified or not."""
        return next((row for _, row in self.all(attribute)), None)

    def value(self, attribute: str) -> str:
        """Return the value of a required attribute; the schema guarantees that it is there."""
        row = self.one(attribute)
        return row.value if row else ""

    def fact(self, attribute: str) -> str | None:
        """Return the value if it was read in its source; an unverified value is no fact."""
        row = self.one(attribute)
        return row.value if row and row.verified else None


def read_facts(folder: Path, name: str) -> tuple[dict[str, Facts], list[Problem]]:
    """Read one long table and check it against its schema.

    Args:
        folder: folder of the knowledge tables.
        name: table name without ending.

    Returns:
        Facts by subject in file order, and every problem found. Rows that do not fit are left out.
    """
    path = folder / f"{name}.tsv"
    try:
        schema = LongSchema.model_validate_json(_text(folder / f"{name}.schema.json"))
        _text(path)
        rows = list(enumerate(read_table(path, KnownValue), start=2))
    except InputProblems as error:
        return {}, list(error.problems)
    except ValidationError as error:
        what = f"{error.error_count()} errors, first: {error.errors()[0]['msg']}"
        return {}, [Problem(str(folder / f"{name}.schema.json"), 0, "", what, "correct the schema")]
    problems: list[Problem] = []
    grouped: dict[str, list[tuple[int, KnownValue]]] = defaultdict(list)
    for line, row in rows:
        wrong = list(_row_problems(str(path), line, row, schema))
        problems.extend(wrong)
        if not wrong:
            grouped[row.subject].append((line, row))
    facts = {subject: Facts(subject, tuple(items)) for subject, items in grouped.items()}
    problems.extend(_duplicates(str(path), rows))
    for item in facts.values():
        problems.extend(_subject_problems(str(path), item, schema))
    return facts, problems


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise InputProblems([Problem(str(path), 0, "", what, "restore resources/knowledge")]) from None


def _row_problems(file: str, line: int, row: KnownValue, schema: LongSchema) -> Iterator[Problem]:
    if not re.fullmatch(schema.subject, row.subject):
        remedy = f"write a subject that matches {schema.subject}"
        yield Problem(file, line, "subject", f"subject {row.subject!r}", remedy)
    if not row.source:
        yield Problem(file, line, "source", "a value without a source", "name where it was read")
    rule = schema.attributes.get(row.attribute)
    if rule is None:
        remedy = "write one of " + ", ".join(schema.attributes)
        yield Problem(file, line, "attribute", f"unknown attribute {row.attribute!r}", remedy)
    elif not row.value:
        yield Problem(file, line, "value", "no value", "remove the row: absence says the same")
    elif refusal := rule.refusal(row.value):
        yield Problem(file, line, "value", f"{row.attribute} {row.value!r}", refusal)


def _duplicates(file: str, rows: Iterable[tuple[int, KnownValue]]) -> Iterator[Problem]:
    seen: dict[tuple[str, str, str, str], int] = {}
    for line, row in rows:
        key = (row.subject, row.attribute, row.value, row.source)
        if key in seen:
            yield Problem(file, line, "", f"repeats line {seen[key]}", "remove one of them")
        seen.setdefault(key, line)


def _subject_problems(file: str, facts: Facts, schema: LongSchema) -> Iterator[Problem]:
    counts = Counter(row.attribute for _, row in facts.rows)
    for name, rule in schema.attributes.items():
        if rule.required and not counts[name]:
            line = facts.rows[0][0]
            yield Problem(file, line, name, f"{facts.subject!r} has no {name}", "add the row")
        if not rule.repeat and counts[name] > 1:
            line = list(facts.all(name))[1][0]
            what = f"{facts.subject!r} has {counts[name]} values of {name}"
            yield Problem(file, line, name, what, "keep one")
