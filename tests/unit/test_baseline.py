"""Table 1 and missing data: shares of those known, items asked of those who should have them."""

from clinical_records import Records, switched

from alktrace.outcomes.baseline import TRAITS, baseline_rows, missing_rows
from alktrace.outcomes.baseline_table import BaselineRow
from alktrace.outcomes.clinical_schema import Sex
from alktrace.outcomes.predictors import Case, cases_of


def cases(*records: Records) -> list[Case]:
    return cases_of([item.timeline() for item in records], {}, {}, {}, ())


def cells(rows: list[BaselineRow], variable: str) -> dict[tuple[str, str | None], BaselineRow]:
    return {(row.group, row.level): row for row in rows if row.variable == variable}


PATIENTS = (
    Records("A", sex=Sex.FEMALE, age_at_diagnosis=40, ecog=1).treat("lorlatinib", 0).alive(100),
    Records("B", sex=Sex.MALE, age_at_diagnosis=50, ecog=3).treat("lorlatinib", 0).alive(100),
    switched("C", age_at_diagnosis=70).scan(60, "PR").alive(300),
    switched("D", sex=Sex.MALE, enrolled=150).alive(300),
    Records("E", sex=Sex.MALE).treat("alectinib", 0, 50, "progression").treat("lorlatinib", 60, line=2),
)
"""E was given another inhibitor before and is no patient of the study."""


def test_shares_are_of_those_known() -> None:
    rows = baseline_rows(cases(*PATIENTS))
    sex = cells(rows, "sex")["all", "male"]
    assert (sex.patients, sex.known, sex.missing, sex.count, sex.share) == (4, 3, 1, 2, 2 / 3)
    ecog = cells(rows, "ECOG performance status")
    assert [ecog["all", level].count for level in ("0", "1", "2 or more")] == [0, 1, 1]
    age = cells(rows, "age at diagnosis, years")["all", None]
    # Quartiles of 40, 50, 70 by linear interpolation, as quantile() of R.
    assert (age.quartile_low, age.median, age.quartile_high, age.missing) == (45, 50, 60, 1)
    enrolled = cells(rows, "enrolled")["all", "at or after progression"]
    assert (enrolled.count, enrolled.known) == (1, 4)


def test_groups_are_of_those_with_progression() -> None:
    rows = baseline_rows(cases(*PATIENTS))
    sizes = {(row.grouping, row.group): row.patients for row in rows}
    assert sizes == {("all", "all"): 4, ("timing", "no_sample"): 2, ("class", "no_sample"): 2}
    assert {row.variable for row in rows} == {trait.name for trait in TRAITS}


def test_an_item_is_asked_of_who_should_have_it() -> None:
    found = {row.item: (row.missing, row.patients) for row in missing_rows(cases(*PATIENTS))}
    assert found["sex"] == (1, 4)
    assert found["date of enrolment"] == (0, 4)
    assert found["site of the progression"] == (2, 2)
    assert found["assessment on lorlatinib"] == (2, 4)
    assert found["assessment on the next treatment"] == (2, 2)
    assert found["evaluable class"] == (0, 0)


def test_nobody_is_nothing_missing() -> None:
    assert all(row.share is None for row in missing_rows([]))
    assert all(row.median is None and row.share is None for row in baseline_rows([]))
