"""The knowledge tables as everyone reads them: ours, with those of a site laid over them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError

from ..errors import InputProblems, Problem
from ..io.tables import format_cell, header, read_table
from .knowledge_rows import KnownValue
from .knowledge_schemas import WIDE_KEYS, LongSchema
from .site_knowledge import SiteKnowledge, read_site_knowledge
from .user_tables import Line, read_lines, rows_of_lines

REMOVE = "remove"
"""Column of a site's tables: `yes` takes rows of ours away."""
RESTORE = "restore resources/knowledge"
KEPT = ("messages", "alk_regions")
"""Tables of which pages and classes ask for every row: these may be replaced, not taken away."""

R = TypeVar("R")


@dataclass(frozen=True)
class Placed(Generic[R]):
    """A row with the file and 1-based line it stands in; `own` if a site wrote it."""

    file: str
    line: int
    row: R
    own: bool = False


@dataclass(frozen=True)
class KnowledgeFiles:
    """Where the tables lie.

    Attributes:
        folder: our tables with their schemas.
        own: tables of the site; None without any.
    """

    folder: Path
    own: SiteKnowledge | None = None

    def path(self, name: str) -> Path:
        """Return our file of a table."""
        return self.folder / f"{name}.tsv"

    def long_schema(self, name: str) -> LongSchema:
        """Return the schema of a long table.

        Raises:
            InputProblems: it cannot be read.
        """
        path = self.folder / f"{name}.schema.json"
        try:
            return LongSchema.model_validate_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise InputProblems([Problem(str(path), 0, "", what, RESTORE)]) from None
        except ValidationError as error:
            what = f"{error.error_count()} errors, first: {error.errors()[0]['msg']}"
            raise InputProblems([Problem(str(path), 0, "", what, "correct the schema")]) from None

    def values(self, name: str) -> list[Placed[KnownValue]]:
        """Return the rows of a long table: ours that remain, then those of the site.

        Raises:
            InputProblems: everything wrong with the form of either file.
        """
        return self.rows(name, KnownValue)

    def rows(self, name: str, row_type: type[R]) -> list[Placed[R]]:
        """Return the rows of any table, as `values` does."""
        rows, problems = self.read(name, row_type)
        if problems:
            raise InputProblems(problems)
        return rows

    def bare_values(self, name: str) -> list[KnownValue]:
        """Return the rows of a long table without their places."""
        return [item.row for item in self.values(name)]

    def bare_rows(self, name: str, row_type: type[R]) -> list[R]:
        """Return the rows of a wide table without their places."""
        return [item.row for item in self.rows(name, row_type)]

    def read(self, name: str, row_type: type[R]) -> tuple[list[Placed[R]], list[Problem]]:
        """Return the rows of a table that can be read, and everything wrong with the site's file.

        Raises:
            InputProblems: our own table cannot be read.
        """
        path = self.path(name)
        try:
            ours = list(_read_ours(path, cast(Any, row_type), path.read_bytes()))
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise InputProblems([Problem(str(path), 0, "", what, RESTORE)]) from None
        if self.own is None or name not in self.own.tables:
            return ours, []
        removals, own, problems = _read_own(self.own.tables[name], name, row_type, ours)
        replaced = {self.key(name, item.row) for item in own}
        kept = [
            item
            for item in ours
            if self.key(name, item.row) not in replaced
            and not any(_is_meant(line, name, item.row) for line in removals)
        ]
        return kept + [_labelled(item, self.own.label) for item in own], problems

    def key(self, name: str, row: Any) -> tuple[str, ...]:
        """Return what names a row, its source as written: of two with the same the site's counts."""
        if name in WIDE_KEYS:
            return _wide_key(name, row)
        if row.attribute in self._single(name):
            return row.subject, row.attribute
        return row.subject, row.attribute, row.value, row.source

    def as_written(self, item: Placed[R]) -> R:
        """Return a row of `rows` as it stands in its file, without the name of the site."""
        if self.own is None or not item.own or not hasattr(item.row, "source"):
            return item.row
        row: Any = item.row
        return cast(R, replace(row, source=row.source.removeprefix(f"{self.own.label}: ")))

    def _single(self, name: str) -> frozenset[str]:
        return _single_attributes(self.folder / f"{name}.schema.json")


