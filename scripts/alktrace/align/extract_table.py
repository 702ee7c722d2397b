"""The columns of `extract.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True)
class ExtractRow:
    """What became of the clusters of one sequencing unit."""

    unit: str = column("sequencing unit")
    templates: int = column("clusters read: pairs, or single-end reads")
    reads: int = column("template reads in them")
    failed_filter: int = column("clusters dropped because the sequencer marked them as failed")
    too_short: int = column("clusters dropped because a read is shorter than its read structure")
    without_umi: int = column("clusters dropped because the read name or tag has no UMI")
    corrected: int = column("clusters whose UMI was corrected to the list of fixed UMIs")
    uncorrectable: int = column("clusters dropped because their UMI is near none or several fixed UMIs")
    written: int = column("clusters passed on")
    other_bases: int = column("bases read as N that are no A, C, G, T or N in either case", default=0)
