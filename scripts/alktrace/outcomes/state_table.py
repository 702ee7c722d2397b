"""The columns of `state_paths.tsv`, `state_probabilities.tsv` and `state_times.tsv`; times are days."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class PathRow:
    """`state_paths.tsv`: one stay of a patient in one state, as the estimates use it."""

    model: str = column("name of the model: `rwTTD2` or `course`")
    patient: str = column("patient id")
    state: str = column("state")
    begin_days: float = column("days after day 0 at which the stay begins, or observation if that is later")
    end_days: float = column("days at which it ends; a move on the day of entry counts half a day later")
    next_state: str | None = column(
        "state after it; missing where the patient is censored in it", default=None
    )


@dataclass(frozen=True, kw_only=True)
class StateRow:
    """`state_probabilities.tsv`: probability of being in a state, from that day on (Aalen-Johansen)."""

    model: str = column("name of the model")
    state: str = column("state")
    days: float = column("days after day 0")
    at_risk: int = column("patients under observation in this state just before")
    probability: float = column("probability of being in the state; they add up to 1 over the states")
    low: float | None = column("lower end of its log-log interval; missing at 0 and 1", default=None)
    high: float | None = column("upper end of it", default=None)


@dataclass(frozen=True, kw_only=True)
class StateTimeRow:
    """`state_times.tsv`: expected days in a state up to a horizon."""

    model: str = column("name of the model")
    state: str = column("state")
    years: int = column("horizon, years after day 0")
    probability: float | None = column("probability of being in the state then", default=None)
    probability_low: float | None = column("lower end of its log-log interval", default=None)
    probability_high: float | None = column("upper end of it", default=None)
    expected_days: float | None = column("expected days in the state up to then", default=None)
    low: float | None = column("lower end of its interval (normal)", default=None)
    high: float | None = column("upper end of it", default=None)
    reason: str | None = column("why there are none", default=None)
