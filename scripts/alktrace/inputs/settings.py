"""The configuration as checked objects. Values live in config/config.yaml, never here."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import InputProblems, Problem
from ..vocabulary.samples import ID_PATTERN, UmiSource

Probability = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Natural = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
Adapter = Annotated[str, Field(pattern="^[ACGT]{8,}$")]


class Section(BaseModel):
    """Base of every section: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ReferenceSettings(Section):
    fasta: str = Field(description="genome FASTA with true coordinates (plain or bgzip, with .fai)")
    gff3: str = Field(description="gene models in Ensembl GFF3, of the same build")
    align_fasta: str | None = Field(
        description="compact FASTA with contigs named chr:start-end to align to instead; alignments are "
        "lifted to true coordinates. For demos and tests: real runs align to the whole genome"
    )
    polymorphisms: str | None = Field(
        description="VCF of common polymorphisms for identity and contamination"
    )
    population_vcf: str | None = Field(
        description="VCF with INFO/AF of population frequencies, used to recognise germline variants"
    )
    aligner: Literal["bwa", "bwa-mem2"] = Field(description="program that aligns")


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


class AssayQc(Section):
    min_molecules: Natural = Field(description="median molecules over targets, below: fail")
    warn_molecules: Natural = Field(description="median molecules over targets, below: warn")
    min_on_target: Share = Field(description="share of molecules on target, below: warn")
    max_contamination: Share = Field(description="estimated contamination, above: fail")
    max_blank_molecules: Natural = Field(description="molecules of a no-template control, above: fail")


class AssayDefaults(Section):
    umi: UmiSettings = Field(description="UMIs of the assay")
    noise_model: str | None = Field(description="noise model built from normals; null: shipped prior")
    copy_number_reference: str | None = Field(
        description="CNVkit reference; null: pooled from the normals of the sheet if enough, else flat"
    )
    expected: tuple[str, ...] = Field(
        description="alterations a positive control of this assay must show, as `ALK p.Gly1202Arg`"
    )
    qc: AssayQc = Field(description="thresholds of the QC verdict")


class AssaySettings(AssayDefaults):
    targets: str = Field(description="BED of targeted regions, true coordinates")


class AlignSettings(Section):
    min_length: AtLeastOne = Field(description="bases a read must keep after adapter trimming")
    adapters: tuple[Adapter, Adapter] = Field(
        description="adapters that follow read 1 and read 2; pairs are trimmed by their overlap first"
    )
    batch_bases: AtLeastOne = Field(description="bwa mem -K, fixed so that threads do not change results")


class MoleculeSettings(Section):
    min_mapq: Natural = Field(description="mapping quality that both mates must reach to be grouped")
    error_rate_pre_umi: Positive = Field(description="phred error rate before UMIs were attached")
    error_rate_post_umi: Positive = Field(description="phred error rate after UMIs were attached")
    min_input_base_quality: Natural = Field(description="raw bases below are ignored")
    saturation: Share = Field(
        description="without UMIs: share of positions taken above which `fragment_saturation` is flagged"
    )


class StrictSettings(Section):
    min_reads: tuple[int, int, int] = Field(
        description="reads in total, on the better and on the worse strand; simplex data use the first"
    )
    max_read_error_rate: Share = Field(description="errors over bases of the raw reads of a molecule")
    max_base_error_rate: Share = Field(description="errors over raw reads at one base")
    min_base_quality: Natural = Field(description="consensus quality, below: N")
    max_no_calls: Share = Field(description="share of N in a consensus read")
    strand_agreement: bool = Field(description="duplex bases on which the strands differ become N")


