"""Mechanisms in ALK: single, compound and listed mutations of one timepoint, how sure, with which caveats.

Confidence starts from what is published and is capped by caveats (`CAPS`); it is never raised.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ..evidence.schema import Alteration
from ..knowledge.drug_hints import Hints, joined, withheld
from ..vocabulary.caveats import Caveat, CaveatCode, codes_of, in_order
from ..vocabulary.changes import ALK
from ..vocabulary.resistance import Component, Confidence, Phase
from .alk_sets import AlkSets, PairPhase, ResidueChange, is_polyclonal
from .compound_share import CompoundShare, compound_share
from .emergence import judge_emergence
from .finding_caveats import capped, finding_flags, lowest
from .hidden_hits import hidden_hits, resisted_below
from .mechanism import Mechanism, simple_mechanism
from .phase import CIS_PHASES, PhaseEvidence, partner_phase
from .phase_sets import proven_cis
from .set_criteria import SET_CRITERIA
from .single_criteria import Effect, Role
from .treatment_history import LORLATINIB, progressed_on_lorlatinib
from .view import TimepointView

LISTED_NAMES = {
    "ALK_TRUNCATING": "ALK truncating variant (VUS)",
    "ALK_UNPLACED": "ALK alteration not interpreted",
    "ALK_VUS_TOO_FREQUENT": "ALK kinase-domain VUS, probably inherited",
}


def alk_mechanisms(roles: Sequence[Role], sets: AlkSets, view: TimepointView) -> list[Mechanism]:
    """Return one mechanism per ALK mutation and DNA route, and ALK amplification."""
    by_key = {role.found.alteration.key: role for role in roles}
    owners = [change.name for change in sets.changes for _ in change.routes]
    found = [
        _alk_mutation(by_key[route.alteration.key], change, sets, by_key, view)
        for change in sets.changes
        for route in change.routes
    ]
    # After all members are judged: a compound is no surer than its most doubtful member.
    found = [
        _as_sure_as_its_set(item, change, sets, found) for item, change in zip(found, owners, strict=True)
    ]
    found = _against_other_clones(found, _parental_resistance(sets, view) | resisted_below(view))
    for role in roles:
        if role.effect is Effect.AMPLIFICATION:
            found.append(
                simple_mechanism(role, Component.ON_TARGET, "ALK amplification", Confidence.CANDIDATE, view)
            )
        elif role.effect is Effect.LISTED_VUS:
            shown = simple_mechanism(
                role, Component.ON_TARGET, LISTED_NAMES[role.code], Confidence.UNCERTAIN, view
            )
            # Truncated, unplaced or probably inherited: the reader must know of it, but it names no class.
            found.append(replace(shown, carries=False))
    return found


def _alk_mutation(
    role: Role, change: ResidueChange, sets: AlkSets, by_key: dict[str, Role], view: TimepointView
) -> Mechanism:
    pairs = sets.pairs_of(change.name)
    compounds = [members for members in sets.compounds if change.name in members]
    verdict = judge_emergence(role.found, view)
    units = _units(role, compounds, sets)
    each = [view.knowledge.hints(unit) for unit in units]
    hints, read = joined(each), joined([item.verified for item in each])
    flags = {
        *finding_flags(role.found, verdict, view),
        *(flag for pair in pairs for flag in pair.flags),
        *_same_codon_flags(role, by_key),
    }
    if is_polyclonal(change):
        flags.add(Caveat(CaveatCode.POLYCLONAL))
    vus = {by_key[item.alteration.key].effect is Effect.VUS for item in _partners(pairs, change, sets)}
    if pairs and (True in vus or role.effect is Effect.VUS):
        flags.add(Caveat(CaveatCode.SET_WITH_VUS))
    # Of a variant of unknown effect nothing is claimed unless it stands beside a known mutation.
    known = role.effect is not Effect.VUS or False in vus
    if not known:
        flags.add(Caveat(CaveatCode.VUS_ALONE))
    flags.update(_inherited_partners(role, by_key, view))
    compound = _largest_compound(compounds, sets, view)
    flags.update(_flags_of_compound(compound, sets, view))
    confidence = _alk_confidence(role, compounds, sets, by_key, read)
    if not compounds and role.effect is not Effect.VUS:
        flags.update(_single_flags(hints, read))
    # A line on ALK that nobody could read may be the second mutation of a compound.
    unread = any(item.code == "ALK_UNPLACED" for item in by_key.values())
    hidden = hidden_hits(role.found, units, view)
    flags.update(Caveat(CaveatCode.POSSIBLE_SECOND_HIT, (name,)) for name in hidden)
    if unread or hidden or _set_is_open(pairs, flags):
        hints = withheld(hints, {**hidden, **_possible_sets(units, pairs, change, sets, view)})
    # What cells in a dish were sensitive to did not hold in this patient, who progressed on it.
    if LORLATINIB in hints.sensitive_to and progressed_on_lorlatinib(view):
        hints = replace(hints, sensitive_to=tuple(d for d in hints.sensitive_to if d != LORLATINIB))
        flags.add(Caveat(CaveatCode.PROGRESSED_ON_LORLATINIB))
    flags.update(hints.flags)
    strongest = pairs[0].verdict.phase if pairs else None
    return Mechanism(
        component=Component.ON_TARGET,
        mechanism=_alk_name(role, bool(compounds), strongest),
        confidence=capped(confidence, flags),
        carries=known,
        criteria=(role.code, *(c.code for c in SET_CRITERIA if c.holds(change, sets))),
        flags=in_order(flags),
        found=role.found,
        emergence=verdict,
        phase=strongest,
        phase_partner=_partner_names(pairs, change, sets),
        phase_evidence=_phase_evidence(pairs, change, sets),
        compound=compound[1] if compound else None,
        hints=hints,
    )


def _largest_compound(
    compounds: Sequence[frozenset[str]], sets: AlkSets, view: TimepointView
) -> tuple[frozenset[str], CompoundShare] | None:
    shares = [(members, compound_share(sets.verdict_of(members), view)) for members in compounds]
    known = [(members, share) for members, share in shares if share is not None]
    return max(known, key=lambda item: (item[1].molecules, sorted(item[0])), default=None)


def _flags_of_compound(
    compound: tuple[frozenset[str], CompoundShare] | None, sets: AlkSets, view: TimepointView
) -> Iterator[Caveat]:
    """Judge the size of the compound, which may be far smaller than its members."""
    if compound is None:
        return
    members, share = compound
    if share.largest is not None and share.largest < view.settings.clones.min_share:
        yield Caveat(CaveatCode.MINOR_CLONE)
    if share.apart:
        names = (item.alteration.alteration for item in sets.changes if item.name in members)
        yield Caveat(CaveatCode.TRANS_MAJORITY, tuple(sorted(names)))


def _inherited_partners(role: Role, by_key: dict[str, Role], view: TimepointView) -> Iterator[Caveat]:
    """Name probable inherited variants on the molecules of this mutation; they make no compound."""
    for other in by_key.values():
        if other.code != "PROBABLE_GERMLINE" or other.found.alteration.gene != ALK:
            continue
        names = (role.found.alteration.key, other.found.alteration.key)
        if proven_cis(names, view.phase, view.settings.phase):
            yield Caveat(CaveatCode.IN_CIS_WITH_PROBABLE_GERMLINE, (other.found.alteration.alteration,))


def _alk_name(role: Role, compound: bool, strongest: Phase | None) -> str:
    if compound:
        return "ALK compound mutation"
    if role.effect is Effect.VUS:
        return "ALK kinase-domain VUS"
    if strongest is Phase.TRANS:
        return "ALK mutations on separate molecules"
    return "ALK mutations, phase open" if strongest is Phase.UNRESOLVED else "ALK single mutation"


def _alk_confidence(
    role: Role,
    compounds: Sequence[frozenset[str]],
    sets: AlkSets,
    by_key: dict[str, Role],
    hints: Hints,
) -> Confidence:
    resistant = LORLATINIB in hints.resistant_to
    if not compounds:
        if role.effect is Effect.VUS:
            return Confidence.UNCERTAIN
        return Confidence.ESTABLISHED if resistant else Confidence.CANDIDATE
    known = {change.name: by_key[change.alteration.key].effect is not Effect.VUS for change in sets.changes}
    # The best set counts: one compound of two known mutations is not weaker for a VUS on a third.
    best = max(sum(known[name] for name in members) / len(members) for members in compounds)
    if best == 0:
        return Confidence.UNCERTAIN
    # What its own reports call sensitive to lorlatinib is no established cause, however known its members.
    contradicted = LORLATINIB in hints.sensitive_to and not resistant
    return Confidence.CANDIDATE if best < 1 or contradicted else Confidence.ESTABLISHED


def _set_is_open(pairs: Sequence[PairPhase], flags: Iterable[Caveat]) -> bool:
    """Could this mutation be part of a compound, or of another residue, that was not seen.

    A compound can resist what both singles are sensitive to: what is known of the single does not reassure.
    """
    open_phase = any(pair.verdict.phase is Phase.UNRESOLVED for pair in pairs)
    other_residue = bool({CaveatCode.SAME_CODON, CaveatCode.SAME_CODON_CIS} & codes_of(flags))
    return open_phase or other_residue


def _single_flags(hints: Hints, read: Hints) -> Iterable[Caveat]:
    """Return what is known of lorlatinib and a single mutant; `read` holds the verified reports alone."""
    if LORLATINIB in hints.sensitive_to:
        yield Caveat(CaveatCode.LORLATINIB_INHIBITS_SINGLE)
    if LORLATINIB not in (*read.resistant_to, *read.sensitive_to):
        yield Caveat(CaveatCode.LORLATINIB_EFFECT_UNVERIFIED)


def _units(role: Role, compounds: Sequence[frozenset[str]], sets: AlkSets) -> list[tuple[Alteration, ...]]:
    changes = {change.name: change.alteration for change in sets.changes}
    if not compounds:
        return [(role.found.alteration,)]
    return [tuple(changes[name] for name in sorted(members)) for members in compounds]


def _possible_sets(
    units: Sequence[tuple[Alteration, ...]],
    pairs: Sequence[PairPhase],
    change: ResidueChange,
    sets: AlkSets,
    view: TimepointView,
) -> dict[str, Hints]:
    """Return what is known of the sets that a mutation forms if an open pair turns out to be cis."""
    open_pairs = [pair for pair in pairs if pair.verdict.phase is Phase.UNRESOLVED]
    return {
        partner.alteration.alteration: joined(
            [view.knowledge.hints((*unit, partner.alteration)) for unit in units]
        )
        for partner in _partners(open_pairs, change, sets)
    }


def _parental_resistance(sets: AlkSets, view: TimepointView) -> frozenset[str]:
    """Return the drugs that a single-mutant clone beside its compound is reported to resist."""
    found = {route.alteration.key: route.alteration for change in sets.changes for route in change.routes}
    # Fewer single molecules than this may be dropout of the compound, and would make a clone of noise.
    enough = view.settings.phase.min_parental
    parents = [
        found[key]
        for pair in sets.pairs
        if pair.verdict.phase is Phase.CIS_AND_SINGLE
        for key, count in zip(pair.verdict.alterations, pair.verdict.singles, strict=True)
        if count >= enough
    ]
    return frozenset(drug for item in parents for drug in view.knowledge.hints((item,)).resistant_to)


def _as_sure_as_its_set(item: Mechanism, name: str, sets: AlkSets, found: Sequence[Mechanism]) -> Mechanism:
    """Cap a compound by the caveats of its members; what a member is by itself stays as sure as it was."""
    partners = {other for members in sets.compounds if name in members for other in members}
    keys = {
        route.alteration.key
        for change in sets.changes
        if change.name in partners - {name}
        for route in change.routes
    }
    others = [one.confidence for one in found if one.key in keys]
    return replace(item, confidence=lowest(item.confidence, *others))


def _against_other_clones(found: Sequence[Mechanism], further: frozenset[str]) -> list[Mechanism]:
    """Flag a drug that one ALK mutation is sensitive to and another clone of the timepoint resists.

    Args:
        found: the ALK mutations called.
        further: drugs that other clones resist: single-mutant ones beside a compound, those below the rule.
    """
    resisted = further | {drug for item in found for drug in item.hints.resistant_to}
    return [_flag_resisted(item, resisted & set(item.hints.sensitive_to)) for item in found]


def _flag_resisted(item: Mechanism, drugs: Iterable[str]) -> Mechanism:
    named = tuple(sorted(drugs))
    if not named:
        return item
    return replace(item, flags=in_order([*item.flags, Caveat(CaveatCode.OTHER_CLONE_RESISTS, named)]))


def _partners(pairs: Sequence[PairPhase], change: ResidueChange, sets: AlkSets) -> list[ResidueChange]:
    names = {pair.other(change.name) for pair in pairs}
    return [item for item in sets.changes if item.name in names]


def _partner_names(pairs: Sequence[PairPhase], change: ResidueChange, sets: AlkSets) -> tuple[str, ...]:
    """Names of the partners in the strongest phase."""
    if not pairs:
        return ()
    strongest = pairs[0].verdict.phase
    alike = CIS_PHASES if strongest in CIS_PHASES else {strongest}
    chosen = {pair.other(change.name) for pair in pairs if pair.verdict.phase in alike}
    return tuple(sorted(item.alteration.alteration for item in sets.changes if item.name in chosen))


def _phase_evidence(pairs: Sequence[PairPhase], change: ResidueChange, sets: AlkSets) -> PhaseEvidence | None:
    names = {item.name: item.alteration.alteration for item in sets.changes}
    told = tuple(partner_phase(names[pair.other(change.name)], pair.verdict) for pair in pairs)
    return PhaseEvidence(told) if told else None


def _same_codon_flags(role: Role, by_key: dict[str, Role]) -> set[Caveat]:
    """Another, truncating change of the codon: together they may read a third residue (G1269S)."""
    codon = role.found.alteration.codon
    return {
        Caveat(CaveatCode.SAME_CODON, (other.found.alteration.alteration,))
        for other in by_key.values()
        if other.effect is Effect.LISTED_VUS and codon is not None and other.found.alteration.codon == codon
    }
