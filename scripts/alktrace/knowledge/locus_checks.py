"""Checks that every gene of the knowledge is known, and that what a mechanism names has its locus.

No protein stands beside the tables. The way to one is a chain: codons, exons and introns of a mechanism must
be loci of `hotspots.tsv`, whose residues `alktrace.loci` compares with the genome. Genes of mechanisms that
DNA cannot show are compared with nothing and may have any name.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import Problem
from ..inputs.knowledge_files import Placed
from ..inputs.knowledge_rows import KnownGene, KnownLocus, KnownValue
from ..vocabulary.changes import ALK
from ..vocabulary.residues import ONE_LETTER
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
    def of(cls, hotspots: Sequence[Placed[KnownLocus]], genes: Sequence[Placed[KnownGene]]) -> "KnownPlaces":
        """Collect them from the rows."""
        loci = frozenset((item.row.gene, item.row.locus) for item in hotspots)
        return cls(frozenset(item.row.gene for item in genes), loci)

    def near(self, gene: str, codon: str) -> str | None:
        """Return the locus of the gene at this codon, whatever its residue."""
        return next((locus for name, locus in self.loci if name == gene and locus[1:] == codon), None)


def locus_problems(
    tables: Mapping[str, Mapping[str, Facts]],
    hotspots: Sequence[Placed[KnownLocus]],
    genes: Sequence[Placed[KnownGene]],
) -> Iterator[Problem]:
    """Yield genes that no table knows, and codons, exons and introns that are no locus.

    Args:
        tables: checked long tables by name.
        hotspots: rows of `hotspots.tsv` in the order of the file.
        genes: rows of `genes.tsv`.
    """
    known = KnownPlaces.of(hotspots, genes)
    yield from _hotspot_problems(hotspots, known.genes)
    for name, attributes in GENE_ATTRIBUTES.items():
        for facts in tables[name].values():
            if facts.value("rule") != NOT_IN_DNA:
                yield from _gene_problems(facts, attributes, known.genes)
    for facts in tables["ch_genes"].values():
        if facts.subject not in known.genes:
            yield facts.problem("subject", *_unknown_gene(facts.subject, known.genes))
    for facts in tables["bypass"].values():
        yield from _mechanism_problems(facts, known)
    domain = tables["alk_regions"].get("fusion_part")
    last = int(domain.value("codon_last")) if domain else None
    residues = _residues_of_alk(tables["alk_mutations"], hotspots)
    for facts in tables["alk_mutations"].values():
        yield from _mutation_problems(facts, residues, last)


def _hotspot_problems(rows: Sequence[Placed[KnownLocus]], genes: Collection[str]) -> Iterator[Problem]:
    for item in rows:
        file, line, row = item.file, item.line, item.row
        if row.gene not in genes:
            yield Problem(file, line, "gene", *_unknown_gene(row.gene, genes))
        if row.codon is not None and row.locus[1:] != str(row.codon):
            yield Problem(file, line, "codon", f"{row.locus} on codon {row.codon}", "write its codon")


def _gene_problems(facts: Facts, attributes: Sequence[str], genes: Collection[str]) -> Iterator[Problem]:
    for attribute in attributes:
        for item in facts.all(attribute):
            if item.row.value not in genes:
                yield Problem(item.file, item.line, "value", *_unknown_gene(item.row.value, genes))


def _unknown_gene(gene: str, genes: Collection[str]) -> tuple[str, str]:
    """Return what is wrong and its remedy."""
    close = difflib.get_close_matches(gene, sorted(genes), n=1)
    remedy = "add it to genes.tsv with the transcript its numbering follows"
    return f"unknown gene {gene!r}", f"did you mean {close[0]!r}? Else {remedy}" if close else remedy


def _mechanism_problems(facts: Facts, known: KnownPlaces) -> Iterator[Problem]:
    for item in facts.rows:
        locus = _locus_of(item.row)
        for gene in facts.values("gene"):
            if locus is None or gene not in known.genes or (gene, locus) in known.loci:
                continue
            other = known.near(gene, locus[1:])
            remedy = f"add {locus} there, where its depth is stated and its residue compared with the genome"
            if other:
                remedy = f"write {other}, or correct both after the protein"
            what = f"{item.row.value!r} is no locus of {gene} in hotspots.tsv"
            yield Problem(item.file, item.line, "value", what, remedy)


def _locus_of(row: KnownValue) -> str | None:
    """Return the locus that a value of a mechanism needs, None where it needs none."""
    if row.attribute == "codon":
        return row.value
    if row.attribute == "exon":
        return f"exon {row.value}"
    if row.attribute == "breakpoint_intron":
        return f"intron {row.value}"
    found = _REFERENCE.match(row.value) if row.attribute == "protein_change" else None
    return f"{ONE_LETTER[found['residue']]}{found['codon']}" if found else None


def _residues_of_alk(
    mutations: Mapping[str, Facts], hotspots: Sequence[Placed[KnownLocus]]
) -> dict[str, str]:
    """Return `G1202` by codon `1202`: of the hotspots, and of the mutations that we list ourselves."""
    listed = [item.subject for item in mutations.values() if not all(row.own for row in item.rows)]
    found = {m["codon"]: _one_letter(m["residue"]) + m["codon"] for m in map(_REFERENCE.match, listed) if m}
    return found | {row.locus[1:]: row.locus for row in (item.row for item in hotspots) if row.gene == ALK}


def _one_letter(residue: str) -> str:
    return ONE_LETTER.get(residue, "?")


def _mutation_problems(facts: Facts, residues: Mapping[str, str], last: int | None) -> Iterator[Problem]:
    found = _REFERENCE.match(facts.subject)
    if found is None:
        return
    # Only some residues are known here; `reference.loci` compares every mutation with the genome.
    other = residues.get(found["codon"])
    if other and other[0] != _one_letter(found["residue"]):
        what = f"{facts.subject}: hotspots.tsv or alk_mutations.tsv has {other} at this codon"
        yield facts.problem("subject", what, "correct the one that is not in the protein")
    if last is not None and int(found["codon"]) > last:
        what = f"{facts.subject}: ALK has {last} residues"
        yield facts.problem("subject", what, "use the numbering of NM_004304")
