"""States after progression and after lorlatinib: who is where when, and how probable that is."""

import math

import numpy as np
import pytest
from clinical_records import Records, switched
from outcome_cohort import cohort_settings

from alktrace.outcomes.endpoint_figures import analyse, figure
from alktrace.outcomes.endpoints import COURSE, NEXT_TREATMENT, RWTTD2, RWTTD2_STARTERS, patient_rows
from alktrace.outcomes.state_curves import Stay, aalen_johansen
from alktrace.outcomes.state_estimates import fit_states, state_rows, state_time_rows
from alktrace.outcomes.states import StateModel, paths_of
from alktrace.vocabulary.outcomes import Analysis

SETTINGS = cohort_settings()


def path(model: StateModel, records: Records) -> list[tuple[str, float, float, str | None]]:
    rows = paths_of(model, [records.timeline()])
    return [(row.state, row.begin_days, row.end_days, row.next_state) for row in rows]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (
            switched().alive(300),
            [("not_yet_treated", 0, 20, "on_next_treatment"), ("on_next_treatment", 20, 200, None)],
        ),
        (
            Records().treat("lorlatinib", 0, 110, "progression").scan(100, "PD").died(130),
            [("not_yet_treated", 0, 30, "died_before_treatment")],
        ),
        (
            Records().treat("lorlatinib", 0, 100, "progression").scan(100, "PD")
            .treat("pemetrexed", 100, 150, "death", 2).died(152),
            # A treatment that begins on the day of progression begins half a day later.
            [
                ("not_yet_treated", 0, 0.5, "on_next_treatment"),
                ("on_next_treatment", 0.5, 50, "died_on_treatment"),
            ],
        ),
        (
            Records(enrolled=130).treat("lorlatinib", 0, 100, "progression").scan(100, "PD")
            .treat("pemetrexed", 110, 150, "toxicity", 2).alive(200),
            # Enrolled on treatment: what was before is not seen.
            [("on_next_treatment", 30, 50, "next_treatment_stopped")],
        ),
        (
            Records(enrolled=130).treat("lorlatinib", 0, 100, "progression").scan(100, "PD").died(130),
            [("not_yet_treated", 30, 30.5, "died_before_treatment")],
        ),
        (Records(enrolled=None).treat("lorlatinib", 0, 100, "progression").scan(100, "PD").alive(200), []),
        (Records().treat("lorlatinib", 0).alive(200), []),
    ],
    ids=["switched", "died-untreated", "at-once", "enrolled-on-it", "died-at-entry",
         "no-enrolment", "no-progression"],
)  # fmt: skip
def test_stays_after_progression(
    records: Records, expected: list[tuple[str, float, float, str | None]]
) -> None:
    assert path(NEXT_TREATMENT, records) == expected


def test_stays_from_lorlatinib_to_death() -> None:
    """Beyond progression, a pause without treatment, two lines with lorlatinib added to neither."""
    records = (
        Records().treat("lorlatinib", 0, 150, "progression").scan(100, "PD")
        .treat("pemetrexed", 170, 260, "progression", 2).treat("docetaxel", 260, 300, "death", 3).died(310)
    )  # fmt: skip
    assert path(COURSE, records) == [
        ("on_lorlatinib", 0, 100, "lorlatinib_beyond_progression"),
        ("lorlatinib_beyond_progression", 100, 150, "untreated"),
        ("untreated", 150, 170, "line_2"),
        ("line_2", 170, 260, "line_3_or_later"),
        ("line_3_or_later", 260, 300, "untreated"),
        ("untreated", 300, 310, "dead"),
    ]


