"""The evidence of one patient: the file `evidence.json`, on which the classification rests.

Positions named `pos` are 1-based; `start`/`end` are 0-based half-open. VAF and tumour fraction are
fractions between 0 and 1. Counts are molecules, never reads, unless the name says reads.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from ..vocabulary.caveats import CODES, Caveat
from ..vocabulary.changes import Consequence, Origin, VariantType
from ..vocabulary.clinical import BestResponse, Histology, ProgressionSite, StopReason
from ..vocabulary.copies import CopyNumberCall, Focality, TumourFractionStatus
from ..vocabulary.detection import Detection, LocusKind, ObservationSource
from ..vocabulary.samples import ID_PATTERN, IdentityStatus, Setting, SpecimenType, Verdict

EVIDENCE_SCHEMA_VERSION = 1
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Identifier = Annotated[str, Field(pattern=f"^{ID_PATTERN}$")]


def _caveat(given: Any) -> Caveat:
    return given if isinstance(given, Caveat) else Caveat.parse(str(given))


Flag = Annotated[
    Caveat,
    PlainValidator(_caveat),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(CODES)})(:.+)?$"}),
]
"""In the file a text such as `reported_as_gain`, everywhere else a value."""


class Model(BaseModel):
    """Base of the evidence: unknown fields are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class OfSpecimen(Model):
    """What belongs to one specimen of a patient; its id may be used again at another timepoint."""

    timepoint: Identifier
    specimen: Identifier

    @property
    def place(self) -> tuple[str, str]:
        """Timepoint and specimen."""
        return self.timepoint, self.specimen

    @property
    def full_name(self) -> str:
        """`timepoint.specimen`."""
        return f"{self.timepoint}.{self.specimen}"


class TumourFraction(Model):
    """Share of tumour-derived genomes in the specimen.

    Attributes:
        value: point estimate; `low`, `high` its 95 % interval.
        markers: what it rests on, such as `TP53 p.Arg175His` or `fusion EML4-ALK`.
        truncal_markers: number of independent truncal markers other than ALK mutations.
        above: markers that the fraction of the others cannot carry; the interval reaches up to theirs.
    """

    status: TumourFractionStatus
    value: Fraction | None = None
    low: Fraction | None = None
    high: Fraction | None = None
    markers: tuple[str, ...] = ()
    truncal_markers: Count = 0
    above: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> "TumourFraction":
        numbers = (self.value, self.low, self.high)
        if self.status is TumourFractionStatus.NOT_ESTIMABLE:
            if any(number is not None for number in numbers):
                raise ValueError("a tumour fraction that is not estimable has no numbers")
        elif self.value is None or self.low is None or self.high is None:
            raise ValueError("a tumour fraction needs value, low and high")
        elif not self.low <= self.value <= self.high:
            raise ValueError("tumour fraction: low <= value <= high does not hold")
        return self


class LocusCallability(Model):
    """What the calling rule could have seen at one locus.

    Attributes:
        locus: `G1202` for a hotspot codon, `exon 14`, `intron 19` or `gene` otherwise.
        molecules: consensus molecules at the worst base of the locus (median for a whole gene).
        vaf_detectable: smallest VAF of a substitution that the calling rule would have called with 95 %
            power; None where the locus has no such VAF below 1.
        status: `detected` if this codon or exon was found changed, else what the absence of a call means; of
            a gene always the latter.
        vaf_detectable_indel: the same VAF of an insertion or deletion in frame; None where there is none, or
            where it is not stated.
        detected: keys of the alterations called there.
    """

    gene: str
    locus: str
    kind: LocusKind
    exon: int | None = None
    molecules: Count
    simplex: Count = 0
    duplex: Count = 0
    vaf_detectable: Fraction | None = None
    status: Detection
    vaf_detectable_indel: Fraction | None = None
    detected: tuple[str, ...] = ()


class GeneCopyNumber(Model):
    """Copy number of one gene in one specimen.

    Attributes:
        copy_number: average over all genomes of the sample (2 = diploid), with 95 % interval.
        tumour_copy_number: corrected by the tumour fraction; None if that is not possible.
        smallest_visible_cn: smallest tumour copy number that would have been called a gain here.
    """

    gene: str
    copy_number: float
    copy_number_low: float
    copy_number_high: float
    tumour_copy_number: float | None = None
    tumour_copy_number_low: float | None = None
    tumour_copy_number_high: float | None = None
    focal: Focality
    call: CopyNumberCall
    smallest_visible_cn: float | None = None
    bins: Count = 0
    reference: Literal["flat", "pooled", "reported"] = "flat"


class RnaFinding(Model):
    """A finding in RNA of one specimen: a fusion, or a mutation by its share of the reads.

    Attributes:
        alteration: name shown: `EML4-ALK E13;A20`, `G1202R`, `MET exon 14 skipping`.
        mutant_share: reads with it by all reads there, 0 to 1.
    """

    gene: str
    alteration: str
    alt_reads: Count | None = None
    total_reads: Count | None = None
    mutant_share: Fraction | None = None

    @model_validator(mode="after")
    def _counts(self) -> "RnaFinding":
        if self.total_reads is not None and (self.alt_reads or 0) > self.total_reads:
            raise ValueError(f"alt_reads: {self.alt_reads} of {self.total_reads} reads")
        return self


