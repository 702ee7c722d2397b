"""Genes that a report names: their symbols, models and proteins."""

import re

from ..annotate.protein import STOP, UNKNOWN_RESIDUE
from ..annotate.small_variants import Namer, VariantKnowledge
from ..inputs.user_tables import Line
from .line_rows import GENE_CELLS, NO_GENE_MODEL, ReportValues, first_word, said_of
from .wording import ReportedKind, kind_of

ALK = "ALK"
MAX_RESIDUES = 40_000
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]+(?:-[A-Z0-9]+)?")


class ReportGenes(ReportValues):
    """What reading a line needs of its gene; notes are kept beside."""

    def __init__(self, namer: Namer, knowledge: VariantKnowledge, drivers: dict[str, str]) -> None:
        """Keep what reading needs.

        Args:
            namer: names variants.
            knowledge: tables.
            drivers: side on which each fusion gene acts.
        """
        super().__init__()
        self.namer = namer
        self.knowledge = knowledge
        self.drivers = drivers
        self._renamed: set[tuple[int, str, str]] = set()

    def by_symbol(self, line: Line) -> Line:
        """Return the line with the symbol of its gene, whatever name of the gene it begins with."""
        cell, written = next(name for name in GENE_CELLS if name in line), first_word(line)
        rest = line[cell].removeprefix(written)
        return Line(line.number, {**line, cell: self.symbol(line, cell, written) + rest})

    def symbol(self, line: Line | None, place: str, written: str) -> str:
        """Return the symbol of a gene name, with a note where it is another one."""
        known = written in self.namer.models.by_gene
        symbol = written if known else self.knowledge.gene_symbols.get(written.casefold(), written)
        key = (line.number if line else 0, place, written)
        if symbol != written and key not in self._renamed:
            self._renamed.add(key)
            self.note(line, place, f"{written} is a name of {symbol}", f"read as {symbol}, its HGNC symbol")
        return symbol

    def genes_in(self, words: str) -> list[str]:
        """Return the symbols of the known genes that a text names in capitals, in its order."""
        known = self.namer.models.by_gene.keys() | self.drivers.keys()
        found = []
        for word in re.findall(r"[A-Z][A-Z0-9]+", words):
            symbol = word if word in known else self.knowledge.gene_symbols.get(word.casefold())
            if symbol is not None and symbol not in found:
                found.append(symbol)
        return found

    def genes_meant(self, line: Line) -> list[str]:
        """Return the genes that a line nobody could read may speak of; none where it names no gene.

        Of a fusion these are the genes that can drive one. ALK is not among them: its fusion is the driver of
        the tumour, and no mechanism of resistance.
        """
        first, said = first_word(line), said_of(line)
        named = self.genes_in(f"{said} {line.get('partner', '')}")
        if kind_of(said) is ReportedKind.FUSION:
            named = [gene for gene in named if gene in self.drivers and gene != ALK]
        elif "gene" in line and first in named:
            named = [first]
        return named or [first] * self.begins_with_gene(line)

    def begins_with_gene(self, line: Line) -> bool:
        """Tell whether the first word of a line may be a gene or a pair of genes, known or not."""
        return _SYMBOL.fullmatch(first_word(line).replace("::", "-").replace("/", "-")) is not None

    def protein(self, gene: str) -> str:
        """Return the protein of a gene; one of unknown residues where the gene has no model."""
        if gene in self.namer.models.by_gene:
            return self.namer.on_gene(gene).protein
        return UNKNOWN_RESIDUE * MAX_RESIDUES + STOP

    def model_flags(self, line: Line, gene: str) -> tuple[str, ...]:
        """Return the flag of a gene without model, with a note."""
        if gene in self.namer.models.by_gene:
            return ()
        self.note(line, "gene", f"{gene}: no gene model", "use the HGNC symbol; the name is taken as written")
        return (NO_GENE_MODEL,)
