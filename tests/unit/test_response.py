from typing import Any

import pytest
from clinical_records import Records, switched
from outcome_cohort import cohort_settings

from alktrace.outcomes.response import response_rates, response_rows
from alktrace.vocabulary.clinical import BestResponse
from alktrace.vocabulary.outcomes import Exclusion

SETTINGS = cohort_settings()


def patient(records: Any) -> Any:
    return response_rows([records.timeline()], SETTINGS, days_after_last_dose=30)[0]


@pytest.mark.parametrize(
    ("scans", "best", "confirmed"),
    [
        ([(160, "PR"), (200, "SD")], BestResponse.PR, False),
        ([(160, "PR"), (187, "PR")], BestResponse.PR, False),
        ([(160, "PR"), (188, "CR")], BestResponse.CR, True),
        ([(160, "SD"), (200, "PD"), (240, "CR")], BestResponse.SD, None),
        ([(160, "PD"), (160, "PR")], BestResponse.PD, None),
        ([(160, "NE")], BestResponse.NE, None),
        ([], BestResponse.NE, None),
        ([(120, "CR")], BestResponse.NE, None),
        ([(110, "PR")], BestResponse.NE, None),
    ],
    ids=[
        "unconfirmed", "one-day-short", "confirmed", "after-progression-nothing-counts",
        "progression-decides-a-day-with-two", "not-evaluable", "no-assessment", "scan-of-the-first-day",
        "before-treatment",
    ],
)  # fmt: skip
def test_best_response(scans: list[tuple[int, str]], best: BestResponse, confirmed: bool | None) -> None:
    records = switched()
    for day, response in scans:
        records.scan(day, response)
    found = patient(records.alive(300))
    assert (found.best, found.confirmed) == (best, confirmed)


@pytest.mark.parametrize(
    ("day", "best"), [(229, BestResponse.PR), (230, BestResponse.NE), (240, BestResponse.NE)]
)
def test_a_response_to_the_third_line_is_not_one_to_the_second(day: int, best: BestResponse) -> None:
    records = (
        Records()
        .treat("lorlatinib", 0, 110, "progression")
        .scan(100, "PD")
        .treat("pemetrexed", 120, 220, "toxicity", line=2)
        .treat("alectinib", 230, line=3)
        .scan(day, "PR")
        .alive(300)
    )
    assert patient(records).best is best


def test_who_was_never_treated_has_no_response() -> None:
    records = Records().treat("lorlatinib", 0, 110, "progression").scan(100, "PD").died(130)
    found = patient(records)
    assert (found.included, found.exclusion, found.best) == (False, Exclusion.DIED_UNTREATED, None)


def test_rates_stand_over_treated_and_assessed() -> None:
    records = [
        switched("A").scan(160, "PR").scan(200, "PR"),
        switched("B").scan(160, "SD"),
        switched("C").scan(160, "PD"),
        switched("D"),
    ]
    rows = response_rows([item.alive(300).timeline() for item in records], SETTINGS, days_after_last_dose=30)
    found = {
        (r.measure, r.denominator): (r.responders, r.patients, r.rate)
        for r in response_rates(rows, SETTINGS, {})
    }
    assert found == {
        ("rwORR2", "treated"): (1, 4, 0.25),
        ("rwORR2_confirmed", "treated"): (1, 4, 0.25),
        ("rwDCR2", "treated"): (2, 4, 0.5),
        ("rwORR2", "assessed"): (1, 3, pytest.approx(1 / 3)),
        ("rwORR2_confirmed", "assessed"): (1, 3, pytest.approx(1 / 3)),
        ("rwDCR2", "assessed"): (2, 3, pytest.approx(2 / 3)),
    }


def test_rates_by_group_leave_out_who_has_none() -> None:
    rows = response_rows(
        [switched(name).scan(160, "PR").alive(300).timeline() for name in "AB"],
        SETTINGS,
        days_after_last_dose=30,
    )
    found = response_rates(rows, SETTINGS, {"regimen": {"A": "x"}})
    of_x = next(r for r in found if (r.group, r.measure, r.denominator) == ("x", "rwORR2", "treated"))
    # One of one, exact: (0.025, 1).
    assert (of_x.responders, of_x.patients) == (1, 1)
    assert (of_x.low, of_x.high) == pytest.approx((0.025, 1.0))


def test_no_patients_give_no_rate() -> None:
    assert {(r.patients, r.rate, r.low) for r in response_rates([], SETTINGS, {})} == {(0, None, None)}
