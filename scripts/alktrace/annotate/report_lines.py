"""Lines of a laboratory's report as alterations; what cannot be taken as written leaves a note.

No line is dropped: one that cannot be read stays as a row with the flag `not_read`, so that a report is never
taken for a negative because of a misprint.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..errors import InputProblems
from ..models import Consequence, Origin, VariantType
from ..rows import AlterationRow
from ..user_tables import Line
from .hgvs import Allele, VariantNames
from .protein import STOP, UNKNOWN_RESIDUE, ProteinChange, read_protein_change, short_name
from .report_rows import (
    COPIES_NOT_STATED,
    FRACTIONS,
    GENE_CELLS,
    NAMES_DISAGREE,
    NO_GENE_MODEL,
    NOT_READ,
    PARTNER_UNKNOWN,
    REPORT_LINES_DIFFER,
    REPORTED_AS_GAIN,
    Report,
    ReportValues,
    empty_row,
    first_word,
    protein_type,
    read_report_lines,
    said_of,
)
from .report_text import (
    Coverage,
    ReportedKind,
    cell_denies,
    is_bound,
    is_dash,
    kind_of,
    names_pair,
    read_copy_number,
    read_coverage,
    read_exon,
    read_exon_event,
    read_fusion,
    read_junction,
    says_amplified,
    says_both_copies,
    says_doubtful,
    says_gain,
    says_nothing_found,
    says_nothing_plainly,
    says_origin,
    several_changes,
    split_names,
)
from .small_variants import Namer, VariantKnowledge

DIPLOID = 2.0
VAF_KINDS = (ReportedKind.SMALL, ReportedKind.FUSION, ReportedKind.SKIPPING)
"""Kinds of which a VAF of 0 denies the finding; laboratories fill it in for copy numbers."""
MAX_RESIDUES = 40_000
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


class ReportReader(ReportValues):
    """Reads lines of a report and keeps notes of what it could not take as written."""

    def __init__(self, namer: Namer, knowledge: VariantKnowledge, drivers: dict[str, str]) -> None:
        """Keep what reading needs.

        Args:
            namer: names variants.
            knowledge: tables.
            drivers: side on which each fusion gene acts.
        """
        super().__init__()
        self._namer = namer
        self._knowledge = knowledge
        self._drivers = drivers
        self._vafs_given = False
        self._renamed: set[tuple[int, str, str]] = set()

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
        what = f"{first.gene} stands twice: {_copy_words(firm)}, and {_copy_words(other)}"
        self.note(line, "gene", what, "the firmer line counts; the other may be of another method or lesion")
        return replace(firm, flags=(*firm.flags, REPORT_LINES_DIFFER))

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

    def alterations(self, line: Line) -> list[AlterationRow]:
        """Return the alterations of a line; none for a line without finding."""
        if not any(name in line for name in GENE_CELLS):
            return []
        line = self._by_symbol(line)
        said = said_of(line)
        if says_nothing_found(said):
            return self._nothing_found(line, said)
        if kind_of(said) in VAF_KINDS and cell_denies(line.get("vaf", "")):
            what = f"{said.strip()}: VAF {line['vaf']!r} says that it was not found"
            self.note(line, "vaf", what, NO_FINDING)
            return []
        if kind_of(said) is ReportedKind.OTHER and first_word(line) not in self._namer.models.by_gene:
            self.note(line, "gene", f"{said.strip()}: no alteration of a gene", "the line is left out")
            return []
        if (doubt := self._doubt(line, said)) is not None:
            self.note(line, "vaf", f"{said.strip()}: {doubt}", KEPT)
            return [self._unread(line)]
        return [self._alteration(part) for part in self._parts(line)]

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

    def _alteration(self, line: Line) -> AlterationRow:
        said = said_of(line)
        try:
            row = self._read(kind_of(said), line, said)
        except ValueError as error:
            self.note(line, "gene", str(error), "the line is kept, but nothing is concluded from it")
            row = self._unread(line)
        return self._of_origin(replace(row, vaf=self._vaf(line)), line, said)

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
        named = kind_of(said) is ReportedKind.SMALL and self._names_a_change(line)
        if self.gives_vaf(line) or (named and not says_nothing_plainly(said)):
            what = f"{said.strip()}: says that nothing was found, and names a finding"
            self.note(line, "gene", what, "the line is kept, but nothing is concluded from it")
            return [replace(self._unread(line), vaf=self._vaf(line))]
        what = f"{said.strip()}: says that nothing was found"
        self.note(line, "gene", what, NO_FINDING)
        return []

    def _parts(self, line: Line) -> list[Line]:
        """Return a line per change where one cell holds several; their phase is not taken from it."""
        line = self._with_names_apart(line)
        found = self._changes(line) if kind_of(said_of(line)) is ReportedKind.SMALL else None
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

    def _changes(self, line: Line) -> tuple[str, ...] | None:
        """Return the protein changes a line names, None where one of its words is none."""
        gene = first_word(line)
        parts = several_changes(_protein_words(line, gene))
        return parts if parts and all(self._is_change(part, gene) for part in parts) else None

    def _names_a_change(self, line: Line) -> bool:
        gene = first_word(line)
        words = re.split(r"[\s;,+&/]+", _protein_words(line, gene))
        return any(self._is_change(word, gene) for word in words)

    def _is_change(self, text: str, gene: str) -> bool:
        try:
            read_protein_change(text, self._protein(gene), gene)
        except ValueError:
            return False
        return True

    def _by_symbol(self, line: Line) -> Line:
        """Return the line with the symbol of its gene, whatever name of the gene it begins with."""
        cell, written = next(name for name in GENE_CELLS if name in line), first_word(line)
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
        partner = line.get("partner") or self._other_gene(line)
        if partner is None and not names_pair(said):
            return self._rearranged(line)
        fusion = read_fusion(line.get("gene", ""), partner, said, self._drivers, symbol)
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

    def _other_gene(self, line: Line) -> str | None:
        """Return the second gene that the cells of a fusion name, if it is one only."""
        words = re.findall(r"[A-Z][A-Z0-9]+", " ".join(line.get(name, "") for name in GENE_CELLS))
        known = {word for word in words if word in self._namer.models.by_gene or word in self._drivers}
        others = known - {first_word(line)}
        return others.pop() if len(others) == 1 else None

    def _rearranged(self, line: Line) -> AlterationRow:
        """Return a rearrangement of a driver gene whose partner nobody names."""
        gene = first_word(line)
        if gene not in self._drivers:
            raise ValueError("a fusion without partner; fill `partner` or write EML4-ALK")
        self.note(line, "partner", f"{gene}: a fusion without partner", "read as a rearrangement of the gene")
        row = empty_row(f"fusion:unknown:{gene}", gene, VariantType.FUSION, f"{gene} rearrangement")
        return replace(
            row,
            consequence=Consequence.FUSION,
            origin=Origin.SOMATIC,
            origin_reason="structural change",
            flags=(PARTNER_UNKNOWN,),
        )

    def _copy_number(self, line: Line, said: str) -> AlterationRow:
        gene = first_word(line)
        kind = VariantType.LOSS if kind_of(said) is ReportedKind.LOSS else VariantType.AMPLIFICATION
        rest = said.removeprefix(gene)
        text = line.get("copy_number", "")
        number = read_copy_number(text) if text else read_copy_number(rest)
        if text and number is None:
            self.note(line, "copy_number", f"value {text!r}", "write a number such as 7.5")
        flags = self._model_flags(line, gene)
        if kind is VariantType.AMPLIFICATION and number is not None and number <= DIPLOID:
            raise ValueError(f"{said.strip()} with a copy number of {number:g}: up or down?")
        if kind is VariantType.AMPLIFICATION and not says_amplified(said):
            if not says_gain(said) and number is None:
                raise ValueError(f"{said.strip()}: up or down? write `amplification` or `loss`")
            what = f"{said.strip()}: a gain, not called an amplification"
            self.note(line, "variant_class", what, "shown; it names no class beside firmer findings")
            flags = (*flags, REPORTED_AS_GAIN)
        if kind is VariantType.LOSS and not says_both_copies(said) and (number is None or number >= 1):
            what = f"{said.strip()}: of one copy or of both?"
            self.note(line, "variant_class", what, "shown as uncertain; write `homozygous deletion` if so")
            flags = (*flags, COPIES_NOT_STATED)
        return replace(
            empty_row(f"copy_number:{gene}:{kind.value}", gene, kind, kind.value),
            consequence=Consequence.COPY_NUMBER,
            copy_number=number,
            origin=Origin.SOMATIC,
            origin_reason="structural change",
            flags=flags,
        )

    def _skipping(self, line: Line, said: str) -> AlterationRow:
        gene, exon = first_word(line), read_exon(said)
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

    def _exon_event(self, line: Line, said: str) -> AlterationRow | None:
        """Return a deletion or insertion known by its exon alone, such as EGFR exon 19 deletion."""
        gene, exon = first_word(line), read_exon(said)
        event = read_exon_event(said)
        if exon is None or event is None or (gene, exon, event[0]) not in self._knowledge.exon_events:
            return None
        consequence, words = event
        kind = VariantType.DELETION if words == "deletion" else VariantType.INSERTION
        name = f"exon {exon} {words}"
        self.note(
            line, "hgvs_p", f"{gene} {name}: which residues?", "read as any in-frame change of the exon"
        )
        row = empty_row(f"reported:{gene}:{name}", gene, kind, name)
        return replace(row, consequence=consequence, exon=exon, flags=self._model_flags(line, gene))

    def _small(self, line: Line, said: str) -> AlterationRow:
        gene = first_word(line)
        if (event := self._exon_event(line, said)) is not None:
            return event
        written_p = line["hgvs_p"] if "hgvs_p" in line else said.removeprefix(gene).strip().split(" ")[0]
        written_p = written_p.removeprefix(gene).strip() or written_p
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
            self._check_transcript(line["hgvs_c"], gene)
            allele = named.allele(line["hgvs_c"])
            return allele, named.describe(allele)
        except ValueError as error:
            self.note(line, "hgvs_c", str(error), "the protein change counts, if there is one")
            return None

    def _check_transcript(self, written: str, gene: str) -> None:
        """Refuse numbers of another Ensembl transcript: the same number is another base there."""
        given = re.match(r"\s*(ENST\d+)", written)
        used = self._namer.models.by_gene[gene].transcript
        if given and given[1] != used.split(".")[0]:
            raise ValueError(
                f"{gene} {written}: numbered on another transcript than {used}, which is used here"
            )

    def _by_protein(self, line: Line, gene: str, written: str) -> ProteinChange | None:
        try:
            change = read_protein_change(written, self._protein(gene), gene)
            if written.endswith("X") and (gene, change.codon) in self._knowledge.hotspots:
                raise ValueError(f"{gene} {written}: X is a stop or any residue; write Ter or the residue")
            return change
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
        kind = protein_type(change)
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
        gene = first_word(line)
        names = ("gene", "hgvs_p", "hgvs_c", "variant_class")
        written = " ".join(line[name] for name in names if name in line).replace(";", ",")
        shown = written.removeprefix(gene).strip() or written
        row = empty_row(f"reported:{gene}:{written}", gene, VariantType.DELINS, shown)
        return replace(row, flags=(NOT_READ,))


def _copy_words(row: AlterationRow) -> str:
    """Return a copy-number line in words, with its number where it gives one."""
    uncertain = {REPORTED_AS_GAIN: "gain", COPIES_NOT_STATED: "loss of one copy or of both"}
    name = next((words for flag, words in uncertain.items() if flag in row.flags), row.alteration)
    return name if row.copy_number is None else f"{name} with {row.copy_number:g} copies"


def _protein_words(line: Line, gene: str) -> str:
    cell = line["hgvs_p"] if "hgvs_p" in line else line.get("gene", "")
    return cell.removeprefix(gene).strip()


def _whole(text: str, _: str) -> float:
    if not re.fullmatch(r"\d{1,3}(?:[, ]?\d{3})*|\d+", text):
        raise ValueError("write a whole number")
    return float(re.sub(r"[, ]", "", text))