class TrainingSettings(Section):
    max_vaf: Share = Field(description="VAF of an allele above which its site is no training site")
    max_repeat_vaf: Share = Field(
        description="the same for insertions and deletions in homopolymers and short tandem repeats of ten "
        "units and more, which slip often"
    )
    tail_probability: Probability = Field(
        description="noise tail below which an alternative is set aside as a possible variant"
    )
    min_molecules: AtLeastOne = Field(description="molecules of such an alternative, fewer: it is kept")
    min_duplex: AtLeastOne = Field(
        description="duplex molecules from which they alone say whether a slip in a repeat is inherited"
    )


class NormalsSettings(Section):
    advised: AtLeastOne = Field(description="normals, fewer: a warning")
    max_vaf: Share = Field(description="VAF from which an allele is inherited and says nothing on noise")
    max_repeat_vaf: Share = Field(
        description="the same for insertions and deletions in repeats of seven units and more"
    )
    strength: Positive = Field(description="molecules that an unremarkable position counts for beforehand")
    clear_molecules: AtLeastOne = Field(description="molecules from which a position is judged by itself")
    clear_normals: AtLeastOne = Field(description="normals that show them, at least")


class NeighbourSettings(Section):
    edge_reach: AtLeastOne = Field(
        description="bases beyond a called insertion or deletion that ends of reads show shifted"
    )
    edge_share: Share = Field(
        description="molecules of such a substitution over those of the insertion or deletion, at most"
    )
    form_reach: AtLeastOne = Field(description="bases between two forms of one insertion or deletion")
    form_share: Share = Field(description="molecules of one form that carry the other too, at least")


class CallingSettings(Section):
    tail_probability: Probability = Field(description="noise tail probability per tested alternative")
    hotspot_tail_probability: Probability = Field(description="the same at knowledge hotspots")
    min_alt_molecules: AtLeastOne = Field(description="mutant molecules, never fewer")
    min_candidate_molecules: AtLeastOne = Field(
        description="mutant molecules below the rule that are still shown as `subthreshold`"
    )
    min_mapq: Natural = Field(description="mapping quality of a consensus read")
    min_base_quality: Natural = Field(description="consensus base quality, below: uninformative")
    end_distance: Natural = Field(description="bases from the fragment end that do not vote")
    end_zone: Natural = Field(description="bases from the fragment end with noise rates of their own")
    max_mismatch_share: Share = Field(description="mismatches over aligned bases of a read, above: no vote")
    power: Probability = Field(description="power at which a detectable VAF is stated")
    design_vaf: Probability = Field(
        description="VAF at which the weights of the molecule classes tell mutants from noise best"
    )
    noise_bound: Probability = Field(description="credible bound of a noise rate that enters the test")
    max_reference_misfit: Share = Field(
        description="bases of the reads that differ from the reference, above: not their reference"
    )
    max_repeats: AtLeastOne = Field(
        description="repeat units beyond the first; insertions and deletions in more are `long_repeat`"
    )
    training: TrainingSettings = Field(description="what of a sample its noise is learned from")
    normals: NormalsSettings = Field(description="noise per position, learned from normals")
    neighbours: NeighbourSettings = Field(
        description="what an insertion or deletion makes of its surroundings, filters `indel_edge` and "
        "`second_form`"
    )
    subthreshold_tail_probability: Probability = Field(
        description="noise tail up to which a candidate that is not called stays in the VCF"
    )
    genotype_molecules: AtLeastOne = Field(description="molecules at a polymorphism to genotype it")
    strict: StrictSettings = Field(description="strict molecules, counted beside the loose ones")


