"""The page of a patient prints what drug reports rest on."""

from pathlib import Path
from typing import Any

import pytest
from golden.build import cases, default_settings, evidence

from alktrace.classify.decision import classify_patient
from alktrace.evidence.schema import BoardEvidence, ReportedPhase, RnaFinding
from alktrace.inputs.knowledge_files import KnowledgeFiles
from alktrace.knowledge.load import load_knowledge
from alktrace.report import words
from alktrace.report.pages import write_page
from alktrace.report.patient_page import patient_content
from alktrace.vocabulary.clinical import ProgressionSite

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


def test_what_a_board_has_stands_on_the_page() -> None:
    case = evidence(CASES["commonest_lorlatinib_compound_speaks"])
    keys = tuple(item.key for item in case.alterations[:2])
    first, *others = case.specimens
    board = BoardEvidence(
        rna=(RnaFinding(gene="ALK", alteration="G1202R", alt_reads=40, total_reads=200, mutant_share=0.2),),
        alk_ihc="positive",
        met_cep7_ratio=2.4,
        nse_ng_ml=17,
        progression_site=ProgressionSite.CNS_ONLY,
        drugs=("lorlatinib",),
        reported_phase=(ReportedPhase(alterations=keys, phase="cis"),),
    )
    found = case.model_copy(update={"specimens": (first.model_copy(update={"board": board}), *others)})
    results = classify_patient(found, KNOWLEDGE, default_settings())
    page = patient_content(found, [r.rows for r in results], [r.detail for r in results], KNOWLEDGE)
    ((sample, findings),) = ((item["sample"], item["findings"]) for item in page["board"])
    assert sample == f"{first.timepoint} {first.specimen}"
    assert findings[:4] == [
        "RNA: ALK G1202R, 40 of 200 reads, 20 % of the reads",
        "ALK immunohistochemistry: positive",
        "MET/CEP7 ratio (FISH): 2.4",
        "NSE: 17 ng/ml",
    ]
    assert findings[4:6] == ["site of progression: cns only", "drugs at sampling: lorlatinib"]
    assert findings[6].startswith("a report states ALK ") and findings[6].endswith("proves nothing by itself")
    assert content("commonest_lorlatinib_compound_speaks")["board"] == []


def test_the_reason_of_a_class_names_the_specimen_that_it_is_of(tmp_path: Path) -> None:
    """A negative of plasma that counts stood beside one of tissue that does not, and neither was named."""
    out = tmp_path / "patient.html"
    page = content("two_of_twenty_molecules_of_kras_in_the_biopsy")
    write_page("patient.html", {**page, "figures": ()}, out)
    text = out.read_text()
    assert "<code>NEGATIVE_INFORMATIVE</code> PD.plasma: an ALK hotspot" in text
    assert "<code>NEGATIVE_UNINFORMATIVE</code> PD.tissue: power_low" in text


def test_loss_of_the_other_allele_stands_beside_the_counts() -> None:
    seen = evidence(CASES["commonest_lorlatinib_compound_speaks"]).alterations[0].observations[0]
    plain = words.observation(seen)
    for lost, text in ((True, "other allele lost"), (False, "other allele kept")):
        told = words.observation(seen.model_copy(update={"loss_of_heterozygosity": lost}))
        assert told == f"{plain}; {text}"


@pytest.mark.parametrize(
    ("indel", "text"),
    [(None, "≥ 0.5 % visible"), (0.012, "≥ 0.5 % visible (insertions and deletions ≥ 1.2 %)")],
)
def test_limits_of_a_locus_are_told_apart(indel: float | None, text: str) -> None:
    item = evidence(CASES["commonest_lorlatinib_compound_speaks"]).specimens[0].callability[0]
    locus = item.model_copy(update={"vaf_detectable": 0.005, "vaf_detectable_indel": indel})
    assert words.limits(locus) == text


@pytest.mark.parametrize(
    ("case", "shown"),
    [
        ("half_a_year_later_under_alectinib", [words.NOTHING]),
        ("commonest_lorlatinib_compound_speaks", ["established"]),
        ("pik3ca_was_there_before", ["established", words.NOTHING]),
    ],
)
def test_the_overview_has_the_confidence_of_the_class(case: str, shown: list[str]) -> None:
    """What is listed only, outside the window or from before treatment, lends it none."""
    assert [point["confidence"] for point in content(case)["timepoints"]] == shown
