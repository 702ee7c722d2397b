"""What lines of a report become: their columns, the rows of a table, the notes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..annotate.alteration_table import AlterationRow
from ..annotate.protein import ProteinChange
from ..errors import Problem
from ..inputs.user_tables import Line, read_lines
from ..io.tables import column
from ..vocabulary.caveats import CaveatCode
from ..vocabulary.changes import Consequence, VariantType
from .wording import Coverage, column_name, means_percent, read_fraction

COLUMNS = (
    "gene", "hgvs_p", "hgvs_c", "variant_class", "vaf", "copy_number", "partner",
    "covered_genes", "covered_exons", "lod_vaf", "tumour_fraction", "molecules",
)  # fmt: skip
LARGE_FRACTION = 0.2
"""A VAF from here on without sign is named in a note: it may be a percentage."""
GENE_CELLS = ("gene", "hgvs_p", "hgvs_c")
"""Cells that may begin with the gene, in this order."""
NOT_READ = CaveatCode.NOT_READ
GENE_NOT_NAMED = CaveatCode.GENE_NOT_NAMED
NO_GENE_MODEL = CaveatCode.NO_GENE_MODEL
NAMES_DISAGREE = CaveatCode.NAMES_DISAGREE
PARTNER_UNKNOWN = CaveatCode.PARTNER_UNKNOWN
COPIES_NOT_STATED = CaveatCode.COPIES_NOT_STATED
REPORTED_AS_GAIN = CaveatCode.REPORTED_AS_GAIN
REPORT_LINES_DIFFER = CaveatCode.REPORT_LINES_DIFFER
FRACTIONS = ("vaf", "lod_vaf", "tumour_fraction")


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
    coverage: Coverage | None
    lod_vaf: float | None
    tumour_fraction: float | None
    molecules: int | None


def read_report_lines(path: Path) -> tuple[list[Line], list[Problem]]:
    """Return the lines of a reported-alterations table by column, and what is wrong with its form.

    Headers of laboratories are understood (`cfDNA %`, `Protein change`); where one says per cent, its bare
    numbers get the sign.
    """
    percent: set[str] = set()

    def rename(written: str) -> str:
        name, in_percent = column_name(written)
        if in_percent and name in FRACTIONS:
            percent.add(name)
        return name

    lines, problems = read_lines(path, columns=COLUMNS, required=("gene",), sheet="report", rename=rename)
    for line in lines:
        line.update({name: f"{line[name]} %" for name in percent & line.keys() if "%" not in line[name]})
    return lines, problems


class ReportValues:
    """Numbers of a report and the notes about what could not be taken as written."""

    def __init__(self) -> None:
        """Begin without notes; bare numbers are fractions until a column says otherwise."""
        self.notes: list[ReportNote] = []
        self._percent: set[str] = set()

    def note(self, line: Line | None, name: str, what: str, remedy: str) -> None:
        """Keep a note."""
        clean = re.sub(r"\s+", " ", what)
        self.notes.append(ReportNote(line.number if line else 0, name, clean, remedy))

    def learn_unit(self, name: str, lines: Sequence[Line]) -> None:
        """Read the bare numbers of a column as percentages if one of them is one or more."""
        cells = [line[name] for line in lines if name in line]
        if means_percent(cells):
            self._percent.add(name)
            what = "a value of 1 or more without sign"
            self.note(None, name, what, "bare numbers of the column are read as percentages")
        elif name == "tumour_fraction" and "vaf" in self._percent and means_percent(cells, least=0.0):
            self._percent.add(name)
            what = "values below 1 without sign, beside VAFs in per cent"
            self.note(None, name, what, "bare numbers of the column are read as percentages too")
        elif name in ("vaf", "tumour_fraction") and means_percent(cells, least=LARGE_FRACTION):
            what = f"values below 1 without sign, one of them {LARGE_FRACTION:g} or more"
            self.note(
                None, name, what, "read as fractions: 0.5 is 50 %; write the sign if they are percentages"
            )

    def fraction(self, text: str, name: str) -> float:
        """Return a fraction of a column."""
        return read_fraction(text, percent=name in self._percent)

    def shared(
        self,
        lines: Sequence[Line],
        name: str,
        read: Callable[[str, str], float],
        choose: Callable[[Sequence[float]], float],
    ) -> float | None:
        """Return what a column says about the whole report; of different values the cautious one."""
        values = []
        for line in lines:
            if name in line:
                try:
                    values.append(read(line[name], name))
                except ValueError as error:
                    self.note(line, name, f"value {line[name]!r}", str(error))
        if len(set(values)) > 1:
            self.note(None, name, f"{len(set(values))} different values", f"{choose(values):g} is used")
        return choose(values) if values else None

    def gives_vaf(self, line: Line) -> bool:
        """Tell whether a line has a VAF above 0; a bound or a dash is none."""
        try:
            return self.fraction(line.get("vaf", "0"), "vaf") > 0
        except ValueError:
            return False


def said_of(line: Line) -> str:
    """Return the words of a line: gene, changes and kind."""
    return " ".join(line.get(name, "") for name in (*GENE_CELLS, "variant_class"))


def first_word(line: Line) -> str:
    """Return the gene: the first word of the first filled cell."""
    text = next((line[name] for name in GENE_CELLS if name in line), "")
    return text.split(" ")[0].split(":")[0]


def protein_type(change: ProteinChange) -> VariantType:
    """Return the kind of variant that a protein change alone suggests."""
    if change.name.endswith("dup"):
        return VariantType.DUPLICATION
    return {
        Consequence.INFRAME_INSERTION: VariantType.INSERTION,
        Consequence.INFRAME_DELETION: VariantType.DELETION,
        Consequence.INFRAME_DELINS: VariantType.DELINS,
        Consequence.FRAMESHIFT: VariantType.DELINS,
    }.get(change.consequence, VariantType.SNV)
