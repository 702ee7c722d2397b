from typing import Any

import pytest
from clinical_records import Records, switched
from outcome_cohort import cohort_settings

from alktrace.outcomes.safety import dose_rows, safety_rows

SETTINGS = cohort_settings()


def safety(*records: Any) -> Any:
    rows = safety_rows([item.alive(400).timeline() for item in records], SETTINGS)
    return {(r.treatment, r.term, r.relation): r for r in rows}


def test_a_patient_counts_once_with_the_worst_grade() -> None:
    found = safety(
        Records("A").treat("lorlatinib", 0).event("Edema limbs", 1, 10).event("edema limbs", 3, 90),
        Records("B").treat("lorlatinib", 0).event("Edema limbs", 2, 10, "unrelated"),
        Records("C").treat("lorlatinib", 0),
    )
    row = found["lorlatinib", "Edema limbs", "all"]
    assert (row.treated, row.any_grade, row.severe, row.worst_grade) == (3, 2, 1, 3)
    assert (row.any_share, row.severe_share) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert found["lorlatinib", "Edema limbs", "related"].any_grade == 1
    assert found["lorlatinib", "any", "all"].any_grade == 2


@pytest.mark.parametrize(
    ("day", "treatment"),
    [(0, "lorlatinib"), (115, "lorlatinib"), (119, "lorlatinib"), (120, "next_treatment")],
    ids=["first-dose", "within-30-days", "day-before-the-next", "first-dose-of-the-next"],
)
def test_an_event_belongs_to_one_treatment(day: int, treatment: str) -> None:
    found = safety(switched().event("Weight gain", 3, day))
    counted = {name for (name, term, _), row in found.items() if term == "any" and row.any_grade}
    assert counted == {treatment}


def test_long_after_the_last_dose_nothing_belongs_to_it() -> None:
    found = safety(Records().treat("lorlatinib", 0, 50, "other").event("Weight gain", 3, 81))
    assert found["lorlatinib", "any", "all"].any_grade == 0


def test_nobody_treated_next_gives_no_share() -> None:
    row = safety(Records().treat("lorlatinib", 0))["next_treatment", "any", "all"]
    assert (row.treated, row.any_share, row.any_low) == (0, None, None)


def test_dose_changes_by_kind_and_reason() -> None:
    records = [
        Records("A").treat("lorlatinib", 0).dose("lorlatinib", 10, 100, 0).dose("lorlatinib", 20, 100, 75),
        Records("B").treat("lorlatinib", 0).dose("lorlatinib", 10, 100, 75, "patient_choice"),
        Records("C").treat("lorlatinib", 0),
        Records("D").treat("lorlatinib", 0).dose("lorlatinib", 30, 75, 100, "other"),
    ]
    rows = dose_rows([item.alive(400).timeline() for item in records], SETTINGS)
    found = {(r.change, r.reason): (r.patients, r.changes, r.treated) for r in rows}
    assert found == {
        ("any", "any"): (3, 4, 4),
        ("any", "other"): (1, 1, 4),
        ("any", "patient_choice"): (1, 1, 4),
        ("any", "toxicity"): (1, 2, 4),
        ("reduction", "any"): (2, 2, 4),
        ("reduction", "patient_choice"): (1, 1, 4),
        ("reduction", "toxicity"): (1, 1, 4),
        ("interruption", "any"): (1, 1, 4),
        ("interruption", "toxicity"): (1, 1, 4),
        ("increase", "any"): (1, 1, 4),
        ("increase", "other"): (1, 1, 4),
    }


def test_no_dose_changes_are_a_zero_for_lorlatinib() -> None:
    rows = dose_rows([Records().treat("lorlatinib", 0).alive(90).timeline()], SETTINGS)
    assert [(r.drug, r.change, r.patients, r.treated) for r in rows] == [("lorlatinib", "any", 0, 1)]
