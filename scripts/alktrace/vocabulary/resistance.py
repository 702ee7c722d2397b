"""Words of the result: classes, confidence, phase, emergence, timing."""

from enum import StrEnum


class Classification(StrEnum):
    ON_TARGET_SINGLE = "ON_TARGET_SINGLE"
    ON_TARGET_COMPOUND_CIS = "ON_TARGET_COMPOUND_CIS"
    ON_TARGET_MULTIPLE_TRANS = "ON_TARGET_MULTIPLE_TRANS"
    ON_TARGET_MULTIPLE_UNRESOLVED = "ON_TARGET_MULTIPLE_UNRESOLVED"
    ON_TARGET_AMPLIFICATION = "ON_TARGET_AMPLIFICATION"
    BYPASS = "BYPASS"
    TRANSFORMATION_SUSPECTED = "TRANSFORMATION_SUSPECTED"
    TRANSFORMATION_CONFIRMED = "TRANSFORMATION_CONFIRMED"
    MIXED = "MIXED"
    ON_TARGET_EXCLUDED = "ON_TARGET_EXCLUDED"
    NONE_FOUND = "NONE_FOUND"
    NOT_EVALUABLE = "NOT_EVALUABLE"


class Component(StrEnum):
    """Family of a mechanism; `MIXED` means more than one of them."""

    ON_TARGET = "on_target"
    BYPASS = "bypass"
    TRANSFORMATION = "transformation"


class Confidence(StrEnum):
    ESTABLISHED = "established"
    CANDIDATE = "candidate"
    UNCERTAIN = "uncertain"


class Phase(StrEnum):
    CIS = "CIS"
    CIS_AND_SINGLE = "CIS_AND_SINGLE"
    TRANS = "TRANS"
    UNRESOLVED = "UNRESOLVED"


class Emergence(StrEnum):
    """An alteration against baseline; `expanded`: there before in clearly fewer of the tumour cells."""

    EMERGENT = "emergent"
    EXPANDED = "expanded"
    PERSISTENT = "persistent"
    BASELINE_ONLY = "baseline_only"
    UNKNOWN = "unknown"


class FindingRole(StrEnum):
    """What a finding is to the resistance: new or grown, there before, or open."""

    EMERGENT = "emergent"
    PRE_EXISTING = "pre_existing"
    UNKNOWN = "unknown"


class Timing(StrEnum):
    ACQUIRED = "ACQUIRED"
    PRIMARY = "PRIMARY"
    NOT_PD = "NOT_PD"
    INDETERMINATE = "INDETERMINATE"


class NotEvaluableReason(StrEnum):
    TUMOUR_FRACTION_LOW = "tumour_fraction_low"
    TUMOUR_FRACTION_UNKNOWN = "tumour_fraction_unknown"
    POWER_LOW = "power_low"
    ALK_NOT_COVERED = "alk_not_covered"
    OUTSIDE_WINDOW = "outside_window"
    IDENTITY_CONFLICT = "identity_conflict"
    CALLABILITY_UNKNOWN = "callability_unknown"
    NO_DATA = "no_data"
    UNREADABLE = "unreadable"