class ReportedPhase(Model):
    """Two or more alterations (keys) of which a report says whether one molecule carries them."""

    alterations: tuple[str, ...] = Field(min_length=2)
    phase: Literal["cis", "trans"]


class BoardEvidence(Model):
    """What a tumour board has of one specimen beside its DNA; each may be missing.

    Attributes:
        rna: findings in RNA.
        alk_ihc: immunohistochemistry of ALK.
        met_cep7_ratio: MET by CEP7 signals, by FISH.
        alk_5_prime_copies, alk_3_prime_copies: copies of both sides of the breakpoint in ALK.
        nse_ng_ml, progrp_pg_ml: neuron-specific enolase and pro-gastrin-releasing peptide in serum.
        progression_site: where it progressed at this timepoint.
        drugs: taken at sampling, canonical names.
        reported_phase: phase as a report states it; it never proves cis alone.
    """

    rna: tuple[RnaFinding, ...] = ()
    alk_ihc: Literal["positive", "negative", "equivocal"] | None = None
    met_cep7_ratio: Positive | None = None
    alk_5_prime_copies: NotNegative | None = None
    alk_3_prime_copies: NotNegative | None = None
    nse_ng_ml: NotNegative | None = None
    progrp_pg_ml: NotNegative | None = None
    progression_site: ProgressionSite | None = None
    drugs: tuple[str, ...] = ()
    reported_phase: tuple[ReportedPhase, ...] = ()


class WhiteCellCount(Model):
    """Molecules of one white-cell sample at the site of an alteration, as a laboratory states them."""

    alt_molecules: Count
    total_molecules: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _within(self) -> "WhiteCellCount":
        if self.alt_molecules > self.total_molecules:
            raise ValueError(f"alt_molecules: {self.alt_molecules} of {self.total_molecules} molecules")
        return self


class Observation(OfSpecimen):
    """One alteration counted in one specimen.

    Attributes:
        vaf_low, vaf_high: 95 % interval of the VAF from molecules.
        duplex_alt: mutant molecules seen on both strands.
        strict_alt, strict_total: molecules that pass the strict consensus filter.
        vaf_detectable: VAF detectable with 95 % power at this site.
        filters: reasons why it was not called, as in FILTER of the VCF.
        loss_of_heterozygosity: whether the tumour has lost the other allele; None if not known.
    """

    detection: Detection
    source: ObservationSource
    alt_molecules: Count | None = None
    total_molecules: Count | None = None
    duplex_alt: Count | None = None
    strict_alt: Count | None = None
    strict_total: Count | None = None
    vaf: Fraction | None = None
    vaf_low: Fraction | None = None
    vaf_high: Fraction | None = None
    vaf_detectable: Fraction | None = None
    copy_number: float | None = None
    filters: tuple[str, ...] = ()
    loss_of_heterozygosity: bool | None = None


class Alteration(Model):
    """One alteration of a patient with what every specimen says about it.

    Attributes:
        key: identity across specimens: `chr2:29220747:C:T`, `fusion:EML4:ALK`,
            `copy_number:MET:amplification`, `reported:ALK:p.Gly1202Arg`.
        alteration: name shown: `G1202R`, `EML4-ALK E13;A20`, `amplification`.
        hgvs_p: three-letter name on `transcript`, without brackets: `p.Gly1202Arg`.
        codon: first residue concerned, where there is one.
        position_grch38: `chr2:29220747C>T` or `chr2:29223741|chr2:42299750`; None if unknown.
        in_frame: of a fusion; None if unknown.
        white_cells: counts of white-cell samples that are no specimen here; the origin follows from them.
    """

    key: str
    gene: str
    variant_type: VariantType
    alteration: str
    consequence: Consequence = Consequence.UNKNOWN
    transcript: str | None = None
    hgvs_c: str | None = None
    hgvs_p: str | None = None
    exon: int | None = None
    codon: int | None = None
    position_grch38: str | None = None
    partner: str | None = None
    junction: str | None = None
    in_frame: bool | None = None
    origin: Origin = Origin.UNDECIDED
    origin_reason: str = ""
    flags: tuple[Flag, ...] = ()
    white_cells: tuple[WhiteCellCount, ...] = ()
    observations: tuple[Observation, ...] = ()

    @property
    def full_name(self) -> str:
        """Gene and alteration as shown."""
        return f"{self.gene} {self.alteration}"


