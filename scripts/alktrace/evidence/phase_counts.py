"""Molecules over sets of ALK mutations, for phase: one pass over a BAM for all sets of a sample."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from ..calling.genotyping.allele_states import ALT, REF, UNKNOWN
from ..vocabulary.variant import SmallVariant
from .schema import PhaseObservation

Joint = Mapping[tuple[int, ...], int]


def phase_observations(
    *,
    timepoint: str,
    specimen: str,
    keys: Sequence[str],
    variants: Sequence[SmallVariant],
    joint: Joint,
    error_rates: Sequence[float],
    collision_rate: float,
    chimera_rate: float,
) -> list[PhaseObservation]:
    """Return one observation per pair, and one per larger set that single molecules tell about.

    Args:
        timepoint: of the sample.
        specimen: of the sample.
        keys: keys of the alterations, in genomic order.
        variants: their alleles, in the same order.
        joint: molecules per tuple of states, as `calling.genotyping.count_joint` gives them.
        error_rates: false-mutant rate per molecule for each alteration.
        collision_rate: share of molecules that are two originals taken for one.
        chimera_rate: share of molecules that PCR joined from two templates.
    """

    def observe(members: Sequence[int]) -> PhaseObservation:
        patterns, uninformative = marginal_patterns(joint, members)
        chosen = [variants[i] for i in members]
        return PhaseObservation(
            timepoint=timepoint,
            specimen=specimen,
            alterations=tuple(keys[i] for i in members),
            patterns=patterns,
            uninformative=uninformative,
            span_bp=max(v.end for v in chosen) - min(v.start for v in chosen),
            error_rates=tuple(error_rates[i] for i in members),
            collision_rate=collision_rate,
            chimera_rate=chimera_rate,
        )

    indices = range(len(keys))
    pairs = [observe(pair) for pair in combinations(indices, 2)]
    larger = [observe(members) for members in joined_sets(joint, len(keys)) if len(members) > 2]
    return pairs + larger


def marginal_patterns(joint: Joint, members: Sequence[int]) -> tuple[dict[str, int], int]:
    """Return molecules per pattern over some of the alterations, and those that reach all without telling."""
    patterns: dict[str, int] = {}
    uninformative = 0
    for states, molecules in sorted(joint.items()):
        own = [states[i] for i in members]
        if all(state in (REF, ALT) for state in own):
            name = "".join("1" if state == ALT else "0" for state in own)
            patterns[name] = patterns.get(name, 0) + molecules
        elif all(state <= UNKNOWN for state in own):
            uninformative += molecules
    return patterns, uninformative


def joined_sets(joint: Joint, size: int) -> list[tuple[int, ...]]:
    """Return the largest sets of alterations that single molecules carry together."""
    carried = {tuple(i for i in range(size) if states[i] == ALT) for states in joint}
    maximal = [one for one in carried if not any(set(one) < set(other) for other in carried)]
    return sorted(maximal)
