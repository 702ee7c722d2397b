"""Variance within and between runs from nested replicates, pooled over materials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

Runs = Mapping[str, Sequence[float]]
"""Values of one material by run."""


@dataclass(frozen=True)
class Components:
    """Standard deviations of a measurement.

    Attributes:
        mean: over all values.
        values, runs: how many there are; runs of different materials count apart.
        within: repeatability, within one run.
        between: between runs, besides; None where no material was measured in two runs.
        total: both together, the within-laboratory precision.
        total_high: one-sided 95 % upper bound of the total, by Satterthwaite's degrees of freedom.
    """

    mean: float
    values: int
    runs: int
    within: float
    between: float | None
    total: float
    total_high: float


def components(materials: Sequence[Runs]) -> Components | None:
    """Split the variance by a nested analysis of variance, every material around means of its own.

    With unequal numbers of replicates the mean squares are solved by n0 (Searle, Casella and McCulloch 1992,
    3.6), as CLSI EP05-A3 asks for a design of runs and replicates. A negative component counts as 0.

    Args:
        materials: values by run, one mapping per material.

    Returns:
        None where no run has two replicates: within cannot be told from between then.
    """
    groups = [
        [np.asarray(values, float) for values in runs.values() if len(values)] for runs in materials if runs
    ]
    free = sum(len(run) - 1 for runs in groups for run in runs)
    if not free:
        return None
    within = sum(float(((run - run.mean()) ** 2).sum()) for runs in groups for run in runs) / free
    several = [runs for runs in groups if len(runs) > 1]
    free_runs = sum(len(runs) - 1 for runs in several)
    all_values = np.concatenate([run for runs in groups for run in runs])
    between, total, df = None, within, float(free)
    if free_runs:
        mean_square = sum(map(_between, several)) / free_runs
        n0 = sum(map(_typical, several)) / free_runs
        between = max(0.0, (mean_square - within) / n0)
        total = between + within
        if between > 0:
            # The total is MSB / n0 + (1 - 1 / n0) MSW: two mean squares with their own degrees of freedom.
            parts = [(mean_square / n0, free_runs), ((1 - 1 / n0) * within, free)]
            df = total**2 / sum(part**2 / own for part, own in parts)
    return Components(
        float(all_values.mean()),
        len(all_values),
        sum(map(len, groups)),
        float(np.sqrt(within)),
        None if between is None else float(np.sqrt(between)),
        float(np.sqrt(total)),
        float(np.sqrt(total * df / chdtri(df, 0.95))),
    )


def _between(runs: Sequence[np.ndarray]) -> float:
    """Return the sum of squares between the runs of one material."""
    mean = np.concatenate(list(runs)).mean()
    return float(sum(len(run) * (run.mean() - mean) ** 2 for run in runs))


def _typical(runs: Sequence[np.ndarray]) -> float:
    """Return n0 of one material times its degrees of freedom between runs."""
    sizes = [len(run) for run in runs]
    return sum(sizes) - sum(size**2 for size in sizes) / sum(sizes)
