"""Words for what was or could have been seen."""

from enum import StrEnum


class Detection(StrEnum):
    """What a specimen says about one alteration; `not_detected` always carries a detectable VAF."""

    DETECTED = "detected"
    SUBTHRESHOLD = "subthreshold"
    NOT_DETECTED = "not_detected"
    NOT_ASSESSABLE = "not_assessable"
    NOT_TARGETED = "not_targeted"


class ObservationSource(StrEnum):
    CALLED = "called"
    GENOTYPED = "genotyped"
    REPORTED = "reported"


class LocusKind(StrEnum):
    ALK_HOTSPOT = "alk_hotspot"
    BYPASS_HOTSPOT = "bypass_hotspot"
    BYPASS_GENE = "bypass_gene"
    FUSION_INTRON = "fusion_intron"


class MoleculeGroup(StrEnum):
    SINGLE = "single"
    SIMPLEX = "simplex"
    DUPLEX = "duplex"
