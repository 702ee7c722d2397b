"""The columns of `qc.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.samples import IdentityStatus, Verdict


@dataclass(frozen=True)
class QcRow:
    """`qc.tsv`: one sample."""

    patient: str = column("patient id")
    timepoint: str = column("timepoint id")
    specimen: str = column("specimen id")
    role: str = column("patient, normal or control")
    assay: str = column("assay")
    raw_reads: int | None = column("reads before trimming; records of the BAM where alignments were given")
    on_target: float | None = column("share of molecules on target")
    molecules: float | None = column("median molecules over the loci")
    molecules_duplex: float | None = column("median molecules seen on both strands, over the loci")
    duplex_yield: float | None = column("share of molecules seen on both strands")
    insert_size: float | None = column("median insert size in bases")
    contamination: float | None = column("estimated share of foreign molecules")
    control_expected: tuple[str, ...] = column("alterations expected in a control")
    control_found: tuple[str, ...] = column("of these, found")
    identity: IdentityStatus = column("agreement with the other samples of the patient")
    sex: str = column("XX or XY where polymorphisms of X and Y say so, else unknown")
    tumour_fraction: float | None = column("from this sample alone; not of white cells")
    fusions: str | None = column(
        "driver junctions called, such as `EML4-ALK E13;A20 (v1)`, with commas between"
    )
    copy_number_noise: float | None = column(
        "log2 differences between neighbouring bins of a gene, as a standard deviation of one bin"
    )
    copy_number_reference: str | None = column("flat or pooled")
    verdict: Verdict = column("by the thresholds of the assay")
    reasons: tuple[str, ...] = column("thresholds missed")
    primer_share: float | None = column(
        "share of aligned reads that begin or end at a primer of the assay; empty without any",
        default=None,
    )
