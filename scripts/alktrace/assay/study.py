"""Results of a validation study as plain values: what was expected, what was seen, what was stated."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..vocabulary.validation import AssayKind

DIPLOID = 2.0
ALL_LOTS = "all"
SEPARATE_LOTS = 3
"""Up to so many lots are judged apart, and the worst counts; more are taken together (EP17-A2, 5.3.3)."""

Item = TypeVar("Item")
Key = TypeVar("Key")


@dataclass(frozen=True)
class Case:
    """One change in one sample.

    Attributes:
        expected, observed, stated: VAF, or copies of an amplification averaged over all genomes.
        detected: called; None where the assay says that it cannot tell.
        comparator: an orthogonal method's result, where there is one.
        place: place in the run.
    """

    sample: str
    kind: AssayKind
    variant: str
    expected: float
    run: str
    lot: str
    place: int | None
    observed: float | None
    detected: bool | None
    stated: float | None
    comparator: bool | None

    @property
    def base(self) -> float:
        """What a sample without the change has: two copies, else nothing."""
        return DIPLOID if self.kind is AssayKind.AMPLIFICATION else 0.0

    @property
    def dose(self) -> float:
        """How much of the change is there: VAF, or copies beyond two."""
        return self.expected - self.base

    @property
    def blank(self) -> bool:
        """Tell whether the sample lacks the change."""
        return self.dose <= 0

    @property
    def signal(self) -> float | None:
        """What was measured beyond a sample without the change; None where nothing was."""
        return None if self.observed is None else self.observed - self.base


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Return items by a key, in the order of their first."""
    found: dict[Key, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def by_kind(cases: Sequence[Case]) -> dict[AssayKind, list[Case]]:
    """Return the cases of every kind that was measured, in the order of the kinds."""
    found = grouped(cases, lambda case: case.kind)
    return {kind: found[kind] for kind in AssayKind if kind in found}


def by_level(cases: Sequence[Case]) -> dict[float, list[Case]]:
    """Return the cases that carry the change by what is expected, the lowest first."""
    found = grouped((case for case in cases if not case.blank), lambda case: case.expected)
    return dict(sorted(found.items()))


def by_lot(cases: Sequence[Case]) -> dict[str, list[Case]]:
    """Return the cases by lot as EP17-A2 takes them: apart up to three lots, else all together."""
    found = grouped(cases, lambda case: case.lot)
    if 1 < len(found) <= SEPARATE_LOTS:
        return dict(sorted(found.items()))
    return {ALL_LOTS: list(cases)}
