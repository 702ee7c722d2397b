"""Limits of blank and of detection by CLSI EP17-A2 (2012), for results that are calls.

A caller reports every result below its rule as negative. EP17-A2 takes the limit of blank as zero where no
more than 5 % of blank results are positive (its chapter on the probit approach); what was counted below the
rule gives the classical limit of blank beside it. The limit of detection is the level at which a probit line
through the hit rates reaches 95 %.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from ..stats.intervals import clopper_pearson
from ..stats.probit import ProbitFit, fit_probit
from ..vocabulary.validation import AssayKind, LimitMethod
from .study import Case, by_kind, by_level, by_lot, grouped
from .validation_table import BlankRow, HitRateRow, LimitRow

ALPHA = 0.05
POWER = 0.95


def blank_rows(cases: Sequence[Case]) -> list[BlankRow]:
    """Return one row per kind with blanks."""
    rows = []
    for kind, own in by_kind(cases).items():
        blanks = [case for case in own if case.blank and case.detected is not None]
        if not blanks:
            continue
        called = sum(bool(case.detected) for case in blanks)
        counted = [max(0.0, case.signal or 0.0) for case in blanks]
        reported = [value if case.detected else 0.0 for case, value in zip(blanks, counted, strict=True)]
        base = blanks[0].base
        materials = len(grouped(blanks, lambda case: (case.variant, case.lot)))
        parametric = parametric_blank(counted, materials)
        rows.append(
            BlankRow(
                kind,
                len({case.sample for case in blanks}),
                len(blanks),
                called,
                called / len(blanks),
                *clopper_pearson(called, len(blanks)),
                base + (0.0 if called <= ALPHA * len(blanks) else rank_blank(reported)),
                base + rank_blank(counted),
                None if parametric is None else base + parametric,
            )
        )
    return rows


def rank_blank(values: Sequence[float]) -> float:
    """Return the non-parametric limit of blank: the value at rank 0.5 + 0.95 n.

    EP17-A2, 5.3.3.1. Between two ranks it is interpolated; of fewer than ten values it is the last.
    """
    ordered = sorted(values)
    rank = 0.5 + (1 - ALPHA) * len(ordered)
    lower = min(int(rank), len(ordered))
    upper = min(lower + 1, len(ordered))
    return ordered[lower - 1] + (rank - int(rank)) * (ordered[upper - 1] - ordered[lower - 1])


def parametric_blank(values: Sequence[float], materials: int) -> float | None:
    """Return mean + c SD, with c = 1.645 / (1 - 1 / (4 (n - K))) that takes off the bias of SD.

    EP17-A2, 5.3.3.1: n results of K blank materials. None where n does not exceed K.
    """
    if len(values) <= materials:
        return None
    c = float(ndtri(1 - ALPHA)) / (1 - 1 / (4 * (len(values) - materials)))
    return float(np.mean(values) + c * np.std(values, ddof=1))


def hit_rate_rows(cases: Sequence[Case]) -> list[HitRateRow]:
    """Return one row per kind, lot and level."""
    rows = []
    for kind, own in by_kind(cases).items():
        for lot, members in by_lot(own).items():
            for level, there in by_level(_assessable(members)).items():
                hits = sum(bool(case.detected) for case in there)
                values = [case.observed for case in there if case.observed is not None]
                # Where only what was called was measured, the mean is of the lucky ones.
                mean = float(np.mean(values)) if len(values) == len(there) else None
                share = hits / len(there)
                interval = clopper_pearson(hits, len(there))
                rows.append(HitRateRow(kind, lot, level, len(there), hits, share, *interval, mean))
    return rows


def limit_rows(cases: Sequence[Case]) -> list[LimitRow]:
    """Return one row per kind and lot that was diluted."""
    rows = []
    for kind, own in by_kind(cases).items():
        found = [_limit(kind, lot, members) for lot, members in by_lot(own).items()]
        found = [row for row in found if row.levels]
        if found:
            rows += list(_with_reported(found))
    return rows


def level_fit(cases: Sequence[Case]) -> ProbitFit | None:
    """Return the probit line through the hit rates of the levels, by dose (copies beyond two)."""
    levels = by_level(_assessable(cases))
    doses = [there[0].dose for there in levels.values()]
    hits = [sum(bool(case.detected) for case in there) for there in levels.values()]
    return fit_probit(doses, hits, [len(there) for there in levels.values()])


def _limit(kind: AssayKind, lot: str, cases: Sequence[Case]) -> LimitRow:
    levels = by_level(_assessable(cases))
    results = sum(map(len, levels.values()))
    unknown = sum(case.detected is None and not case.blank for case in cases)
    empty = LimitRow(
        kind, lot, False, LimitMethod.NONE, None, None, None, len(levels), results, unknown, None, None
    )
    if not levels:
        return empty
    fit, base = level_fit(cases), cases[0].base
    if fit is not None and _within(fit, [there[0].dose for there in levels.values()]):
        low, high = fit.interval(POWER)
        if high is not None and high > 1 and kind is not AssayKind.AMPLIFICATION:
            high = None  # no VAF: the data bound the limit on one side
        return replace(
            empty,
            method=LimitMethod.PROBIT,
            lod=base + fit.dose(POWER),
            lod_low=None if low is None else base + low,
            lod_high=None if high is None else base + high,
            slope=fit.slope,
            fit_p=fit.fit_p,
        )
    lowest = _lowest_called(levels)
    return empty if lowest is None else replace(empty, method=LimitMethod.HIT_RATE, lod=lowest)


def _within(fit: ProbitFit, doses: Sequence[float]) -> bool:
    """Tell whether a line reaches 95 % between the levels: beyond them it is a guess, not a limit."""
    low, high = (fit.rate(dose)[0] for dose in (min(doses), max(doses)))
    return low <= POWER <= high


def _lowest_called(levels: dict[float, list[Case]]) -> float | None:
    """Return the lowest level called in 95 % of its results, as all above it are."""
    found = None
    for level, there in reversed(levels.items()):
        if sum(bool(case.detected) for case in there) < POWER * len(there):
            break
        found = level
    return found


def _with_reported(rows: Sequence[LimitRow]) -> Iterator[LimitRow]:
    # A lot without a limit may be the worst: then none is reported.
    worst = max(rows, key=lambda row: float("inf") if row.lod is None else row.lod)
    for row in rows:
        yield replace(row, reported=row is worst and row.lod is not None)


def _assessable(cases: Sequence[Case]) -> list[Case]:
    return [case for case in cases if case.detected is not None]


def reported_limit(rows: Sequence[LimitRow], kind: AssayKind) -> LimitRow | None:
    """Return the row to report of a kind; None where there is none."""
    return next((row for row in rows if row.kind is kind and row.reported), None)
