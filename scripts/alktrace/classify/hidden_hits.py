"""A second ALK mutation below the calling rule: may it sit on the molecules of a called one?

A compound can resist what its single mutations are sensitive to. Claiming one needs proof (`classify.phase`);
keeping silent about drugs needs a doubt only: one molecule that carries both is enough, because what is at
stake is a sensitivity that may not hold, not a class.
"""

from collections.abc import Iterator, Sequence

from ..evidence.schema import Alteration
from ..knowledge.drug_hints import Hints, joined
from ..knowledge.entries import AlkRole
from ..vocabulary.changes import ALK
from ..vocabulary.resistance import Phase
from .alk_sets import residue_name, same_base
from .phase_sets import resolve_sets
from .single_criteria import known_mutation
from .view import Found, TimepointView, is_somatic_candidate


def subthreshold_hotspots(view: TimepointView) -> Iterator[Alteration]:
    """Return the changes of known hotspots that only missed the calling rule."""
    for item in view.subthreshold:
        if view.knowledge.is_hotspot_mutation(item):
            yield item


def hidden_hits(
    found: Found, units: Sequence[tuple[Alteration, ...]], view: TimepointView
) -> dict[str, Hints]:
    """Return what is known of the sets that a mutation may form with others below the calling rule.

    A partner counts if any molecule shows both, whatever explains it; without such a molecule, if the phase
    is open and what is known of the partner, alone or in the set, contradicts what the mutation claims. A
    partner that is shown apart is another clone; `resisted_below` tells what it resists.

    Args:
        found: a called ALK mutation.
        units: it alone, or the compounds it is part of.
        view: its timepoint.

    Returns:
        Hints of the possible sets by the partner's name; empty where nothing is hidden.
    """
    possible: dict[str, Hints] = {}
    own = joined([view.knowledge.hints(unit) for unit in units])
    for item in _candidates(units, view):
        together = joined([view.knowledge.hints((*unit, item)) for unit in units])
        claims = (view.knowledge.hints((item,)), together)
        shared = _on_one_molecule(found.alteration, item, view)
        # None is open, False is apart: a partner that molecules show apart is another clone.
        if shared or (shared is None and any(_contradicts(own, other) for other in claims)):
            possible[item.alteration] = together
    return possible


def resisted_below(view: TimepointView) -> frozenset[str]:
    """Return the drugs that an ALK hotspot mutation below the calling rule is reported to resist.

    It may be a small clone of its own. Where it may instead share molecules with a called mutation, the drugs
    of that one are withheld (`hidden_hits`), and none is left to be named.
    """
    known = (view.knowledge.hints((item,)) for item in _mutations_below(view))
    return frozenset(drug for hints in known for drug in hints.resistant_to)


def _mutations_below(view: TimepointView) -> Iterator[Alteration]:
    for item in subthreshold_hotspots(view):
        known = known_mutation(item, view)
        neutral = known is not None and known.role is AlkRole.NEUTRAL
        if item.gene == ALK and is_somatic_candidate(item) and not neutral:
            yield item


def _candidates(units: Sequence[tuple[Alteration, ...]], view: TimepointView) -> Iterator[Alteration]:
    members = [member for unit in units for member in unit]
    named = {residue_name(member) for member in members}
    for item in _mutations_below(view):
        # The same residue by another DNA route is no partner, and two bases at one place share no molecule.
        apart = any(same_base(item, member) for member in members) or residue_name(item) in named
        if not apart:
            yield item


def _on_one_molecule(a: Alteration, b: Alteration, view: TimepointView) -> bool | None:
    """Tell whether any molecule shows both; None where the phase is open without one."""
    verdicts = resolve_sets((a.key, b.key), view.phase, view.settings.phase)
    verdict = next(iter(verdicts.values()), None)
    # Unresolved without a double is no "apart": too few molecules span the sites to say so.
    if verdict is None or (verdict.phase is Phase.UNRESOLVED and not verdict.doubles):
        return None
    return verdict.doubles > 0


def _contradicts(own: Hints, other: Hints) -> bool:
    doubted = {*other.intermediate, *other.conflicting}
    return bool(
        {*own.sensitive_to} & {*other.resistant_to, *doubted}
        or {*own.resistant_to} & {*other.sensitive_to, *doubted}
    )