class FusionSettings(Section):
    min_molecules: AtLeastOne = Field(description="distinct supporting molecules")
    min_split_molecules: Natural = Field(description="of these, with a split read")
    min_anchor: AtLeastOne = Field(description="aligned bases on each side of a split read")
    min_mapq: Natural = Field(description="mapping quality on both sides")
    max_insert: AtLeastOne = Field(description="largest fragment for clustering discordant pairs")
    min_overhang: AtLeastOne = Field(
        description="bases that a molecule must reach into both sides of a junction, or of the intact site"
    )
    min_fragments: AtLeastOne = Field(description="supporting molecules that differ in an outer end")
    min_ends: AtLeastOne = Field(
        description="different outer ends on each side: a PCR chimera shares one. 1 for amplicon assays"
    )
    same_bases: Natural = Field(description="bases by which two precise breakpoints of one junction differ")
    power: Probability = Field(description="power at which the detectable VAF of a fusion is stated")
    max_homology: Natural = Field(description="micro-homology above which a junction is a likely chimera")
    max_similarity: Share = Field(
        description="identity of the sequence joined to the sequence replaced, above: paralogue"
    )
    min_complexity: Share = Field(
        description="share of different triplets in the 40 bases on either side, below: simple repeat"
    )


class CopyNumberSettings(Section):
    min_bins: AtLeastOne = Field(description="bins of a gene, fewer: not assessable")
    min_arm_bins: AtLeastOne = Field(description="bins elsewhere on the arm needed to judge focality")
    min_normals: AtLeastOne = Field(description="normals of an assay needed for a pooled reference")
    amplification: dict[str, Positive] = Field(
        description="tumour copy number that counts as amplification, per gene"
    )
    loss_genes: tuple[str, ...] = Field(description="genes in which a loss is looked for")
    loss: Positive = Field(
        description="tumour copy number below which a loss, of one copy or both, is called"
    )
    min_loss_tumour_fraction: Share = Field(description="tumour fraction below which no loss is called")
    bin_size: AtLeastOne = Field(description="average size of the bins into which targets are cut, in bases")
    tail_probability: Probability = Field(
        description="one-sided probability that the noise of a gene looks like a gain or a loss"
    )
    loss_tail_probability: Probability = Field(
        description="one-sided probability that the noise of a gene looks like a loss of a copy"
    )
    power: Probability = Field(description="power at which the smallest visible copy number is stated")


class CopyState(Section):
    mutated: AtLeastOne = Field(description="copies with the marker in a tumour cell")
    total: AtLeastOne = Field(description="all copies of the locus in a tumour cell")
    weight: Positive = Field(description="relative probability of the state")


class TumourFractionSettings(Section):
    max_marker_vaf: Share = Field(description="VAF above which a marker counts as germline or imbalanced")
    min_marker_molecules: AtLeastOne = Field(
        description="mutant molecules of a marker, unless another sample of the patient shows it"
    )
    copy_states: tuple[CopyState, ...] = Field(
        min_length=1, description="copy states that a truncal marker may have where its copies are not known"
    )
    fusion_gain_tail: Probability = Field(
        description="chance below which a fusion junction with more molecules than its reciprocal was gained"
    )
    subclonal: Share = Field(description="probability that one of several markers is subclonal")
    unrelated: Share = Field(description="probability that one of several markers is not of the tumour")


class OriginSettings(Section):
    germline_vaf_low: Share = Field(description="lower end of the germline VAF band in white cells")
    germline_vaf_high: Share = Field(description="upper end of the heterozygous band")
    carry_over_ratio: Positive = Field(description="plasma VAF over wbc VAF from which wbc shows carry-over")
    population_frequency: Share = Field(description="population frequency from which a variant is germline")
    power: Probability = Field(description="power that makes a white-cell sample informative")
    alpha: Probability = Field(
        description="noise tail probability below which molecules of white cells show a variant"
    )
    white_cell_noise: Probability = Field(description="false-mutant molecules per molecule of white cells")


class IdentitySettings(Section):
    min_sites: AtLeastOne = Field(description="shared polymorphisms needed for a verdict")
    match: Share = Field(description="concordance from which two samples are of one person")
    mismatch: Share = Field(description="concordance below which they are not")
    chance: Probability = Field(
        description="probability that two persons share a genotype by chance, at most"
    )
    alpha: Probability = Field(
        description="chance of a false match over all pairs of the cohort, at which two patients are one"
    )
    min_sex_sites: AtLeastOne = Field(
        description="sites on X or Y that must agree before sex is said: one alone may be misaligned"
    )


