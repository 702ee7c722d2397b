"""The columns of `resistance.tsv` and `classification.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.caveats import Caveat
from ..vocabulary.changes import VariantType
from ..vocabulary.drugs import NamedDrug
from ..vocabulary.negatives import Exclusion
from ..vocabulary.resistance import (
    Classification,
    Component,
    Confidence,
    Emergence,
    FindingRole,
    NotEvaluableReason,
    Phase,
    Timing,
)
from ..vocabulary.samples import Setting
from .phase import PhaseEvidence

EXCLUDED = (
    "per kind of mechanism, what was excluded: shares of the tumour cells or tumour copy numbers above the "
    "number given (`alk_mutation>0.18`), or why nothing was (`bypass_fusion:not_targeted`)"
)
TIMING = "primary or acquired resistance; `.` at baseline and where lorlatinib ended without progression"
MARKED = "each with its mark and what must be known beside it: `lorlatinib (cited)`"


@dataclass(frozen=True)
class ResistanceRow:
    """`resistance.tsv`: one mechanism of one timepoint; one row with empty mechanism where none."""

    # No column has a default: a table that lost one would be read as a patient without that finding.
    patient: str = column("patient id")
    timepoint: str = column("timepoint id")
    setting: Setting = column("baseline, on_treatment or progression")
    classification: Classification = column("class of the timepoint")
    confidence: Confidence | None = column("confidence in this mechanism")
    component: Component | None = column("family of this mechanism")
    mechanism: str | None = column("mechanism, such as `ALK compound mutation`")
    gene: str | None = column("gene symbol")
    alteration: str | None = column("name shown")
    hgvs_c: str | None = column("HGVS coding name")
    hgvs_p: str | None = column("HGVS protein name")
    variant_type: VariantType | None = column("kind of alteration")
    position_grch38: str | None = column("position on GRCh38")
    lead_specimen: str | None = column("specimen with most mutant molecules; the numbers are its")
    specimens: tuple[str, ...] = column("specimens in which it was found")
    vaf: float | None = column("variant allele fraction in the lead specimen")
    vaf_low: float | None = column("lower end of the 95 % interval")
    vaf_high: float | None = column("upper end of the 95 % interval")
    alt_molecules: int | None = column("mutant molecules")
    total_molecules: int | None = column("molecules at the site")
    duplex_alt: int | None = column("mutant molecules seen on both strands")
    copy_number: float | None = column("tumour copy number if estimable, else of the sample")
    tumour_fraction: float | None = column("tumour fraction of the lead specimen")
    phase: Phase | None = column("phase of a set of ALK mutations")
    phase_partner: tuple[str, ...] = column("the other alterations of the set")
    phase_evidence: PhaseEvidence | None = column(
        "molecules and test behind the phase, or the reason it is open"
    )
    compound_molecules: int | None = column("molecules that carry every mutation of the compound")
    compound_total: int | None = column("molecules that show every site of the compound")
    compound_vaf: float | None = column("their share: the VAF of the compound; `vaf` is that of the mutation")
    compound_vaf_low: float | None = column("lower end of the 95 % interval")
    compound_vaf_high: float | None = column("upper end of the 95 % interval")
    compound_share: float | None = column("tumour cells that carry the compound, if on one copy")
    emergence: Emergence | None = column("against the baseline sample")
    role: FindingRole | None = column(
        "`emergent`: new or grown since baseline; `pre_existing`: there before, carries no acquired class"
    )
    timing: Timing | None = column(TIMING)
    # Also where something was found: what else may be there unseen.
    excluded_clone_fraction: float | None = column(
        "smallest tumour-cell share of a heterozygous substitution at the ALK hotspots that would have been "
        "called; limits of insertions and deletions stand in `callability.tsv`"
    )
    excluded: tuple[Exclusion, ...] = column(EXCLUDED)
    not_evaluable_reason: tuple[NotEvaluableReason, ...] = column("why a negative says nothing")
    not_assessable: tuple[str, ...] = column("loci that could not be judged")
    resistant_to: tuple[NamedDrug, ...] = column(f"drugs with reported resistance, {MARKED}")
    sensitive_to: tuple[NamedDrug, ...] = column(f"drugs with reported sensitivity, {MARKED}")
    evidence: tuple[str, ...] = column("sources of the drug and mechanism statements")
    criteria: tuple[str, ...] = column("codes of the rules that fired")
    flags: tuple[Caveat, ...] = column("caveats")


@dataclass(frozen=True)
class ClassificationRow:
    """`classification.tsv`: one timepoint."""

    patient: str = column("patient id")
    timepoint: str = column("timepoint id")
    setting: Setting = column("baseline, on_treatment or progression")
    classification: Classification = column("class of the timepoint")
    components: tuple[Component, ...] = column("families found")
    timing: Timing | None = column(TIMING)
    confidence: Confidence | None = column("best confidence of the mechanisms")
    flags: tuple[Caveat, ...] = column("caveats of all rows")
    not_evaluable_reason: tuple[NotEvaluableReason, ...] = column("why a negative says nothing")
    # The one default: without the column nothing counts as excluded, which claims too little.
    excluded: tuple[Exclusion, ...] = column(EXCLUDED, default=())
