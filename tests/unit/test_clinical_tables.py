import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import pytest

from alktrace.errors import InputProblems
from alktrace.evidence.schema import ClinicalContext
from alktrace.outcomes.clinical_context import clinical_context
from alktrace.outcomes.clinical_schema import PatientRecord
from alktrace.outcomes.clinical_tables import read_clinical
from alktrace.vocabulary.clinical import BestResponse

TODAY = dt.date(2026, 11, 1)
DRUGS = {
    "lorlatinib": "lorlatinib",
    "pf-06463922": "lorlatinib",
    "alectinib": "alectinib",
    "pemetrexed": "pemetrexed",
}


def folder(path: Path, **tables: list[str]) -> Path:
    tables = {"patients": ["patient enrolled", "P1 2025-01-01"]} | tables
    for name, lines in tables.items():
        (path / f"{name}.tsv").write_text("\n".join(line.replace(" ", "\t") for line in lines) + "\n")
    return path


def read(path: Path) -> dict[str, PatientRecord]:
    knowledge = SimpleNamespace(drug_names=DRUGS, alk_tkis=frozenset({"lorlatinib", "alectinib"}))
    return read_clinical(path, knowledge=knowledge, today=TODAY).records


def context(path: Path) -> ClinicalContext:
    return clinical_context(
        read(path)["P1"],
        alk_tkis={"lorlatinib", "alectinib"},
        days_after_last_dose=30,
        treatment_gap_days=120,
    )


TREATMENTS = "patient line drugs start end reason"
ASSESSMENTS = "patient date response"
DOSES = "patient drug date from_mg to_mg reason"


