"""The rows of the cohort's outcome tables, and their vocabularies.

Times are days; `days` counts from the start that the row names, 1 year = 365.25 days. Shares are fractions.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from ..io.tables import column
from ..vocabulary.clinical import BestResponse
from ..vocabulary.marks import Mark
from ..vocabulary.resistance import Classification, Component, Emergence, Timing


class Endpoint(StrEnum):
    RWTTD1 = "rwTTD1"
    RWTTD2 = "rwTTD2"
    RWTTD2_TREATMENT = "rwTTD2_treatment"
    RWPFS2 = "rwPFS2"
    RWPFS2_TREATMENT = "rwPFS2_treatment"
    OS_LORLATINIB = "OS_lorlatinib"
    OS_PROGRESSION = "OS_progression"


class Analysis(StrEnum):
    """Where the time at risk begins."""

    AS_DEFINED = "as_defined"
    ENROLMENT_ENTRY = "enrolment_entry"
    GROUP_ENTRY = "group_entry"
    NAIVE = "naive"
    FROM_TREATMENT = "from_treatment"


class Exclusion(StrEnum):
    """Why a patient is not part of an endpoint, a denominator or an analysis."""

    NO_LORLATINIB = "no_lorlatinib"
    NOT_FIRST_LINE = "not_first_line"
    PRIOR_ALK_TKI = "prior_alk_tki"
    NO_PROGRESSION = "no_progression"
    NOT_YET_STARTED = "not_yet_started"
    DIED_UNTREATED = "died_untreated"
    DATES_CONFLICT = "dates_conflict"
    ENROLMENT_MISSING = "enrolment_missing"
    EVENT_BEFORE_ENTRY = "event_before_entry"
    NO_FOLLOW_UP = "no_follow_up"
    GROUP_UNKNOWN = "group_unknown"
    NOT_EVALUABLE = "not_evaluable"
    REPORT_DATE_MISSING = "report_date_missing"


class Status(StrEnum):
    ESTIMATED = "estimated"
    NOT_ESTIMABLE = "not_estimable"
    DESCRIPTIVE = "descriptive"


class Refusal(StrEnum):
    """Why there is no figure, or no interval; numbers may follow behind `:`."""

    TOO_FEW_EVENTS = "too_few_events"
    ONE_GROUP_ONLY = "one_group_only"
    GROUP_TOO_SMALL = "group_too_small"
    GROUPS_COINCIDE = "groups_coincide"
    NO_EVENTS_IN_A_GROUP = "no_events_in_a_group"
    NO_MAXIMUM = "no_maximum_of_the_likelihood"
    EMPTY_GROUP = "empty_group"
    ENROLLED_AT_PROGRESSION = "enrolled_at_progression"
    NO_TIME_AT_RISK = "no_time_at_risk"
    RISK_SET_EMPTIED = "risk_set_emptied"
    MEDIAN_NOT_REACHED = "median_not_reached"
    FOLLOW_UP_TOO_SHORT = "follow_up_too_short"
    NO_EVENTS_BEFORE = "no_events_before"
    NO_INTERVAL_AT_ZERO = "no_interval_at_zero"


class RegimenKind(StrEnum):
    """What the first sequential treatment is with respect to ALK inhibition."""

    LORLATINIB_COMBINATION = "lorlatinib_combination"
    ALK_TKI = "alk_tki"
    ALK_TKI_COMBINATION = "alk_tki_combination"
    NO_ALK_TKI = "no_alk_tki"


class IntervalKind(StrEnum):
    """What happened to a patient over time, for the swimmer plot."""

    LORLATINIB = "lorlatinib"
    NEXT_TREATMENT = "next_treatment"
    OTHER_TREATMENT = "other_treatment"
    RESPONSE = "response"
    SAMPLE = "sample"
    REPORT = "report"
    ENROLLED = "enrolled"
    PROGRESSION = "progression"
    DEATH = "death"
    LAST_ALIVE = "last_alive"


@dataclass(frozen=True)
class EndpointPatientRow:
    """`endpoint_patients.tsv`: one patient and endpoint."""

    patient: str = column("patient id")
    endpoint: Endpoint = column("name of the endpoint")
    included: bool = column("does the patient belong to the population")
    exclusion: Exclusion | None = column("why not")
    start: dt.date | None = column("day 0")
    end: dt.date | None = column("day of the event or of censoring")
    event: bool | None = column("did the event happen")
    event_type: str | None = column("what the event was, such as `progression`, `death`, `toxicity`")
    censoring: str | None = column("rule by which the patient is censored")
    days: float | None = column("days from start to end; an event on day 0 counts half a day")
    entry_days: float | None = column(
        "days from start to enrolment, 0 if enrolled before; missing if unknown"
    )
    flags: tuple[str, ...] = column("caveats")


@dataclass(frozen=True)
class EndpointRow:
    """`endpoints.tsv`: one endpoint in one analysis."""

    endpoint: Endpoint = column("name of the endpoint")
    analysis: Analysis = column("`as_defined` from day 0, or `enrolment_entry`: at risk from enrolment on")
    headline: bool = column("is this the figure to quote")
    population: str = column("who belongs to it")
    start_rule: str = column("what day 0 is")
    event_rule: str = column("what counts as the event")
    censoring_rule: str = column("when a patient without event is censored")
    patients: int = column("patients in the population")
    analysed: int = column("of these, with time at risk in this analysis")
    events: int = column("events among them")
    excluded: tuple[str, ...] = column("patients left out, `reason=number`")
    status: Status = column("estimated, or not estimable for the reason given")
    reason: str | None = column("why not estimable, or why a figure is missing")
    median_days: float | None = column("Kaplan-Meier median")
    median_low: float | None = column("lower end of its interval (log-log)")
    median_high: float | None = column("upper end of its interval")
    flags: tuple[str, ...] = column("caveats")


@dataclass(frozen=True)
class EndpointRateRow:
    """`endpoint_rates.tsv`: share without event at one time."""

    endpoint: Endpoint = column("name of the endpoint")
    analysis: Analysis = column("as in endpoints.tsv")
    years: int = column("years after day 0")
    rate: float | None = column("Kaplan-Meier share without event")
    low: float | None = column("lower end of its interval")
    high: float | None = column("upper end of its interval")
    at_risk: int = column("patients at risk then")
    method: str | None = column("`log_log`, or `exact_at_risk` where nobody had an event before")
    reason: str | None = column("why a figure is missing")


@dataclass(frozen=True)
class KaplanMeierRow:
    """`km_<endpoint>.tsv` and `km_mechanism.tsv`: one step of one curve."""

    endpoint: Endpoint = column("name of the endpoint")
    analysis: Analysis = column("as in endpoints.tsv, or as in associations.tsv for groups")
    grouping: str = column("`all`, `regimen` or a component such as `on_target`")
    group: str = column("group of the curve")
    days: float = column("days after day 0")
    at_risk: int = column("patients at risk just before")
    events: int = column("events on that day")
    censored: int = column("patients censored on that day")
    survival: float = column("share without event from then on")
    low: float | None = column("lower end of the log-log interval; missing at 0 and 1")
    high: float | None = column("upper end of the log-log interval")


@dataclass(frozen=True)
class AtRiskRow:
    """`km_at_risk.tsv` and `km_mechanism_at_risk.tsv`: numbers at risk below a curve."""

    endpoint: Endpoint = column("name of the endpoint")
    analysis: Analysis = column("as in endpoints.tsv, or as in associations.tsv for groups")
    grouping: str = column("as in the curve")
    group: str = column("group of the curve")
    days: int = column("days after day 0")
    at_risk: int = column("patients at risk then")


@dataclass(frozen=True)
class ResponsePatientRow:
    """`response_patients.tsv`: best response of one patient to the first sequential treatment."""

    patient: str = column("patient id")
    included: bool = column("was the first sequential treatment started after progression on lorlatinib")
    exclusion: Exclusion | None = column("why not")
    regimen: str | None = column("name or drugs of the treatment")
    regimen_kind: RegimenKind | None = column("kind of treatment")
    start: dt.date | None = column("first dose")
    assessments: int = column("assessments on it, those not evaluable included")
    best: BestResponse | None = column("best response; NE if none was evaluable")
    confirmed: bool | None = column("is a CR or PR confirmed by a later one; missing without CR or PR")


@dataclass(frozen=True)
class ResponseRow:
    """`responses.tsv`: a response rate with its exact interval."""

    measure: str = column("rwORR2, rwORR2_confirmed or rwDCR2")
    grouping: str = column("`all`, `regimen` or a component such as `on_target`")
    group: str = column("group")
    denominator: str = column("`treated`: all; `assessed`: with at least one evaluable assessment")
    responders: int = column("patients with the response")
    patients: int = column("patients in the denominator")
    rate: float | None = column("share; missing without patients")
    low: float | None = column("lower end of the exact binomial interval")
    high: float | None = column("upper end of the exact binomial interval")


@dataclass(frozen=True)
class SafetyRow:
    """`safety.tsv`: one adverse event under one treatment, patients counted once with their worst grade."""

    treatment: str = column("`lorlatinib` or `next_treatment`")
    term: str = column("CTCAE term; `any` for all of them")
    relation: str = column("`all`, or `related` to the treatment")
    treated: int = column("patients treated")
    any_grade: int = column("patients with any grade")
    any_share: float | None = column("their share")
    any_low: float | None = column("lower end of the exact interval")
    any_high: float | None = column("upper end of the exact interval")
    severe: int = column("patients with a severe grade (setting `severe_grade`, 3 and above by default)")
    severe_share: float | None = column("their share")
    severe_low: float | None = column("lower end of the exact interval")
    severe_high: float | None = column("upper end of the exact interval")
    worst_grade: int = column("worst grade seen")


@dataclass(frozen=True)
class DoseRow:
    """`dose_adjustments.tsv`: how many patients had their dose changed, and why."""

    drug: str = column("canonical name")
    change: str = column("`any`, `reduction`, `interruption` or `increase`")
    reason: str = column("`any` or the reason given")
    patients: int = column("patients with at least one such change")
    treated: int = column("patients treated with the drug")
    share: float | None = column("their share")
    low: float | None = column("lower end of the exact interval")
    high: float | None = column("upper end of the exact interval")
    changes: int = column("such changes, a patient may have several")


@dataclass(frozen=True)
class FrequencyRow:
    """`frequencies.tsv`: how often a finding is seen at one setting, beside what series expect."""

    setting: str = column("baseline or progression")
    timing: str = column("`all`, or primary / acquired resistance")
    category: str = column("class, component or mechanism")
    name: str = column("the finding")
    patients: int = column("patients with it")
    established: int | None = column("of these, with confidence `established`; missing for a class")
    denominator: str = column("`classified`: all with a sample; `evaluable`: without NOT_EVALUABLE")
    total: int = column("patients in the denominator")
    share: float | None = column("their share")
    low: float | None = column("lower end of the exact interval")
    high: float | None = column("upper end of the exact interval")


@dataclass(frozen=True)
class ExpectedFrequencyRow:
    """`resources/knowledge/expected_frequencies.tsv`: what a published series found."""

    series: str = column("name of the series")
    line: str = column("`first` or `later` line of lorlatinib")
    material: str = column("plasma or tissue")
    finding: str = column("finding, by the names of frequencies.tsv")
    patients: int | None = column("patients with it; missing where only a share was read")
    total: int | None = column("patients examined")
    share: float = column("share reported")
    source: str = column("where it was read")
    mark: Mark = column("how well the share is known")


@dataclass(frozen=True)
class ExpectedRow:
    """`expected.tsv`: the observed share of a finding beside a published one."""

    finding: str = column("finding, by the names of frequencies.tsv")
    observed_patients: int = column("patients of the cohort with it, at progression")
    observed_total: int = column("evaluable patients")
    observed_share: float | None = column("their share")
    observed_low: float | None = column("lower end of the exact interval")
    observed_high: float | None = column("upper end of the exact interval")
    series: str = column("name of the series")
    line: str = column("`first` or `later` line of lorlatinib")
    material: str = column("plasma or tissue")
    expected_share: float = column("share reported")
    expected_low: float | None = column("lower end of its exact interval, where numbers are known")
    expected_high: float | None = column("upper end of its exact interval")
    p: float | None = column("Fisher test of cohort against series, where numbers are known")
    source: str = column("where the series was read")
    verified: bool = column("was it read there")


@dataclass(frozen=True)
class AssociationRow:
    """`associations.tsv`: one comparison; rows with an estimate are the rows of the forest plot."""

    question: str = column("what is asked, such as `primary_vs_acquired` or `mechanism_outcome`")
    endpoint: str = column("outcome compared")
    analysis: str = column("where the time at risk begins; `counts` for proportions")
    factor: str = column("what the groups differ in")
    level: str = column("group, or `interaction`")
    reference: str = column("group it is compared with")
    patients: int = column("patients in the group")
    events: int = column("events, or patients with the finding")
    reference_patients: int = column("patients in the reference; of crossed factors, in the cells compared")
    reference_events: int = column("events, or patients with the finding")
    method: str = column("statistical method")
    measure: str | None = column("HR or OR")
    estimate: float | None = column("the ratio")
    low: float | None = column("lower end of its interval")
    high: float | None = column("upper end of its interval")
    p: float | None = column("two-sided p value")
    q: float | None = column("p value adjusted over its question and analysis (Benjamini-Hochberg)")
    hazards_p: float | None = column("test of proportional hazards (score test against the ranks of time)")
    excluded: tuple[str, ...] = column("patients left out, `reason=number`")
    status: Status = column("estimated, descriptive or not estimable")
    reason: str | None = column("why there is no model")
    note: str | None = column("how to read it")


@dataclass(frozen=True)
class MechanismTreatmentRow:
    """`mechanism_treatment.tsv`: one mechanism under one kind of next treatment."""

    component: str = column("component, `none_found` or `not_evaluable`")
    regimen_kind: str = column("kind of first sequential treatment, or `all`")
    treated: int = column("patients treated")
    assessed: int = column("of these, with an evaluable assessment")
    responders: int = column("patients with CR or PR")
    orr: float | None = column("their share of the treated")
    orr_low: float | None = column("lower end of the exact interval")
    orr_high: float | None = column("upper end of the exact interval")
    controlled: int = column("patients with CR, PR or SD")
    dcr: float | None = column("their share of the treated")
    dcr_low: float | None = column("lower end of the exact interval")
    dcr_high: float | None = column("upper end of the exact interval")
    pfs_events: int = column("rwPFS2 events counted from treatment start")
    pfs_median: float | None = column("median rwPFS2 from treatment start, days")
    pfs_low: float | None = column("lower end of its interval")
    pfs_high: float | None = column("upper end of its interval")
    ttd_events: int = column("rwTTD2 events counted from treatment start")
    ttd_median: float | None = column("median rwTTD2 from treatment start, days")
    ttd_low: float | None = column("lower end of its interval")
    ttd_high: float | None = column("upper end of its interval")


@dataclass(frozen=True)
class PairedRow:
    """`baseline_progression.tsv`: one finding before and after, in patients evaluable at both."""

    finding: str = column("finding, by the names of frequencies.tsv")
    patients: int = column("patients evaluable at both")
    both: int = column("with it at both")
    gained: int = column("only at progression")
    lost: int = column("only at baseline")
    neither: int = column("at neither")
    p: float | None = column("exact McNemar test; missing where nothing changed")


@dataclass(frozen=True)
class ConcordanceRow:
    """`concordance.tsv`: plasma and tissue of one timepoint: each alteration, each family, and the class."""

    level: str = column("`alteration`, `family` (on_target, bypass) or `class` (both families together)")
    patient: str = column("patient id")
    timepoint: str = column("timepoint id")
    gene: str | None = column("gene symbol, of an alteration")
    alteration: str = column("name shown; name of the family; `mechanism class`")
    plasma: str = column(
        "detected, not_detected, not_assessable; of a family also not_seen: what tissue showed was looked "
        "for and not found, but the sample cannot exclude the family; of the class its families, or `none`"
    )
    tissue: str = column("as plasma")
    verdict: str = column(
        "both, plasma_only, tissue_only, neither or not_comparable; of the class concordant, discordant or "
        "not_comparable"
    )


@dataclass(frozen=True)
class AgreementRow:
    """`agreement.tsv`: plasma against tissue over the cohort."""

    level: str = column("as in concordance.tsv")
    name: str = column("`all` alterations, a family, or `mechanism class`")
    measure: str = column("what share is given; positive and negative agreement take tissue as the reference")
    agreeing: int = column("alterations or timepoints that agree")
    total: int = column("alterations or timepoints compared")
    not_comparable: int = column("left out, because one side could not have shown it")
    share: float | None = column("their share; missing where nothing can be compared")
    low: float | None = column("lower end of the exact interval")
    high: float | None = column("upper end of the exact interval")
    note: str | None = column("how to read it")


@dataclass(frozen=True)
class LinkageRow:
    """`linkage.tsv`: one patient of the sheet or of the clinical tables, and where he or she is missing."""

    patient: str = column("patient id")
    timepoints: int = column("classified timepoints")
    clinical: bool = column("is the patient in the clinical tables")
    excluded: bool = column("left out by the setting `exclude`")
    missing: str | None = column("`clinical_tables` or `classified_timepoints`, where the patient has none")


@dataclass(frozen=True)
class OncoprintRow:
    """`oncoprint.tsv`: one finding of one patient; a patient without any has one row without gene."""

    patient: str = column("patient id")
    order: int = column("place of the patient: by timing, then class")
    timing: Timing = column("primary or acquired resistance")
    classification: Classification = column("class at progression")
    component: Component | None = column("family of the mechanism")
    gene: str | None = column("gene symbol")
    alteration: str | None = column("name shown")
    variant_type: str | None = column("kind of alteration")
    emergence: Emergence | None = column("against baseline")
    confidence: str | None = column("confidence in the mechanism")


@dataclass(frozen=True)
class SwimmerRow:
    """`swimmer.tsv`: an interval or a point in a patient's course; day 0 is the first lorlatinib dose."""

    patient: str = column("patient id")
    order: int = column("place of the patient: longest observed first")
    kind: IntervalKind = column("treatment, response, sample ...")
    label: str = column("drugs, response, timepoint ...")
    start_days: int = column("first day")
    end_days: int = column("last day; equals the first for a point")
    ongoing: bool = column("does it go on beyond the last contact")


@dataclass(frozen=True)
class FlowRow:
    """`flow.tsv`: patients from mechanism to next treatment to best response."""

    classification: Classification = column("class at progression")
    component: str = column("component, `none_found` or `not_evaluable`")
    next_treatment: str = column("kind of next treatment, `not_yet_started` or `died_untreated`")
    best: str = column("best response; `none` without treatment")
    patients: int = column("patients")
