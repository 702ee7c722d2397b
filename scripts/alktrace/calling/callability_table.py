"""The columns of `callability.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.detection import Detection, LocusKind


@dataclass(frozen=True)
class CallabilityRow:
    """`callability.tsv`: what the calling rule could have seen at one locus."""

    gene: str = column("gene symbol")
    locus: str = column("hotspot codon (`G1202`), `exon 14`, `intron 19` or `gene`")
    kind: LocusKind = column("kind of locus")
    exon: int | None = column("exon of the transcript used")
    chrom: str = column("sequence name")
    start: int = column("first base, 0-based")
    end: int = column("end, exclusive")
    molecules: int = column("molecules at the worst base of the locus (median for a gene or an intron)")
    simplex: int = column("of these, with UMI and seen on one strand")
    duplex: int = column("of these, seen on both strands")
    vaf_detectable: float | None = column(
        "smallest VAF of a substitution that would have been called with 95 % power"
    )
    status: Detection = column(
        "`detected` for a change of this codon or exon, or what the absence of a call means"
    )
    vaf_detectable_indel: float | None = column(
        "smallest VAF of an insertion or deletion in frame that would have been called with 95 % power",
        default=None,
    )
    detected: tuple[str, ...] = column("keys of the alterations called there", default=())
    single: int = column("of the molecules, those without UMI", default=0)
