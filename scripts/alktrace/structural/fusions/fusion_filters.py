"""The filters of fusions. A new one is one entry of `FUSION_FILTERS`; verdict, VCF header and docs follow."""

from collections.abc import Callable
from dataclasses import dataclass

from ...inputs.settings.fusion_settings import FusionSettings
from ...vocabulary.filters import Filter
from .support import Support


@dataclass(frozen=True)
class TestedJunction:
    """What a filter may know of one junction.

    Attributes:
        support: molecules for and against it.
        homology: length of the micro-homology in bases.
        complexity: share of different triplets beside the junction, on the simpler side.
        similarity: identity of the joined to the replaced sequence, on the more similar side.
        settings: section `fusions`.
    """

    support: Support
    homology: int
    complexity: float
    similarity: float
    settings: FusionSettings


@dataclass(frozen=True)
class FusionFilter(Filter):
    """Judges a junction; `applies` tells whether it speaks against it."""

    applies: Callable[[TestedJunction], bool]


def _few_placed(seen: TestedJunction) -> bool:
    # With fewer molecules than fragments asked for, `fragments` says so already: here all must be placed.
    return seen.support.unique < min(seen.settings.min_fragments, seen.support.molecules)


FUSION_FILTERS: dict[str, FusionFilter] = {
    one.name: one
    for one in (
        FusionFilter(
            "molecules",
            "fewer than {min_molecules} supporting molecules",
            lambda seen: seen.support.molecules < seen.settings.min_molecules,
        ),
        FusionFilter(
            "split",
            "fewer than {min_split_molecules} molecules with a split read",
            lambda seen: seen.support.split < seen.settings.min_split_molecules,
        ),
        FusionFilter(
            "fragments",
            "fewer than {min_fragments} different fragments",
            lambda seen: seen.support.fragments < seen.settings.min_fragments,
        ),
        FusionFilter(
            "shared_end",
            "fewer than {min_ends} different outer ends on one side",
            lambda seen: min(seen.support.ends) < seen.settings.min_ends,
        ),
        FusionFilter("mapq", "too few molecules with mapping quality {min_mapq} on both sides", _few_placed),
        FusionFilter(
            "contradictory",
            "more molecules contradict themselves than support the junction",
            lambda seen: seen.support.contradictory > seen.support.molecules,
        ),
        FusionFilter(
            "homology",
            "micro-homology longer than {max_homology} bases",
            lambda seen: seen.homology > seen.settings.max_homology,
        ),
        FusionFilter(
            "paralogue",
            "joined and replaced sequence more than {max_similarity} identical",
            lambda seen: seen.similarity > seen.settings.max_similarity,
        ),
        FusionFilter(
            "repeat",
            "share of different triplets beside the junction below {min_complexity}",
            lambda seen: seen.complexity < seen.settings.min_complexity,
        ),
    )
}
"""By name, in the order of the VCF header."""
