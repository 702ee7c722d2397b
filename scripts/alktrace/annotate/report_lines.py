"""Lines of a laboratory's report as alterations; what cannot be taken as written leaves a note.

No line is dropped: one that cannot be read stays as a row with the flag `not_read`, so that a report is never
taken for a negative because of a misprint.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..errors import InputProblems
from ..models import Consequence, Detection, ObservationSource, Origin, VariantType
from ..rows import AlterationRow
from ..tables import column
from ..user_tables import Line, read_lines
from .hgvs import Allele, VariantNames
from .protein import STOP, UNKNOWN_RESIDUE, ProteinChange, read_protein_change, short_name
from .report_text import (
    Coverage,
    ReportedKind,
    kind_of,
    means_percent,
    read_copy_number,
    read_coverage,
    read_exon,
    read_fraction,
    read_fusion,
    read_junction,
)
from .small_variants import Namer, VariantKnowledge

COLUMNS = (
    "gene", "hgvs_p", "hgvs_c", "variant_class", "vaf", "copy_number", "partner",
    "covered_genes", "covered_exons", "lod_vaf", "tumour_fraction", "molecules",
)  # fmt: skip
GENE_CELLS = ("gene", "hgvs_p", "hgvs_c")
"""Cells that may begin with the gene, in this order."""
NOT_READ = "not_read"
NO_GENE_MODEL = "no_gene_model"
NAMES_DISAGREE = "names_disagree"
MAX_RESIDUES = 40_000


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


def read_report(path: Path, reader: "ReportReader") -> Report:
    """Read a reported-alterations table.

    Raises:
        InputProblems: wrong columns, or a line with too many cells.
    """
    lines, problems = read_lines(path, columns=COLUMNS, required=("gene",))
    if problems:
        raise InputProblems(problems)
    for name in ("vaf", "lod_vaf", "tumour_fraction"):
        reader.learn_unit(name, lines)
    rows: dict[str, AlterationRow] = {}
    for line in lines:
        row = reader.alteration(line)
        if row is not None and row.key in rows:
            reader.note(line, "gene", f"{row.gene} {row.alteration} stands twice", "the first line counts")
        elif row is not None:
            rows[row.key] = row
    molecules = reader.shared(lines, "molecules", _whole, min)
    return Report(
        alterations=tuple(rows.values()),
        coverage=reader.coverage(lines),
        lod_vaf=reader.shared(lines, "lod_vaf", reader.fraction, max),
        tumour_fraction=reader.shared(lines, "tumour_fraction", reader.fraction, min),
        molecules=None if molecules is None else int(molecules),
        notes=tuple(reader.notes),
    )


class ReportReader:
    """Reads lines of a report and keeps notes of what it could not take as written."""

    def __init__(self, namer: Namer, knowledge: VariantKnowledge, drivers: dict[str, str]) -> None:
        """Keep what reading needs.

        Args:
            namer: names variants.
            knowledge: tables.
            drivers: side on which each fusion gene acts.
        """
        self.notes: list[ReportNote] = []
        self._namer = namer
        self._knowledge = knowledge
        self._drivers = drivers
        self._percent: set[str] = set()
        self._renamed: set[tuple[int, str, str]] = set()

    def note(self, line: Line | None, name: str, what: str, remedy: str) -> None:
        """Keep a note."""
        clean = re.sub(r"\s+", " ", what)
        self.notes.append(ReportNote(line.number if line else 0, name, clean, remedy))

    def learn_unit(self, name: str, lines: Sequence[Line]) -> None:
        """Read the bare numbers of a column as percentages if one of them exceeds one."""
        if means_percent([line[name] for line in lines if name in line]):
            self._percent.add(name)
            self.note(None, name, "a value exceeds 1", "bare numbers of the column are read as percentages")

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

    def coverage(self, lines: Sequence[Line]) -> Coverage | None:
        """Return the coverage over all lines; None if none says anything."""
        found = []
        for line in lines:
            genes, exons = line.get("covered_genes"), line.get("covered_exons")
            if genes or exons:
                try:
                    found.append(read_coverage(genes, exons, partial(self._symbol, None, "covered_genes")))
                except ValueError as error:
                    self.note(line, "covered_exons", str(error), "the coverage of this line is not used")
        if not found:
            return None
        if any(item != found[0] for item in found):
            self.note(None, "covered_genes", "lines differ in coverage", "the first is used")
        return found[0]

    def alteration(self, line: Line) -> AlterationRow | None:
        """Return the alteration of a line; None for a line without finding."""
        if not any(name in line for name in GENE_CELLS):
            return None
        line = self._by_symbol(line)
        said = " ".join(line.get(name, "") for name in (*GENE_CELLS, "variant_class"))
        kind = kind_of(said)
        try:
            row = self._read(kind, line, said)
        except ValueError as error:
            self.note(line, "gene", str(error), "the line is kept, but nothing is concluded from it")
            row = self._unread(line)
        return replace(row, vaf=self._vaf(line))

    def _by_symbol(self, line: Line) -> Line:
        """Return the line with the symbol of its gene, whatever name of the gene it begins with."""
        cell, written = next(name for name in GENE_CELLS if name in line), _first_word(line)
        rest = line[cell].removeprefix(written)
        return Line(line.number, {**line, cell: self._symbol(line, cell, written) + rest})

    def _symbol(self, line: Line | None, place: str, written: str) -> str:
        """Return the symbol of a gene name, with a note where it is another one."""
        known = written in self._namer.models.by_gene
        symbol = written if known else self._knowledge.gene_symbols.get(written.casefold(), written)
        key = (line.number if line else 0, place, written)
        if symbol != written and key not in self._renamed:
            self._renamed.add(key)
            self.note(line, place, f"{written} is a name of {symbol}", f"read as {symbol}, its HGNC symbol")
        return symbol

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
            return self._small(line, said)
        if kind is ReportedKind.FUSION:
            return self._fusion(line, said)
        if kind is ReportedKind.SKIPPING:
            return self._skipping(line, said)
        if kind is ReportedKind.OTHER:
            raise ValueError(f"{said.strip()}: no alteration of a gene")
        return self._copy_number(line, said)

    # --- kinds -----------------------------------------------------------------------------------

    def _fusion(self, line: Line, said: str) -> AlterationRow:
        symbol = partial(self._symbol, line, "partner" if "partner" in line else "gene")
        fusion = read_fusion(line.get("gene", ""), line.get("partner"), said, self._drivers, symbol)
        junction = read_junction(said)
        plain = f"{fusion.five}-{fusion.three}" + (f" {junction}" if junction else "")
        name, subjects, flags = self._knowledge.fusions.named(plain, fusion.driver, fusion.partner, junction)
        return replace(
            empty_row(f"fusion:{fusion.five}:{fusion.three}", fusion.driver, VariantType.FUSION, name),
            consequence=Consequence.FUSION,
            partner=fusion.partner,
            junction=junction,
            origin=Origin.SOMATIC,
            origin_reason="structural change",
            knowledge=subjects,
            flags=flags,
        )

    def _copy_number(self, line: Line, said: str) -> AlterationRow:
        gene = _first_word(line)
        kind = VariantType.LOSS if kind_of(said) is ReportedKind.LOSS else VariantType.AMPLIFICATION
        rest = said.removeprefix(gene)
        text = line.get("copy_number", "")
        number = read_copy_number(text) if text else read_copy_number(rest)
        if text and number is None:
            self.note(line, "copy_number", f"value {text!r}", "write a number such as 7.5")
        return replace(
            empty_row(f"copy_number:{gene}:{kind.value}", gene, kind, kind.value),
            consequence=Consequence.COPY_NUMBER,
            copy_number=number,
            origin=Origin.SOMATIC,
            origin_reason="structural change",
            flags=self._model_flags(line, gene),
        )

    def _skipping(self, line: Line, said: str) -> AlterationRow:
        gene, exon = _first_word(line), read_exon(said)
        if exon is None:
            raise ValueError(f"{said}: skipping of which exon? write `exon 14 skipping`")
        return replace(
            empty_row(f"skipping:{gene}:exon {exon}", gene, VariantType.SKIPPING, f"exon {exon} skipping"),
            consequence=Consequence.SPLICE_SITE,
            exon=exon,
            origin=Origin.SOMATIC,
            origin_reason="structural change",
            flags=self._model_flags(line, gene),
        )

    def _small(self, line: Line, said: str) -> AlterationRow:
        gene = _first_word(line)
        written_p = line.get("hgvs_p") or said.removeprefix(gene).split(" ")[0]
        flags = self._model_flags(line, gene)
        by_dna = self._by_dna(line, gene) if "hgvs_c" in line and not flags else None
        by_protein = self._by_protein(line, gene, written_p) if "hgvs_p" in line or not by_dna else None
        if by_dna and by_protein and by_dna[1].hgvs_p != by_protein.name:
            self.note(
                line,
                "hgvs_c",
                f"{line['hgvs_c']} means {by_dna[1].hgvs_p}, the report says {line['hgvs_p']}",
                "the protein change counts; check the transcript",
            )
            flags, by_dna = (*flags, NAMES_DISAGREE), None
        if by_dna:
            return self._named(gene, *by_dna, flags)
        if by_protein is None:
            raise ValueError(f"{said.strip()}: no change that can be read")
        return self._protein_only(gene, by_protein, flags)

    # --- names -----------------------------------------------------------------------------------

    def _by_dna(self, line: Line, gene: str) -> tuple[Allele, VariantNames] | None:
        try:
            named = self._namer.on_gene(gene)
            allele = named.allele(line["hgvs_c"])
            return allele, named.describe(allele)
        except ValueError as error:
            self.note(line, "hgvs_c", str(error), "the protein change counts, if there is one")
            return None

    def _by_protein(self, line: Line, gene: str, written: str) -> ProteinChange | None:
        try:
            return read_protein_change(written, self._protein(gene), gene)
        except ValueError as error:
            if "hgvs_p" in line and "hgvs_c" in line:
                self.note(line, "hgvs_p", str(error), "the coding change counts, if it can be read")
                return None
            raise

    def _protein(self, gene: str) -> str:
        if gene in self._namer.models.by_gene:
            return self._namer.on_gene(gene).protein
        return UNKNOWN_RESIDUE * MAX_RESIDUES + STOP

    def _named(self, gene: str, allele: Allele, names: VariantNames, flags: tuple[str, ...]) -> AlterationRow:
        return replace(
            empty_row(allele.key, gene, names.variant_type, names.short),
            consequence=names.consequence,
            transcript=self._namer.models.by_gene[gene].transcript,
            hgvs_c=names.hgvs_c,
            hgvs_p=names.hgvs_p,
            exon=names.exon,
            codon=names.codon,
            chrom=allele.chrom,
            pos=allele.pos,
            ref=allele.ref,
            alt=allele.alt,
            knowledge=self._knowledge.hits(gene, names),
            flags=flags,
        )

    def _protein_only(self, gene: str, change: ProteinChange, flags: tuple[str, ...]) -> AlterationRow:
        model = self._namer.models.by_gene.get(gene)
        exon = None
        if model is not None and change.codon is not None:
            found = model.exon_at(model.codon_positions(change.codon)[1])
            exon = found.number if found else None
        kind = _protein_type(change)
        short = short_name(change.name)
        names = VariantNames("", change.name, short, change.consequence, kind, exon, change.codon)
        return replace(
            empty_row(f"reported:{gene}:{change.name}", gene, kind, short),
            consequence=change.consequence,
            transcript=model.transcript if model else None,
            hgvs_p=change.name,
            exon=exon,
            codon=change.codon,
            knowledge=self._knowledge.hits(gene, names),
            flags=flags,
        )

    def _model_flags(self, line: Line, gene: str) -> tuple[str, ...]:
        if gene in self._namer.models.by_gene:
            return ()
        self.note(line, "gene", f"{gene}: no gene model", "use the HGNC symbol; the name is taken as written")
        return (NO_GENE_MODEL,)

    def _unread(self, line: Line) -> AlterationRow:
        gene = _first_word(line)
        names = ("gene", "hgvs_p", "hgvs_c", "variant_class")
        written = " ".join(line[name] for name in names if name in line).replace(";", ",")
        shown = written.removeprefix(gene).strip() or written
        row = empty_row(f"reported:{gene}:{written}", gene, VariantType.DELINS, shown)
        return replace(row, flags=(NOT_READ,))


def empty_row(key: str, gene: str, kind: VariantType, name: str) -> AlterationRow:
    """Return a reported row of which only the name is known."""
    return AlterationRow(
        key=key, gene=gene, variant_type=kind, alteration=name, consequence=Consequence.UNKNOWN,
        transcript=None, hgvs_c=None, hgvs_p=None, exon=None, codon=None, chrom=None, pos=None, ref=None,
        alt=None, partner=None, junction=None, in_frame=None, detection=Detection.DETECTED,
        source=ObservationSource.REPORTED, vaf=None, vaf_low=None, vaf_high=None, alt_molecules=None,
        total_molecules=None, duplex_alt=None, strict_alt=None, strict_total=None, copy_number=None,
        origin=Origin.UNDECIDED, origin_reason="", knowledge=(), filters=(), flags=(),
    )  # fmt: skip


def _first_word(line: Line) -> str:
    """Return the gene: the first word of the first filled cell."""
    text = next((line[name] for name in GENE_CELLS if name in line), "")
    return text.split(" ")[0].split(":")[0]


def _protein_type(change: ProteinChange) -> VariantType:
    """Return the kind of variant that a protein change alone suggests."""
    if change.name.endswith("dup"):
        return VariantType.DUPLICATION
    return {
        Consequence.INFRAME_INSERTION: VariantType.INSERTION,
        Consequence.INFRAME_DELETION: VariantType.DELETION,
        Consequence.INFRAME_DELINS: VariantType.DELINS,
        Consequence.FRAMESHIFT: VariantType.DELINS,
    }.get(change.consequence, VariantType.SNV)


def _whole(text: str, _: str) -> float:
    if not re.fullmatch(r"\d{1,3}(?:[, ]?\d{3})*|\d+", text):
        raise ValueError("write a whole number")
    return float(re.sub(r"[, ]", "", text))