def test_probabilities_by_hand() -> None:
    """Four in state 0: one moves to 1 on day 10, one to 2 on day 20; one in 1 moves to 2 on day 30."""
    stays = [
        Stay(0, 0, 0, 10, 1), Stay(0, 1, 10, 30, 2), Stay(1, 0, 0, 20, 2), Stay(2, 0, 0, 40, None),
        Stay(3, 0, 0, 15, None),
    ]  # fmt: skip
    found = aalen_johansen(stays, 3, ends=[2], horizons=[40.0])
    expected = {10: (0.75, 0.25, 0), 15: (0.75, 0.25, 0), 20: (0.375, 0.25, 0.375), 30: (0.375, 0, 0.625)}
    for day, values in expected.items():
        assert found.probability[list(found.days).index(day)] == pytest.approx(values)
    # 1 until day 10, 0.75 until 20, then 0.375.
    assert found.times[40.0].days[0] == pytest.approx(10 + 7.5 + 7.5)
    assert found.times[40.0].days.sum() == pytest.approx(40)


def test_without_censoring_probabilities_are_shares_with_binomial_errors() -> None:
    stays = [Stay(i, 0, 0, 10 + i, 1 + i % 2) for i in range(40)]
    found = aalen_johansen(stays, 3, ends=[1, 2], horizons=[])
    step = 19
    assert found.probability[step] == pytest.approx((0.5, 0.25, 0.25))
    for place, share in enumerate((0.5, 0.25, 0.25)):
        assert found.error[step, place] == pytest.approx(math.sqrt(share * (1 - share) / 40))
    assert found.open_error[step] == pytest.approx(found.error[step, 0])


def cohort() -> list[Records]:
    """Ten with progression on day 100: four die untreated, six start, of whom three stop."""
    died = [
        Records(f"D{i}").treat("lorlatinib", 0, 110, "progression").scan(100, "PD").died(120 + i)
        for i in range(4)
    ]
    ends = [*((200 + i, "toxicity") for i in range(3)), *((None, "ongoing"),) * 3]
    started = [
        Records(f"S{i}")
        .treat("lorlatinib", 0, 110, "progression")
        .scan(100, "PD")
        .treat("pemetrexed", 115, end, reason, line=2)
        .alive(500)
        for i, (end, reason) in enumerate(ends)
    ]
    return [*died, *started]


def test_the_headline_of_rwttd2_counts_death_before_the_treatment() -> None:
    timelines = [item.timeline() for item in cohort()]
    paths = paths_of(NEXT_TREATMENT, timelines)
    rows = {
        (item.endpoint.name, item.analysis): figure(item, SETTINGS)
        for item in analyse(patient_rows(timelines), SETTINGS, enrolled_late=0.0, paths=paths)
    }
    head, starters = (
        rows[RWTTD2.name, Analysis.COMPETING_STATES],
        rows[RWTTD2_STARTERS.name, Analysis.AS_DEFINED],
    )
    assert (head.headline, head.patients, head.events) == (True, 10, 7)
    # Of ten, five have ended from day 200 to 201; of six starters, three from day 202 on.
    assert head.median_days == 100.5
    assert (starters.patients, starters.events, starters.median_days) == (6, 3, 102)
    fitted = fit_states(NEXT_TREATMENT, paths, SETTINGS)
    one_year = {row.state: row for row in state_time_rows(fitted, SETTINGS) if row.years == 1}
    assert one_year["died_before_treatment"].probability == pytest.approx(0.4)
    assert one_year["next_treatment_stopped"].probability == pytest.approx(0.3)
    assert sum(row.expected_days or 0 for row in one_year.values()) == pytest.approx(365.25)
    assert {row.reason for row in state_time_rows(fitted, SETTINGS) if row.years == 2} == {
        "follow_up_too_short"
    }


def test_probabilities_of_the_table_add_up_on_every_day() -> None:
    timelines = [item.timeline() for item in cohort()]
    rows = list(
        state_rows(fit_states(NEXT_TREATMENT, paths_of(NEXT_TREATMENT, timelines), SETTINGS), SETTINGS)
    )
    days = sorted({row.days for row in rows})
    total = np.zeros(len(days))
    for state in NEXT_TREATMENT.states:
        known = {row.days: row.probability for row in rows if row.state == state}
        value = 0.0
        for place, day in enumerate(days):
            value = known.get(day, value)
            total[place] += value
    assert total == pytest.approx(np.ones(len(days)))
