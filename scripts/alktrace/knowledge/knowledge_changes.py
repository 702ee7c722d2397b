"""What changes where a site's tables lie over ours: rows, and what they mean for a finding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.knowledge_rows import KnownValue
from ..inputs.knowledge_schemas import WIDE_KEYS
from ..io.tables import column, format_cell
from .answers import Knowledge
from .drug_hints import hints_of


class ChangeKind(StrEnum):
    """What became of a row of ours; `meaning` is of what rows say together."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    MEANING = "meaning"


@dataclass(frozen=True, kw_only=True)
class KnowledgeChange:
    """One line of `alktrace knowledge diff`."""

    change: ChangeKind = column("`added`, `changed`, `removed`, or `meaning`: what the rows together say")
    table: str = column("table of the row", default="")
    subject: str = column("what is spoken of; key of a wide table")
    attribute: str = column("which property, or the drug whose effect changes", default="")
    before: str = column("what our tables say", default="")
    after: str = column("what is said with the site's tables", default="")


def row_changes(files: KnowledgeFiles, row_types: Mapping[str, type[Any]]) -> Iterator[KnowledgeChange]:
    """Yield the rows that the site's tables add, change or remove, by table.

    Args:
        files: our tables with those of the site.
        row_types: classes of the wide tables by name.

    Raises:
        InputProblems: what is wrong with the form of a table.
    """
    for name in files.own.tables if files.own else ():
        kind = row_types.get(name, KnownValue)
        before = {
            files.key(name, item.row): item.row for item in KnowledgeFiles(files.folder).rows(name, kind)
        }
        after = {files.key(name, row): row for row in map(files.as_written, files.rows(name, kind))}
        for key in [*before, *(key for key in after if key not in before)]:
            old, new = before.get(key), after.get(key)
            if old != new:
                yield _row_change(name, old, new)


def _row_change(name: str, old: Any, new: Any) -> KnowledgeChange:
    row = new if old is None else old
    kind = ChangeKind.CHANGED if old and new else ChangeKind.REMOVED if old else ChangeKind.ADDED
    subject = (
        " ".join(format_cell(getattr(row, column)) for column in WIDE_KEYS[name])
        if name in WIDE_KEYS
        else row.subject
    )
    return KnowledgeChange(
        change=kind,
        table=name,
        subject=subject,
        attribute=getattr(row, "attribute", ""),
        before=_said(name, old),
        after=_said(name, new),
    )


def _said(name: str, row: Any) -> str:
    if row is None:
        return ""
    if name not in WIDE_KEYS:
        return f"{row.value} ({row.mark}): {row.source}"
    cells = {item.name: format_cell(getattr(row, item.name)) for item in fields(row)}
    return ", ".join(f"{column} {text}" for column, text in cells.items() if column not in WIDE_KEYS[name])


def meaning_changes(before: Knowledge, after: Knowledge) -> Iterator[KnowledgeChange]:
    """Yield what a finding would mean otherwise: effects of drugs, roles, classes, names, loci."""
    old, new = dict(_meanings(before)), dict(_meanings(after))
    for subject, attribute in sorted(old.keys() | new.keys()):
        was, now = old.get((subject, attribute), ""), new.get((subject, attribute), "")
        if was != now:
            yield KnowledgeChange(
                change=ChangeKind.MEANING, subject=subject, attribute=attribute, before=was, after=now
            )


def _meanings(known: Knowledge) -> Iterator[tuple[tuple[str, str], str]]:
    for subject, statements in known.statements.items():
        hints = hints_of(statements)
        yield from (((subject, drug), f"{effect} ({hints.mark(drug)})") for drug, effect in hints.effects())
    yield from (((item.hgvs_p, "role"), item.role.value) for item in known.mutations.values())
    for mechanism in known.mechanisms.values():
        named = f"{mechanism.kind or 'no class'}, at most {mechanism.confidence}"
        yield (mechanism.subject, "class"), named + ("" if mechanism.carries_class else ", carries no class")
        yield (mechanism.subject, "negative"), "core" if mechanism.core else ""
    yield from (((name, "drug"), drug) for name, drug in known.drug_names.items())
    yield from (((drug, "ALK inhibitor"), "yes") for drug in known.alk_tkis)
    yield from (((gene, "clonal haematopoiesis"), "yes") for gene in known.ch_genes)
    yield from (((gene, "clonal haematopoiesis"), "not excluded") for gene in known.ch_not_excluded_genes)
    yield from (((locus.gene, locus.locus), "locus") for locus in known.hotspots)
