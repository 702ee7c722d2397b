"""Caveats as values: a code of a closed list and what it is about; text is made when a row is written."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class CaveatCode(StrEnum):
    """Every caveat of a finding, a specimen or a timepoint; `messages.tsv` has a sentence for each."""

    # what stands behind an alteration
    CH_NOT_EXCLUDED = "ch_not_excluded"
    GERMLINE_NOT_EXCLUDED = "germline_not_excluded"
    GERMLINE_SUSPECTED = "germline_suspected"
    PROBABLE_GERMLINE = "probable_germline"
    VAF_ABOVE_TUMOUR_FRACTION = "vaf_above_tumour_fraction"
    TUMOUR_FRACTION_CONTRADICTS = "tumour_fraction_contradicts"
    WBC_CARRY_OVER = "wbc_carry_over"
    WBC_CONFLICT = "wbc_conflict"
    WBC_NOT_INFORMATIVE = "wbc_not_informative"

    # how an alteration was read
    CONSEQUENCE_DIFFERS = "consequence_differs"
    IMPRECISE_BREAKPOINT = "imprecise_breakpoint"
    NOVEL_PARTNER = "novel_partner"
    FRAME_UNKNOWN = "frame_unknown"
    FOCALITY_UNKNOWN = "focality_unknown"
    RECIPROCAL_JUNCTION = "reciprocal_junction"
    OTHER_JUNCTION = "other_junction"
    UNCLEAR_JUNCTION = "unclear_junction"

    # what a report leaves open
    NAMES_DISAGREE = "names_disagree"
    NO_GENE_MODEL = "no_gene_model"
    NOT_READ = "not_read"
    GENE_NOT_NAMED = "gene_not_named"
    NOT_INTERPRETED = "not_interpreted"
    PARTNER_UNKNOWN = "partner_unknown"
    REPORTED_AS_GAIN = "reported_as_gain"
    COPIES_NOT_STATED = "copies_not_stated"
    REPORT_LINES_DIFFER = "report_lines_differ"
    OTHER_ISOFORM = "other_isoform"
    REPORTED_IN_CIS = "reported_in_cis"
    REPORTED_IN_TRANS = "reported_in_trans"

    # the specimen
    FRAGMENT_SATURATION = "fragment_saturation"
    QC_FAIL = "qc_fail"
    UNUSABLE_SPECIMEN = "unusable_specimen"
    OUTSIDE_WINDOW = "outside_window"
    SPECIMEN_OUTSIDE_WINDOW = "specimen_outside_window"
    WINDOW_UNKNOWN = "window_unknown"
    CSF_ONLY = "csf_only"
    SPECIMENS_DISAGREE = "specimens_disagree"
    SUBTHRESHOLD = "subthreshold"
    MINOR_CLONE = "minor_clone"
    ONE_COPY = "one_copy"

    # new or there before
    PRESENT_AT_BASELINE = "present_at_baseline"
    CARRIED_BY_PRE_EXISTING = "carried_by_pre_existing"
    EXPANDED_SINCE_BASELINE = "expanded_since_baseline"
    SUBTHRESHOLD_AT_BASELINE = "subthreshold_at_baseline"
    NO_REFERENCE_SAMPLE = "no_reference_sample"
    REFERENCE_UNUSABLE = "reference_unusable"
    REFERENCE_POWER_LOW = "reference_power_low"
    BASELINE_AFTER_START = "baseline_after_start"

    # ALK mutations as a set
    TRANS_MAJORITY = "trans_majority"
    IN_CIS_WITH_PROBABLE_GERMLINE = "in_cis_with_probable_germline"
    PARENTAL_CLONE = "parental_clone"
    PHASE_SPECIMENS_DISAGREE = "phase_specimens_disagree"
    CIS_INFERRED = "cis_inferred"
    SAME_CODON = "same_codon"
    SAME_CODON_CIS = "same_codon_cis"
    POLYCLONAL = "polyclonal"
    POSSIBLE_SECOND_HIT = "possible_second_hit"
    VUS_ALONE = "vus_alone"
    SET_WITH_VUS = "set_with_vus"
    GERMLINE = "germline"
    CLONAL_HAEMATOPOIESIS = "clonal_haematopoiesis"
    UNVERIFIED_ROLE = "unverified_role"

    # drugs
    CONFLICTING_EVIDENCE = "conflicting_evidence"
    INTERMEDIATE_EVIDENCE = "intermediate_evidence"
    DRUG_EFFECTS_WITHHELD = "drug_effects_withheld"
    NO_DRUG_REPORT = "no_drug_report"
    OTHER_CLONE_RESISTS = "other_clone_resists"
    LORLATINIB_INHIBITS_SINGLE = "lorlatinib_inhibits_single"
    LORLATINIB_EFFECT_UNVERIFIED = "lorlatinib_effect_unverified"
    PROGRESSED_ON_LORLATINIB = "progressed_on_lorlatinib"

    # change of lineage
    TRANSFORMATION_SUSPECTED = "transformation_suspected"
    WITH = "with"
    RB1_NOT_SHOWN_NEW = "rb1_not_shown_new"
    HISTOLOGY_OVER_DNA = "histology_over_dna"
    HISTOLOGY_AS_BASELINE = "histology_as_baseline"
    HISTOLOGY_UNKNOWN = "histology_unknown"
    BASELINE_HISTOLOGY_UNKNOWN = "baseline_histology_unknown"
    TRANSFORMED_EARLIER = "transformed_earlier"
    PATHOLOGY_DATE = "pathology_date"
    PATHOLOGY_OF_CONFLICTING_SPECIMEN = "pathology_of_conflicting_specimen"
    LINEAGE_MARKER = "lineage_marker"

    # the timepoint as a whole
    ALK_FUSION_LOST = "alk_fusion_lost"
    ALK_FUSION_NOT_DOCUMENTED = "alk_fusion_not_documented"
    FUSION_NOT_SEEN = "fusion_not_seen"
    DRIVER_SWITCH = "driver_switch"
    SECOND_PRIMARY_POSSIBLE = "second_primary_possible"
    SEVERAL_BYPASS = "several_bypass"
    POLYSOMY = "polysomy"
    CO_ALTERATION = "co_alteration"
    EMERGENT_UNKNOWN_ROLE = "emergent_unknown_role"
    WEAK_COMPONENT = "weak_component"
    ON_TARGET_NOT_EXCLUDED = "on_target_not_excluded"
    BYPASS_NOT_EXCLUDED = "bypass_not_excluded"
    FURTHER_ALK_NOT_EXCLUDED = "further_alk_not_excluded"
    NEGATIVE_FROM = "negative_from"
    EARLY_LE_12M = "early_le_12m"
    DATES_CONFLICT = "dates_conflict"
    PRIOR_ALK_TKI = "prior_alk_tki"
    CHECK_PRIOR_ALK_TKI = "check_prior_alk_tki"


NOT_THE_DRIVER = frozenset(
    {CaveatCode.RECIPROCAL_JUNCTION, CaveatCode.OTHER_JUNCTION, CaveatCode.UNCLEAR_JUNCTION}
)
"""Caveats of junctions that are not, or not surely, the fusion that drives the tumour."""


class DataProblem(StrEnum):
    """What makes a specimen unusable; an evidence file may name further problems."""

    EMPTY = "empty"
    CONTAMINATED = "contaminated"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Caveat:
    """A caveat and what it is about: specimens, alterations, drugs or a date."""

    code: CaveatCode
    about: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}:{','.join(self.about)}" if self.about else self.code.value

    @classmethod
    def parse(cls, text: str) -> "Caveat":
        """Return the caveat of its text: `csf_only`, `polysomy:MET`, `specimens_disagree:csf,plasma`.

        Raises:
            ValueError: the code is none; a misspelled one would weaken nothing without a word.
        """
        name, _, about = text.partition(":")
        if name not in CODES:
            close = difflib.get_close_matches(name, CODES, n=1)
            hint = f", did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"unknown caveat {name!r}{hint}")
        return cls(CaveatCode(name), tuple(about.split(",")) if about else ())


CODES = tuple(code.value for code in CaveatCode)


def codes_of(caveats: Iterable[Caveat]) -> frozenset[CaveatCode]:
    """Return the codes, whatever they are about."""
    return frozenset(item.code for item in caveats)


def in_order(caveats: Iterable[Caveat]) -> tuple[Caveat, ...]:
    """Return each caveat once, in the order of their texts."""
    by_text = {str(item): item for item in caveats}
    return tuple(by_text[text] for text in sorted(by_text))
