"""The columns of `loci.tsv` and `hotspots.tsv` below `results/reference`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.detection import LocusKind


@dataclass(frozen=True)
class LocusRow:
    """`results/reference/loci.tsv`: where callability is stated, from knowledge and gene models."""

    gene: str = column("gene symbol")
    locus: str = column("hotspot codon (`G1202`), `exon 14`, `intron 19` or `gene`")
    kind: LocusKind = column("kind of locus")
    exon: int | None = column("exon of the transcript used")
    chrom: str = column("sequence name")
    start: int = column("first base, 0-based")
    end: int = column("end, exclusive")


@dataclass(frozen=True)
class HotspotRow:
    """`results/reference/hotspots.tsv`: alleles of the knowledge tables, counted in every sample."""

    gene: str = column("gene symbol")
    alteration: str = column("short protein name, `G1202R`")
    chrom: str = column("sequence name")
    pos: int = column("position, 1-based")
    ref: str = column("reference allele")
    alt: str = column("alternative allele")