class PhaseSettings(Section):
    min_double: AtLeastOne = Field(description="double-mutant molecules that prove cis")
    alpha: Probability = Field(description="tail probability of doubles under noise, collisions, chimeras")
    min_informative: AtLeastOne = Field(description="molecules with at least one mutant that trans needs")
    min_single: AtLeastOne = Field(description="molecules of each single mutant that trans needs")
    min_parental: AtLeastOne = Field(
        description="molecules of a single mutant that make CIS_AND_SINGLE, beyond dropout"
    )
    chimera_rate: Share = Field(
        description="share of molecules that PCR joined from two templates between the sites; a cautious "
        "assumption of this project"
    )
    collision_rate: Share = Field(
        description="share of molecules that are two originals taken for one, where molecules.tsv gives none"
    )
    correlated_error_share: Share = Field(
        description="share of misread molecules that are misread at every other site of the set too; a "
        "cautious assumption of this project"
    )
    min_truncal_markers: AtLeastOne = Field(
        description="truncal markers the tumour fraction must rest on before VAF sums may hint at cis"
    )


class NegativeSettings(Section):
    max_excluded_clone_fraction: Share = Field(
        description="largest excluded clone share of an informative negative, of ALK and of bypass loci"
    )
    min_tumour_fraction: Share = Field(description="tumour fraction a NONE_FOUND needs (lower end)")
    alk_exons: tuple[int, ...] = Field(description="exons of ALK whose hotspots a NONE_FOUND must cover")
    max_visible_copy_number: Positive = Field(
        description="a gene whose amplification would show only above this tumour copy number is "
        "listed as not assessable"
    )
    amplification_copy_number: Positive = Field(
        description="a tumour copy number whose upper end lies below this excludes an amplification"
    )


class WindowSettings(Section):
    days_before_progression: Natural = Field(description="sampling window opens, days before progression")
    days_after_last_dose: Natural = Field(description="and closes, days after the last lorlatinib dose")
    histology_days: Natural = Field(
        description="days between a pathology report and a sample within which both describe one timepoint"
    )


class TimingSettings(Section):
    acquired_months: AtLeastOne = Field(description="calendar months of SD that make resistance acquired")
    early_months: AtLeastOne = Field(description="progression within these months is `early_le_12m`")
    stable_fold: Annotated[float, Field(gt=1)] = Field(
        description="a VAF is stable between two samples if the whole 95 % interval of its ratio lies "
        "within this factor"
    )


class CloneSettings(Section):
    min_share: Share = Field(
        description="a finding in surely fewer of the tumour cells (upper end, in every specimen that shows "
        "it) is `minor_clone` and at most a candidate; 0.1 is an assumption of this project, no published "
        "limit; 0 turns it off"
    )


class ResistanceSettings(Section):
    phase: PhaseSettings
    negative: NegativeSettings
    clones: CloneSettings
    window: WindowSettings
    timing: TimingSettings


class CohortSettings(Section):
    data_cutoff: date | None = Field(
        description="clinical data after this date are not used, patients alive then are censored; null: all"
    )
    confidence: Probability = Field(description="level of every interval of the cohort")
    rate_years: tuple[AtLeastOne, ...] = Field(description="years at which rates are stated")
    at_risk_days: AtLeastOne = Field(description="step of the numbers at risk below a curve, days")
    max_enrolled_at_progression: Share = Field(
        description="largest share of patients enrolled at or after progression for which rwTTD1 is estimable"
    )
    min_at_risk: AtLeastOne = Field(
        description="an event among fewer patients at risk while others still enter is flagged"
    )
    repeat_progression_days: Natural = Field(
        description="a PD within these days of the first and not after the start of the next treatment is "
        "the same progression seen again"
    )
    confirmation_days: AtLeastOne = Field(
        description="days after which a second CR or PR confirms a response"
    )
    timing_months: tuple[AtLeastOne, ...] = Field(
        description="primary and acquired resistance are also compared at these months of stable disease"
    )
    events_per_parameter: AtLeastOne = Field(
        description="events a regression or group test needs per parameter"
    )
    min_group_patients: AtLeastOne = Field(
        description="patients needed in every group that a regression or group test compares; counts, exact "
        "intervals and Fisher's test have no minimum"
    )
    safety_days: Natural = Field(
        description="days after the last dose in which an adverse event counts for the treatment"
    )
    severe_grade: Annotated[int, Field(ge=2, le=5)] = Field(
        description="CTCAE grade from which an adverse event is severe"
    )


