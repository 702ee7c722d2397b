"""The section `umi` of an assay."""

from pydantic import Field

from ...vocabulary.samples import UmiSource
from .section import AtLeastOne, Natural, Section


class UmiSettings(Section):
    source: UmiSource = Field(description="where the UMI is")
    read_structures: tuple[str, ...] = Field(
        description="fgbio read structures, one per FASTQ in the order fastq_1, fastq_2, fastq_umi; "
        "empty where reads are template only"
    )
    tag: str = Field(pattern="^[A-Za-z][A-Za-z0-9]$", description="BAM tag with the UMI")
    duplex: bool = Field(description="do both strands of a molecule carry paired UMIs (A-B and B-A)")
    edits: Natural = Field(description="mismatches between UMIs of one family")
    fixed_umis: str | None = Field(description="file with one allowed UMI per line, for correction")
    max_mismatches: Natural = Field(description="mismatches to correct to a fixed UMI")
    min_distance: AtLeastOne = Field(description="distance to the second-best fixed UMI")
