"""Dose intensity: pauses are days without a dose, and an unknown first dose is no full one."""

import pytest
from clinical_records import Records, switched
from outcome_cohort import cohort_settings

from alktrace.outcomes.dose_intensity import intensity_of, intensity_rows
from alktrace.outcomes.timeline import Timeline

SETTINGS = cohort_settings()


def lorlatinib(record: Records) -> float | None:
    timeline: Timeline = record.timeline()
    assert timeline.lorlatinib is not None
    found = intensity_of(timeline, "lorlatinib", timeline.lorlatinib)
    return None if found is None else found.relative


def test_changes_and_interruptions() -> None:
    record = Records().treat("lorlatinib", 0, 99, "toxicity", mg=100).alive(200)
    assert lorlatinib(record) == 1
    # 50 days at 100 mg, 10 without, 40 at 75.
    record.dose("lorlatinib", 50, 100, 0).dose("lorlatinib", 60, 0, 75)
    assert lorlatinib(record) == pytest.approx((50 * 100 + 40 * 75) / 100 / 100)


def test_days_between_two_rows_have_no_dose() -> None:
    record = (
        Records()
        .treat("lorlatinib", 0, 49, "other", mg=100)
        .treat("lorlatinib", 60, 99, "progression", mg=50)
        .alive(200)
    )
    assert lorlatinib(record) == pytest.approx((50 * 100 + 40 * 50) / 100 / 100)
    # A row that begins on the last day of the one before: that day counts once.
    touching = (
        Records().treat("lorlatinib", 0, 50, "other", mg=100).treat("lorlatinib", 50, 99, "other").alive(200)
    )
    assert lorlatinib(touching) == 1


def test_while_it_goes_on_it_counts_to_the_last_contact() -> None:
    record = Records().treat("lorlatinib", 0, mg=100).dose("lorlatinib", 100, 100, 50).alive(199)
    assert lorlatinib(record) == pytest.approx(0.75)


def test_an_unknown_first_dose_is_not_guessed_from_a_change() -> None:
    record = Records().treat("lorlatinib", 0).dose("lorlatinib", 100, 100, 50).alive(199)
    assert lorlatinib(record) is None


def test_a_dose_that_nobody_told_after_an_interruption_is_not_zero() -> None:
    """Given again at day 109: 49.5 % was said of it, as if nothing had been given for 91 days."""
    record = (
        Records()
        .treat("lorlatinib", 0, 98, "other", mg=100)
        .treat("lorlatinib", 109, 199, "progression")
        .dose("lorlatinib", 98, 100, 0)
        .alive(300)
    )
    assert lorlatinib(record) is None
    assert lorlatinib(record.dose("lorlatinib", 109, 0, 50)) == pytest.approx((98 + 91 * 0.5) / 200)


def test_rows() -> None:
    full = Records("A").treat("lorlatinib", 0, mg=100).alive(99)
    half = Records("B").treat("lorlatinib", 0, mg=100).dose("lorlatinib", 50, 100, 50).alive(99)
    timelines = [item.timeline() for item in (full, half, switched("C").alive(300))]
    (row,) = intensity_rows(timelines, SETTINGS)
    assert (row.drug, row.patients, row.known, row.below_full, row.below_share) == (
        "lorlatinib",
        3,
        2,
        1,
        0.5,
    )
    assert (row.daily_median, row.relative_median) == (87.5, 0.875)
    (none,) = intensity_rows([], SETTINGS)
    assert (none.known, none.relative_median, none.below_share) == (0, None, None)