def test_drug_synonyms_become_canonical_names(tmp_path: Path) -> None:
    given = folder(tmp_path, treatments=[TREATMENTS, "P1 1 PF-06463922 2025-01-01 . ongoing"])
    assert read(given)["P1"].treatments[0].drugs == ("lorlatinib",)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"treatments": [TREATMENTS, "P2 1 lorlatinib 2025-01-01 . ongoing"]}, "2:patient: patient 'P2'"),
        (
            {"treatments": [TREATMENTS, "P1 1 lorlatinib 2025-02-01 2025-01-01 other"]},
            "2:end: ends 2025-01-01 before it starts 2025-02-01",
        ),
        ({"treatments": [TREATMENTS, "P1 1 lorlatinib 2025-01-01 . toxicity"]}, "2:reason: end missing"),
        (
            {"treatments": [TREATMENTS, "P1 1 lorlatinb 2025-01-01 . ongoing"]},
            "2:drugs: unknown drug 'lorlatinb'; did you mean 'lorlatinib'? Else declare it in",
        ),
        (
            {"treatments": [TREATMENTS, "P1 1 NVL-999 2025-01-01 . ongoing"]},
            "2:drugs: unknown drug 'NVL-999'; declare it in",
        ),
        (
            {"drugs": ["drug alk_tki synonyms", "PF-06463922 true ."]},
            "drugs.tsv:2:drug: 'PF-06463922' is lorlatinib of resources/knowledge/drugs.tsv; remove the name",
        ),
        (
            {"drugs": ["drug alk_tki synonyms", "newinib true .", "othernib true Newinib"]},
            "drugs.tsv:3:synonyms: 'Newinib' stands already in line 2",
        ),
        ({"drugs": ["drug alk_tki", "newinib maybe"]}, "drugs.tsv:2:alk_tki: value 'maybe'"),
        ({"drugs": ["drug synonyms", "newinib X-1"]}, "drugs.tsv:1:alk_tki: column is missing"),
        (
            {
                "treatments": [
                    TREATMENTS,
                    "P1 1 lorlatinib 2025-01-01 2025-12-01 other",
                    "P1 1 lorlatinib 2025-02-01 2025-03-01 other",
                    "P1 1 lorlatinib 2025-04-01 2025-05-01 other",
                ]
            },
            "4:start: lorlatinib given already in line 2 until 2025-12-01",
        ),
        (
            {"treatments": [TREATMENTS, "P1 1 lorlatinib 2027-01-01 . ongoing"]},
            "2:start: 2027-01-01 lies in the future",
        ),
        (
            {
                "treatments": [
                    TREATMENTS,
                    "P1 1 lorlatinib 2025-01-01 2025-06-01 other",
                    "P1 2 lorlatinib;pemetrexed 2025-05-01 . ongoing",
                ]
            },
            "3:start: lorlatinib given already in line 2 until 2025-06-01",
        ),
        (
            {
                "treatments": [TREATMENTS, "P1 1 lorlatinib 2025-01-01 . ongoing"],
                "assessments": [ASSESSMENTS, "P1 2024-12-01 PD"],
            },
            "2:date: PD on 2024-12-01, before the first treatment of 2025-01-01",
        ),
        (
            {"assessments": [ASSESSMENTS, "P1 2025-12-01 progress"]},
            "2:response: value 'progress'; write one of CR",
        ),
        (
            {"follow_up": ["patient last_contact death", "P1 2025-06-01 2025-05-01"]},
            "2:death: last contact 2025-06-01 and death 2025-05-01",
        ),
        (
            {
                "follow_up": ["patient last_contact death", "P1 2025-06-01 2025-06-01"],
                "assessments": [ASSESSMENTS, "P1 2025-07-01 PD"],
            },
            "2:date: 2025-07-01 lies after the death of 2025-06-01",
        ),
        (
            {"adverse_events": ["patient term grade onset relation", "P1 oedema 6 2025-06-01 related"]},
            "2:grade: value '6'; the value should be less than or equal to 5",
        ),
        (
            {"patients": ["patient enrolled", "P1 2025-01-01", "P1 2025-01-02"]},
            "3:patient: patient 'P1' stands already",
        ),
        (
            {"patients": ["patient enrolled diagnosed", "P1 2025-01-01 2025-01-02"]},
            "2:diagnosed: diagnosed 2025-01-02, after the enrolment of 2025-01-01",
        ),
        (
            {
                "treatments": [TREATMENTS, "P1 1 lorlatinib 2025-01-01 . ongoing"],
                "follow_up": ["patient last_contact death", "P1 2025-06-01 2025-06-01"],
            },
            "2:reason: ongoing, but the patient died on 2025-06-01",
        ),
        (
            {"treatments": [TREATMENTS, "P1 1 lorlatinib 2025-01-01 2025-06-01 death"]},
            "2:reason: stopped for death, but follow_up.tsv has no death",
        ),
        (
            {
                "treatments": [TREATMENTS, "P1 1 lorlatinib 2025-01-01 2025-07-01 death"],
                "follow_up": ["patient last_contact death", "P1 2025-06-01 2025-06-01"],
            },
            "2:end: 2025-07-01 lies after the death of 2025-06-01",
        ),
        (
            {
                "treatments": [
                    TREATMENTS,
                    "P1 2 pemetrexed 2025-01-01 2025-02-01 other",
                    "P1 1 alectinib 2025-03-01 2025-04-01 other",
                ]
            },
            "3:line: line 1 of treatment starts 2025-03-01, after line 2 of 2025-01-01",
        ),
        (
            {
                "treatments": [TREATMENTS, "P1 1 lorlatinib 2025-02-01 . ongoing"],
                "dose_changes": [DOSES, "P1 lorlatinib 2025-01-20 100 75 toxicity"],
            },
            "2:date: lorlatinib was not given on 2025-01-20",
        ),
        (
            {
                "treatments": [TREATMENTS, "P1 1 lorlatinib 2025-01-01 . ongoing"],
                "dose_changes": [DOSES, "P1 lorlatinb 2025-01-20 100 75 toxicity"],
            },
            "2:drug: unknown drug 'lorlatinb'",
        ),
        (
            {
                "treatments": [TREATMENTS, "P1 1 lorlatinib 2025-01-01 . ongoing"],
                "dose_changes": [DOSES, "P1 lorlatinib 2025-01-20 100 100 toxicity"],
            },
            "2:to_mg: from 100 to 100 mg",
        ),
        (
            {"reports": ["patient timepoint collected reported", "P1 PD 2025-02-01 2025-01-01"]},
            "2:reported: reported 2025-01-01 before sampling on 2025-02-01",
        ),
        (
            {"treatments": [TREATMENTS, "P1 0 lorlatinib 2025-01-01 . ongoing"]},
            "2:line: value '0'; the value should be greater than or equal to 1",
        ),
        (
            {"patients": ["patient enrolled", "P.1 2025-01-01"]},
            "2:patient: value 'P.1'; the value should match pattern",
        ),
        (
            {"patients": ["patient enroled", "P1 2025-01-01"]},
            "1:enroled: unknown column; did you mean 'enrolled'?",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_problems_are_named(tmp_path: Path, tables: dict[str, list[str]], message: str) -> None:
    with pytest.raises(InputProblems) as caught:
        read(folder(tmp_path, **tables))
    assert any(message in str(problem) for problem in caught.value.problems), caught.value


def test_different_drugs_may_overlap(tmp_path: Path) -> None:
    rows = ["P1 1 lorlatinib 2025-01-01 . ongoing", "P1 2 pemetrexed 2025-05-01 . ongoing"]
    assert len(read(folder(tmp_path, treatments=[TREATMENTS, *rows]))["P1"].treatments) == 2


def test_a_site_declares_its_own_drug(tmp_path: Path) -> None:
    given = folder(
        tmp_path,
        drugs=["drug alk_tki synonyms", "newinib true X-1;x-2", "vaccine false ."],
        treatments=[
            TREATMENTS,
            "P1 1 X-2 2024-01-01 2024-12-01 progression",
            "P1 2 lorlatinib 2025-01-01 . ongoing",
        ],
    )
    knowledge = SimpleNamespace(drug_names=DRUGS, alk_tkis=frozenset({"lorlatinib"}))
    found = read_clinical(given, knowledge=knowledge, today=TODAY)
    record = found.records["P1"]
    assert record.treatments[0].drugs == ("newinib",)
    assert found.drugs.alk_tkis == {"lorlatinib", "newinib"}
    seen = clinical_context(
        record, alk_tkis=found.drugs.alk_tkis, days_after_last_dose=30, treatment_gap_days=120
    )
    assert seen.prior_alk_tki == ("newinib",)


def test_problems_of_all_tables_come_at_once(tmp_path: Path) -> None:
    given = folder(
        tmp_path,
        treatments=[TREATMENTS, "P1 x lorlatinib 2025-01-01 . ongoing"],
        assessments=[ASSESSMENTS, "P1 soon PD"],
    )
    with pytest.raises(InputProblems) as caught:
        read(given)
    assert len(caught.value.problems) == 2


def test_context_of_progression_after_response(tmp_path: Path) -> None:
    found = context(
        folder(
            tmp_path,
            treatments=[
                TREATMENTS,
                "P1 1 lorlatinib 2025-01-01 2025-12-10 progression",
                "P1 2 pemetrexed 2026-01-05 . ongoing",
            ],
            assessments=[
                ASSESSMENTS,
                "P1 2025-03-01 SD",
                "P1 2025-06-01 PR",
                "P1 2025-12-01 PD",
                "P1 2026-02-01 CR",
            ],
        )
    )
    assert found.best_response is BestResponse.PR
    assert (found.first_cr_pr, found.progression) == (dt.date(2025, 6, 1), dt.date(2025, 12, 1))
    assert (found.lorlatinib_last_dose, found.next_systemic_start) == (
        dt.date(2025, 12, 10),
        dt.date(2026, 1, 5),
    )


def test_lorlatinib_continued_with_an_added_drug_is_one_course(tmp_path: Path) -> None:
    found = context(
        folder(
            tmp_path,
            treatments=[
                TREATMENTS,
                "P1 1 lorlatinib 2025-01-01 2025-11-30 progression",
                "P1 2 lorlatinib;pemetrexed 2025-12-01 . ongoing",
            ],
            assessments=[ASSESSMENTS, "P1 2025-11-20 PD"],
        )
    )
    assert found.lorlatinib_last_dose is None
    assert found.next_systemic_start == dt.date(2025, 12, 1)
    assert found.progression == dt.date(2025, 11, 20)


def test_progression_on_the_next_line_is_not_progression_on_lorlatinib(tmp_path: Path) -> None:
    found = context(
        folder(
            tmp_path,
            treatments=[
                TREATMENTS,
                "P1 1 lorlatinib 2025-01-01 2025-06-01 toxicity",
                "P1 2 pemetrexed 2025-06-10 . ongoing",
            ],
            assessments=[ASSESSMENTS, "P1 2025-03-01 SD", "P1 2025-09-01 PD"],
        )
    )
    assert found.progression is None
    assert found.best_response is BestResponse.SD


def test_stop_for_progression_dates_it_where_no_assessment_does(tmp_path: Path) -> None:
    found = context(
        folder(tmp_path, treatments=[TREATMENTS, "P1 1 lorlatinib 2025-01-01 2025-06-01 progression"])
    )
    assert found.progression == dt.date(2025, 6, 1)
    assert found.best_response is None


def test_prior_inhibitors_are_those_started_before(tmp_path: Path) -> None:
    found = context(
        folder(
            tmp_path,
            treatments=[
                TREATMENTS,
                "P1 1 alectinib 2023-01-01 2024-12-01 progression",
                "P1 2 lorlatinib 2025-01-01 . ongoing",
            ],
        )
    )
    assert found.prior_alk_tki == ("alectinib",)


def test_without_lorlatinib_only_what_is_known_is_filled(tmp_path: Path) -> None:
    found = context(folder(tmp_path, pathology=["patient date histology", "P1 2025-06-01 small_cell"]))
    assert found.lorlatinib_start is None
    assert found.histology[0].histology.value == "small_cell"
