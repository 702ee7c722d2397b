"""The rows of every table that passes between stages or reaches the user.

`pos` is 1-based, `start`/`end` are 0-based half-open as in BED; fractions lie between 0 and 1;
counts are consensus molecules unless the column says reads.
"""

from dataclasses import dataclass
from datetime import date

from .models import (
    Classification,
    Component,
    Confidence,
    Consequence,
    CopyNumberCall,
    Detection,
    Emergence,
    Focality,
    IdentityStatus,
    LocusKind,
    MoleculeGroup,
    NotEvaluableReason,
    ObservationSource,
    Origin,
    Phase,
    Setting,
    SpecimenType,
    Timing,
    TumourFractionStatus,
    VariantType,
    Verdict,
)
from .tables import column


@dataclass(frozen=True)
class MoleculeMetric:
    """`molecules.tsv`: one figure of grouping and consensus."""

    metric: str = column("name of the figure, such as `families` or `family_size`")
    stratum: str = column("what it is counted over, such as a family size; `all` otherwise")
    value: float = column("the figure; counts are whole numbers, rates and shares fractions")


@dataclass(frozen=True)
class ErrorRateRow:
    """`error_rates.tsv`: how often molecules of one group show one false base, against the reference."""

    molecules: MoleculeGroup = column(
        "what stands behind the base: `single` (no UMI), `simplex` (one strand) or `duplex` (both)"
    )
    substitution: str = column("type, named by the pyrimidine: G>T counts as C>A")
    errors: int = column(
        "molecules with the false base, at sites without an allele above the teaching VAF; "
        "true variants below detection may be among them"
    )
    bases: int = column(
        "molecules looked at, summed over the bases of targets and their margin that could show the type"
    )
    rate: float | None = column(
        "errors over bases, an upper estimate as far as true variants are in it; missing where none were seen"
    )
    low: float | None = column("lower end of the exact 95 % interval, of counting alone")
    high: float | None = column("upper end of that interval")
    set_aside: int = column(
        "alternatives of the type, any group, that noise does not explain: variants or places that err more"
    )
    set_aside_molecules: int = column("molecules of the group with those; they are not in errors or bases")
    sites_left_out: int = column(
        "bases that could show the type and are left out for an allele above the teaching VAF"
    )


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
    simplex: int = column("of these, seen on one strand")
    duplex: int = column("of these, seen on both strands")
    vaf_detectable: float | None = column("smallest VAF that would have been called with 95 % power")
    status: Detection = column("`detected`, or what the absence of a call means")


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


@dataclass(frozen=True)
class TumourFractionRow:
    """`tumour_fraction.tsv`: exactly one row."""

    status: TumourFractionStatus = column("estimated, given or not estimable")
    value: float | None = column("tumour-derived share of the genomes")
    low: float | None = column("lower end of the 95 % interval")
    high: float | None = column("upper end of the 95 % interval")
    truncal_markers: int = column("independent truncal markers other than ALK mutations")
    markers: tuple[str, ...] = column("the markers used")


@dataclass(frozen=True)
class SampleTumourFractionRow:
    """`tumour_fraction.tsv` of a patient: one sample, with markers known from all samples of the patient."""

    timepoint: str = column("timepoint id")
    specimen: str = column("specimen id")
    specimen_type: SpecimenType = column("plasma, csf or tissue")
    collected: date = column("day of collection")
    status: TumourFractionStatus = column("estimated, given or not estimable")
    value: float | None = column("tumour-derived share of the genomes")
    low: float | None = column("lower end of the 95 % interval")
    high: float | None = column("upper end of the 95 % interval")
    truncal_markers: int = column("independent truncal markers other than ALK mutations")
    markers: tuple[str, ...] = column("the markers used")


@dataclass(frozen=True)
class GenotypeRow:
    """`genotypes.tsv`: one known polymorphism, for identity and contamination."""

    chrom: str = column("sequence name")
    pos: int = column("position, 1-based")
    ref: str = column("reference base")
    alt: str = column("alternative base")
    ref_molecules: int = column("molecules with the reference base")
    alt_molecules: int = column("molecules with the alternative base")
    genotype: str | None = column("`0/0`, `0/1`, `1/1`; missing where molecules do not suffice")


