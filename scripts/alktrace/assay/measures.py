"""Precision, agreement, linearity, stated limits, carry-over and contamination of a validation study."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from ..stats.intervals import clopper_pearson
from ..stats.probit import fit_probit
from ..stats.variance_components import components
from ..vocabulary.validation import Agreement, AssayKind, Comparator
from .study import Case, by_kind, by_level, grouped
from .validation_table import (
    AgreementRow,
    CarryOverRow,
    ContaminationRow,
    LinearityRow,
    PrecisionRow,
    StatedPowerRow,
    StatedRow,
)

RATIOS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 4.0, float("inf"))
NEAR = 4.0
"""Ratios up to so many times either way tell where the limit lies; those beyond say nothing."""
STEPS = 20
"""Classes per tenfold ratio for the line."""
LEAST_LEVELS = 3


def precision_rows(cases: Sequence[Case]) -> list[PrecisionRow]:
    """Return one row per kind and level whose runs have replicates."""
    rows = []
    for kind, own in by_kind(cases).items():
        for level, there in by_level(own).items():
            known = [case for case in there if case.observed is not None]
            changes = grouped(known, lambda case: (case.variant, case.lot))
            found = components(
                [
                    {run: [c.observed or 0.0 for c in members] for run, members in _by_run(same).items()}
                    for same in changes.values()
                ]
            )
            if found is None or found.mean <= 0:
                continue
            rows.append(
                PrecisionRow(
                    kind,
                    level,
                    len(changes),
                    found.values,
                    len(there) - len(known),
                    found.runs,
                    found.mean,
                    found.within,
                    found.between,
                    found.total,
                    found.within / found.mean,
                    found.total / found.mean,
                    found.total_high / found.mean,
                )
            )
    return rows


def _by_run(cases: Sequence[Case]) -> dict[str, list[Case]]:
    return grouped(cases, lambda case: case.run)


def agreement_rows(cases: Sequence[Case], claims: Mapping[AssayKind, float]) -> list[AgreementRow]:
    """Return PPA, NPA and OPA per kind, against an orthogonal method where a kind has one, else the truth.

    Args:
        cases: the study.
        claims: claimed limit of detection by kind. Truth counts from there on: below it a miss is no
            disagreement. The measured limit would not do; it comes from the same results.
    """
    rows = []
    for kind, own in by_kind(cases).items():
        known = [case for case in own if case.detected is not None]
        compared = [case for case in known if case.comparator is not None]
        if compared:
            pairs = [(bool(case.comparator), bool(case.detected)) for case in compared]
            rows += list(_agreement(kind, Comparator.ORTHOGONAL, pairs, 0.0))
            continue
        claim = claims.get(kind, 0.0)
        pairs = [
            (not case.blank, bool(case.detected)) for case in known if case.blank or case.expected >= claim
        ]
        rows += list(_agreement(kind, Comparator.TRUTH, pairs, claim))
    return rows


def _agreement(
    kind: AssayKind, comparator: Comparator, pairs: Sequence[tuple[bool, bool]], claim: float
) -> Iterator[AgreementRow]:
    positive, negative = ([pair for pair in pairs if pair[0] is said] for said in (True, False))
    for measure, own in zip(Agreement, (positive, negative, pairs), strict=True):
        if own:
            agreeing = sum(one == other for one, other in own)
            share, interval = agreeing / len(own), clopper_pearson(agreeing, len(own))
            yield AgreementRow(kind, comparator, measure, agreeing, len(own), share, *interval, claim)


def linearity_rows(cases: Sequence[Case]) -> list[LinearityRow]:
    """Return one row per kind with three levels whose results all have a measured value.

    As in CLSI EP06 (second edition, 2020) the deviation of every level from a weighted line is what counts;
    counts of molecules have a variance in proportion to the level.
    """
    rows = []
    for kind, own in by_kind(cases).items():
        levels = by_level(own)
        # Where what was missed has no value, the mean of the rest is too high: that is no curvature.
        whole = {
            level: there for level, there in levels.items() if all(c.observed is not None for c in there)
        }
        if len(whole) < LEAST_LEVELS:
            continue
        x = np.array(list(whole))
        y = np.array([np.mean([case.observed or 0.0 for case in there]) for there in whole.values()])
        weight = np.array([len(there) / there[0].dose for there in whole.values()])
        slope, intercept = np.polyfit(x, y, 1, w=np.sqrt(weight))
        line = slope * x + intercept
        off = np.abs(y - line) / np.where(line > 0, line, np.nan)
        spread = float((weight * (y - np.average(y, weights=weight)) ** 2).sum())
        r_squared = 1 - float((weight * (y - line) ** 2).sum()) / spread if spread else 0.0
        worst = int(np.nanargmax(np.where(np.isnan(off), np.inf, off)))
        rows.append(
            LinearityRow(
                kind,
                len(whole),
                len(levels) - len(whole),
                float(slope),
                float(intercept),
                r_squared,
                float(off[worst]),
                float(x[worst]),
            )
        )
    return rows


def stated_rows(cases: Sequence[Case]) -> list[StatedRow]:
    """Return how often changes were called by their ratio to the limit stated for them, per kind."""
    rows = []
    for kind, own in by_kind(cases).items():
        ratios = stated_ratios(own)
        classes = [*pairwise(RATIOS), (1.0, float("inf"))]
        for low, high in classes:
            inside = [hit for ratio, hit in ratios if low <= ratio < high]
            if inside:
                hits, end = sum(inside), None if high == float("inf") else high
                share, interval = hits / len(inside), clopper_pearson(hits, len(inside))
                rows.append(StatedRow(kind, low, end, len(inside), hits, share, *interval))
    return rows


def stated_power_rows(cases: Sequence[Case]) -> list[StatedPowerRow]:
    """Return the share called at the stated limit, per kind where a line fits."""
    rows = []
    for kind, own in by_kind(cases).items():
        near = [(ratio, hit) for ratio, hit in stated_ratios(own) if 1 / NEAR <= ratio <= NEAR]
        classes = grouped(near, lambda one: round(STEPS * float(np.log10(one[0]))))
        doses = [float(np.exp(np.mean([np.log(ratio) for ratio, _ in there]))) for there in classes.values()]
        hits = [sum(hit for _, hit in there) for there in classes.values()]
        fit = fit_probit(doses, hits, [len(there) for there in classes.values()]) if near else None
        if fit is not None:
            rows.append(StatedPowerRow(kind, len(near), *fit.rate(1.0)))
    return rows


def stated_ratios(cases: Sequence[Case]) -> list[tuple[float, bool]]:
    """Return dose over stated limit, and whether it was called, of changes with a limit."""
    return [
        (case.dose / (case.stated - case.base), bool(case.detected))
        for case in cases
        if case.stated is not None
        and case.stated > case.base
        and not case.blank
        and case.detected is not None
    ]


def carry_over_rows(cases: Sequence[Case]) -> list[CarryOverRow]:
    """Return one row per kind with blanks right behind a carrier of the same change in the same run."""
    rows = []
    for kind, own in by_kind(cases).items():
        pairs = list(_carry_over_pairs(own))
        if not pairs:
            continue
        called = sum(bool(blank.detected) for _, blank in pairs)
        ratios = [blank.signal / carrier.dose for carrier, blank in pairs if blank.signal is not None]
        _, high = clopper_pearson(called, len(pairs))
        share = called / len(pairs)
        rows.append(CarryOverRow(kind, len(pairs), called, share, high, max(ratios, default=None)))
    return rows


def _carry_over_pairs(cases: Sequence[Case]) -> Iterator[tuple[Case, Case]]:
    """Yield carriers with the blank of the next place: the same change in the same run."""
    placed = {(c.run, c.variant, c.place): c for c in cases if c.place is not None}
    for (run, variant, place), carrier in placed.items():
        behind = placed.get((run, variant, place + 1)) if place is not None else None
        if behind and behind.blank and behind.detected is not None and not carrier.blank:
            yield carrier, behind


def contamination_rows(samples: Mapping[str, tuple[float, float]]) -> list[ContaminationRow]:
    """Return one row per share put in.

    Args:
        samples: expected and estimated contamination by sample.
    """
    levels = grouped(samples.values(), lambda pair: pair[0])
    rows = []
    for expected, pairs in sorted(levels.items()):
        found = [estimate for _, estimate in pairs]
        rows.append(ContaminationRow(expected, len(found), float(np.mean(found)), max(found), min(found)))
    return rows
