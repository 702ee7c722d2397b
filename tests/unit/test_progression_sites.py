"""Where patients progress: the wider of two readings, unknown apart, incidence with the other ways "
"competing."""

import pytest
from clinical_records import Records
from outcome_cohort import cohort_settings

from alktrace.outcomes.endpoints import patient_rows
from alktrace.outcomes.progression_sites import site_rows, way_rows
from alktrace.outcomes.timeline import Timeline

SETTINGS = cohort_settings(min_group_patients=3)


def patient(name: str, first: str | None, again: int, second: str | None) -> Timeline:
    record = (
        Records(name)
        .treat("lorlatinib", 0, 110, "progression")
        .scan(100, "PD", first)
        .treat("alectinib", 120, 120 + again, "progression", line=2)
        .alive(900)
    )
    return (record.scan(120 + again, "PD", second) if second else record).timeline()


def test_sites_of_both_progressions() -> None:
    two = (
        Records("D").treat("lorlatinib", 0).scan(100, "PD", "cns_only").scan(100, "PD", "systemic").alive(200)
    )
    timelines = [
        patient("A", "cns_only", 60, "systemic"),
        patient("B", "cns_only", 70, "cns_only"),
        patient("C", None, 80, None),
        two.timeline(),
    ]
    rows = {(row.progression, row.group, row.site): row for row in site_rows(timelines, {}, SETTINGS)}
    first = rows["on_lorlatinib", "all", "cns_only"]
    assert (first.patients, first.count) == (4, 2)
    assert first.share == pytest.approx(2 / 3)
    # The wider of two readings of one day.
    assert rows["on_lorlatinib", "all", "systemic"].count == 1
    assert rows["on_lorlatinib", "all", "unknown"].share is None
    # C stopped for progression without a scan: it progressed, nobody knows where.
    again = {
        site: rows["next", "alk_tki", site].count for site in ("cns_only", "oligo", "systemic", "unknown")
    }
    assert again == {"cns_only": 1, "oligo": 0, "systemic": 1, "unknown": 1}
    assert ("on_lorlatinib", "alk_tki", "systemic") not in rows


def test_ways_add_up_and_compete() -> None:
    timelines = [
        patient("A", None, 60, "systemic"),
        patient("B", None, 70, "cns_only"),
        patient("C", None, 80, None),
        patient("D", None, 90, "cns_only"),
    ]
    rows = way_rows(timelines, {}, patient_rows(timelines), SETTINGS)
    one_year = {row.way: row.incidence for row in rows if row.group == "alk_tki" and row.years == 1}
    assert one_year == {
        "cns_only": pytest.approx(0.5),
        "oligo": 0,
        "systemic": pytest.approx(0.25),
        "unknown": pytest.approx(0.25),
        "death": 0,
    }


def test_small_groups_have_counts_alone() -> None:
    timelines = [patient("A", None, 60, "systemic")]
    (row,) = (
        row
        for row in way_rows(timelines, {}, patient_rows(timelines), SETTINGS)
        if (row.group, row.way, row.years) == ("all", "systemic", 1)
    )
    assert (row.events, row.incidence, row.reason) == (1, None, "group_too_small: 1, 3 needed")
