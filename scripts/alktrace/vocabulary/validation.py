"""Words for the validation of an assay."""

from enum import StrEnum


class AssayKind(StrEnum):
    """Kinds of change that are validated apart."""

    SNV = "snv"
    INDEL = "indel"
    FUSION = "fusion"
    AMPLIFICATION = "amplification"


class LimitMethod(StrEnum):
    PROBIT = "probit"
    HIT_RATE = "hit_rate"
    NONE = "none"


class Comparator(StrEnum):
    ORTHOGONAL = "orthogonal"
    TRUTH = "truth"


class Agreement(StrEnum):
    PPA = "ppa"
    NPA = "npa"
    OPA = "opa"


class Judgement(StrEnum):
    """`open`: the estimate is good enough, its interval is not, or nothing was measured."""

    PASS = "pass"
    FAIL = "fail"
    OPEN = "open"
