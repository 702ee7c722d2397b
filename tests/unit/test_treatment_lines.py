"""Lines of treatment after each other: numbers, waits, responses, what followed what."""

import pytest
from clinical_records import Records
from outcome_cohort import cohort_settings

from alktrace.outcomes.line_table import LinePatientRow
from alktrace.outcomes.treatment_lines import line_patients, line_rows, sequence_rows

SETTINGS = cohort_settings()


def lines(*records: Records) -> list[LinePatientRow]:
    return line_patients([item.timeline() for item in records], days_after_last_dose=30)


def three_lines(patient: str = "A") -> Records:
    return (
        Records(patient)
        .treat("lorlatinib", 0, 110, "progression")
        .scan(50, "PR")
        .scan(100, "PD")
        .treat("pemetrexed+carboplatin", 120, 180, "other", line=2)
        .treat("pemetrexed", 200, 300, "progression", line=2)
        .scan(170, "SD")
        .scan(299, "PD")
        .treat("lorlatinib", 330, 400, "death", line=3)
        .scan(360, "PR")
        .died(400)
    )


def test_maintenance_is_its_line_and_lorlatinib_given_again_is_one() -> None:
    found = lines(three_lines())
    assert [(row.line, row.kind, row.start_days, row.wait_days, row.days) for row in found] == [
        (1, "lorlatinib", 0, None, 110),
        (2, "no_alk_tki", 120, 10, 180),
        (3, "lorlatinib_rechallenge", 330, 30, 70),
    ]
    assert [(row.best, row.next_step) for row in found] == [
        ("PR", "no_alk_tki"),
        ("SD", "lorlatinib_rechallenge"),
        ("PR", "died"),
    ]
    assert [row.regimen for row in found] == ["lorlatinib", "carboplatin+pemetrexed", "lorlatinib"]


def test_a_dose_change_or_a_pause_of_lorlatinib_is_no_line() -> None:
    record = Records().treat("lorlatinib", 0, 100, "toxicity").treat("lorlatinib", 130, line=1).alive(400)
    (row,) = lines(record)
    assert (row.line, row.days, row.stopped, row.next_step) == (1, 400, False, "ongoing")


def test_where_sequences_end() -> None:
    stopped = Records("B").treat("lorlatinib", 0, 90, "toxicity").alive(400)
    found = sequence_rows(lines(three_lines(), three_lines("C"), stopped), SETTINGS)
    first = {row.next_step: row for row in found if row.line == 1 and row.level == "kind"}
    assert {name: (row.patients, row.total) for name, row in first.items()} == {
        "no_alk_tki": (2, 3),
        "no_further_line": (1, 3),
    }
    assert (first["no_alk_tki"].wait_days, first["no_alk_tki"].responders) == (10, 0)
    # Two patients are too few for a median.
    assert first["no_alk_tki"].next_median is None
    assert first["no_further_line"].responders is None


def test_a_line_counts_from_enrolment_on() -> None:
    records = [
        Records(f"P{n}", enrolled=n * 10)
        .treat("lorlatinib", 0, 100, "progression")
        .treat("alectinib", 110, 110 + 40 * n, "progression", line=2)
        .alive(900)
        for n in range(1, 10)
    ] + [Records("late", enrolled=200).treat("lorlatinib", 0, 100, "progression").alive(900)]
    rows = {(row.line, row.level, row.treatment): row for row in line_rows(lines(*records), SETTINGS)}
    # Enrolled after lorlatinib was stopped: treated with it, but never seen on it.
    assert (rows[1, "all", "all"].treated, rows[1, "all", "all"].analysed) == (10, 9)
    second = rows[2, "regimen", "alectinib"]
    assert (second.treated, second.stopped, second.median_days) == (9, 9, 200)
    assert second.assessed == second.responders == 0
    assert second.orr_high == pytest.approx(1 - 0.025 ** (1 / 9))