@dataclass(frozen=True)
class AlterationRow:
    """`alterations.tsv`: one alteration of one specimen, called or reported."""

    key: str = column("identity across specimens")
    gene: str = column("gene symbol")
    variant_type: VariantType = column("kind of alteration")
    alteration: str = column("name shown, such as `G1202R`")
    consequence: Consequence = column("effect on the protein")
    transcript: str | None = column("transcript of the names")
    hgvs_c: str | None = column("HGVS coding name")
    hgvs_p: str | None = column("HGVS protein name, three-letter")
    exon: int | None = column("exon")
    codon: int | None = column("first residue concerned")
    chrom: str | None = column("sequence name")
    pos: int | None = column("position, 1-based")
    ref: str | None = column("reference allele")
    alt: str | None = column("alternative allele")
    partner: str | None = column("fusion partner gene")
    junction: str | None = column("junction name, such as `E13;A20`")
    in_frame: bool | None = column("does the fusion keep the reading frame")
    detection: Detection = column("`detected`, or `subthreshold` for a candidate that missed the rule")
    source: ObservationSource = column("called from reads or reported")
    vaf: float | None = column("variant allele fraction from molecules")
    vaf_low: float | None = column("lower end of the 95 % interval")
    vaf_high: float | None = column("upper end of the 95 % interval")
    alt_molecules: int | None = column("mutant molecules")
    total_molecules: int | None = column("molecules at the site")
    duplex_alt: int | None = column("mutant molecules seen on both strands")
    strict_alt: int | None = column("mutant molecules that pass the strict consensus filter")
    strict_total: int | None = column("molecules at the site that pass the strict consensus filter")
    copy_number: float | None = column("copy number, of an amplification or loss")
    origin: Origin = column("somatic, germline, clonal haematopoiesis or undecided")
    origin_reason: str = column("what the origin rests on")
    knowledge: tuple[str, ...] = column("subjects of the knowledge tables that this alteration hits")
    filters: tuple[str, ...] = column("reasons why a candidate was not called")
    flags: tuple[str, ...] = column("caveats")


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


@dataclass(frozen=True)
class ResistanceRow:
    """`resistance.tsv`: one mechanism of one timepoint; one row with empty mechanism where none."""

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
    phase_evidence: str | None = column("molecules and test behind the phase, or the reason it is open")
    emergence: Emergence | None = column("against the baseline sample")
    timing: Timing = column("primary or acquired resistance")
    excluded_clone_fraction: float | None = column(
        "smallest tumour-cell share of a heterozygous ALK hotspot mutation that would have been called"
    )
    not_evaluable_reason: tuple[NotEvaluableReason, ...] = column("why a negative says nothing")
    not_assessable: tuple[str, ...] = column("loci that could not be judged")
    resistant_to: tuple[str, ...] = column("drugs with verified resistance")
    sensitive_to: tuple[str, ...] = column("drugs with verified sensitivity")
    evidence: tuple[str, ...] = column("sources of the drug and mechanism statements")
    criteria: tuple[str, ...] = column("codes of the rules that fired")
    flags: tuple[str, ...] = column("caveats")


@dataclass(frozen=True)
class ClassificationRow:
    """`classification.tsv`: one timepoint."""

    patient: str = column("patient id")
    timepoint: str = column("timepoint id")
    setting: Setting = column("baseline, on_treatment or progression")
    classification: Classification = column("class of the timepoint")
    components: tuple[Component, ...] = column("families found")
    timing: Timing = column("primary or acquired resistance")
    confidence: Confidence | None = column("best confidence of the mechanisms")
    flags: tuple[str, ...] = column("caveats of all rows")
    not_evaluable_reason: tuple[NotEvaluableReason, ...] = column("why a negative says nothing")


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
    fusions: tuple[str, ...] = column("driver junctions called")
    copy_number_noise: float | None = column(
        "log2 differences between neighbouring bins of a gene, as a standard deviation of one bin"
    )
    copy_number_reference: str | None = column("flat or pooled")
    verdict: Verdict = column("by the thresholds of the assay")
    reasons: tuple[str, ...] = column("thresholds missed")


@dataclass(frozen=True)
class IdentityRow:
    """`identity.tsv`: one pair of samples worth a look: same patient, or alike across patients."""

    sample_a: str = column("patient.timepoint.specimen")
    sample_b: str = column("patient.timepoint.specimen")
    same_patient: bool = column("are both labelled with one patient")
    sites: int = column("polymorphisms genotyped in both")
    concordance: float | None = column("share of equal genotypes")
    status: IdentityStatus = column("the verdict of the pair")


@dataclass(frozen=True)
class LocusRow:
    """`results/reference/loci.tsv`: where callability is stated, from knowledge and gene models."""

    gene: str = column("gene symbol")
    locus: str = column("hotspot codon (`G1202`), `exon 14`, `intron 19` or `gene`")
    kind: LocusKind = column("kind of locus")
    exon: int | None = column("exon of the transcript used")
    chrom: str = column("sequence name")
    start: int = column("first base, 0-based")
    end: int = column("end, exclusive")


@dataclass(frozen=True)
class HotspotRow:
    """`results/reference/hotspots.tsv`: alleles of the knowledge tables, counted in every sample."""

    gene: str = column("gene symbol")
    alteration: str = column("short protein name, `G1202R`")
    chrom: str = column("sequence name")
    pos: int = column("position, 1-based")
    ref: str = column("reference allele")
    alt: str = column("alternative allele")
