"""Long knowledge tables: one value per row with its source, checked against the schema beside the table."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ..errors import InputProblems, Problem
from ..inputs.knowledge_files import KnowledgeFiles, Placed
from ..inputs.knowledge_rows import KnownValue
from ..inputs.knowledge_schemas import LongSchema


@dataclass(frozen=True)
class Facts:
    """The rows of one subject, by attribute, in file order."""

    subject: str
    rows: tuple[Placed[KnownValue], ...]

    def all(self, attribute: str) -> Iterator[Placed[KnownValue]]:
        """Yield every row of the attribute with its place."""
        return (item for item in self.rows if item.row.attribute == attribute)

    def values(self, attribute: str, *, verified_only: bool = False) -> tuple[str, ...]:
        """Return the values of the attribute."""
        found = (item.row for item in self.all(attribute))
        return tuple(row.value for row in found if row.verified or not verified_only)

    def one(self, attribute: str) -> KnownValue | None:
        """Return the first row of the attribute, verified or not."""
        return next((item.row for item in self.all(attribute)), None)

    def problem(self, column: str, what: str, remedy: str) -> Problem:
        """Return a problem of the subject as a whole, at its first row, or the last that a site wrote.

        Our own tables were without problems: what is wrong came with the site's row.
        """
        place = next((item for item in reversed(self.rows) if item.own), self.rows[0])
        return Problem(place.file, place.line, column, what, remedy)

    def value(self, attribute: str) -> str:
        """Return the value of a required attribute; the schema guarantees that it is there."""
        row = self.one(attribute)
        return row.value if row else ""

    def fact(self, attribute: str) -> str | None:
        """Return the value if it was read in its source; an unverified value is no fact."""
        row = self.one(attribute)
        return row.value if row and row.verified else None


def read_facts(files: KnowledgeFiles, name: str) -> tuple[dict[str, Facts], list[Problem]]:
    """Read one long table and check it against its schema.

    Args:
        files: the knowledge tables.
        name: table name without ending.

    Returns:
        Facts by subject in file order, and every problem found. Rows that do not fit are left out.
    """
    try:
        schema = files.long_schema(name)
        rows, problems = files.read(name, KnownValue)
    except InputProblems as error:
        return {}, list(error.problems)
    grouped: dict[str, list[Placed[KnownValue]]] = defaultdict(list)
    for item in rows:
        wrong = list(_row_problems(item, schema))
        problems.extend(wrong)
        if not wrong:
            grouped[item.row.subject].append(item)
    facts = {subject: Facts(subject, tuple(items)) for subject, items in grouped.items()}
    problems.extend(_duplicates(rows))
    # A row with a wrong value is named once, not also as missing.
    stated = {(item.row.subject, item.row.attribute) for item in rows}
    for one in facts.values():
        problems.extend(_subject_problems(one, schema, stated))
    return facts, problems


def _row_problems(item: Placed[KnownValue], schema: LongSchema) -> Iterator[Problem]:
    file, line, row = item.file, item.line, item.row
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


def _duplicates(rows: Iterable[Placed[KnownValue]]) -> Iterator[Problem]:
    seen: dict[tuple[str, str, str, str], int] = {}
    for item in rows:
        row = item.row
        key = (row.subject, row.attribute, row.value, row.source)
        if key in seen:
            yield Problem(item.file, item.line, "", f"repeats line {seen[key]}", "remove one of them")
        seen.setdefault(key, item.line)


def _subject_problems(
    facts: Facts, schema: LongSchema, stated: Collection[tuple[str, str]]
) -> Iterator[Problem]:
    counts = Counter(item.row.attribute for item in facts.rows)
    for name, rule in schema.attributes.items():
        if rule.required and (facts.subject, name) not in stated:
            yield facts.problem(name, f"{facts.subject!r} has no {name}", "add the row")
        if not rule.repeat and counts[name] > 1:
            second = list(facts.all(name))[1]
            what = f"{facts.subject!r} has {counts[name]} values of {name}"
            yield Problem(second.file, second.line, name, what, "keep one")
