"""Patient pages made from golden cases, for tests."""

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
from alktrace.report.language import Words
from alktrace.report.pages import write_page
from alktrace.report.patient_page import PatientData, patient_content
from alktrace.vocabulary.languages import Language

KNOWLEDGE_FOLDER = Path(__file__).resolve().parents[1] / "resources" / "knowledge"
CASES = {case["id"]: case for case in cases()}
EN, ZH = Language.EN, Language.ZH


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
    settings = ReportSettings(language=language, inherited_variants=inherited)
    return patient_content(data_of(found, **more), knowledge(), settings, default_settings())


def page(case: str | PatientEvidence, out: Path, language: Language = EN, **more: Any) -> str:
    write_page("patient.html", content(case, language, **more), out)
    return out.read_text(encoding="utf-8")