class PhaseObservation(OfSpecimen):
    """Molecules over a set of alterations in one specimen.

    Attributes:
        alterations: keys, in genomic order; two or more.
        patterns: molecules per pattern over the alterations, `1` mutant, `0` reference:
            `{"11": 4, "10": 7, "01": 12, "00": 2000}`.
        uninformative: molecules that cover all sites with an N, a filtered base or another
            allele at one of them.
        span_bp: distance from the first to the last base concerned.
        error_rates: false-mutant rate per molecule for each alteration, under the noise model.
        collision_rate: share of molecules that are two original molecules taken for one.
        chimera_rate: share of molecules that PCR joined from two templates between the sites.
    """

    alterations: tuple[str, ...] = Field(min_length=2)
    patterns: dict[str, Count]
    uninformative: Count = 0
    span_bp: Count
    error_rates: tuple[Fraction, ...]
    collision_rate: Fraction = 0.0
    chimera_rate: Fraction = 0.0

    @model_validator(mode="after")
    def _consistent(self) -> "PhaseObservation":
        size = len(self.alterations)
        wrong = [p for p in self.patterns if len(p) != size or set(p) - {"0", "1"}]
        if wrong:
            raise ValueError(f"patterns {wrong} do not fit {size} alterations")
        if len(self.error_rates) != size:
            raise ValueError("one error rate per alteration is needed")
        return self


class SpecimenEvidence(OfSpecimen):
    """One specimen: where it comes from, how good it is, what it could show.

    Attributes:
        setting: None for white cells only; they are never classified.
        reads: True if alterations come from reads, False if from a report.
        callability_known: False for a report without coverage and detection limit.
        problems: data problems that make the specimen unusable: `empty`, `contaminated` ...
        flags: stated with every row of the specimen, such as `fragment_saturation`.
        board: what is known beside its DNA; carried to `resistance.json`.
    """

    specimen_type: SpecimenType
    assay: str
    collected: date
    setting: Setting | None = None
    reads: bool = True
    callability_known: bool = True
    verdict: Verdict = Verdict.PASS
    identity: IdentityStatus = IdentityStatus.UNKNOWN
    problems: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    tumour_fraction: TumourFraction
    callability: tuple[LocusCallability, ...] = ()
    copy_number: tuple[GeneCopyNumber, ...] = ()
    board: BoardEvidence | None = None

    @model_validator(mode="after")
    def _has_setting(self) -> "SpecimenEvidence":
        if self.setting is None and self.specimen_type is not SpecimenType.WBC:
            raise ValueError("only white cells go without a setting")
        return self


class HistologyFinding(Model):
    """One pathology report."""

    date: date
    histology: Histology
    specimen: str | None = None
    neuroendocrine_ihc: bool | None = None


class DrugCourse(Model):
    """One drug of one regimen, by its canonical name; without an end it is still given."""

    drug: str
    start: date
    end: date | None = None


class ClinicalContext(Model):
    """The dates and responses the classification needs; None or empty where unknown.

    Attributes:
        first_cr_pr: date of the first assessment with CR or PR on first-line lorlatinib.
        best_response: best assessment on first-line lorlatinib before progression.
        next_systemic_start: start of the first added or replacing systemic drug after lorlatinib start.
        prior_alk_tki: ALK inhibitors given before lorlatinib, canonical names.
        courses: every systemic drug on record with its dates, before, during and after lorlatinib.
    """

    enrolled: date | None = None
    lorlatinib_start: date | None = None
    lorlatinib_last_dose: date | None = None
    lorlatinib_stop_reason: StopReason | None = None
    progression: date | None = None
    best_response: BestResponse | None = None
    first_cr_pr: date | None = None
    next_systemic_start: date | None = None
    next_systemic_regimen: str | None = None
    prior_alk_tki: tuple[str, ...] = ()
    courses: tuple[DrugCourse, ...] = ()
    known_fusion: str | None = None
    histology: tuple[HistologyFinding, ...] = ()


class PatientEvidence(Model):
    """Everything the classification of one patient rests on; the file `evidence.json`."""

    schema_version: Literal[1] = 1
    patient: Identifier
    specimens: tuple[SpecimenEvidence, ...]
    alterations: tuple[Alteration, ...] = ()
    phase: tuple[PhaseObservation, ...] = ()
    clinical: ClinicalContext | None = None

    @model_validator(mode="after")
    def _references(self) -> "PatientEvidence":
        known = [item.place for item in self.specimens]
        if twice := [place for place in known if known.count(place) > 1]:
            raise ValueError(f"specimen {'.'.join(twice[0])} is listed twice")
        keys = [alteration.key for alteration in self.alterations]
        if len(set(keys)) != len(keys):
            raise ValueError(f"alteration {max(keys, key=keys.count)} is listed twice")
        for alteration in self.alterations:
            for seen in alteration.observations:
                if seen.place not in known:
                    raise ValueError(f"{alteration.key}: unknown specimen {seen.specimen}")
        for item in self.specimens:
            stated = item.board.reported_phase if item.board else ()
            unknown = [key for said in stated for key in said.alterations if key not in keys]
            if unknown:
                raise ValueError(f"reported_phase of {item.full_name}: {unknown[0]} is not listed")
        for phase in self.phase:
            missing = [key for key in phase.alterations if key not in keys]
            if missing or phase.place not in known:
                raise ValueError(f"phase of {phase.alterations} names what is not listed")
        return self
