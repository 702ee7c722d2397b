"""Words for alterations: type, consequence, origin."""

from enum import StrEnum

ALK = "ALK"


class VariantType(StrEnum):
    SNV = "snv"
    MNV = "mnv"
    INSERTION = "insertion"
    DELETION = "deletion"
    DUPLICATION = "duplication"
    DELINS = "delins"
    FUSION = "fusion"
    AMPLIFICATION = "amplification"
    LOSS = "loss"
    SKIPPING = "skipping"
    HISTOLOGY = "histology"


STRUCTURAL = frozenset(
    {VariantType.AMPLIFICATION, VariantType.LOSS, VariantType.FUSION, VariantType.SKIPPING}
)
"""Kinds without alleles of their own; they come from the tumour."""


class Consequence(StrEnum):
    MISSENSE = "missense"
    SYNONYMOUS = "synonymous"
    STOP_GAINED = "stop_gained"
    STOP_LOST = "stop_lost"
    START_LOST = "start_lost"
    FRAMESHIFT = "frameshift"
    INFRAME_INSERTION = "inframe_insertion"
    INFRAME_DELETION = "inframe_deletion"
    INFRAME_DELINS = "inframe_delins"
    SPLICE_SITE = "splice_site"
    SPLICE_REGION = "splice_region"
    INTRON = "intron"
    UTR = "utr"
    INTERGENIC = "intergenic"
    FUSION = "fusion"
    COPY_NUMBER = "copy_number"
    UNKNOWN = "unknown"


class Origin(StrEnum):
    SOMATIC = "somatic"
    GERMLINE = "germline"
    CLONAL_HAEMATOPOIESIS = "clonal_haematopoiesis"
    UNDECIDED = "undecided"
