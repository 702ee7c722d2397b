"""What lines of a report become: their columns, the rows of a table, the notes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..annotate.alteration_table import AlterationRow
from ..errors import Problem
from ..inputs.user_tables import Line, read_lines
from ..io.tables import column
from ..vocabulary.caveats import CaveatCode
from ..vocabulary.samples import VafUnit
from .covered import Coverage, CoveredRegions
from .report_words import COLUMNS, ReportWords
from .vaf_cells import Remark, with_units

GENE_CELLS = ("gene", "hgvs_p", "hgvs_c")
"""Cells that may begin with the gene, in this order."""
SAID_CELLS = (*GENE_CELLS, "variant_class", "result")
NOT_READ = CaveatCode.NOT_READ
GENE_NOT_NAMED = CaveatCode.GENE_NOT_NAMED
NO_GENE_MODEL = CaveatCode.NO_GENE_MODEL
NAMES_DISAGREE = CaveatCode.NAMES_DISAGREE
PARTNER_UNKNOWN = CaveatCode.PARTNER_UNKNOWN
COPIES_NOT_STATED = CaveatCode.COPIES_NOT_STATED
REPORTED_AS_GAIN = CaveatCode.REPORTED_AS_GAIN
REPORT_LINES_DIFFER = CaveatCode.REPORT_LINES_DIFFER
SHEET = "report"


@dataclass(frozen=True)
class ReportNote:
    """`notes.tsv`: something in a report that could not be taken as written."""

    line: int = column("line of the report; 0 for the whole file")
    place: str = column("column of the report")
    what: str = column("what was found")
    remedy: str = column("what to write instead, or how it was read")


@dataclass(frozen=True)
class Report:
    """A report as read.

    Attributes:
        coverage: None where the report does not say what it covered.
        lod_vaf: VAF that it would have found; None where it does not say.
    """

    alterations: tuple[AlterationRow, ...]
    notes: tuple[ReportNote, ...]
    coverage: Coverage | CoveredRegions | None
    lod_vaf: float | None
    tumour_fraction: float | None
    molecules: int | None


def read_report_lines(
    path: Path, words: ReportWords, unit: VafUnit | None = None
) -> tuple[list[Line], list[Remark], list[Problem]]:
    """Return the lines of a reported-alterations table by column, remarks, and what is wrong with its form.

    Headers of laboratories are understood (`cfDNA %`, `Protein change`, `突变丰度`); shares have their sign.

    Args:
        path: the table.
        words: know the headers.
        unit: of bare numbers, as the sheet states it.
    """
    percent: set[str] = set()

    def rename(written: str) -> str:
        name, in_percent = words.column(written)
        if in_percent:
            percent.add(name)
        return name

    lines, problems = read_lines(path, columns=COLUMNS, required=("gene",), sheet=SHEET, rename=rename)
    remarks, wrong = with_units(str(path), lines, percent, unit)
    return lines, remarks, [*problems, *wrong]


class ReportNotes:
    """Notes about what could not be taken as written."""

    def __init__(self) -> None:
        """Begin without notes."""
        self.notes: list[ReportNote] = []

    def note(self, line: Line | None, name: str, what: str, remedy: str) -> None:
        """Keep a note."""
        clean = re.sub(r"\s+", " ", what)
        self.notes.append(ReportNote(line.number if line else 0, name, clean, remedy))

    def shared(
        self,
        lines: Sequence[Line],
        name: str,
        read: Callable[[str], float],
        choose: Callable[[Sequence[float]], float],
    ) -> float | None:
        """Return what a column says about the whole report; of different values the cautious one."""
        values = []
        for line in lines:
            if name in line:
                try:
                    values.append(read(line[name]))
                except ValueError as error:
                    self.note(line, name, f"value {line[name]!r}", str(error))
        if len(set(values)) > 1:
            self.note(None, name, f"{len(set(values))} different values", f"{choose(values):g} is used")
        return choose(values) if values else None


def first_word(line: Line) -> str:
    """Return the gene as written: the first word of the first filled cell."""
    text = next((line[name] for name in GENE_CELLS if name in line), "")
    return text.split(" ")[0].split(":")[0]
