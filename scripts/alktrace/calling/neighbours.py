"""What an insertion or deletion makes of its surroundings: read ends laid out wrongly, and second forms.

A read that reaches only a few bases over the break is aligned straight on: its last bases then differ from
the reference. They show what the mutant haplotype predicts there, in few of the molecules that the insertion
or deletion has, and hardly in molecules that reach over the break and do not show it. Hotspots are left
alone: a mutation there is not to be explained away.

Where a repeat lies beside an insertion or deletion, it can be written in two ways: `ACCGTACCGT` without its
last `CGT` is also one `ACCGT` that gained `AC`. A read that shows one side only fits both. Of two forms that
the same molecules carry, the one that more reads were aligned with is called, or else the shorter. Two
changes that one molecule carries in truth are no two forms: the haplotype with the one alone does not show
the other.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from ..settings import NeighbourSettings
from .alleles import MAX_WINDOW, Fetch, SmallVariant, indel_window
from .genotyping import ABSENT, ALT, OTHER, PATTERN_LIMIT, REF

Joint = Callable[[Sequence[SmallVariant]], Counter[tuple[int, ...]]]
"""Counts molecules per combination of states."""
Counted = tuple[SmallVariant, int]
"""An allele and its molecules."""
Pair = tuple[SmallVariant, SmallVariant]


def indel_edges(
    snvs: Iterable[Counted],
    indels: Sequence[Counted],
    joint: Joint,
    settings: NeighbourSettings,
    fetch: Fetch,
    *,
    min_molecules: int,
) -> set[SmallVariant]:
    """Return the substitutions that are what ends of reads over an insertion or deletion show.

    Args:
        snvs: single bases off hotspots.
        indels: insertions, deletions and complex changes that noise does not explain.
        joint: counts combinations.
        settings: reach and share.
        fetch: reference bases.
        min_molecules: molecules that reach over the change without showing it, with which a substitution
            stands for itself.
    """
    pairs = [
        (snv, indel)
        for snv, molecules in snvs
        for indel, number in indels
        if indel.chrom == snv.chrom
        and molecules <= settings.edge_share * number
        and snv.alt in _predicted(snv, indel, settings.edge_reach, fetch)
    ]
    return {
        pair[0]
        for pair, states in _pairwise_states(pairs, joint).items()
        if states[ALT, REF] + states[ALT, OTHER] < min_molecules
    }


def _pairwise_states(pairs: Sequence[Pair], joint: Joint) -> dict[Pair, Counter[tuple[int, ...]]]:
    """Return molecules per combination of states of every pair, in as few passes as alleles fit in."""
    found: dict[Pair, Counter[tuple[int, ...]]] = {}
    step = PATTERN_LIMIT // 2
    for some in (pairs[i : i + step] for i in range(0, len(pairs), step)):
        alleles = sorted({variant for pair in some for variant in pair})
        place = {variant: i for i, variant in enumerate(alleles)}
        combined = joint(alleles)
        for one, other in some:
            states: Counter[tuple[int, ...]] = Counter()
            for key, molecules in combined.items():
                states[key[place[one]], key[place[other]]] += molecules
            del states[ABSENT, ABSENT]
            found[one, other] = states
    return found


def _predicted(snv: SmallVariant, indel: SmallVariant, reach: int, fetch: Fetch) -> str:
    """Return what the mutant haplotype shows at the place of the SNV, from the left and from the right."""
    found = ""
    ahead, behind = snv.start - indel.start, indel.end - snv.start
    if 0 < ahead <= reach + 1:
        found += (indel.alt + fetch(indel.chrom, indel.end, indel.end + reach + 1))[ahead : ahead + 1]
    if 0 < behind <= reach:
        before = fetch(indel.chrom, max(0, indel.start - reach), indel.start) + indel.alt
        found += before[-behind:][:1]
    return found


def second_forms(
    indels: Sequence[Counted],
    aligned: Counter[SmallVariant],
    joint: Joint,
    settings: NeighbourSettings,
    fetch: Fetch,
) -> set[SmallVariant]:
    """Return the insertions and deletions that are another form of a neighbour.

    Args:
        indels: those that noise does not explain.
        aligned: reads that were aligned with each form.
        joint: counts combinations.
        settings: reach and share.
        fetch: reference bases.
    """
    molecules = dict(indels)
    pairs = [
        (one, other)
        for one, other in combinations(sorted(molecules), 2)
        if one.chrom == other.chrom
        and other.start - one.end <= settings.form_reach
        and (_shows(one, other, fetch) or _shows(other, one, fetch))
    ]
    second: set[SmallVariant] = set()
    for (one, other), states in _pairwise_states(pairs, joint).items():
        if states[ALT, ALT] >= settings.form_share * min(molecules[one], molecules[other]):
            second.add(min(one, other, key=lambda form: (aligned[form], -len(form.ref + form.alt))))
    return second


def _shows(carried: SmallVariant, other: SmallVariant, fetch: Fetch) -> bool:
    """Tell whether molecules that carry one change only are counted for another too."""
    window = indel_window(other, fetch)
    if window is None:
        return False
    low = max(0, min(carried.start, window.start) - MAX_WINDOW)
    high = max(carried.end, window.right) + MAX_WINDOW
    chrom = carried.chrom
    haplotype = fetch(chrom, low, carried.start) + carried.alt + fetch(chrom, carried.end, high)
    size, gained = len(window.alt), len(carried.alt) - len(carried.ref)
    for anchor, offset in ((window.start, 0), (window.right, window.right_offset)):
        first = anchor - low - offset + (gained if anchor >= carried.end else 0)
        if first >= 0 and haplotype[first : first + size] == window.alt:
            return True
    return False
