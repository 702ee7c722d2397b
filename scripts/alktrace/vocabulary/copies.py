"""Words for copy number and tumour fraction."""

from enum import StrEnum


class TumourFractionStatus(StrEnum):
    ESTIMATED = "estimated"
    GIVEN = "given"
    NOT_ESTIMABLE = "not_estimable"


class CopyNumberCall(StrEnum):
    GAIN = "gain"
    AMPLIFICATION = "amplification"
    LOSS = "loss"
    NEUTRAL = "neutral"
    NOT_ASSESSABLE = "not_assessable"


class Focality(StrEnum):
    YES = "yes"
    ARM = "arm"
    NOT_ASSESSABLE = "not_assessable"
