"""Patient pages made from golden cases, for tests."""

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from golden.build import cases, default_settings, evidence

from alktrace.classify.decision import classify_patient
from alktrace.evidence.schema import PatientEvidence
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.inputs.settings.report_settings import ReportSettings
from alktrace.knowledge.answers import Knowledge
from alktrace.knowledge.load import load_knowledge
from alktrace.outcomes.clinical_schema import AssessmentRow, PatientRecord, PatientRow, Sex, TreatmentRow
from alktrace.report.language import Words
from alktrace.report.pages import write_page
from alktrace.report.patient_page import PatientData, patient_content
from alktrace.vocabulary.clinical import BestResponse, ProgressionSite, StopReason
from alktrace.vocabulary.languages import Language

KNOWLEDGE_FOLDER = Path(__file__).resolve().parents[1] / "resources" / "knowledge"
CASES = {case["id"]: case for case in cases()}
EN, ZH = Language.EN, Language.ZH
COMPOUND = "commonest_lorlatinib_compound_speaks"
HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}{%raw%}"


@cache
def knowledge() -> Knowledge:
    return load_knowledge(KnowledgeFiles(KNOWLEDGE_FOLDER))


def words_in(language: Language = EN) -> Words:
    return Words(language, knowledge())


def data_of(found: PatientEvidence, **more: Any) -> PatientData:
    results = classify_patient(found, knowledge(), default_settings())
    return PatientData(found, [r.rows for r in results], [r.detail for r in results], **more)


def content(
    case: str | PatientEvidence, language: Language = EN, inherited: bool = False, **more: Any
) -> dict[str, Any]:
    found = evidence(CASES[case]) if isinstance(case, str) else case
    settings = ReportSettings(language=language, inherited_variants=inherited, pdf=False)
    return patient_content(data_of(found, **more), knowledge(), settings, default_settings())


def page(case: str | PatientEvidence, out: Path, language: Language = EN, **more: Any) -> str:
    write_page("patient.html", content(case, language, **more), out)
    return out.read_text(encoding="utf-8")


def with_clinic(drug: str = "pemetrexed") -> PatientRecord:
    name, start = "P1", date(2024, 2, 1)
    return PatientRecord(
        patient=PatientRow(name, None, sex=Sex.FEMALE, age_at_diagnosis=52, alk_fusion="EML4-ALK"),
        treatments=(
            TreatmentRow(name, 1, ("lorlatinib",), start, date(2025, 6, 11), StopReason.PROGRESSION),
            TreatmentRow(name, 2, (drug, "carboplatin"), date(2025, 7, 1), None, StopReason.ONGOING),
        ),
        assessments=(
            AssessmentRow(name, date(2024, 4, 1), BestResponse.PR),
            AssessmentRow(name, date(2025, 6, 1), BestResponse.PD, ProgressionSite.SYSTEMIC),
        ),
        pathology=(), dose_changes=(), adverse_events=(), follow_up=None,
    )  # fmt: skip


def many_timepoints(number: int) -> PatientEvidence:
    case = evidence(CASES[COMPOUND])
    (first, *_) = case.specimens
    last = first.timepoint
    specimens, shifts = [], {}
    for place in range(number):
        name = last if place == number - 1 else f"T{place:02}"
        shifts[name] = first.collected - timedelta(days=14 * (number - 1 - place))
        specimens.append(first.model_copy(update={"timepoint": name, "collected": shifts[name]}))
    alterations = [
        item.model_copy(
            update={
                "observations": tuple(
                    seen.model_copy(update={"timepoint": name})
                    for seen in item.observations
                    for name in shifts
                )
            }
        )
        for item in case.alterations
    ]
    return case.model_copy(update={"specimens": tuple(specimens), "alterations": tuple(alterations)})
