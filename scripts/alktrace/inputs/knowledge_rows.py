"""The columns of knowledge tables that several rooms read; resources/knowledge/README.md explains them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.detection import LocusKind
from ..vocabulary.marks import Mark


@dataclass(frozen=True)
class KnownLocus:
    """`hotspots.tsv`: one locus where callability is stated."""

    gene: str = column("gene symbol")
    kind: LocusKind = column("kind of locus")
    locus: str = column("hotspot codon (`G1202`), `exon 14`, `intron 19` or `gene`")
    codon: int | None = column("residue number, of a codon")
    exon: int | None = column("exon of the transcript used")


@dataclass(frozen=True)
class KnownGene:
    """`genes.tsv`: the transcript that the numbering of one gene follows, and other names of the gene."""

    gene: str = column("gene symbol")
    transcript: str = column("Ensembl transcript without version")
    same_coding_sequence: tuple[str, ...] = column("other transcripts with the same coding sequence")
    refseq: str | None = column("RefSeq transcript with the same protein")
    source: str = column("where the transcripts were read")
    mark: Mark = column("how well the transcripts are known")
    aliases: tuple[str, ...] = column("other names of the gene")
    aliases_source: str | None = column("where the names were read")
    aliases_mark: Mark | None = column("how well the names are known, every one of them")

    @property
    def transcripts(self) -> tuple[str, ...]:
        """Transcripts that the numbering may follow, best first."""
        return self.transcript, *self.same_coding_sequence


@dataclass(frozen=True)
class KnownIsoform:
    """`isoforms.tsv`: another transcript on which reports number the residues of a gene."""

    gene: str = column("gene symbol")
    refseq: str = column("RefSeq transcript without version")
    transcript: str | None = column("Ensembl transcript without version")
    first_residue: int = column("residue of the transcript of genes.tsv from which the offset is known")
    offset: int = column("added to a residue number of genes.tsv, it gives the number on this transcript")
    source: str = column("where the offset was read")
    mark: Mark = column("how well the offset is known")


@dataclass(frozen=True)
class KnownValue:
    """One value of one subject, as in every long table."""

    subject: str = column("what the value is about")
    attribute: str = column("which property")
    value: str = column("the value")
    source: str = column("where it was read, or the rule it follows")
    mark: Mark = column("verified, cited or proposed")

    @property
    def verified(self) -> bool:
        """Whether the value was read in its source."""
        return self.mark.verified


def gene_symbols(rows: Iterable[KnownGene]) -> dict[str, str]:
    """Return the symbol of every gene name, symbols included, by the name in lower case."""
    return {name.casefold(): row.gene for row in rows for name in (row.gene, *row.aliases)}


def group_values(rows: Iterable[KnownValue]) -> Mapping[str, dict[str, tuple[str, ...]]]:
    """Return the values of a long table by subject and attribute, in file order."""
    grouped: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in rows:
        attributes = grouped.setdefault(row.subject, {})
        attributes[row.attribute] = (*attributes.get(row.attribute, ()), row.value)
    return grouped
