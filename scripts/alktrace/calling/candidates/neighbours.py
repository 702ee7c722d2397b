"""What an insertion or deletion makes of its surroundings: read ends laid out wrongly, and second forms.

A read that reaches only a few bases over the break is aligned straight on: its last bases then differ from
the reference. They show what the mutant haplotype predicts there, in few of the molecules that the insertion
or deletion has, and hardly in molecules that reach over the break and do not show it. Hotspots are left
alone: a mutation there is not to be explained away.

Where a repeat lies beside an insertion or deletion, it can be written in two ways: `ACCGTACCGT` without its
last `CGT` is also one `ACCGT` that gained `AC`. A read that shows one side only fits both. Of two forms that
the same molecules carry, the one that more reads were aligned with is called, or else the shorter. Two
changes that one molecule carries in truth are no two forms: the haplotype with the one alone does not show
the other. So what is not called is a form whose molecules carry the other, and which the other shows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from ...inputs.settings import NeighbourSettings
from ...vocabulary.variant import Fetch, SmallVariant
from ..genotyping.allele_states import ALT, OTHER, REF
from ..genotyping.counts import PATTERN_LIMIT
from ..indel_windows import MAX_WINDOW, indel_window

Joint = Callable[[Sequence[SmallVariant]], Counter[tuple[int, ...]]]
"""Counts molecules per combination of states."""
Counted = tuple[SmallVariant, int]
"""An allele and its molecules."""


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
    groups = []
    for snv, molecules in snvs:
        near = [(indel, number) for indel, number in indels if _is_near(snv, indel, settings.edge_reach)]
        if any(
            molecules <= settings.edge_share * number
            and snv.alt in _predicted(snv, indel, settings.edge_reach, fetch)
            for indel, number in near
        ):
            groups.append((snv, *(indel for indel, _ in near)))
    return {
        group[0]
        for group, states in _states(groups, joint).items()
        if sum(number for key, number in states.items() if _stands_alone(key)) < min_molecules
    }


def _is_near(snv: SmallVariant, indel: SmallVariant, reach: int) -> bool:
    apart = max(indel.start - snv.start, snv.start - indel.end)
    return snv.chrom == indel.chrom and apart <= reach


def _stands_alone(states: tuple[int, ...]) -> bool:
    """Tell whether a molecule has the first allele, reaches over one of the others and has none of them."""
    others = states[1:]
    return states[0] == ALT and ALT not in others and (REF in others or OTHER in others)


def _states(
    groups: Sequence[tuple[SmallVariant, ...]], joint: Joint
) -> dict[tuple[SmallVariant, ...], Counter[tuple[int, ...]]]:
    """Return molecules per combination of states of every group, in as few passes as alleles fit in."""
    found: dict[tuple[SmallVariant, ...], Counter[tuple[int, ...]]] = {}
    waiting: list[tuple[SmallVariant, ...]] = []
    for group in [*(group[:PATTERN_LIMIT] for group in groups), ()]:
        if waiting and (not group or len({v for item in (*waiting, group) for v in item}) > PATTERN_LIMIT):
            alleles = sorted({variant for item in waiting for variant in item})
            place = {variant: i for i, variant in enumerate(alleles)}
            combined = joint(alleles)
            for item in waiting:
                states = found.setdefault(item, Counter())
                for key, molecules in combined.items():
                    states[tuple(key[place[variant]] for variant in item)] += molecules
            waiting = []
        if group:
            waiting.append(group)
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
    pairs = [
        (one, other)
        for one, other in combinations(sorted(variant for variant, _ in indels), 2)
        if one.chrom == other.chrom
        and other.start - one.end <= settings.form_reach
        and (_shows(one, other, fetch) or _shows(other, one, fetch))
    ]
    second: set[SmallVariant] = set()
    for (one, other), states in _states(pairs, joint).items():
        explained = [
            form
            for form, by, told in (
                (one, other, [states[ALT, state] for state in (ALT, REF, OTHER)]),
                (other, one, [states[state, ALT] for state in (ALT, REF, OTHER)]),
            )
            if told[0] >= settings.form_share * sum(told) > 0 and _shows(by, form, fetch)
        ]
        if explained:
            second.add(min(explained, key=lambda form: (aligned[form], -len(form.ref + form.alt))))
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
