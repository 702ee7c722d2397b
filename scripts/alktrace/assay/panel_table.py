"""The tables that normals of an assay make: what the panel covers, sees, and how far its normals reach."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.detection import LocusKind
from ..vocabulary.panels import LocusState, Readiness, TargetState


@dataclass(frozen=True)
class ReachRow:
    """`reach.tsv`: what so many normals are enough for."""

    what: str = column("`detection_limits`, `position_noise` or `copy_number`")
    normals: int = column("normals that could be used")
    advised: int = column("normals from which on it is complete")
    state: Readiness = column("`full`, `limited` or `none`")
    meaning: str = column("what follows")


@dataclass(frozen=True)
class NormalRow:
    """`normals.tsv`: one normal."""

    sample: str = column("patient.timepoint.specimen")
    molecules: float = column("median molecules over the loci")
    duplex_share: float | None = column("of these, seen on both strands")
    error_rate: float | None = column("errors per base of the best molecules it has")
    covered_bins: float = column("share of bins with molecules")
    level: float = column("median molecules per base over the bins")


@dataclass(frozen=True)
class TargetQcRow:
    """`targets.tsv`: one target, from molecules per base of its bins."""

    chrom: str = column("sequence name")
    start: int = column("start, 0-based")
    end: int = column("end, exclusive")
    name: str = column("name of the target")
    relative: float = column("median over the normals of its depth, over the normal's middle of all targets")
    lowest: float = column("the same in the normal that has least")
    spread: float | None = column("standard deviation over the normals, over the mean; none for one normal")
    state: TargetState = column("`ok`, `low`, `uneven` or `empty`")


@dataclass(frozen=True)
class LocusLimitRow:
    """`limits.tsv`: what the assay is to see at one locus, from its normals."""

    gene: str = column("gene symbol")
    locus: str = column("hotspot codon, exon, intron or gene")
    kind: LocusKind = column("kind of locus")
    state: LocusState = column("`covered` in all normals, `partly` in some, or `not_covered`")
    molecules: float = column("median over the normals")
    vaf_detectable: float | None = column("median over the normals of the detectable VAF of a substitution")
    vaf_worst: float | None = column("the same in the worst normal; none where one sees nothing")
    indel_detectable: float | None = column("median for an insertion or deletion in frame")
    indel_worst: float | None = column("the same in the worst normal")


@dataclass(frozen=True)
class CopyLimitRow:
    """`copy_number.tsv`: from how many copies on a gain is called, by the number of normals."""

    gene: str = column("gene symbol")
    bins: int = column("bins")
    normals: int = column("normals in the reference")
    present: bool = column("is that the number there is")
    copies: float = column("smallest gain called, in copies over all genomes")
    tumour_copies_05: float = column("the same in copies of a tumour of 5 %")
    tumour_copies_10: float = column("of 10 %")
    tumour_copies_20: float = column("of 20 %")
    tumour_copies_40: float = column("of 40 %")
