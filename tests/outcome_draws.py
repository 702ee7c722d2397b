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


@dataclass(frozen=True)
class ChosenDraw:
    """One cohort whose treatment was chosen by two covariates that also change the hazard.

    Attributes:
        brain, months: a binary covariate and a number.
        entry: day from which on a patient is observed; who had the event before was never seen.
    """

    brain: Floats
    months: Floats
    treated: Flags
    entry: Floats
    time: Floats
    event: Flags


def draw_chosen(
    rng: np.random.Generator, *, patients: int, ratio: float, late: bool, chosen: bool = True
) -> ChosenDraw:
    """Draw patients with brain metastases (hazard x 2, treated more often) and months on the drug before.

    Args:
        rng: random numbers.
        patients: before left truncation.
        ratio: hazard ratio of the treatment in every patient.
        late: do a third enter up to 60 days after the start.
        chosen: by the covariates; else by a coin, for the ratio that a trial would find.
    """
    brain = (rng.random(patients) < 0.4).astype(float)
    months = rng.gamma(4, 5, patients)
    linear = -0.4 + 1.0 * brain - 0.03 * (months - 20) if chosen else np.zeros(patients)
    treated = rng.random(patients) < 1 / (1 + np.exp(-linear))
    hazard = 1 / 200 * np.exp(0.7 * brain - 0.02 * (months - 20)) * np.where(treated, ratio, 1.0)
    event_at = np.ceil(rng.exponential(1, patients) / hazard)
    censored_at = np.floor(rng.uniform(150, 700, patients))
    entry = np.where(
        rng.random(patients) < (0.35 if late else 0), np.floor(rng.uniform(1, 61, patients)), 0.0
    )
    time, event = np.minimum(event_at, censored_at), event_at <= censored_at
    seen = time > entry
    return ChosenDraw(brain[seen], months[seen], treated[seen], entry[seen], time[seen], event[seen])
