"""What the knowledge tables hold, row by row."""

import re
from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.clinical import Histology
from ..vocabulary.detection import LocusKind
from ..vocabulary.marks import Mark
from .ports import AlkRole


@dataclass(frozen=True)
class HotspotLocus:
    """`hotspots.tsv`: one locus where callability is stated."""

    gene: str = column("gene symbol")
    kind: LocusKind = column("kind of locus")
    locus: str = column("residue and number, `exon n`, `intron n` or `gene`")
    codon: int | None = column("codon")
    exon: int | None = column("exon")


@dataclass(frozen=True)
class GeneRow:
    """`genes.tsv`: the transcript preferred for one gene, and its other names."""

    gene: str = column("gene symbol")
    transcript: str = column("Ensembl transcript without version")
    same_coding_sequence: str | None = column("other transcript taken as equivalent")
    refseq: str | None = column("RefSeq transcript")
    source: str = column("where the transcripts were read")
    mark: Mark = column("how well the transcripts are known")
    aliases: tuple[str, ...] = column("other names of the gene")
    aliases_source: str | None = column("where the names were read")
    aliases_mark: Mark | None = column("how well the names are known, every one of them")


@dataclass(frozen=True)
class DnaRoute:
    """One DNA change that gives a protein change; `pos` is 1-based on GRCh38, `ref`/`alt` plus strand."""

    hgvs_c: str
    chrom: str
    pos: int
    ref: str
    alt: str


@dataclass(frozen=True)
class DrugEffect:
    """One statement about a drug.

    Attributes:
        level: A validated, B clinical, C case, D preclinical, E inferential, R review.
        context: `lung`, `cell_model` or `other_tumour`.
    """

    drug: str
    effect: str
    level: str
    context: str
    source: str
    verified: bool


@dataclass(frozen=True)
class AlkMutation:
    """One ALK variant; `role_verified` is False where its role was remembered."""

    hgvs_p: str
    short: str
    codon: int
    exon: int
    role: AlkRole
    role_verified: bool
    polymorphism: bool
    structural_class: str
    routes: tuple[DnaRoute, ...]


@dataclass(frozen=True)
class AlkCompound:
    """A set of ALK mutations reported together; `phase` is None where it was not read in a source."""

    subject: str
    members: frozenset[str]
    short: str
    phase: str | None
    exons: tuple[int, ...]


@dataclass(frozen=True)
class Drug:
    """One drug; approvals that were only remembered are left out."""

    name: str
    names: tuple[str, ...]
    alk_tki: bool
    us_approvals: tuple[str, ...]
    china_approvals: tuple[str, ...]


@dataclass(frozen=True)
class TransformationMarker:
    """One sign of a change of lineage; `confirms` is False where it only raises suspicion."""

    subject: str
    kind: str
    confirms: bool
    histology: Histology | None
    genes: tuple[str, ...]
    requires: tuple[str, ...]
    biallelic: bool


def codon_of(hgvs_p: str) -> int:
    """Return the first residue number in a protein name, 0 if there is none."""
    found = re.search(r"\d+", hgvs_p)
    return int(found[0]) if found else 0
