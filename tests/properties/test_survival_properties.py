"""Curves and intervals against the plainest formula that says the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from present_values import present

from alktrace.outcomes.survival import emptied, kaplan_meier
from alktrace.stats.proportions import false_discovery

PATIENT = st.tuples(st.integers(0, 40), st.integers(1, 60), st.booleans())


def plain_product_limit(patients: list[tuple[int, int, bool]]) -> list[tuple[int, int, int, float]]:
    """Survival after each time, by counting."""
    survival, steps = 1.0, []
    for day in sorted({time for _, time, _ in patients}):
        at_risk = sum(entry < day <= time for entry, time, _ in patients)
        events = sum(time == day and event for _, time, event in patients)
        survival *= 1 - events / at_risk
        steps.append((day, at_risk, events, survival))
    return steps


# The first call imports lifelines.
@settings(deadline=None)
@given(st.lists(PATIENT, min_size=1, max_size=25))
def test_curve_is_the_product_limit(drawn: list[tuple[int, int, bool]]) -> None:
    patients = [(entry, entry + wait, event) for entry, wait, event in drawn]
    entry, time, event = zip(*patients, strict=True)
    if emptied(entry, time, event) is not None:
        with pytest.raises(ValueError, match="nobody is at risk"):
            kaplan_meier(entry, time, event, confidence=0.95)
        return
    curve = kaplan_meier(entry, time, event, confidence=0.95)
    expected = plain_product_limit(patients)
    assert curve.days.tolist() == [step[0] for step in expected]
    assert curve.at_risk.tolist() == [step[1] for step in expected]
    assert curve.events.tolist() == [step[2] for step in expected]
    assert curve.survival == pytest.approx([step[3] for step in expected], abs=1e-9)
    inner = (curve.survival > 0) & (curve.survival < 1)
    assert ((curve.low < curve.survival) & (curve.survival < curve.high))[inner].all()


@given(st.lists(st.none() | st.floats(0, 1), max_size=20))
def test_adjusted_p_values_are_no_smaller_and_keep_their_places(p_values: list[float | None]) -> None:
    adjusted = false_discovery(p_values)
    assert [q is None for q in adjusted] == [p is None for p in p_values]
    assert all(present(q) >= p for p, q in zip(p_values, adjusted, strict=True) if p is not None)
