"""Wordings of reports with the reading that a person gives them, and how a reading compares with it."""

import csv
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from alktrace.annotate.alteration_table import AlterationRow
from alktrace.vocabulary.changes import Origin, VariantType

WORDINGS = Path(__file__).parent / "data" / "report_wordings.tsv"
CELLS = ("gene", "hgvs_p", "variant_class", "vaf", "copy_number", "partner")


class Score(StrEnum):
    """How a reading compares with the expected one."""

    READ = "read"
    NOT_READ = "not read"  # says less: what is missing is covered by an unread row
    WRONG = "wrong"


@dataclass(frozen=True)
class Wording:
    """One line of a report and its expected reading, written before the grammar or after it."""

    line: int
    language: str
    form: str
    cells: tuple[str, ...]
    expected: frozenset[str]


def wordings() -> list[Wording]:
    """Return the table."""
    with WORDINGS.open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [
            Wording(
                line,
                row["language"],
                row["form"],
                tuple(row[name] for name in CELLS),
                frozenset(part.strip() for part in row["expected"].split("; ")) - {"-"},
            )
            for line, row in enumerate(rows, start=2)
        ]


def reading(row: AlterationRow) -> str:
    """Return an alteration as the table writes it; `?GENE` where nothing is concluded."""
    if "not_read" in row.flags:
        return "?" if "gene_not_named" in row.flags else f"?{row.gene}"
    name = row.alteration if row.variant_type is VariantType.FUSION else f"{row.gene} {row.alteration}"
    if "reported_as_gain" in row.flags:
        name = f"{row.gene} gain"
    both = row.variant_type is VariantType.LOSS and "copies_not_stated" not in row.flags
    origins = {Origin.GERMLINE: "germline", Origin.CLONAL_HAEMATOPOIESIS: "blood"}
    phases = [
        word for word in ("cis", "trans") if any(f.startswith(f"reported_in_{word}") for f in row.flags)
    ]
    parts = (
        name,
        *(["both"] if both else []),
        *([f"x{row.copy_number:g}"] if row.copy_number is not None else []),
        *([f"{100 * row.vaf:g}%"] if row.vaf is not None else []),
        *([origins[row.origin]] if row.origin in origins else []),
        *phases,
    )
    return " ".join(parts)


def score(found: frozenset[str], expected: frozenset[str]) -> Score:
    """Compare a reading with the expected one.

    A reading says less where every finding is expected and an unread row covers whatever is missing.
    """
    if found == expected:
        return Score.READ
    covered = {name.removeprefix("?") for name in found if name.startswith("?")}
    findings = {name for name in found if not name.startswith("?")}
    missing = expected - found
    hidden = all("" in covered or any(_of(gene, name) for gene in covered) for name in missing)
    return Score.NOT_READ if findings <= expected and hidden else Score.WRONG


def _of(gene: str, name: str) -> bool:
    return gene in name.removeprefix("?").split(" ")[0].split("-") or gene == name.removeprefix("?")
