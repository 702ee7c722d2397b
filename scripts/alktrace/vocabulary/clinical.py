"""Words of the clinical tables."""

from enum import StrEnum


class BestResponse(StrEnum):
    CR = "CR"
    PR = "PR"
    SD = "SD"
    PD = "PD"
    NE = "NE"


class Histology(StrEnum):
    ADENOCARCINOMA = "adenocarcinoma"
    SMALL_CELL = "small_cell"
    LARGE_CELL_NEUROENDOCRINE = "large_cell_neuroendocrine"
    SQUAMOUS = "squamous"
    SARCOMATOID = "sarcomatoid"
    OTHER = "other"


class StopReason(StrEnum):
    PROGRESSION = "progression"
    DEATH = "death"
    TOXICITY = "toxicity"
    PATIENT_CHOICE = "patient_choice"
    OTHER = "other"
    ONGOING = "ongoing"


class ProgressionSite(StrEnum):
    CNS_ONLY = "cns_only"
    OLIGO = "oligo"
    SYSTEMIC = "systemic"
