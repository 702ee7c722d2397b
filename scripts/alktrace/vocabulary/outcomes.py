"""Words of the outcomes: analyses, why somebody or something is left out, kinds of treatment."""

from enum import StrEnum

ALL, PRESENT, ABSENT, OTHERS, ALL_GROUPS = "all", "present", "absent", "others", "all groups"
"""Groups: of nobody in particular, of a mechanism, and the level of a test of all groups at once."""
REGIMEN, PREDICTOR = "regimen", "predictor"
"""Factors that are no mechanism of the resistance: the kind of next treatment, and predictors."""
NONE_FOUND, ON_TARGET_EXCLUDED, NOT_EVALUABLE = "none_found", "on_target_excluded", "not_evaluable"
"""What stands for patients without a component."""
INTERACTION = "interaction"
HALF_DAY = 0.5
"""An event on day 0 or on the day of entry counts as half a day later, so that it is not lost."""


class Question(StrEnum):
    """What a comparison asks; the page has a forest plot for each, in this order."""

    TREATMENT_OUTCOME = "treatment_outcome"
    MECHANISM_OUTCOME = "mechanism_outcome"
    BENEFIT = "benefit"
    PREDICTOR = "predictor"
    EARLY_PROGRESSION = "early_progression"
    DRUG_OUTCOME = "drug_outcome"
    ALTERATION_OUTCOME = "alteration_outcome"
    CLEARANCE = "ctdna_clearance"
    PRIMARY_VS_ACQUIRED = "primary_vs_acquired"


class Analysis(StrEnum):
    """Where the time at risk begins."""

    AS_DEFINED = "as_defined"
    ENROLMENT_ENTRY = "enrolment_entry"
    COMPETING_STATES = "competing_states"
    INTERVAL_CENSORED = "interval_censored"
    GROUP_ENTRY = "group_entry"
    NAIVE = "naive"
    FROM_TREATMENT = "from_treatment"
    LANDMARK = "landmark"


class Strategy(StrEnum):
    """How an intercurrent event is handled (ICH E9(R1), section A.3.2)."""

    TREATMENT_POLICY = "treatment_policy"
    COMPOSITE = "composite"
    WHILE_ON_TREATMENT = "while_on_treatment"
    PRINCIPAL_STRATUM = "principal_stratum"


class Exclusion(StrEnum):
    """Why a patient is not part of an endpoint, a denominator or an analysis."""

    NO_LORLATINIB = "no_lorlatinib"
    NOT_FIRST_LINE = "not_first_line"
    ENROLLED_AFTER_CUTOFF = "enrolled_after_cutoff"
    PRIOR_ALK_TKI = "prior_alk_tki"
    NO_PROGRESSION = "no_progression"
    STOPPED_AT_PROGRESSION = "stopped_at_progression"
    NOT_YET_STARTED = "not_yet_started"
    DIED_UNTREATED = "died_untreated"
    ENROLMENT_MISSING = "enrolment_missing"
    ENROLLED_AT_PROGRESSION = "enrolled_at_progression"
    EVENT_BEFORE_ENTRY = "event_before_entry"
    ENTERS_AFTER_GAP = "enters_after_gap"
    NO_FOLLOW_UP = "no_follow_up"
    GROUP_UNKNOWN = "group_unknown"
    NOT_EVALUABLE = "not_evaluable"
    MECHANISM_NOT_EXCLUDED = "mechanism_not_excluded"
    REPORT_DATE_MISSING = "report_date_missing"
    NO_SAMPLE_BY_LANDMARK = "no_sample_by_landmark"
    OTHER_TREATMENT = "other_treatment"
    COVARIATE_MISSING = "covariate_missing"


class Status(StrEnum):
    ESTIMATED = "estimated"
    NOT_ESTIMABLE = "not_estimable"
    DESCRIPTIVE = "descriptive"
    PENALISED = "penalised"


class Refusal(StrEnum):
    """Why there is no figure, or no interval; numbers may follow behind `:`."""

    TOO_FEW_EVENTS = "too_few_events"
    ONE_GROUP_ONLY = "one_group_only"
    GROUP_TOO_SMALL = "group_too_small"
    GROUPS_COINCIDE = "groups_coincide"
    NO_EVENTS_IN_A_GROUP = "no_events_in_a_group"
    NO_MAXIMUM = "no_maximum_of_the_likelihood"
    EMPTY_GROUP = "empty_group"
    NOTHING_EXCLUDED = "nothing_excluded"
    ENROLLED_AT_PROGRESSION = "enrolled_at_progression"
    NO_TIME_AT_RISK = "no_time_at_risk"
    RISK_SET_EMPTIED = "risk_set_emptied"
    MEDIAN_NOT_REACHED = "median_not_reached"
    NOT_SEEN_BEFORE = "not_seen_before"
    FOLLOW_UP_TOO_SHORT = "follow_up_too_short"
    NO_EVENTS_BEFORE = "no_events_before"
    NO_INTERVAL_AT_ZERO = "no_interval_at_zero"
    NO_OVERLAP = "no_overlap"
    EFFECTIVELY_TOO_FEW = "effectively_too_few"
    NOT_BALANCED = "not_balanced"
    NOBODY_COMPARED = "nobody_compared"


class Target(StrEnum):
    """Whose effect a comparison estimates: of all who were compared, or of those who had the treatment."""

    ATE = "ATE"
    ATT = "ATT"


class Deviation(StrEnum):
    """How what ran differs from the analysis plan."""

    NOT_IN_PLAN = "not_in_plan"
    NOT_RUN = "not_run"
    CHANGED = "changed"


class RegimenKind(StrEnum):
    """What a treatment after lorlatinib is with respect to ALK inhibition; the first is no rechallenge."""

    LORLATINIB_COMBINATION = "lorlatinib_combination"
    ALK_TKI = "alk_tki"
    ALK_TKI_COMBINATION = "alk_tki_combination"
    NO_ALK_TKI = "no_alk_tki"
    LORLATINIB_RECHALLENGE = "lorlatinib_rechallenge"


class IntervalKind(StrEnum):
    """What happened to a patient over time, for the swimmer plot."""

    LORLATINIB = "lorlatinib"
    NEXT_TREATMENT = "next_treatment"
    OTHER_TREATMENT = "other_treatment"
    LOCAL_THERAPY = "local_therapy"
    RESPONSE = "response"
    SAMPLE = "sample"
    REPORT = "report"
    ENROLLED = "enrolled"
    PROGRESSION = "progression"
    DEATH = "death"
    LAST_ALIVE = "last_alive"


class OutcomeCaveat(StrEnum):
    """Caveats of times to an event, and of the figures over them."""

    EVENT_ON_DAY_0 = "event_on_day_0"
    ENROLLED_AFTER_START = "enrolled_after_start"
    ENROLLED_AT_PROGRESSION = "enrolled_at_progression"
    RISK_SET_EMPTIED = "risk_set_emptied"
    IMMORTAL_TIME_BEFORE_ENROLMENT = "immortal_time_before_enrolment"
    SMALL_EARLY_RISK_SET = "small_early_risk_set"
