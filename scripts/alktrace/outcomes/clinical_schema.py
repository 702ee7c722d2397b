"""What the clinical tables hold: one class per file, values checked by pydantic."""

import datetime as dt
from dataclasses import dataclass as frozen_record
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.clinical import (
    BestResponse,
    Histology,
    LocalIntent,
    LocalSite,
    LocalTherapyKind,
    ProgressionSite,
    StopReason,
)
from ..vocabulary.samples import ID_PATTERN

PatientId = Annotated[str, Field(pattern=f"^{ID_PATTERN}$")]
Dose = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class Smoking(StrEnum):
    NEVER = "never"
    FORMER = "former"
    CURRENT = "current"


class Relation(StrEnum):
    RELATED = "related"
    UNRELATED = "unrelated"
    UNKNOWN = "unknown"


class DoseReason(StrEnum):
    TOXICITY = "toxicity"
    PATIENT_CHOICE = "patient_choice"
    INTERACTION = "interaction"
    PROGRESSION = "progression"
    OTHER = "other"


@dataclass(frozen=True)
class PatientRow:
    """`patients.tsv`: one patient; every other table names patients of this one."""

    patient: PatientId = column("patient id, as in the sample sheet")
    enrolled: dt.date | None = column("date of enrolment into the study; survival is counted from here on")
    diagnosed: dt.date | None = column("date of diagnosis", default=None)
    sex: Sex | None = column("female or male", default=None)
    age_at_diagnosis: Annotated[int, Field(ge=0, le=120)] | None = column("age in years", default=None)
    alk_fusion: str | None = column("fusion known from diagnosis, such as `EML4-ALK`", default=None)
    smoking: Smoking | None = column("never, former or current", default=None)
    cns_metastases: bool | None = column("CNS metastases at lorlatinib start", default=None)
    ecog: Annotated[int, Field(ge=0, le=4)] | None = column(
        "ECOG performance status at lorlatinib start", default=None
    )
    centre: PatientId | None = column(
        "hospital of a study of several: comparisons are made within centres", default=None
    )


@dataclass(frozen=True)
class TreatmentRow:
    """`treatments.tsv`: one regimen of one line; overlap of different drugs is data."""

    patient: PatientId = column("patient id")
    line: Annotated[int, Field(ge=1)] = column("line of treatment, from 1; a line may have several rows")
    drugs: tuple[str, ...] = column("drugs, `;`-joined; canonical names or synonyms of the knowledge table")
    start: dt.date = column("first dose")
    end: dt.date | None = column("last dose; missing while ongoing")
    reason: StopReason = column("why it ended, or `ongoing`")
    regimen: str | None = column("name of the regimen", default=None)
    dose_mg: Dose | None = column(
        "daily dose at the first dose of this row, mg, of a row with one drug; for the dose intensity",
        default=None,
    )


@dataclass(frozen=True)
class LocalTherapyRow:
    """`local_therapy.tsv`: one course of radiotherapy, an operation or the like; no line of treatment."""

    patient: PatientId = column("patient id")
    site: LocalSite = column("brain, lung, pleura, lymph_node, bone, liver, adrenal or other")
    kind: LocalTherapyKind = column("SBRT, SRS, WBRT, radiotherapy (other), surgery, ablation or other")
    start: dt.date = column("first day")
    end: dt.date | None = column("last day; missing: the first, or still going on", default=None)
    intent: LocalIntent | None = column(
        "progression (all that grew, the drug goes on), consolidation, palliation or other", default=None
    )


@dataclass(frozen=True)
class AssessmentRow:
    """`assessments.tsv`: one response assessment."""

    patient: PatientId = column("patient id")
    date: dt.date = column("date of the scan or visit")
    response: BestResponse = column("CR, PR, SD, PD or NE")
    site: ProgressionSite | None = column("where it progressed", default=None)


@dataclass(frozen=True)
class PathologyRow:
    """`pathology.tsv`: one pathology report."""

    patient: PatientId = column("patient id")
    date: dt.date = column("date of the biopsy")
    histology: Histology = column("histology found")
    specimen: str | None = column("specimen id of the sample sheet, if sequenced", default=None)
    neuroendocrine_ihc: bool | None = column("neuroendocrine markers positive", default=None)
    ihc: tuple[str, ...] = column("other stains, `;`-joined, as `ALK:positive`", default=())


@dataclass(frozen=True)
class DoseChangeRow:
    """`dose_changes.tsv`: one change of dose."""

    patient: PatientId = column("patient id")
    drug: str = column("drug")
    date: dt.date = column("date of the change")
    from_mg: Dose = column("daily dose before, mg")
    to_mg: Dose = column("daily dose after, mg; 0 for an interruption")
    reason: DoseReason = column("why")


@dataclass(frozen=True)
class AdverseEventRow:
    """`adverse_events.tsv`: one adverse event."""

    patient: PatientId = column("patient id")
    term: str = column("CTCAE term")
    grade: Annotated[int, Field(ge=1, le=5)] = column("CTCAE grade, 1 to 5")
    onset: dt.date = column("date of onset")
    relation: Relation = column("related to the treatment or not")


@dataclass(frozen=True)
class FollowUpRow:
    """`follow_up.tsv`: one patient's last contact."""

    patient: PatientId = column("patient id")
    last_contact: dt.date = column("last date known alive, or the date of death")
    death: dt.date | None = column("date of death", default=None)


@dataclass(frozen=True)
class ReportRow:
    """`reports.tsv`: when the sequencing of one timepoint was sampled and known."""

    patient: PatientId = column("patient id")
    timepoint: PatientId = column("timepoint id, as in the sample sheet")
    collected: dt.date = column("date of sampling")
    reported: dt.date = column("date of the report; comparisons by mechanism count from here on")


@dataclass(frozen=True)
class DrugRow:
    """`drugs.tsv`: one drug that the knowledge table does not know, declared by the site."""

    drug: Annotated[str, Field(min_length=1)] = column("name by which tables and figures call the drug")
    alk_tki: bool = column("is it an ALK inhibitor, true or false: decides which kind of treatment it is")
    synonyms: tuple[str, ...] = column("other names of it, `;`-joined", default=())


@frozen_record(frozen=True)
class PatientRecord:
    """Everything the clinical tables say about one patient, each list in order of time."""

    patient: PatientRow
    treatments: tuple[TreatmentRow, ...]
    assessments: tuple[AssessmentRow, ...]
    pathology: tuple[PathologyRow, ...]
    dose_changes: tuple[DoseChangeRow, ...]
    adverse_events: tuple[AdverseEventRow, ...]
    follow_up: FollowUpRow | None
    reports: tuple[ReportRow, ...] = ()
    local_therapies: tuple[LocalTherapyRow, ...] = ()


FILES: dict[str, type[Any]] = {
    "patients": PatientRow,
    "treatments": TreatmentRow,
    "local_therapy": LocalTherapyRow,
    "assessments": AssessmentRow,
    "pathology": PathologyRow,
    "dose_changes": DoseChangeRow,
    "adverse_events": AdverseEventRow,
    "follow_up": FollowUpRow,
    "reports": ReportRow,
    "drugs": DrugRow,
}
DRUGS = "drugs"
"""The one table that is not about patients."""
