"""Events that lie between two visits: the estimate against cases with a known answer, and what enters it."""

import math

import numpy as np
import pytest
from clinical_records import Records, switched
from outcome_cohort import cohort_settings
from present_values import present

from alktrace.outcomes.endpoint_figures import analyse, figure, rates
from alktrace.outcomes.endpoint_table import EndpointPatientRow, EndpointRow
from alktrace.outcomes.endpoints import RWPFS2, RWPFS2_LAST_ASSESSMENT, patient_rows
from alktrace.outcomes.estimands import estimand_rows
from alktrace.outcomes.interval_censoring import estimate_intervals, innermost, span_of
from alktrace.outcomes.survival import kaplan_meier, rate_at
from alktrace.vocabulary.outcomes import Analysis

SETTINGS = cohort_settings()
NEVER = math.inf


def test_disjoint_intervals_have_their_shares() -> None:
    found = estimate_intervals([0, 0, 10, 30], [10, 10, 20, 40], confidence=0.95)
    assert list(zip(found.lower, found.upper, strict=True)) == [(0, 10), (10, 20), (30, 40)]
    assert found.mass == pytest.approx((0.5, 0.25, 0.25))
    assert found.median().value == pytest.approx(10)
    assert found.rate(5)[0].value == pytest.approx(0.75)


def test_an_interval_over_others_takes_sides_by_what_they_show() -> None:
    """(0, 20] holds both masses: a third of it by those known to be early, two thirds by those late."""
    found = estimate_intervals([0, 10, 10, 0], [10, 20, 20, 20], confidence=0.95)
    assert found.mass == pytest.approx((1 / 3, 2 / 3), abs=1e-6)


def test_only_innermost_intervals_can_hold_anything() -> None:
    lower, upper = innermost(np.array([0.0, 5.0, 10.0]), np.array([10.0, 20.0, NEVER]))
    # (0, 10], (5, 20] and (10, never): what ends on day 10 ends before what begins then.
    assert list(zip(lower, upper, strict=True)) == [(5, 10), (10, 20)]


def test_with_daily_visits_it_is_the_kaplan_meier_estimate() -> None:
    rng = np.random.default_rng(7)
    times = np.ceil(rng.exponential(150, 60))
    ends = np.ceil(rng.uniform(50, 400, 60))
    event, time = times <= ends, np.minimum(times, ends)
    spans = [(t - 0.5, t) if e else (t, NEVER) for t, e in zip(time, event, strict=True)]
    found = estimate_intervals(*zip(*spans, strict=True), confidence=0.95)
    curve = kaplan_meier(np.zeros(60), time, event, confidence=0.95)
    for day in (50, 100, 200):
        expected = rate_at(curve, day, confidence=0.95).value
        assert found.rate(day)[0].value == pytest.approx(expected, abs=1e-6)


def test_without_events_nothing_is_reached() -> None:
    found = estimate_intervals([100, 200], [NEVER, NEVER], confidence=0.95)
    middle = found.median()
    assert (middle.value, middle.low, middle.high, middle.reason) == (None, None, None, "median_not_reached")
    assert found.rate(150)[0].value == pytest.approx(1)
    assert found.rate(300)[0].reason == "follow_up_too_short"


def test_few_events_have_no_bootstrap_interval() -> None:
    """Eight intervals that share one innermost one: draws of them would all say the same."""
    few, enough = (
        estimate_intervals([0.0] * n, [50.0 + i for i in range(n)], confidence=0.95) for n in (9, 10)
    )
    assert (few.median().low, few.median().high, few.rate(25)[0].low) == (None, None, None)
    assert few.median().value is not None
    assert enough.median().low is not None


def test_an_interval_needs_width() -> None:
    with pytest.raises(ValueError, match="width"):
        estimate_intervals([10], [10], confidence=0.95)
    # An event on the day of an assessment lies in the half day before.
    assert span_of(50, 50, event=True) == (49.5, 50)


def row(records: Records) -> EndpointPatientRow:
    return next(one for one in patient_rows([records.timeline()]) if one.endpoint == RWPFS2.name)


@pytest.mark.parametrize(
    ("records", "free"),
    [
        (switched().scan(160, "SD").scan(216, "PD"), 60),
        # Missed in between; not evaluable is no assessment; a PD seen again is none either.
        (switched().scan(160, "PR").scan(216, "NE").scan(272, "PD"), 60),
        (switched().scan(125, "PD").scan(216, "PD"), 0),
        # Death: what the last assessment left open.
        (switched().scan(160, "SD").died(300), 60),
        (switched().scan(160, "SD").scan(216, "SD").alive(400), 116),
        (switched().alive(400), 0),
    ],
    ids=["progression", "missed", "seen-again", "death", "censored", "never-assessed"],
)
def test_the_last_assessment_without_progression(records: Records, free: int) -> None:
    assert row(records).free_days == free


