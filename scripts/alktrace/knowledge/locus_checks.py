"""Checks that every gene of the knowledge is known, and that what a mechanism names has its locus.

No protein stands beside the tables. The way to one is a chain: codons, exons and introns of a mechanism must
be loci of `hotspots.tsv`, whose residues `alktrace.loci` compares with the genome. Genes of mechanisms that
DNA cannot show are compared with nothing and may have any name.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from Bio.Data.IUPACData import protein_letters_3to1

from ..errors import Problem
from ..inputs.knowledge_rows import KnownGene, KnownLocus, KnownValue
from ..vocabulary.changes import ALK
from .long_tables import Facts

NOT_IN_DNA = "not_in_dna"
GENE_ATTRIBUTES = {"bypass": ("gene",), "acquired": ("gene",), "transformation": ("gene", "requires")}
_REFERENCE = re.compile(r"p\.(?P<residue>[A-Z][a-z]{2})(?P<codon>\d+)")


@dataclass(frozen=True)
class KnownPlaces:
    """Genes and loci that the wide tables name; a locus is `(gene, locus)` as in `hotspots.tsv`."""

    genes: frozenset[str]
    loci: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, hotspots: Sequence[KnownLocus], genes: Sequence[KnownGene]) -> "KnownPlaces":
        """Collect them from the rows."""
        return cls(frozenset(row.gene for row in genes), frozenset((row.gene, row.locus) for row in hotspots))

    def near(self, gene: str, codon: str) -> str | None:
        """Return the locus of the gene at this codon, whatever its residue."""
        return next((locus for name, locus in self.loci if name == gene and locus[1:] == codon), None)


def locus_problems(
    folder: Path,
    tables: Mapping[str, Mapping[str, Facts]],
    hotspots: Sequence[KnownLocus],
    genes: Sequence[KnownGene],
) -> Iterator[Problem]:
    """Yield genes that no table knows, and codons, exons and introns that are no locus.

    Args:
        folder: folder of the tables, for the messages.
        tables: checked long tables by name.
        hotspots: rows of `hotspots.tsv` in the order of the file.
        genes: rows of `genes.tsv`.
    """
    known = KnownPlaces.of(hotspots, genes)
    yield from _hotspot_problems(str(folder / "hotspots.tsv"), hotspots, known.genes)
    for name, attributes in GENE_ATTRIBUTES.items():
        for facts in tables[name].values():
            if facts.value("rule") != NOT_IN_DNA:
                yield from _gene_problems(str(folder / f"{name}.tsv"), facts, attributes, known.genes)
    for facts in tables["ch_genes"].values():
        if facts.subject not in known.genes:
            line = facts.rows[0][0]
            yield _unknown_gene(str(folder / "ch_genes.tsv"), line, "subject", facts.subject, known.genes)
    for facts in tables["bypass"].values():
        yield from _mechanism_problems(str(folder / "bypass.tsv"), facts, known)
    for facts in tables["alk_mutations"].values():
        yield from _mutation_problems(str(folder / "alk_mutations.tsv"), facts, known)


def _hotspot_problems(file: str, rows: Sequence[KnownLocus], genes: Collection[str]) -> Iterator[Problem]:
    for line, row in enumerate(rows, start=2):
        if row.gene not in genes:
            yield _unknown_gene(file, line, "gene", row.gene, genes)
        if row.codon is not None and row.locus[1:] != str(row.codon):
            yield Problem(file, line, "codon", f"{row.locus} on codon {row.codon}", "write its codon")


def _gene_problems(
    file: str, facts: Facts, attributes: Sequence[str], genes: Collection[str]
) -> Iterator[Problem]:
    for attribute in attributes:
        for line, row in facts.all(attribute):
            if row.value not in genes:
                yield _unknown_gene(file, line, "value", row.value, genes)


def _unknown_gene(file: str, line: int, column: str, gene: str, genes: Collection[str]) -> Problem:
    close = difflib.get_close_matches(gene, sorted(genes), n=1)
    remedy = "add it to genes.tsv with the transcript its numbering follows"
    return Problem(
        file,
        line,
        column,
        f"unknown gene {gene!r}",
        f"did you mean {close[0]!r}? Else {remedy}" if close else remedy,
    )


def _mechanism_problems(file: str, facts: Facts, known: KnownPlaces) -> Iterator[Problem]:
    for line, row in facts.rows:
        locus = _locus_of(row)
        for gene in facts.values("gene"):
            if locus is None or gene not in known.genes or (gene, locus) in known.loci:
                continue
            other = known.near(gene, locus[1:])
            remedy = f"add {locus} there, where its depth is stated and its residue compared with the genome"
            if other:
                remedy = f"write {other}, or correct both after the protein"
            yield Problem(file, line, "value", f"{row.value!r} is no locus of {gene} in hotspots.tsv", remedy)


def _locus_of(row: KnownValue) -> str | None:
    """Return the locus that a value of a mechanism needs, None where it needs none."""
    if row.attribute == "codon":
        return row.value
    if row.attribute == "exon":
        return f"exon {row.value}"
    if row.attribute == "breakpoint_intron":
        return f"intron {row.value}"
    found = _REFERENCE.match(row.value) if row.attribute == "protein_change" else None
    return f"{protein_letters_3to1[found['residue']]}{found['codon']}" if found else None


def _mutation_problems(file: str, facts: Facts, known: KnownPlaces) -> Iterator[Problem]:
    found = _REFERENCE.match(facts.subject)
    other = known.near(ALK, found["codon"]) if found else None
    # Only loci of ALK have a residue here; `alktrace.loci` compares every mutation with the genome.
    if found and other and other[0] != protein_letters_3to1.get(found["residue"]):
        what = f"{facts.subject}: hotspots.tsv has {other} at this codon"
        yield Problem(file, facts.rows[0][0], "subject", what, "correct the one that is not in the protein")