@lru_cache(maxsize=64)
def _read_ours(path: Path, row_type: Any, _content: bytes) -> tuple[Placed[Any], ...]:
    """Return the rows of one of our tables; the same content gives the same rows, read once."""
    return tuple(Placed(str(path), line, row) for line, row in enumerate(read_table(path, row_type), start=2))


@cache
def _single_attributes(path: Path) -> frozenset[str]:
    rules = LongSchema.model_validate_json(path.read_text(encoding="utf-8")).attributes
    return frozenset(attribute for attribute, rule in rules.items() if not rule.repeat)


def open_knowledge(folder: Path, given: str | Sequence[str] | None) -> KnowledgeFiles:
    """Return our tables with those that a configuration names.

    Args:
        folder: our tables.
        given: key `knowledge` of the configuration.

    Raises:
        InputProblems: what is wrong with the files named; their rows are read later.
    """
    return KnowledgeFiles(folder, read_site_knowledge(given) if given else None)


def _read_own(
    path: Path, name: str, row_type: type[R], ours: Sequence[Placed[R]]
) -> tuple[list[Line], list[Placed[R]], list[Problem]]:
    """Return what a site takes away, its rows, and what is wrong with either."""
    file, columns = str(path), header(row_type)
    lines, problems = read_lines(
        path, columns=(*columns, REMOVE), required=WIDE_KEYS.get(name, columns), sheet=path.stem
    )
    removals = [line for line in lines if REMOVE in line]
    for line in removals:
        problems += _removal_problems(file, line, name, ours)
    rows, wrong = rows_of_lines(file, [line for line in lines if REMOVE not in line], row_type)
    own = [Placed(file, item.line, item.row, own=True) for item in rows]
    problems += wrong
    if name in WIDE_KEYS:
        seen: dict[Any, int] = {}
        for item in own:
            first = seen.setdefault(_wide_key(name, item.row), item.line)
            if first != item.line:
                problems.append(Problem(file, item.line, "", f"repeats line {first}", "remove one of them"))
    return removals, own, problems


def _removal_problems(file: str, line: Line, name: str, ours: Iterable[Placed[Any]]) -> Iterator[Problem]:
    if line[REMOVE] != "yes":
        yield Problem(file, line.number, REMOVE, f"value {line[REMOVE]!r}", "write yes, or leave it empty")
    if name in KEPT:
        what = f"rows of {name} cannot be taken away"
        yield Problem(file, line.number, REMOVE, what, "give the row that replaces it")
    asked = [column for column in _meant_by(name) if column in line]
    for column in WIDE_KEYS.get(name, ("subject", "source")):
        if column not in line:
            remedy = "say why in `source`" if column == "source" else "say which row is meant"
            yield Problem(file, line.number, column, "empty in a row that takes rows away", remedy)
    if asked and not any(_is_meant(line, name, item.row) for item in ours):
        what = "takes nothing away: no row of ours has " + ", ".join(f"{c} {line[c]!r}" for c in asked)
        yield Problem(file, line.number, asked[0], what, f"write them as in resources/knowledge/{name}.tsv")


def _meant_by(name: str) -> tuple[str, ...]:
    """Columns by which a removal names rows; those of a long table may be left empty from the right."""
    return WIDE_KEYS.get(name, ("subject", "attribute", "value"))


def _is_meant(line: Line, name: str, row: Any) -> bool:
    return all(
        format_cell(getattr(row, column)) == line[column] for column in _meant_by(name) if column in line
    )


def _wide_key(name: str, row: Any) -> tuple[str, ...]:
    return tuple(format_cell(getattr(row, column)) for column in WIDE_KEYS[name])


def _labelled(item: Placed[R], label: str) -> Placed[R]:
    """Return a row of a site whose source says so; one without a source stays without, and is refused."""
    source = getattr(item.row, "source", "")
    if not source:
        return item
    row: Any = replace(cast(Any, item.row), source=f"{label}: {source}")
    return replace(item, row=row)
