"""The section `umi` of an assay."""

from collections.abc import Iterator

from pydantic import Field

from ...vocabulary.samples import RandomEnd, UmiSource
from .section import AtLeastOne, Fault, Natural, Section

LONGEST_UMI = 16


class UmiSettings(Section):
    source: UmiSource = Field(description="where the UMI is")
    read_structures: tuple[str, ...] = Field(
        description="fgbio read structures, one per FASTQ in the order fastq_1, fastq_2, fastq_umi, "
        "fastq_umi_2; "
        "empty where reads are template only"
    )
    tag: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9](\+[A-Za-z][A-Za-z0-9])?$",
        description="tag with the UMI, of a BAM or behind the names of a FASTQ; two for halves, as ZA+ZB",
    )
    duplex: bool = Field(description="do both strands of a molecule carry paired UMIs (A-B and B-A)")
    random_end: RandomEnd = Field(
        description="read that begins at a random end of the molecule: `both`; in anchored PCR `read1` or "
        "`read2`, the one with the UMI: copies from several primers are then one molecule"
    )
    edits: Natural = Field(description="mismatches between UMIs of one family")
    fixed_umis: str | None = Field(description="file with one allowed UMI per line, for correction")
    max_mismatches: Natural = Field(description="mismatches to correct to a fixed UMI")
    min_distance: AtLeastOne = Field(description="distance to the second-best fixed UMI")

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        if self.duplex and self.source is UmiSource.NONE:
            yield Fault("duplex", "true, but `source` is none", "say where the UMIs are, or write false")
        if self.random_end is not RandomEnd.BOTH and self.source is UmiSource.NONE:
            remedy = "write both, or say where the UMIs are"
            yield Fault("random_end", f"{self.random_end.value}, but `source` is none", remedy)
        if self.random_end is not RandomEnd.BOTH and self.duplex:
            remedy = "write both, or duplex: false: a primer copies one strand"
            yield Fault("random_end", f"{self.random_end.value}, but `duplex` is true", remedy)
        for key in ("edits", "max_mismatches"):
            if getattr(self, key) > LONGEST_UMI // 2:
                what = f"{getattr(self, key)} mismatches make any two UMIs alike"
                yield Fault(key, what, "write 1, or 0 where UMIs must agree")
