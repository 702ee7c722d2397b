"""Follow-up: death censors it, the end of observation alive is its event."""

from clinical_records import Records
from outcome_cohort import cohort_settings

from alktrace.outcomes.endpoints import patient_rows
from alktrace.outcomes.follow_up import follow_up_rows


def test_the_dead_do_not_shorten_it() -> None:
    records = [
        Records("A").treat("lorlatinib", 0, 20, "death").died(20),
        Records("B").treat("lorlatinib", 0, 30, "death").died(30),
        Records("C").treat("lorlatinib", 0).alive(400),
        Records("D", enrolled=100).treat("lorlatinib", 0).alive(500),
        Records("E").treat("lorlatinib", 0).alive(600),
    ]
    rows = follow_up_rows(patient_rows([item.timeline() for item in records]), cohort_settings())
    found = {row.origin: row for row in rows}
    start, enrolment = found["first_lorlatinib"], found["enrolment"]
    assert (start.patients, start.deaths, start.median_days) == (5, 2, 500)
    assert (start.shortest_alive, start.longest) == (400, 600)
    # D: 400 days from enrolment, as C.
    assert enrolment.median_days == 400
    none = found["progression"]
    assert (none.patients, none.median_days, none.reason) == (0, None, "no_time_at_risk")
