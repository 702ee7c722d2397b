"""What is true of a simulated specimen: expected fractions from its cells, counts from its molecules."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .fragments import Ints, Molecules, Template
from .planted import Alteration, Amplification, Inversion, Loss, PlantedVariant, Population

ANCHOR = 20
"""Bases a read shows on either side of a junction to count as a split read."""


@dataclass(frozen=True)
class AlterationTruth:
    """One alteration of one specimen.

    Attributes:
        expected_vaf: mutant share of all copies at the site; None for copy numbers.
        mutant, total: mutant molecules whose reads show the change, and all whose reads show the site.
            For a rearrangement: a read shows `ANCHOR` bases on both sides of the fusion junction, or of
            the intact site; the reciprocal junction counts in neither.
        spanning: molecules over the fusion junction that no single read shows.
        reciprocal: molecules over the reciprocal junction, shown by a read or not.
        copy_number: average over all genomes of the specimen; None for other alterations.
    """

    alteration: Alteration
    expected_vaf: float | None
    mutant: int | None
    total: int | None
    spanning: int | None
    reciprocal: int | None
    copy_number: float | None


@dataclass(frozen=True)
class PairTruth:
    """Molecules that show two small variants: both, the first only, the second only, neither."""

    first: PlantedVariant
    second: PlantedVariant
    both: int
    first_only: int
    second_only: int
    neither: int


def copies_at(population: Population, haplotype: int, chrom: str, pos: int) -> float:
    """Return the copies of one haplotype at a 0-based position in a cell of the population."""
    copies = 1.0
    for item in population.placed:
        change = item.alteration
        if item.haplotype != haplotype or not isinstance(change, (Amplification, Loss)):
            continue
        if change.chrom == chrom and change.start <= pos < change.end:
            copies += change.extra if isinstance(change, Amplification) else -1.0
    return copies


def expected_vaf(populations: Sequence[Population], alteration: PlantedVariant | Inversion) -> float:
    """Return the mutant share of all copies at the site."""
    pos = alteration.pos if isinstance(alteration, PlantedVariant) else alteration.low
    mutant = total = 0.0
    for population in populations:
        carried = {item.haplotype for item in population.placed if item.alteration == alteration}
        for haplotype in (0, 1):
            copies = population.share * copies_at(population, haplotype, alteration.chrom, pos)
            total += copies
            mutant += copies if haplotype in carried else 0.0
    return mutant / total


def average_copies(populations: Sequence[Population], alteration: Amplification | Loss) -> float:
    """Return the copy number in the middle of an interval, averaged over all genomes."""
    pos = (alteration.start + alteration.end) // 2
    return sum(
        population.share * copies_at(population, haplotype, alteration.chrom, pos)
        for population in populations
        for haplotype in (0, 1)
    )


def alteration_truth(
    populations: Sequence[Population], molecules: Molecules, alteration: Alteration, *, template_bases: int
) -> AlterationTruth:
    """Return what is true of one alteration.

    Args:
        populations: cells of the specimen.
        molecules: drawn from them.
        alteration: one of theirs.
        template_bases: bases that a read shows from either end of a fragment.
    """
    if isinstance(alteration, (Amplification, Loss)):
        number = average_copies(populations, alteration)
        return AlterationTruth(alteration, None, None, None, None, None, number)
    vaf = expected_vaf(populations, alteration)
    if isinstance(alteration, PlantedVariant):
        shown, mutant = show_variant(molecules, alteration, template_bases)
        return AlterationTruth(alteration, vaf, int(mutant.sum()), int(shown.sum()), None, None, None)
    split, spanning, intact, reciprocal = _junction(molecules, alteration, template_bases)
    return AlterationTruth(alteration, vaf, split, split + intact, spanning, reciprocal, None)


def pair_truth(
    molecules: Molecules, first: PlantedVariant, second: PlantedVariant, *, template_bases: int
) -> PairTruth:
    """Count the molecules that show two variants, by pattern."""
    one, first_mutant = show_variant(molecules, first, template_bases)
    two, second_mutant = show_variant(molecules, second, template_bases)
    shown = one & two

    def count(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> int:
        return int((shown & a & b).sum())

    return PairTruth(
        first,
        second,
        both=count(first_mutant, second_mutant),
        first_only=count(first_mutant, ~second_mutant),
        second_only=count(~first_mutant, second_mutant),
        neither=count(~first_mutant, ~second_mutant),
    )


def show_variant(
    molecules: Molecules, variant: PlantedVariant, template_bases: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which molecules show the site in one read, and which of these are mutant.

    A substitution needs its own bases, an insertion or deletion a base on both sides of it.
    """
    shown = np.zeros(len(molecules), dtype=np.bool_)
    mutant = np.zeros(len(molecules), dtype=np.bool_)
    indel = len(variant.ref) != len(variant.alt)
    after = variant.pos + len(variant.ref) - (0 if indel else 1)
    for number, template in enumerate(molecules.templates):
        low, high = _place(template, variant.chrom, variant.pos), _place(template, variant.chrom, after)
        if low is None or high is None:
            continue
        rows = molecules.template == number
        seen = rows & _in_one_read(molecules, min(low, high), max(low, high), template_bases)
        shown |= seen
        if variant in template.variants:
            mutant |= seen
    return shown, mutant


def _junction(molecules: Molecules, inversion: Inversion, template_bases: int) -> tuple[int, int, int, int]:
    """Count split and spanning molecules, molecules that show the intact site, and reciprocal ones."""
    split = spanning = intact = other = 0
    for number, template in enumerate(molecules.templates):
        rows = molecules.template == number
        if template.inversion == inversion:
            low, high = template.joint - ANCHOR, template.joint + ANCHOR - 1
            over = rows & (molecules.start < template.joint) & (molecules.end > template.joint)
            shown = over & _in_one_read(molecules, low, high, template_bases)
            if template.reciprocal:
                other += int(over.sum())
                continue
            split += int(shown.sum())
            spanning += int((over & ~shown).sum())
        elif template.inversion is None:
            place = _place(template, inversion.chrom, inversion.low)
            if place is not None:
                low, high = place - ANCHOR + 1, place + ANCHOR
                intact += int((rows & _in_one_read(molecules, low, high, template_bases)).sum())
    return split, spanning, intact, other


def _place(template: Template, chrom: str, pos: int) -> int | None:
    if template.chrom != chrom:
        return None
    found = np.flatnonzero(template.positions == pos)
    return int(found[0]) if len(found) else None


def _in_one_read(molecules: Molecules, low: int, high: int, size: int) -> NDArray[np.bool_]:
    """Mark molecules of which one read shows template bases low to high, both included."""
    start, end = molecules.start, molecules.end
    left_end: Ints = np.minimum(start + size, end)
    right_start: Ints = np.maximum(end - size, start)
    first = (start <= low) & (high < left_end)
    second = (right_start <= low) & (high < end)
    return np.asarray(first | second)
