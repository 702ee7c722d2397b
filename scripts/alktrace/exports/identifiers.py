"""What other catalogues call genes, drugs and samples: only values that were read in their source."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.knowledge_rows import KnownGene, KnownValue

TERM = "term"


@dataclass(frozen=True)
class Term:
    """A term of an ontology: `NCIT:C3512`, `Lung Adenocarcinoma`."""

    id: str
    label: str


@dataclass(frozen=True)
class Identifiers:
    """Identifiers of the knowledge tables.

    Attributes:
        values: verified values by subject and attribute, in file order.
        transcripts: RefSeq transcripts by gene, verified.
        version, date: of the table, `YYYY-MM-DD`.
    """

    values: Mapping[tuple[str, str], tuple[str, ...]]
    transcripts: Mapping[str, str]
    version: str
    date: str

    def entrez(self, gene: str) -> int | None:
        """Return the id of a gene at NCBI."""
        found = self.values.get((gene, "entrez"))
        return int(found[0]) if found else None

    def hgnc(self, gene: str) -> str | None:
        """Return the id of a gene at HGNC, as `HGNC:427`."""
        return next(iter(self.values.get((gene, "hgnc"), ())), None)

    def refseq(self, gene: str) -> str | None:
        """Return the RefSeq transcript of a gene."""
        return self.transcripts.get(gene)

    def term(self, subject: str) -> Term | None:
        """Return the first term of a drug, kind of sample or diagnosis."""
        found = self.values.get((subject, TERM))
        return Term(*found[0].split(" ", 1)) if found else None


def load_identifiers(files: KnowledgeFiles) -> Identifiers:
    """Read the identifiers.

    Args:
        files: the knowledge tables.

    Raises:
        InputProblems: a table cannot be read.
    """
    genes, schema = files.bare_rows("genes", KnownGene), files.long_schema("identifiers")
    return Identifiers(
        _verified(files.bare_values("identifiers")),
        {row.gene: row.refseq for row in genes if row.refseq and row.mark.verified},
        schema.version,
        schema.date,
    )


def _verified(rows: Iterable[KnownValue]) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in rows:
        if row.verified:
            key = (row.subject, row.attribute)
            found[key] = (*found.get(key, ()), row.value)
    return found
