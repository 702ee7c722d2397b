"""The columns of `copy_number.tsv` and `copy_number_bins.tsv`."""

from dataclasses import dataclass

from ...io.tables import column
from ...vocabulary.copies import CopyNumberCall, Focality


@dataclass(frozen=True)
class CopyNumberRow:
    """`copy_number.tsv`: one gene."""

    gene: str = column("gene symbol")
    chrom: str = column("sequence name")
    start: int = column("first targeted base, 0-based")
    end: int = column("end of the last target, exclusive")
    bins: int = column("target bins of the gene")
    log2: float | None = column("log2 ratio against the reference")
    log2_low: float | None = column("lower end of the 95 % interval")
    log2_high: float | None = column("upper end of the 95 % interval")
    copy_number: float | None = column("average copy number over all genomes of the sample")
    copy_number_low: float | None = column("lower end of the 95 % interval")
    copy_number_high: float | None = column("upper end of the 95 % interval")
    tumour_copy_number: float | None = column("copy number of the tumour, corrected by the tumour fraction")
    tumour_copy_number_low: float | None = column("lower end of the 95 % interval")
    tumour_copy_number_high: float | None = column("upper end of the 95 % interval")
    smallest_visible_cn: float | None = column("smallest tumour copy number that would have been called")
    focal: Focality = column("does the rest of the arm stay neutral")
    call: CopyNumberCall = column("the verdict")
    reference: str = column("`flat`, `pooled` or `reported`")


@dataclass(frozen=True)
class RatioRow:
    """`copy_number_bins.tsv`: one normalised bin of one specimen, for the figure."""

    chrom: str = column("sequence name")
    start: int = column("start, 0-based")
    end: int = column("end, exclusive")
    gene: str = column("genes that hold the bin, joined by `,`")
    log2: float = column("log2 ratio against the reference")
    weight: float = column("weight of the bin")
