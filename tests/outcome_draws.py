"""Draws of many cohorts at once, for studies of coverage and bias.

Whole days; a time drawn from a continuous law is rounded up: the survival at whole days stays as it is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class SurvivalDraws:
    """Right-censored times of many cohorts; arrays draws x patients, whole days.

    Attributes:
        entry: day of enrolment, 0 without delayed entry; patients whose time is not later were never seen.
        group: 0 or 1.
    """

    entry: Floats
    time: Floats
    event: Flags
    group: NDArray[np.int64]


def draw_survival(
    rng: np.random.Generator,
    *,
    draws: int,
    patients: int,
    hazard: float,
    ratio: float = 1.0,
    follow_up: tuple[float, float],
    late_entry: tuple[float, float] = (0.0, 0.0),
) -> SurvivalDraws:
    """Draw exponential times in two groups of equal expected size.

    Args:
        rng: random numbers.
        draws: cohorts.
        patients: per cohort.
        hazard: per day in group 0.
        ratio: hazard ratio of group 1.
        follow_up: censoring is uniform between these days.
        late_entry: share of patients who enter late, and the last day on which they do.
    """
    shape = (draws, patients)
    group = rng.integers(0, 2, shape)
    event_at = np.ceil(rng.exponential(1, shape) / (hazard * np.where(group == 1, ratio, 1.0)))
    censored_at = np.floor(rng.uniform(*follow_up, shape))
    share, last = late_entry
    entry = np.where(rng.random(shape) < share, np.floor(rng.uniform(1, last + 1, shape)), 0.0)
    return SurvivalDraws(entry, np.minimum(event_at, censored_at), event_at <= censored_at, group)


@dataclass(frozen=True)
class SwitchDraws:
    """Patients after progression who may switch to one of two treatments; arrays draws x patients, days.

    Attributes:
        wait: days from progression to treatment start.
        treated: whether it started before event and censoring.
        time: from progression.
    """

    arm: NDArray[np.int64]
    wait: Floats
    treated: Flags
    time: Floats
    event: Flags


def draw_switches(
    rng: np.random.Generator,
    *,
    draws: int,
    patients: int,
    untreated: float,
    hazard: float,
    ratio: float,
    mean_wait: tuple[float, float],
    follow_up: tuple[float, float],
) -> SwitchDraws:
    """Draw a comparison of two treatments that begin after different waits.

    Args:
        rng: random numbers.
        draws: cohorts.
        patients: per cohort.
        untreated: hazard per day between progression and treatment.
        hazard: hazard per day on treatment of arm 0.
        ratio: hazard ratio of arm 1.
        mean_wait: mean days to treatment of arm 0 and 1.
        follow_up: censoring is uniform between these days.
    """
    shape = (draws, patients)
    arm = rng.integers(0, 2, shape)
    wait = np.ceil(rng.exponential(1, shape) * np.where(arm == 1, mean_wait[1], mean_wait[0]))
    early = np.ceil(rng.exponential(1 / untreated, shape))
    late = wait + np.ceil(rng.exponential(1, shape) / (hazard * np.where(arm == 1, ratio, 1.0)))
    event_at = np.where(early <= wait, early, late)
    censored_at = np.floor(rng.uniform(*follow_up, shape))
    time = np.minimum(event_at, censored_at)
    return SwitchDraws(arm, wait, wait < time, time, event_at <= censored_at)
