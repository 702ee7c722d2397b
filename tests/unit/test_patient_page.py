"""The page of a patient prints what drug reports rest on."""

from pathlib import Path
from typing import Any

import pytest
from golden.build import cases, default_settings, evidence

from alktrace.classify.decision import classify_patient
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.load import load_knowledge
from alktrace.report import words
from alktrace.report.patient_page import patient_content

KNOWLEDGE = load_knowledge(KnowledgeFiles(Path(__file__).resolve().parents[2] / "resources" / "knowledge"))
CASES = {case["id"]: case for case in cases()}


def content(case: str) -> dict[str, Any]:
    found = evidence(CASES[case])
    results = classify_patient(found, KNOWLEDGE, default_settings())
    return patient_content(found, [r.rows for r in results], [r.detail for r in results], KNOWLEDGE)


def test_date_of_the_knowledge_and_approvals_of_the_drugs_named() -> None:
    page = content("commonest_lorlatinib_compound_speaks")
    assert page["edition"].as_of == "2026-11-29"
    rows = [item for item in page["approvals"] if item["drug"] == "lorlatinib" and item["region"] == "US"]
    # MOAlmanac indication ind:fda.lorbrena:0
    assert ("2021-03-03", "2026-05-15", "verified") in {(r["since"], r["as_of"], r["mark"]) for r in rows}
    assert {item["mark"] for item in page["approvals"]} <= {"verified", "cited"}


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("kras_g12c_shows_its_combination", "combination: sotorasib (verified)"),
        ("ret_fusion_shows_its_combination", "combination: selpercatinib (verified)"),
        ("braf_v600e_with_clean_white_cells", words.NO_DRUG_REPORT),
    ],
)
def test_combinations_and_silence_in_words(case: str, text: str) -> None:
    (point,) = content(case)["timepoints"]
    assert [item["drugs"] for item in point["mechanisms"]] == [text]
