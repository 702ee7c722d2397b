"""Genes that a report names: their symbols, models and proteins."""

import re

from ..annotate.small_variants import Namer, VariantKnowledge
from ..inputs.user_tables import Line
from ..vocabulary.residues import STOP, UNKNOWN_RESIDUE
from .line_rows import NO_GENE_MODEL, ReportNotes
from .tokens import Word

ALK = "ALK"
MAX_RESIDUES = 40_000


class ReportGenes(ReportNotes):
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
        self._renamed: set[tuple[int, str]] = set()

    def known_symbol(self, written: str) -> str | None:
        """Return the symbol of a gene name; None where nobody knows it."""
        if written in self.namer.models.by_gene or written in self.drivers:
            return written
        return self.knowledge.gene_symbols.get(written.casefold())

    def symbol(self, line: Line | None, place: str, written: str) -> str:
        """Return the symbol of a gene name, with a note where it is another one."""
        symbol = self.known_symbol(written) or written
        self._name_note(line, place, written, symbol)
        return symbol

    def name_notes(self, line: Line, place: str, word: Word) -> None:
        """Keep a note of every gene of a word that stands there under another name."""
        parts = re.split(r"\s*(?:::|[-–—~/])\s*", word.text)
        written = parts if len(parts) == len(word.value) else [word.text]
        for name, symbol in zip(written, word.value, strict=False):
            self._name_note(line, place, name, symbol)

    def _name_note(self, line: Line | None, place: str, written: str, symbol: str) -> None:
        key = (line.number if line else 0, written)
        other = symbol != written and self.known_symbol(written) == symbol
        if other and key not in self._renamed:
            self._renamed.add(key)
            self.note(line, place, f"{written} is a name of {symbol}", f"read as {symbol}, its HGNC symbol")

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
