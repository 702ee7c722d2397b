"""Lines of a laboratory's report as alterations; what cannot be taken as written leaves a note.

No line is dropped: one that cannot be read stays as a row with the flag `not_read`, so that a report is never
taken for a negative because of a misprint.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..annotate.alteration_table import AlterationRow, empty_row
from ..annotate.small_variants import Namer, VariantKnowledge
from ..errors import InputProblems
from ..inputs.user_tables import Line
from ..vocabulary.caveats import Caveat, CaveatCode
from ..vocabulary.changes import STRUCTURAL, Origin, VariantType
from ..vocabulary.samples import VafUnit
from .clauses import TWO_READINGS, UNKNOWN, Clause
from .covered import Coverage, read_coverage
from .findings import COPY_WORDS, SMALL_NAMES, Finding, ReportedKind, kind_of
from .genes import ALK, ReportGenes
from .line_clauses import read_line
from .line_rows import (
    COPIES_NOT_STATED,
    GENE_NOT_NAMED,
    NOT_READ,
    REPORT_LINES_DIFFER,
    REPORTED_AS_GAIN,
    SAID_CELLS,
    Report,
    first_word,
    read_report_lines,
)
from .report_words import Meaning, ReportWords
from .small_changes import small_change
from .statements import HEADS, Status
from .structural_changes import NOT_AMPLIFIED, copies_of, copy_number, copy_words, fusion, skipping
from .tokens import Lexer, Shape, Word
from .vaf_cells import VafCell, read_share, read_vaf

KEPT = "the line is kept, but nothing is concluded from it; write the VAF, or `not detected`"
ADD_WORDS = (
    "the line is kept, but nothing is concluded from it; list the words in report_words.tsv beside the sheet"
)
NO_FINDING = "no finding; what that excludes follows from covered_genes and lod_vaf"
NONE_OF_KIND = {
    ReportedKind.COPIES: "no finding; lod_vaf is no limit of copy numbers: none is excluded (not_stated)",
    ReportedKind.FUSION: "no finding; excluded down to lod_vaf where covered_exons names its introns",
}
BOTH = "says that nothing was found, and names a finding"
OPEN = "the report leaves open whether it was found"
ROUNDED = 0.1
MAX_NUMBER = 15
"""Characters of a count of molecules."""
"""Two writings of one VAF differ by less than this share of it."""
READERS = {
    ReportedKind.SMALL: small_change,
    ReportedKind.FUSION: fusion,
    ReportedKind.COPIES: copy_number,
    ReportedKind.SKIPPING: skipping,
}
PHASES = {Meaning.CIS: CaveatCode.REPORTED_IN_CIS, Meaning.TRANS: CaveatCode.REPORTED_IN_TRANS}


def read_report(path: Path, reader: "ReportReader", unit: VafUnit | None = None) -> Report:
    """Read a reported-alterations table.

    Args:
        path: the table.
        reader: reads its lines.
        unit: of bare VAFs, as the sheet states it.

    Raises:
        InputProblems: wrong columns, a line with too many cells, or VAFs without a unit.
    """
    lines, remarks, problems = read_report_lines(path, reader.words, unit)
    if problems:
        raise InputProblems(problems)
    for remark in remarks:
        reader.note(None, *remark)
    reader.learn_vafs(lines)
    rows: dict[str, AlterationRow] = {}
    for line in lines:
        for row in reader.alterations(line):
            rows[row.key] = reader.chosen(rows[row.key], row, line) if row.key in rows else row
    molecules = reader.shared(lines, "molecules", _whole, min)
    return Report(
        alterations=tuple(rows.values()),
        coverage=reader.coverage(lines),
        lod_vaf=reader.shared(lines, "lod_vaf", read_share, max),
        tumour_fraction=reader.shared(lines, "tumour_fraction", read_share, min),
        molecules=None if molecules is None else int(molecules),
        notes=tuple(reader.notes),
    )


class ReportReader(ReportGenes):
    """Reads lines of a report and keeps notes of what it could not take as written."""

    def __init__(
        self, namer: Namer, knowledge: VariantKnowledge, drivers: dict[str, str], words: ReportWords
    ) -> None:
        """Begin without notes; arguments as of `ReportGenes`, and the words of reports."""
        super().__init__(namer, knowledge, drivers)
        self.words = words
        self._lexer = Lexer(words, self.known_symbol)
        self._dash_is_open = False

    def learn_vafs(self, lines: Sequence[Line]) -> None:
        """Learn whether a dash has two readings: beside VAFs, and in a list with nothing but dashes."""
        cells = [read_vaf(line.get("vaf", ""), self._lexer) for line in lines]
        self._dash_is_open = any(cell.value for cell in cells) or sum(cell.dash for cell in cells) > 1

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
        read, cell = read_line(line, self._lexer), read_vaf(line.get("vaf", ""), self._lexer)
        for word in read.words:
            if word.kind in (Shape.GENES, Shape.PAIR):
                self.name_notes(line, "gene", word)
        if _other(read.words):
            self.note(line, "gene", f"{_said(line)}: no alteration of a gene", "the line is left out")
            return []
        silent = cell.value is None and cell.problem is None and "partner" not in line
        if not (read.clauses or read.problem or read.context) and silent:
            return []
        clauses = read.clauses or (Clause((read.context,) if read.context else ()),)
        if read.problem:
            clauses = (Clause(read.words, problem=read.problem),)
        rows = []
        for clause in clauses:
            said = _said(line) if len(clauses) == 1 else clause.text
            for part, gene in _per_gene(clause):
                finding = Finding(line, part, gene, said, read.copies)
                rows += self._rows(finding, _of_clause(cell, clause, clauses))
        return self._together(line, rows, clauses)

    def _rows(self, finding: Finding, cell: VafCell) -> list[AlterationRow]:
        """Return the rows of one clause: the finding, or what nobody could read; none where it is denied."""
        clause, line = finding.clause, finding.line
        try:
            if clause.heads == {Meaning.OTHER} and not finding.gene:
                self.note(line, "gene", f"{finding.said}: no alteration of a gene", "it is left out")
                return []
            if clause.problem:
                raise ValueError(clause.problem)
            kind = kind_of(clause)
            if kind is ReportedKind.OTHER:
                raise ValueError(f"{finding.said}: no alteration of a gene")
            vaf = self._vaf(finding, cell, kind)
            if self._denied(finding, vaf, kind):
                return []
            if kind not in READERS:
                raise ValueError(f"{finding.said}: not a protein change, nor any alteration that can be read")
            row = READERS[kind](self, finding)
        except ValueError as error:
            remedy = ADD_WORDS if UNKNOWN in str(error) else KEPT
            self.note(line, "gene", _with_words(str(error), finding.said), remedy)
            return self._unread(finding, cell)
        return [self._of_origin(replace(row, vaf=vaf.value), finding)]

    # --- found, or not found? ------------------------------------------------------------------

    def _vaf(self, finding: Finding, cell: VafCell, kind: ReportedKind) -> VafCell:
        """Return what VAF cell and words of a clause say of its VAF together.

        Raises:
            ValueError: they say that nothing is known.
        """
        own = _own_vaf(finding.clause, self._lexer)
        if kind is ReportedKind.COPIES and (cell.zero or cell.bound or cell.dash):
            if cell.bound:
                remedy = "a bound is no value; leave the cell empty"
                self.note(finding.line, "vaf", f"value {finding.line['vaf']!r}", remedy)
            cell = VafCell()
        for item in (cell, own):
            if item.problem:
                raise ValueError(item.problem)
        if own.status is None and not own.bound:
            return cell
        if cell.status is not None and cell.status is not own.status:
            raise ValueError(f"{finding.said}: {BOTH}")
        if cell.value and own.value and abs(cell.value - own.value) > ROUNDED * cell.value:
            what = f"{finding.said}: VAF {finding.line['vaf']!r} in its cell, another one in the words"
            self.note(finding.line, "vaf", what, "neither is used")
            return VafCell(status=Status.FOUND)
        return own

    def _denied(self, finding: Finding, vaf: VafCell, kind: ReportedKind) -> bool:
        """Tell whether a clause denies its subject.

        Raises:
            ValueError: it leaves that open, or says both.
        """
        clause, line = finding.clause, finding.line
        said = {status for status in (clause.status, vaf.status) if status is not None}
        if said & {Status.DOUBTFUL, Status.NOT_TESTED}:
            raise ValueError(f"{finding.said}: {OPEN}")
        if Status.DENIED in said:
            copies = copies_of(finding) if kind is ReportedKind.COPIES else None
            raised = copies is not None and copies > NOT_AMPLIFIED and not clause.has(Meaning.LOSS)
            if Status.FOUND in said or raised:
                raise ValueError(f"{finding.said}: {BOTH}")
            words = clause.status is Status.DENIED
            shown = line.get("vaf", clause.text)
            what = "says that nothing was found" if words else f"VAF {shown!r} says that it was not found"
            remedy = NONE_OF_KIND.get(kind, NO_FINDING)
            self.note(line, "gene" if words else "vaf", f"{finding.said}: {what}", remedy)
            return True
        if vaf.bound:
            raise ValueError(f"{finding.said}: a bound as VAF: a trace, or not found?")
        if clause.has(Meaning.EQUIVOCAL) and kind is not ReportedKind.COPIES:
            raise ValueError(f"{finding.said}: {OPEN}")
        if vaf.dash and not said and kind is ReportedKind.SMALL and self._dash_is_open:
            raise ValueError(f"{finding.said}: a dash as VAF, beside other lines: {TWO_READINGS}")
        return False

    # --- rows ----------------------------------------------------------------------------------

    def _of_origin(self, row: AlterationRow, finding: Finding) -> AlterationRow:
        """Return the row with the origin that the laboratory states, where that is not the tumour."""
        clause = finding.clause
        origins = {Meaning.GERMLINE: Origin.GERMLINE, Meaning.BLOOD: Origin.CLONAL_HAEMATOPOIESIS}
        stated = [origin for word, origin in origins.items() if clause.has(word)]
        if len(stated) != 1 or clause.has(Meaning.SOMATIC) or row.origin is Origin.SOMATIC:
            return row
        words = stated[0].value.replace("_", " ")
        what = f"{finding.said}: {words} by the report"
        self.note(finding.line, "variant_class", what, "listed, and no mechanism")
        return replace(row, origin=stated[0], origin_reason=f"{words} by the report")

    def _together(
        self, line: Line, rows: list[AlterationRow], clauses: Sequence[Clause]
    ) -> list[AlterationRow]:
        """Return the rows with the phase that the report states; nothing else tells it."""
        small = [row for row in rows if NOT_READ not in row.flags and row.variant_type not in STRUCTURAL]
        if len(small) > 1:
            what = f"{len(small)} changes in one cell"
            self.note(line, "hgvs_p", what, "read as one line each; a VAF that they share is not used")
        said = [clause for clause in clauses if clause.status in (None, Status.FOUND)]
        phases = [word for word in PHASES if any(clause.has(word) for clause in said)]
        if len(phases) != 1 or len({row.gene for row in small}) != 1 or len(small) < 2:
            return rows
        code = PHASES[phases[0]]
        stated = {
            row.key: (*row.flags, str(Caveat(code, tuple(o.alteration for o in small if o is not row))))
            for row in small
        }
        return [replace(row, flags=stated.get(row.key, row.flags)) for row in rows]

    def _unread(self, finding: Finding, cell: VafCell) -> list[AlterationRow]:
        """Return a clause of which nothing is concluded, once for every gene that it may speak of.

        A finding without any gene may be of every gene; words that name neither gene, VAF nor kind of change
        may be a remark.
        """
        line, clause = finding.line, finding.clause
        cells = " ".join(line[name] for name in (*SAID_CELLS, "partner") if name in line)
        written = (cells if finding.said == _said(line) else finding.said).replace(";", ",")
        genes = self._genes_meant(finding)
        named = genes or (cell.value is None and not clause.has(*HEADS, Shape.PERCENT))
        flags = (NOT_READ,) if named else (GENE_NOT_NAMED, NOT_READ)
        rows = []
        for gene in genes or [first_word(line) or "finding"]:
            shown = written.removeprefix(gene).strip() or written or "finding without a name"
            row = empty_row(f"reported:{gene}:{written}", gene, VariantType.DELINS, shown)
            rows.append(replace(row, vaf=cell.value, flags=flags))
        return rows

    def _genes_meant(self, finding: Finding) -> list[str]:
        """Return the genes that a clause nobody could read may speak of; none where it names no gene.

        Of a fusion these are the genes that can drive one. ALK is not among them: its fusion is the driver of
        the tumour, and no mechanism of resistance.
        """
        clause = finding.clause
        genes = [gene for genes in clause.values(Shape.GENES) for gene in genes]
        pairs = clause.values(Shape.PAIR)
        if clause.has(*SMALL_NAMES):
            genes += [gene for pair in pairs for gene in pair]
        if clause.has(*SMALL_NAMES) or not (pairs or clause.has(Meaning.FUSION)):
            return list(dict.fromkeys(genes))
        partner = self.known_symbol(finding.line.get("partner", ""))
        named = [*(gene for pair in pairs for gene in pair), *genes, *([partner] if partner else [])]
        driving = [gene for gene in named if gene in self.drivers and gene != ALK]
        return driving or ["-".join(pair) for pair in pairs] or genes


def _per_gene(clause: Clause) -> Iterator[tuple[Clause, str]]:
    """Yield a clause once per gene that it speaks of; a fusion and a change are of all of them together."""
    genes = list(dict.fromkeys(gene for genes in clause.values(Shape.GENES) for gene in genes))
    together = clause.has(Meaning.FUSION, Shape.PAIR, Shape.JUNCTION)
    if len(genes) > 1 and not together:
        if clause.has(Shape.CHANGE, Shape.CODING):
            yield clause.unread("a change of several genes"), ""
            return
        for gene in genes:
            words = [word for word in clause.words if word.kind is not Shape.GENES]
            yield replace(clause, words=(Word(Shape.GENES, gene, (gene,)), *words)), gene
        return
    yield clause, genes[0] if genes else ""


def _of_clause(cell: VafCell, clause: Clause, clauses: Sequence[Clause]) -> VafCell:
    """Return what the VAF cell says of one of several clauses; a number is of the only one not denied."""
    if len(clauses) == 1:
        return cell
    open_ = [other for other in clauses if other.status is not Status.DENIED]
    if clause.status is Status.DENIED:
        return VafCell()
    return cell if len(open_) == 1 else replace(cell, value=None)


def _own_vaf(clause: Clause, lexer: Lexer) -> VafCell:
    """Return the VAF in the words of a clause."""
    shares = [word for word in clause.words if word.kind in (Shape.PERCENT, Shape.BOUND)]
    numbers = [word for word in clause.words if word.kind is Shape.NUMBER]
    if len(shares) > 1:
        return VafCell(problem=f"{clause.text}: several shares")
    if numbers and clause.has(Meaning.VAF):
        return VafCell(problem=f"{clause.text}: a VAF without its sign; write it as 1.2 %")
    if numbers and not clause.has(*COPY_WORDS, Meaning.DELETION):
        return VafCell(problem=f"{clause.text}: a number of what?")
    return read_vaf(shares[0].text, lexer) if shares else VafCell()


def _other(words: Sequence[Word]) -> bool:
    """Tell whether a line speaks of the mutational burden or the like, and of no gene."""
    kinds = {word.kind for word in words}
    return Meaning.OTHER in kinds and not kinds & {Shape.GENES, *HEADS} - {Meaning.OTHER}


def _said(line: Line) -> str:
    return " ".join(line[name] for name in SAID_CELLS if name in line)


def _with_words(problem: str, said: str) -> str:
    return problem if said in problem else f"{said}: {problem}"


def _whole(text: str) -> float:
    if len(text) > MAX_NUMBER or not re.fullmatch(r"\d{1,3}(?:[, ]?\d{3})*|\d+", text):
        raise ValueError("write a whole number")
    return float(re.sub(r"[, ]", "", text))
