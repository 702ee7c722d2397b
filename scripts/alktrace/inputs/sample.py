"""A sample and its sequencing units, as the sheet describes them."""

from dataclasses import dataclass, field
from datetime import date

from ..vocabulary.samples import BamKind, InputKind, Role, Setting, SpecimenType, VafUnit

VCF_SUFFIXES = (".vcf", ".vcf.gz", ".bcf")
"""Of `calls` that are a VCF, not a table."""


@dataclass(frozen=True)
class Unit:
    """One row of the sheet: one sequencing unit.

    Attributes:
        unit: id within its sample, `u1`, `u2`, ... in file order.
        library: rows of one library are merged before grouping.
        covered_regions: BED of what a report covered.
        lod_vaf: VAF that a report would have found, a fraction.
        vaf_unit: unit of the bare VAFs of a report.
        line: 1-based line of the sheet; no part of what the unit is, so that another row moves nothing.
    """

    unit: str
    library: str
    fastq_1: str | None = None
    fastq_2: str | None = None
    fastq_umi: str | None = None
    fastq_umi_2: str | None = None
    bam: str | None = None
    bam_kind: BamKind | None = None
    calls: str | None = None
    covered_regions: str | None = None
    lod_vaf: float | None = None
    vaf_unit: VafUnit | None = None
    line: int = field(default=0, compare=False, repr=False)

    @property
    def kind(self) -> InputKind:
        """What is given: the one place that says so."""
        if self.calls is not None:
            return InputKind.VCF if self.calls.endswith(VCF_SUFFIXES) else InputKind.REPORT
        if self.bam is not None:
            return InputKind.CONSENSUS_BAM if self.bam_kind is BamKind.CONSENSUS else InputKind.RAW_BAM
        return InputKind.FASTQ


@dataclass(frozen=True)
class Processing:
    """Where and by whom a specimen was processed; empty where the sheet does not say.

    Attributes:
        well: `A1` to `P24`, row and column of a plate.
    """

    batch: str = ""
    plate: str = ""
    well: str = ""
    operator: str = ""
    run: str = ""


@dataclass(frozen=True)
class Sample:
    """One specimen of one timepoint of one patient, with its units.

    Attributes:
        processing: no part of what the sample is, so that a well written down later reruns none of its jobs.
    """

    patient: str
    timepoint: str
    specimen: str
    specimen_type: SpecimenType
    assay: str
    collected: date
    setting: Setting | None
    role: Role
    units: tuple[Unit, ...]
    processing: Processing = field(default=Processing(), compare=False, repr=False)

    @property
    def name(self) -> str:
        """Sample name in BAM and VCF."""
        return f"{self.patient}.{self.timepoint}.{self.specimen}"

    @property
    def folder(self) -> str:
        """Folder of the sample below `results/patients`."""
        return f"{self.patient}/{self.timepoint}/{self.specimen}"

    @property
    def line(self) -> int:
        """Line of its first unit in the sheet, 1-based."""
        return self.units[0].line

    @property
    def reported(self) -> bool:
        """True where alterations come from a report or a VCF, not from reads."""
        return self.units[0].kind in (InputKind.VCF, InputKind.REPORT)

    @property
    def consensus(self) -> bool:
        """True where the sheet gives the consensus BAM."""
        return self.units[0].kind is InputKind.CONSENSUS_BAM
