"""Lines of annotations as Ensembl, GENCODE and NCBI (RefSeq) write them, in GFF3 or GTF; told by their look.

All say the same with other words: which lines are genes and transcripts, what the parent of a line is, and
where name, biotype and marks stand. In GTF the stop codon is no part of the coding sequence but has a line.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

CODING_BIOTYPE = "protein_coding"
_POSITION = re.compile(r"[0-9]{1,10}")
_QUOTED = re.compile(r'\s*(\w+) (?:"([^"]*)"|(\S+))\s*')
_TRANSCRIPT_ID = 'transcript_id "'
HEADS = ("gene", "mRNA", "transcript")
PARTS = ("exon", "CDS", "stop_codon")
SECOND_COPY = "_PAR_Y"
"""End of the IDs by which GENCODE repeats the genes of pseudoautosomal regions on Y."""


class Feature(NamedTuple):
    """A line of an annotation: 0-based half-open, with the attributes above, empty where it has none."""

    chrom: str
    kind: str
    start: int
    end: int
    strand: str
    id: str
    parent: str
    name: str
    biotype: str
    tag: str


@dataclass(frozen=True)
class Dialect:
    """How one source writes.

    Attributes:
        name: of the source and the format.
        is_head: does a line stand for a gene or a transcript.
        parent: ID of the transcript that a line of an exon or of coding sequence belongs to.
        attributes: keys and values of the last column.
        keys: of ID, parent, name, biotype and marks.
        prefixes: that stand before the IDs of genes and transcripts.
    """

    name: str
    is_head: Callable[[str], bool]
    parent: Callable[[str], str]
    attributes: Callable[[str], dict[str, str]]
    keys: tuple[str, str, str, str, str]
    prefixes: tuple[str, str] = ("", "")

    def feature(self, line: str) -> Feature:
        """Return a line of nine columns.

        Raises:
            ValueError: attributes or places that cannot be read.
        """
        chrom, _, kind, start, end, _, strand, _, text = line.rstrip().split("\t")
        said = self.attributes(text)
        if not (_POSITION.fullmatch(start) and _POSITION.fullmatch(end) and 0 < int(start) <= int(end)):
            raise ValueError(f"from {start} to {end}")
        if strand not in ("+", "-"):
            raise ValueError(f"strand {strand}")
        ids = self._ids(kind, said)
        rest = (said.get(key, "") for key in self.keys[2:])
        return Feature(chrom, kind, int(start) - 1, int(end), strand, *ids, *rest)

    def _ids(self, kind: str, said: dict[str, str]) -> tuple[str, str]:
        if self.attributes is not _quoted:
            return said.get(self.keys[0], ""), said.get(self.keys[1], "")
        gene, transcript = said.get("gene_id", ""), said.get("transcript_id", "")
        return {"gene": (gene, ""), "transcript": (transcript, gene)}.get(kind, ("", transcript))

    def is_gene(self, row: Feature) -> bool:
        """Tell whether a line stands for a gene that codes for a protein."""
        gene = row.id.startswith(self.prefixes[0]) if self.prefixes[0] else row.kind == "gene"
        return gene and row.biotype == CODING_BIOTYPE

    def bare(self, name: str) -> str:
        """Return the ID of a transcript without what stands before it, and without its version."""
        return name.removeprefix(self.prefixes[1]).split(".")[0]


def _equals(text: str) -> dict[str, str]:
    return dict(part.split("=") for part in text.rstrip("; ").split(";"))


def _first_equals(text: str) -> dict[str, str]:
    said = dict(part.strip().split("=", 1) for part in text.rstrip("; ").split(";"))
    return said | {"tag": said.get("tag", "").replace("MANE Select", "MANE_Select")}


def _quoted(text: str) -> dict[str, str]:
    """Return the attributes of GTF; of a key that stands several times all values, joined by commas."""
    said: dict[str, list[str]] = {}
    for part in re.split(r";(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", text.rstrip("; ")):
        match = _QUOTED.fullmatch(part)
        if match is None:
            raise ValueError(f"{part.strip()!r} is no key with its value")
        said.setdefault(match[1], []).append(match[2] if match[2] is not None else match[3])
    joined = {key: ",".join(values) for key, values in said.items()}
    joined.setdefault("gene_name", joined.get("gene", joined.get("gene_id", "")))
    joined.setdefault("gene_biotype", joined.get("gene_type", ""))
    return joined | {"tag": joined.get("tag", "").replace("MANE Select", "MANE_Select")}


def _parent(line: str) -> str:
    return line.rpartition("Parent=")[2].split(";")[0].rstrip()


def _transcript(line: str) -> str:
    return line.partition(_TRANSCRIPT_ID)[2].partition('"')[0] if _kind(line) in PARTS else ""


def _kind(line: str) -> str:
    return line.split("\t", 3)[2]


def _by_kind(line: str) -> bool:
    return _kind(line) in HEADS and SECOND_COPY not in line


ENSEMBL = Dialect(
    "Ensembl GFF3",
    lambda line: "ID=gene:" in line or "ID=transcript:" in line,
    _parent,
    _equals,
    ("ID", "Parent", "Name", "biotype", "tag"),
    ("gene:", "transcript:"),
)
GENCODE = Dialect(
    "GENCODE GFF3", _by_kind, _parent, _first_equals, ("ID", "Parent", "gene_name", "gene_type", "tag")
)
REFSEQ = Dialect(
    "RefSeq GFF3",
    _by_kind,
    _parent,
    _first_equals,
    ("ID", "Parent", "Name", "gene_biotype", "tag"),
    ("gene-", "rna-"),
)
GTF = Dialect("GTF", _by_kind, _transcript, _quoted, ("", "", "gene_name", "gene_biotype", "tag"))


def dialect_of(lines: Iterable[str]) -> Dialect | None:
    """Return how an annotation is written, by its first line of a gene; None where no such line is known."""
    for line in lines:
        if line.startswith("#") or line.count("\t") != 8:
            continue
        kind, text = _kind(line), line.rsplit("\t", 1)[1]
        if "ID=gene:" in text:
            return ENSEMBL
        if kind == "gene" and text.startswith("ID=gene-"):
            return REFSEQ
        if kind == "gene" and "ID=" in text and "gene_type=" in text:
            return GENCODE
        if kind == "gene" and 'gene_id "' in text:
            return GTF
    return None
