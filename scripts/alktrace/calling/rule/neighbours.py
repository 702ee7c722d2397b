"""What an insertion or deletion makes of its surroundings: read ends laid out wrongly, and second forms.

A read that reaches only a few bases over the break is aligned straight on: its last bases then differ from
the reference. They show what the mutant haplotype predicts there, in few of the molecules that the insertion
or deletion has, and hardly in molecules that reach over the break and do not show it. Hotspots are left
alone: a mutation there is not to be explained away.

Where a repeat lies beside an insertion or deletion, it can be written in two ways: `ACCGTACCGT` without its
last `CGT` is also one `ACCGT` that gained `AC`. A read that shows one side only fits both. Of two forms that
the same molecules carry, the one that more molecules were aligned with is called, or else the shorter. Two
changes that one molecule carries in truth are no two forms: the haplotype with the one alone does not show
the other. So what is not called is a form whose molecules carry the other, and which the other shows.

Molecules of a rearrangement end at its junction. Beyond it they show the bases of another place, which a clip
or a few bases aligned straight on can pass for a change beside the junction: hotspots too, for here molecules
say themselves where they end.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from ...inputs.settings.calling_settings import CallingSettings
from ...vocabulary.variant import Fetch, SmallVariant
from ..candidates.breaks import Break
from ..genotyping.allele_arrays import BREAK_REACH
from ..genotyping.allele_states import ALT, OTHER, REF
from ..indel_windows import MAX_WINDOW, indel_window

Group = tuple[Any, ...]
"""Small variants, and breaks, whose combinations are counted on molecules."""
States = Counter[tuple[int, ...]]
"""Molecules per combination of states of a group."""


@dataclass(frozen=True)
class Neighbourhood:
    """What stands beside each other in one sample.

    Attributes:
        snvs: molecules of single bases off hotspots.
        indels: molecules of insertions, deletions and complex changes that noise does not explain.
        aligned: molecules that were aligned with each form of an insertion or deletion.
        settings: calling section.
        fetch: reference bases.
        candidates: everything that is in question, hotspots too.
        breaks: where enough molecules of a rearrangement end.
    """

    snvs: Mapping[SmallVariant, int]
    indels: Mapping[SmallVariant, int]
    aligned: Counter[SmallVariant]
    settings: CallingSettings
    fetch: Fetch
    candidates: Sequence[SmallVariant] = ()
    breaks: Sequence[Break] = ()


def edges(hood: Neighbourhood) -> Iterator[Group]:
    """Yield substitutions that ends of reads over an indel would show, each with all indels near it."""
    reach, share = hood.settings.neighbours.edge_reach, hood.settings.neighbours.edge_share
    for snv, molecules in hood.snvs.items():
        near = [indel for indel in hood.indels if _is_near(snv, indel, reach)]
        if any(
            molecules <= share * hood.indels[indel] and snv.alt in _predicted(snv, indel, reach, hood.fetch)
            for indel in near
        ):
            yield (snv, *near)


def is_edge(group: Group, states: States, hood: Neighbourhood) -> SmallVariant | None:
    """Return the substitution if hardly a molecule that reaches over an indel shows it without any."""
    # Molecules of its own, however many others show it: a subclone of the indel must not hide a true one.
    alone = sum(molecules for key, molecules in states.items() if _stands_alone(key))
    return group[0] if alone < hood.settings.min_alt_molecules else None


def two_forms(hood: Neighbourhood) -> Iterator[Group]:
    """Yield pairs of indels of which one haplotype shows the other too."""
    for one, other in combinations(sorted(hood.indels), 2):
        near = one.chrom == other.chrom and other.start - one.end <= hood.settings.neighbours.form_reach
        if near and (_shows(one, other, hood.fetch) or _shows(other, one, hood.fetch)):
            yield one, other


def second_form(group: Group, states: States, hood: Neighbourhood) -> SmallVariant | None:
    """Return the form whose molecules carry the other one, which shows it; of two such the rarer."""
    one, other = group
    explained = [
        form
        for form, by, told in (
            (one, other, [states[ALT, state] for state in (ALT, REF, OTHER)]),
            (other, one, [states[state, ALT] for state in (ALT, REF, OTHER)]),
        )
        if told[0] >= hood.settings.neighbours.form_share * sum(told) > 0 and _shows(by, form, hood.fetch)
    ]
    # Equal molecules: the longer is explained, so that the same form is called in every sample.
    return min(explained, key=lambda form: (hood.aligned[form], -len(form.ref + form.alt)), default=None)


def beside_breaks(hood: Neighbourhood) -> Iterator[Group]:
    """Yield candidates with a break that they lie beside."""
    for variant in hood.candidates:
        for place in hood.breaks:
            if variant.chrom == place.chrom and (
                variant.start - BREAK_REACH <= place.position <= variant.end + BREAK_REACH
            ):
                yield variant, place


def ends_at_break(group: Group, states: States, hood: Neighbourhood) -> SmallVariant | None:
    """Return the candidate if its molecules end at the break more often than they read over it.

    Or if hardly any reads over it: molecules that end just behind a break without a clip say neither.
    """
    ending, over = states[ALT, ALT], states[ALT, REF]
    return group[0] if over < max(ending, hood.settings.min_alt_molecules) else None


def _is_near(snv: SmallVariant, indel: SmallVariant, reach: int) -> bool:
    apart = max(indel.start - snv.start, snv.start - indel.end)
    return snv.chrom == indel.chrom and apart <= reach


def _stands_alone(states: Sequence[int]) -> bool:
    """Tell whether a molecule has the first allele, reaches over one of the others and has none of them."""
    # OTHER reaches over too, where the substitution lies in the window; ABSENT, too short to tell, does not.
    others = states[1:]
    return states[0] == ALT and ALT not in others and (REF in others or OTHER in others)


def _predicted(snv: SmallVariant, indel: SmallVariant, reach: int, fetch: Fetch) -> str:
    """Return what the mutant haplotype shows at the place of the SNV, from the left and from the right."""
    low = max(0, indel.start - reach)
    haplotype = (
        fetch(indel.chrom, low, indel.start) + indel.alt + fetch(indel.chrom, indel.end, indel.end + reach)
    )
    # Anchored insertions and deletions begin behind their first base, complex changes with it.
    first = indel.start + (indel.ref[0] == indel.alt[0])
    at, moved = snv.start - low, snv.start - low + len(indel.alt) - len(indel.ref)
    # Slices, as the haplotype may end with the sequence; a negative index would count from its end.
    ahead = haplotype[at : at + 1] if first <= snv.start < first + reach else ""
    behind = haplotype[moved : moved + 1] if indel.end - reach <= snv.start < indel.end and moved >= 0 else ""
    return ahead + behind


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
        # Behind the carried change the haplotype is shifted by what it gained or lost.
        first = anchor - low - offset + (gained if anchor >= carried.end else 0)
        if first >= 0 and haplotype[first : first + size] == window.alt:
            return True
    return False
