"""How precise a hazard ratio can be, and penalised models where an ordinary one has no maximum."""

import math

import numpy as np
import pytest

from alktrace.cli import main
from alktrace.outcomes.interval_width import events_needed, interval_factor
from alktrace.outcomes.penalised_cox import fit_penalised


@pytest.mark.parametrize(
    ("shares", "factor"),
    # Half the patients in each group: 1.96 x 2 / root of 28 is 0.741; of an interaction twice as much.
    [((0.5,), 2.10), ((0.5, 0.5), 4.40), ((0.1,), 3.44)],
)
def test_the_interval_of_28_events(shares: tuple[float, ...], factor: float) -> None:
    assert interval_factor(28, shares, 0.95) == pytest.approx(factor, abs=0.005)


def test_events_needed_are_the_fewest_that_do() -> None:
    for shares in ((0.5,), (0.3, 0.4)):
        number = events_needed(1.5, shares, 0.95)
        factors = [interval_factor(n, shares, 0.95) or 0 for n in (number - 1, number)]
        assert factors[0] > 1.5 >= factors[1]
    assert events_needed(1.5, (0.5, 0.5), 0.95) == pytest.approx(4 * events_needed(1.5, (0.5,), 0.95), abs=4)


def test_nothing_is_known_without_events_or_with_one_group() -> None:
    assert interval_factor(0, (0.5,), 0.95) is None
    assert interval_factor(20, (1.0,), 0.95) is None
    with pytest.raises(ValueError, match="above 1"):
        events_needed(1.0, (0.5,), 0.95)


def test_the_command_says_it_before_the_study(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["precision", "--events", "28"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["events\thazard_ratio\tinteraction", "28\tx/2.10\tx/4.40"]
    assert "x/1.50\t94\t374" in lines


def test_a_group_without_events_has_an_upper_end_and_a_finite_ratio() -> None:
    """Ten against ten, none of the treated has the event: the ordinary ratio is 0, its interval nothing."""
    treated = np.repeat([1.0, 0.0], 10)
    time = np.concatenate([np.full(10, 100.0), np.arange(10, 20)])
    (term,) = fit_penalised(
        treated[:, None], entry=np.zeros(20), time=time, event=treated == 0, confidence=0.95
    )
    assert math.isfinite(term.coefficient)
    assert term.coefficient < -2
    assert term.high is not None and term.high < 0
    assert term.p < 0.01


def test_equal_groups_have_a_ratio_of_one() -> None:
    group = np.tile([[0.0], [1.0]], (6, 1))
    time = np.repeat(np.arange(1.0, 7.0), 2)
    given = {"entry": np.zeros(12), "time": time, "event": np.ones(12, bool)}
    (term,) = fit_penalised(group, **given, confidence=0.95)
    assert term.coefficient == pytest.approx(0, abs=1e-9)
    assert term.p == pytest.approx(1)
    assert term.low == pytest.approx(-(term.high or 0), abs=1e-6)


def test_groups_that_never_meet_are_not_compared() -> None:
    """The first group has left before the second enters: no event has both at risk."""
    entry = np.repeat([0.0, 100.0], 5)
    time = np.concatenate([np.arange(10.0, 15), np.arange(110.0, 115)])
    group = np.repeat([[0.0], [1.0]], 5, axis=0)
    assert fit_penalised(group, entry=entry, time=time, event=np.ones(10, bool), confidence=0.95) == []