def figures(records: list[Records]) -> dict[tuple[str, Analysis], EndpointRow]:
    rows = patient_rows([item.timeline() for item in records])
    return {
        (item.endpoint.name, item.analysis): figure(item, SETTINGS)
        for item in analyse(rows, SETTINGS, enrolled_late=0.0)
    }


def test_the_sensitivity_analyses_of_rwpfs2_say_what_they_change() -> None:
    """Ten progress between day 60 and 116; two are last assessed long before their last contact."""
    records = [switched(f"P{i}").scan(160, "SD").scan(216, "PD").alive(300) for i in range(10)]
    records += [switched(f"C{i}").scan(130, "SD").alive(500) for i in range(2)]
    found = figures(records)
    head = found[RWPFS2.name, Analysis.AS_DEFINED]
    between = found[RWPFS2.name, Analysis.INTERVAL_CENSORED]
    last = found[RWPFS2_LAST_ASSESSMENT.name, Analysis.AS_DEFINED]
    assert (head.headline, between.headline) == (True, False)
    assert head.median_days == last.median_days == 116
    # All mass lies on (60, 116], as those censored on day 30 say nothing against it: its middle.
    assert present(between.median_days) == pytest.approx(88, abs=0.1)
    assert (between.patients, between.analysed, between.events) == (12, 12, 10)
    rows = patient_rows([item.timeline() for item in records])
    censored = [one for one in rows if one.endpoint == RWPFS2_LAST_ASSESSMENT.name and not one.event]
    assert {(one.days, one.censoring) for one in censored} == {(30, "last_assessment")}


def test_the_same_patients_give_the_same_intervals() -> None:
    records = [
        switched(f"P{i}").scan(130 + 20 * i, "SD").scan(145 + 20 * i, "PD").alive(600) for i in range(12)
    ]
    one, other = (figures(records)[RWPFS2.name, Analysis.INTERVAL_CENSORED] for _ in range(2))
    assert one == other
    assert present(one.median_low) < present(one.median_days) < present(one.median_high)


def test_rates_between_visits_stand_in_the_table() -> None:
    records = [
        switched(f"P{i}").scan(160 + 50 * i, "SD").scan(216 + 50 * i, "PD").alive(900) for i in range(12)
    ]
    rows = patient_rows([item.timeline() for item in records])
    items = list(analyse(rows, SETTINGS, enrolled_late=0.0))
    item = next(one for one in items if one.analysis is Analysis.INTERVAL_CENSORED)
    first = next(iter(rates(item, SETTINGS)))
    assert (first.years, first.method) == (1, "npmle_bootstrap")
    assert 0 < present(first.rate) < 1


def test_every_endpoint_has_its_estimand_and_every_sensitivity_names_its_endpoint() -> None:
    rows = estimand_rows()
    heads = {row.endpoint for row in rows if row.sensitivity_of is None}
    assert {row.sensitivity_of for row in rows} - {None} <= heads
    assert {(row.endpoint, row.analysis) for row in rows if row.sensitivity_of == "rwPFS2"} == {
        ("rwPFS2", "interval_censored"),
        ("rwPFS2_last_assessment", "as_defined"),
        ("rwPFS2_scan", "as_defined"),
        ("rwPFS2_treatment", "as_defined"),
    }
    for item in rows:
        assert item.intercurrent_events, item.endpoint
        strategies = {text.split(": ")[1].split(" (")[0] for text in item.intercurrent_events}
        assert strategies <= {"treatment policy", "composite", "principal stratum"}


def test_no_figure_where_most_were_never_seen_without_the_event() -> None:
    """Of 20 patients 12 progressed before their first scan, one on the first day: all would lie there."""
    left = [0.0] * 12 + [300.0] * 8
    right = [1.0] + [float(day) for day in range(60, 280, 20)] + [NEVER] * 8
    found = estimate_intervals(left, right, confidence=0.95)
    assert found.mass[0] == pytest.approx(0.6, abs=1e-6)
    assert (found.median().value, found.median().reason) == (None, "not_seen_before")
    assert (found.rate(90)[0].value, found.rate(90)[0].reason) == (None, "not_seen_before")
    alike = estimate_intervals(left[1:], [90.0] * 11 + right[12:], confidence=0.95)
    assert alike.median().value == pytest.approx(90 * 9.5 / 11, abs=1e-3)
