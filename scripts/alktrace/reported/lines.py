"""Lines of a laboratory's report as alterations; what cannot be taken as written leaves a note.

No line is dropped: one that cannot be read stays as a row with the flag `not_read`, so that a report is never
taken for a negative because of a misprint.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..annotate.alteration_table import AlterationRow, empty_row
from ..annotate.small_variants import Namer, VariantKnowledge
from ..errors import InputProblems
from ..inputs.user_tables import Line
from ..vocabulary.changes import Origin, VariantType
from .genes import ReportGenes
from .line_rows import (
    COPIES_NOT_STATED,
    FRACTIONS,
    GENE_CELLS,
    GENE_NOT_NAMED,
    NOT_READ,
    REPORT_LINES_DIFFER,
    REPORTED_AS_GAIN,
    Report,
    first_word,
    read_report_lines,
    said_of,
)
from .small_changes import changes_in, names_a_change, small_change
from .structural_changes import copy_number, copy_words, fusion, skipping
from .wording import (
    Coverage,
    ReportedKind,
    cell_denies,
    is_bound,
    is_dash,
    kind_of,
    read_coverage,
    says_doubtful,
    says_nothing_found,
    says_nothing_plainly,
    says_origin,
    split_names,
)

VAF_KINDS = (ReportedKind.SMALL, ReportedKind.FUSION, ReportedKind.SKIPPING)
"""Kinds of which a VAF of 0 denies the finding; laboratories fill it in for copy numbers."""
KEPT = "the line is kept, but nothing is concluded from it; write the VAF, or `not detected`"
NO_FINDING = "no finding; state what the test covers in covered_genes and lod_vaf"


def read_report(path: Path, reader: "ReportReader") -> Report:
    """Read a reported-alterations table.

    Raises:
        InputProblems: wrong columns, or a line with too many cells.
    """
    lines, problems = read_report_lines(path)
    if problems:
        raise InputProblems(problems)
    for name in FRACTIONS:
        reader.learn_unit(name, lines)
    reader.learn_vafs(lines)
    rows: dict[str, AlterationRow] = {}
    for line in lines:
        for row in reader.alterations(line):
            rows[row.key] = reader.chosen(rows[row.key], row, line) if row.key in rows else row
    molecules = reader.shared(lines, "molecules", _whole, min)
    return Report(
        alterations=tuple(rows.values()),
        coverage=reader.coverage(lines),
        lod_vaf=reader.shared(lines, "lod_vaf", reader.fraction, max),
        tumour_fraction=reader.shared(lines, "tumour_fraction", reader.fraction, min),
        molecules=None if molecules is None else int(molecules),
        notes=tuple(reader.notes),
    )


class ReportReader(ReportGenes):
    """Reads lines of a report and keeps notes of what it could not take as written."""

    def __init__(self, namer: Namer, knowledge: VariantKnowledge, drivers: dict[str, str]) -> None:
        """Begin without notes."""
        super().__init__(namer, knowledge, drivers)
        self._vafs_given = False

    def learn_vafs(self, lines: Sequence[Line]) -> None:
        """Learn whether the report gives VAFs of small variants, so that a dash stands out."""
        self._vafs_given = any(
            self.gives_vaf(line) for line in lines if kind_of(said_of(line)) is ReportedKind.SMALL
        )

    def chosen(self, first: AlterationRow, second: AlterationRow, line: Line) -> AlterationRow:
        """Return which of two lines on one alteration counts: the firmer one, else the first; both are named.

        A gain beside an amplification, a loss of unstated copies beside a homozygous one are the weaker ones.
        """
        weak = {REPORTED_AS_GAIN, COPIES_NOT_STATED}
        weaker = [bool(weak & set(row.flags)) for row in (first, second)]
        if weaker[0] == weaker[1]:
            what = f"{first.gene} {first.alteration} stands twice"
            self.note(line, "gene", what, "the first line counts")
            return first
        firm, other = (second, first) if weaker[0] else (first, second)
        what = f"{first.gene} stands twice: {copy_words(firm)}, and {copy_words(other)}"
        self.note(line, "gene", what, "the firmer line counts; the other may be of another method or lesion")
        return replace(firm, flags=(*firm.flags, REPORT_LINES_DIFFER))

    def coverage(self, lines: Sequence[Line]) -> Coverage | None:
        """Return the coverage over all lines; None if none says anything."""
        found = []
        for line in lines:
            genes, exons = line.get("covered_genes"), line.get("covered_exons")
            if genes or exons:
                try:
                    found.append(read_coverage(genes, exons, partial(self.symbol, None, "covered_genes")))
                except ValueError as error:
                    self.note(line, "covered_exons", str(error), "the coverage of this line is not used")
        if not found:
            return None
        if any(item != found[0] for item in found):
            self.note(None, "covered_genes", "lines differ in coverage", "the first is used")
        return found[0]

    def alterations(self, line: Line) -> list[AlterationRow]:
        """Return the alterations of a line; none for a line without finding."""
        given = self._with_gene_cell(line)
        if given is None:
            return []
        line = self.by_symbol(given)
        said = said_of(line)
        if says_nothing_found(said):
            return self._nothing_found(line, said)
        if kind_of(said) in VAF_KINDS and cell_denies(line.get("vaf", "")):
            what = f"{said.strip()}: VAF {line['vaf']!r} says that it was not found"
            self.note(line, "vaf", what, NO_FINDING)
            return []
        if kind_of(said) is ReportedKind.OTHER and first_word(line) not in self.namer.models.by_gene:
            self.note(line, "gene", f"{said.strip()}: no alteration of a gene", "the line is left out")
            return []
        if (doubt := self._doubt(line, said)) is not None:
            self.note(line, "vaf", f"{said.strip()}: {doubt}", KEPT)
            return self._unread(line)
        return [row for part in self._parts(line) for row in self._alteration(part)]

    def _with_gene_cell(self, line: Line) -> Line | None:
        """Return a line that begins with what it speaks of; None for one without finding.

        Where gene and changes are empty, the other words of the line stand in, if they speak of a finding.
        """
        if any(name in line for name in GENE_CELLS):
            return line
        kind, partner = line.get("variant_class", ""), line.get("partner", "")
        unnamed = kind_of(kind) in (ReportedKind.SMALL, ReportedKind.OTHER) and not self.gives_vaf(line)
        if unnamed and not self.genes_in(f"{kind} {partner}"):
            return None
        used = "partner" if partner and not self.genes_in(kind) else "variant_class"
        rest = {name: text for name, text in line.items() if name != used}
        return Line(line.number, {"gene": line.get(used, "finding without a name"), **rest})

    def _doubt(self, line: Line, said: str) -> str | None:
        """Return why a line names a change without saying that it was found; None where it says so.

        Of copy numbers an equivocal gain is a gain, and no VAF is expected.
        """
        kind, vaf = kind_of(said), line.get("vaf", "")
        if kind not in VAF_KINDS:
            return None
        if says_doubtful(f"{said} {vaf}"):
            return "the report leaves open whether it was found"
        if is_bound(vaf):
            return f"VAF {vaf!r} is a bound: found as a trace, or not found?"
        if is_dash(vaf) and kind is ReportedKind.SMALL and self._vafs_given:
            return f"VAF {vaf!r}, where other lines give one: found, or not found?"
        return None

    def _alteration(self, line: Line) -> list[AlterationRow]:
        said = said_of(line)
        try:
            rows = [self._read(kind_of(said), line, said)]
        except ValueError as error:
            self.note(line, "gene", str(error), "the line is kept, but nothing is concluded from it")
            rows = self._unread(line)
        vaf = self._vaf(line)
        return [self._of_origin(replace(row, vaf=vaf), line, said) for row in rows]

    def _of_origin(self, row: AlterationRow, line: Line, said: str) -> AlterationRow:
        """Return the row with the origin that the laboratory states, where that is not the tumour."""
        origin = says_origin(said)
        if origin is None or row.origin is Origin.SOMATIC:
            return row
        words = origin.value.replace("_", " ")
        self.note(line, "variant_class", f"{said.strip()}: {words} by the report", "listed, and no mechanism")
        return replace(row, origin=origin, origin_reason=f"{words} by the report")

    def _nothing_found(self, line: Line, said: str) -> list[AlterationRow]:
        """Take a line that denies a finding for no finding, unless it also gives one."""
        named = kind_of(said) is ReportedKind.SMALL and names_a_change(self, line)
        if self.gives_vaf(line) or (named and not says_nothing_plainly(said)):
            what = f"{said.strip()}: says that nothing was found, and names a finding"
            self.note(line, "gene", what, "the line is kept, but nothing is concluded from it")
            vaf = self._vaf(line)
            return [replace(row, vaf=vaf) for row in self._unread(line)]
        what = f"{said.strip()}: says that nothing was found"
        self.note(line, "gene", what, NO_FINDING)
        return []

    def _parts(self, line: Line) -> list[Line]:
        """Return a line per change where one cell holds several; their phase is not taken from it."""
        line = self._with_names_apart(line)
        found = changes_in(self, line) if kind_of(said_of(line)) is ReportedKind.SMALL else None
        if found is None or len(found) == 1:
            return [line]
        what = f"{len(found)} changes in one cell"
        self.note(
            line, "hgvs_p", what, "read as one line each; their phase and a VAF they share are not used"
        )
        gene = first_word(line)
        dropped = ("gene", "hgvs_p", "hgvs_c", "vaf")
        rest = {name: text for name, text in line.items() if name not in dropped}
        return [Line(line.number, {"gene": gene, "hgvs_p": change, **rest}) for change in found]

    def _with_names_apart(self, line: Line) -> Line:
        if "hgvs_c" in line or "hgvs_p" not in line:
            return line
        protein, coding = split_names(line["hgvs_p"])
        if coding is None:
            return line
        return Line(line.number, {**line, "hgvs_p": protein, "hgvs_c": coding})

    def _vaf(self, line: Line) -> float | None:
        if "vaf" not in line:
            return None
        try:
            return self.fraction(line["vaf"], "vaf")
        except ValueError as error:
            self.note(line, "vaf", f"value {line['vaf']!r}", str(error))
            return None

    def _read(self, kind: ReportedKind, line: Line, said: str) -> AlterationRow:
        if kind is ReportedKind.SMALL:
            return small_change(self, line, said)
        if kind is ReportedKind.FUSION:
            return fusion(self, line, said)
        if kind is ReportedKind.SKIPPING:
            return skipping(self, line, said)
        if kind is ReportedKind.OTHER:
            raise ValueError(f"{said.strip()}: no alteration of a gene")
        return copy_number(self, line, said)

    def _unread(self, line: Line) -> list[AlterationRow]:
        """Return a line of which nothing is concluded, once for every gene that it may speak of.

        A finding without any gene may be of every gene; words that name neither gene, VAF nor kind of change
        may be a remark.
        """
        names = (*GENE_CELLS, "variant_class", "partner")
        written = " ".join(line[name] for name in names if name in line).replace(";", ",")
        genes = self.genes_meant(line)
        finding = self.gives_vaf(line) or kind_of(written) not in (ReportedKind.SMALL, ReportedKind.OTHER)
        flags = (NOT_READ,) if genes or not finding else (GENE_NOT_NAMED, NOT_READ)
        rows = []
        for gene in genes or [first_word(line)]:
            shown = written.removeprefix(gene).strip() or written
            row = empty_row(f"reported:{gene}:{written}", gene, VariantType.DELINS, shown)
            rows.append(replace(row, flags=flags))
        return rows


def _whole(text: str, _: str) -> float:
    if not re.fullmatch(r"\d{1,3}(?:[, ]?\d{3})*|\d+", text):
        raise ValueError("write a whole number")
    return float(re.sub(r"[, ]", "", text))
