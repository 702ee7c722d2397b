"""The columns of `evidence.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.changes import Origin, VariantType
from ..vocabulary.detection import Detection, ObservationSource
from ..vocabulary.samples import SpecimenType


@dataclass(frozen=True)
class EvidenceRow:
    """`evidence.tsv`: one alteration of a patient in one specimen."""

    patient: str = column("patient id")
    timepoint: str = column("timepoint id")
    specimen: str = column("specimen id")
    specimen_type: SpecimenType = column("plasma, csf, tissue or wbc")
    key: str = column("identity of the alteration")
    gene: str = column("gene symbol")
    variant_type: VariantType = column("kind of alteration")
    alteration: str = column("name shown")
    hgvs_c: str | None = column("HGVS coding name")
    hgvs_p: str | None = column("HGVS protein name")
    position_grch38: str | None = column("position on GRCh38")
    origin: Origin = column("origin over all specimens of the patient")
    detection: Detection = column("what this specimen says")
    source: ObservationSource = column("called, genotyped or reported")
    alt_molecules: int | None = column("mutant molecules")
    total_molecules: int | None = column("molecules at the site")
    duplex_alt: int | None = column("mutant molecules seen on both strands")
    vaf: float | None = column("variant allele fraction")
    vaf_low: float | None = column("lower end of the 95 % interval")
    vaf_high: float | None = column("upper end of the 95 % interval")
    vaf_detectable: float | None = column("smallest VAF that would have been called with 95 % power")
    copy_number: float | None = column("copy number, of an amplification or loss")
    filters: tuple[str, ...] = column("reasons why it was not called")
