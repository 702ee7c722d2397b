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


class LocalTherapyKind(StrEnum):
    """What was done to a place and not to the whole body."""

    SBRT = "SBRT"
    SRS = "SRS"
    WBRT = "WBRT"
    RADIOTHERAPY = "radiotherapy"
    SURGERY = "surgery"
    ABLATION = "ablation"
    OTHER = "other"


class LocalSite(StrEnum):
    BRAIN = "brain"
    LUNG = "lung"
    PLEURA = "pleura"
    LYMPH_NODE = "lymph_node"
    BONE = "bone"
    LIVER = "liver"
    ADRENAL = "adrenal"
    OTHER = "other"


class LocalIntent(StrEnum):
    """`progression`: of all that grew, so that the drug goes on; `consolidation`: of what is left."""

    PROGRESSION = "progression"
    CONSOLIDATION = "consolidation"
    PALLIATION = "palliation"
    OTHER = "other"
