"""The filters of small variants. A new one is one entry of `FILTERS`; rule, VCF header and docs follow."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ...inputs.settings.calling_settings import CallingSettings
from ...vocabulary.filters import Filter
from ...vocabulary.variant import SmallVariant
from .neighbours import (
    Group,
    Neighbourhood,
    States,
    beside_breaks,
    edges,
    ends_at_break,
    is_edge,
    second_form,
    two_forms,
)


@dataclass(frozen=True)
class Tested:
    """What a filter may know of one allele in one sample.

    Attributes:
        alt_molecules, duplex_alt: mutant molecules, and those of them seen on both strands.
        total_molecules: informative molecules.
        p_noise: noise tail probability of the mutant molecules.
        tail_probability: up to which the rule calls this allele: that of hotspots or the general one.
        repeats: units beyond the first of the repeat that an insertion or deletion lies in.
        settings: calling section.
    """

    alt_molecules: int
    duplex_alt: int
    total_molecules: int
    p_noise: float
    tail_probability: float
    repeats: int
    settings: CallingSettings


@dataclass(frozen=True)
class AlleleFilter(Filter):
    """Judges an allele by itself.

    Attributes:
        applies: tells whether it speaks against the allele.
        blind: nothing is ever called where it applies, so that no VAF is detectable there.
    """

    applies: Callable[[Tested], bool]
    blind: bool = False


@dataclass(frozen=True)
class NeighbourFilter(Filter):
    """Names records that another record beside them stands for.

    Attributes:
        groups: yields the alleles whose combinations must be counted.
        explained: returns the allele of a group that the others explain, if any.
    """

    groups: Callable[[Neighbourhood], Iterator[Group]]
    explained: Callable[[Group, States, Neighbourhood], SmallVariant | None]


FILTERS: dict[str, Filter] = {
    one.name: one
    for one in (
        AlleleFilter(
            "noise",
            "Noise explains the mutant molecules: tail probability above the one of the calling rule",
            # A tail equal to the limit is a call, as in `threshold`: limits of detection rest on it.
            lambda seen: seen.p_noise > seen.tail_probability,
        ),
        AlleleFilter(
            "few_molecules",
            "Fewer mutant molecules than {min_alt_molecules}, and fewer duplex ones than {min_alt_duplex}",
            lambda seen: (
                seen.alt_molecules < seen.settings.min_alt_molecules
                and seen.duplex_alt < seen.settings.min_alt_duplex
            ),
        ),
        AlleleFilter(
            "long_repeat",
            "Insertion or deletion in a homopolymer or short tandem repeat of more than {max_repeats} units "
            "beyond the first, which slips too often: never called, and no limit is stated",
            lambda seen: seen.repeats > seen.settings.max_repeats,
            blind=True,
        ),
        NeighbourFilter(
            "indel_edge",
            "What ends of reads over a neighbouring insertion or deletion show, not a change of its own",
            edges,
            is_edge,
        ),
        NeighbourFilter(
            "second_form",
            "Another way to write a neighbouring insertion or deletion that the same molecules carry",
            two_forms,
            second_form,
        ),
        NeighbourFilter(
            "junction",
            "Its molecules end at the junction of a rearrangement beside it, with bases of another place",
            beside_breaks,
            ends_at_break,
        ),
    )
}
"""By name, in the order of the VCF header."""


def failed(seen: Tested) -> list[AlleleFilter]:
    """Return the filters that speak against an allele by itself."""
    return [one for one in FILTERS.values() if isinstance(one, AlleleFilter) and one.applies(seen)]


def too_little(filters: Iterable[str]) -> bool:
    """Tell whether one of the filters says that the molecules are not enough for a call anywhere."""
    # A long repeat is not too little: its molecules may be many, only what they mean is not known.
    return any(isinstance(one := FILTERS[name], AlleleFilter) and not one.blind for name in filters)


def is_explained(filters: Iterable[str]) -> bool:
    """Tell whether another record stands for one with these filters: it is no mutation below the rule."""
    # Tables name filters of laboratories too, which are not ours: `get`, not `[]`.
    return any(isinstance(FILTERS.get(name), NeighbourFilter) for name in filters)


def neighbour_filters() -> list[NeighbourFilter]:
    """Return the filters that look at neighbours."""
    return [one for one in FILTERS.values() if isinstance(one, NeighbourFilter)]
