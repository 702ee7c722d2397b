from typing import Any

import pytest
from clinical_records import Records, switched
from outcome_cohort import cohort_settings

from alktrace.outcomes.safety import dose_rows, safety_rows
from alktrace.outcomes.safety_rates import safety_rate_rows

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


def rates(*records: Any) -> Any:
    rows = safety_rate_rows([item.alive(400).timeline() for item in records], SETTINGS)
    return {(r.treatment, r.term, r.relation, r.grade): r for r in rows}


def test_a_first_event_counts_against_the_time_until_it() -> None:
    found = rates(
        Records("A").treat("lorlatinib", 0).event("Edema", 1, 99).event("edema", 3, 199),
        Records("B").treat("lorlatinib", 0, 169, "toxicity").event("Edema", 2, 250),
        Records("C", enrolled=101).treat("lorlatinib", 0).event("Edema", 1, 50).event("Edema", 2, 150),
    )
    # A is on it for 401 days, B for 170 and 30 after it, C is seen for 300.
    row = found["lorlatinib", "Edema", "all", "any"]
    assert row.observed == 3
    assert row.patient_years == pytest.approx((401 + 200 + 300) / 365.25)
    # C had it before enrolment: a second one is no first one. B's came too late to belong to lorlatinib.
    assert (row.at_risk, row.patients, row.events) == (2, 1, 3)
    assert row.years_at_risk == pytest.approx((100 + 200) / 365.25)
    assert row.rate == pytest.approx(100 * 365.25 / 300)
    assert row.low is not None and row.high is not None and row.low < row.rate < row.high
    assert row.event_rate == pytest.approx(3 * 100 * 365.25 / 901)
    severe = found["lorlatinib", "Edema", "all", "severe"]
    assert (severe.at_risk, severe.patients, severe.events) == (3, 1, 1)
    assert severe.years_at_risk == pytest.approx((200 + 200 + 300) / 365.25)


def test_no_event_has_a_rate_of_zero_with_an_upper_end_and_no_time_has_none() -> None:
    found = rates(Records().treat("lorlatinib", 0))
    row = found["lorlatinib", "any", "all", "any"]
    assert (row.rate, row.low) == (0, 0) and (row.high or 0) > 0
    none = found["next_treatment", "any", "all", "any"]
    assert (none.observed, none.rate, none.event_rate) == (0, None, None)


def test_without_a_date_of_enrolment_nobody_knows_since_when_events_were_seen() -> None:
    found = rates(Records(enrolled=None).treat("lorlatinib", 0).event("Edema", 1, 10))
    assert found["lorlatinib", "any", "all", "any"].observed == 0