class Settings(Section):
    """The whole configuration."""

    samples: str = Field(description="the sample sheet")
    clinical: str | None = Field(description="folder with the clinical tables; null: none")
    exclude: tuple[str, ...] = Field(description="patients left out of the cohort")
    reference: ReferenceSettings
    assays: dict[Annotated[str, Field(pattern=f"^{ID_PATTERN}$")], AssaySettings] = Field(
        description="assays by name, as in the sheet; each needs `targets` alone"
    )
    assay_defaults: AssayDefaults = Field(
        exclude=True, description="what an assay does not say: the keys of an assay without `targets`"
    )
    align: AlignSettings
    molecules: MoleculeSettings
    calling: CallingSettings
    fusions: FusionSettings
    copy_number: CopyNumberSettings
    tumour_fraction: TumourFractionSettings
    origin: OriginSettings
    identity: IdentitySettings
    resistance: ResistanceSettings
    cohort: CohortSettings

    @model_validator(mode="before")
    @classmethod
    def _lay_defaults_under_assays(cls, config: Any) -> Any:
        """Give every assay what it does not say itself, key by key; what is no map is refused afterwards."""
        assays = config.get("assays") if isinstance(config, Mapping) else None
        if not isinstance(assays, Mapping):
            return config
        defaults = config.get("assay_defaults")
        filled = {
            name: lay_over(defaults, assay) if isinstance(assay, Mapping) else assay
            for name, assay in assays.items()
        }
        return {**config, "assays": filled}


def lay_over(below: Any, above: Mapping[Any, Any]) -> Any:
    """Return a configuration laid over another one, as Snakemake does it: maps merge at every depth.

    Args:
        below: the configuration below; stays as it is.
        above: its lists, scalars and nulls replace what they meet.
    """
    # An empty map changes nothing, even over a scalar or null: `assays: {}` removes no assay.
    if not above:
        return below
    merged = dict(below) if isinstance(below, Mapping) else {}
    for key, value in above.items():
        merged[key] = lay_over(merged.get(key, {}), value) if isinstance(value, Mapping) else value
    return merged


def check_settings(config: dict[str, Any], *, file: Path | str) -> Settings:
    """Return the checked settings.

    Args:
        config: the configuration as read from YAML.
        file: named in the messages.

    Raises:
        InputProblems: every key that is missing, unknown or has a wrong value.
    """
    try:
        return Settings.model_validate(config)
    except ValidationError as error:
        details = error.errors()
        # Wrong in the defaults is wrong in every assay; it is said once, where it stands.
        shared = {detail["loc"][1:] for detail in details if detail["loc"][:1] == ("assay_defaults",)}
        own = [d for d in details if d["loc"][:1] != ("assays",) or d["loc"][2:] not in shared]
        raise InputProblems([_problem(str(file), detail) for detail in own]) from None


def _problem(file: str, detail: Any) -> Problem:
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "missing":
        return Problem(file, 0, key, "the key is missing", "add it; config/README.md describes it")
    if detail["type"] == "extra_forbidden":
        return Problem(file, 0, key, "unknown key", "remove it or correct its spelling")
    return Problem(file, 0, key, f"value {detail['input']!r}", detail["msg"])
