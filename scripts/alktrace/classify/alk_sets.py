"""Sets of ALK mutations: which are one residue change, which share a molecule.

Mutations are compared by protein change: one change by two DNA routes is one mechanism in two clones, never
a compound. Two changes of one codon cannot stand side by side on a molecule; if their bases do,
the codon reads a third residue.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ..evidence.schema import Alteration, Observation
from ..vocabulary.caveats import Caveat, CaveatCode
from ..vocabulary.changes import ALK, VariantType
from ..vocabulary.resistance import Phase
from ..vocabulary.samples import Verdict
from .negative import copies_of
from .phase import CIS_PHASES, PhaseReason, PhaseVerdict, copies_share_low
from .phase_sets import resolve_sets
from .view import Found, TimepointView, specimens_outside

# Strongest first: an unresolved pair must not hide a proven trans, nor that one a compound.
STRENGTH = {Phase.CIS_AND_SINGLE: 0, Phase.CIS: 0, Phase.TRANS: 1, Phase.UNRESOLVED: 2}
_SUBSTITUTION = re.compile(r"c\.(\d+)[ACGT]>[ACGT]$")


@dataclass(frozen=True)
class ResidueChange:
    """One protein change of ALK with the DNA routes by which it was found."""

    name: str
    routes: tuple[Found, ...]

    @property
    def alteration(self) -> Alteration:
        """The first route's alteration."""
        return self.routes[0].alteration


@dataclass(frozen=True)
class PairPhase:
    """Phase of two protein changes.

    Attributes:
        compound: proven on one molecule and two different residues.
        flags: caveats of the pair, such as `parental_clone`.
    """

    first: str
    second: str
    verdict: PhaseVerdict
    compound: bool
    flags: tuple[Caveat, ...]

    def other(self, name: str) -> str:
        """Return the partner of one member."""
        return self.second if name == self.first else self.first


@dataclass(frozen=True)
class AlkSets:
    """All ALK mutations of a timepoint against each other.

    Attributes:
        compounds: maximal sets of protein changes proven on one molecule.
        larger: verdicts of observed sets of three and more.
    """

    changes: tuple[ResidueChange, ...]
    pairs: tuple[PairPhase, ...]
    compounds: tuple[frozenset[str], ...]
    larger: tuple[PhaseVerdict, ...]

    def pairs_of(self, name: str) -> tuple[PairPhase, ...]:
        """Return the pairs of one protein change, the strongest first."""
        own = [pair for pair in self.pairs if name in (pair.first, pair.second)]
        return tuple(sorted(own, key=lambda pair: (_strength(pair), pair.other(name))))

    def verdict_of(self, members: frozenset[str]) -> PhaseVerdict:
        """Return the verdict that proved a compound."""
        if len(members) == 2:
            return next(pair.verdict for pair in self.pairs if {pair.first, pair.second} == members)
        names = {found.alteration.key: change.name for change in self.changes for found in change.routes}
        alike = [item for item in self.larger if {names[key] for key in item.alterations} == members]
        return max(alike, key=lambda item: (item.phase in CIS_PHASES, item.doubles))


def _strength(pair: PairPhase) -> int:
    # Cis in one codon is one residue, not a pair: last, or it would pass for the strongest compound.
    if pair.verdict.phase in CIS_PHASES and not pair.compound:
        return len(STRENGTH)
    return STRENGTH[pair.verdict.phase]


def residue_name(alteration: Alteration) -> str:
    """Return what identifies the protein change."""
    return alteration.hgvs_p or alteration.alteration


def build_sets(members: Sequence[Found], view: TimepointView) -> AlkSets:
    """Return the residue changes among ALK mutations and their phase.

    Args:
        members: ALK mutations that can be mechanisms; neutral and germline ones are left out before.
        view: the timepoint; observations of its usable specimens are used.
    """
    # By protein change: G1202R by c.3604G>A and by c.3604G>C are two clones of one mechanism, no compound.
    grouped: dict[str, list[Found]] = {}
    for found in sorted(members, key=lambda item: item.alteration.key):
        grouped.setdefault(residue_name(found.alteration), []).append(found)
    changes = tuple(ResidueChange(name, tuple(routes)) for name, routes in sorted(grouped.items()))
    keys = [found.alteration.key for found in members]
    verdicts = resolve_sets(keys, view.phase, view.settings.phase)
    pairs = tuple(
        _judge_pair(first, second, verdicts, view) for first, second in itertools.combinations(changes, 2)
    )
    larger = tuple(verdict for names, verdict in sorted(verdicts.items()) if len(names) > 2)
    return AlkSets(changes, pairs, _compounds(changes, pairs, larger), larger)


def _judge_pair(
    first: ResidueChange,
    second: ResidueChange,
    verdicts: dict[tuple[str, ...], PhaseVerdict],
    view: TimepointView,
) -> PairPhase:
    options = [
        _route_verdict(a, b, verdicts, view) for a, b in itertools.product(first.routes, second.routes)
    ]
    verdict = _over_routes(options)
    cis = verdict.phase in CIS_PHASES
    same = _same_codon(first.alteration, second.alteration)
    flags = verdict.flags
    if cis and same:
        verdict = replace(verdict, reason=PhaseReason.SAME_CODON)
        flags = (*flags, Caveat(CaveatCode.SAME_CODON_CIS))
    if verdict.phase is Phase.UNRESOLVED and any(
        _cis_inferred(a, b, view) for a, b in itertools.product(first.routes, second.routes)
    ):
        flags = (*flags, Caveat(CaveatCode.CIS_INFERRED))
    if cis:
        flags = (*flags, *_doubt_of_proof(verdict, view))
    return PairPhase(first.name, second.name, verdict, cis and not same, flags)


def _doubt_of_proof(verdict: PhaseVerdict, view: TimepointView) -> Iterator[Caveat]:
    """Caveats of specimens, where none without them shows the mutations on one molecule."""
    names = {item.specimen for item in verdict.specimens if item.doubles}
    shown = [item for item in view.usable if item.full_name in names]
    # Only where every specimen that shows the proof is doubtful: one good one proves it alone.
    if shown and {item.specimen for item in shown} <= specimens_outside(view):
        yield Caveat(CaveatCode.OUTSIDE_WINDOW)
    if shown and all(item.verdict is Verdict.FAIL for item in shown):
        yield Caveat(CaveatCode.QC_FAIL)


def _over_routes(options: Sequence[PhaseVerdict]) -> PhaseVerdict:
    """One cis route proves cis; trans needs every route to be trans."""
    for phases in (CIS_PHASES, frozenset({Phase.UNRESOLVED})):
        chosen = [verdict for verdict in options if verdict.phase in phases]
        if chosen:
            return max(chosen, key=lambda verdict: (verdict.doubles, verdict.alterations))
    return min(options, key=lambda verdict: (verdict.informative, verdict.alterations))


def _route_verdict(
    a: Found, b: Found, verdicts: dict[tuple[str, ...], PhaseVerdict], view: TimepointView
) -> PhaseVerdict:
    first, second = sorted((a.alteration.key, b.alteration.key))
    names = (first, second)
    verdict = verdicts.get(names)
    # Molecules go before logic: what was counted as cis stays cis, whatever the names allow.
    if verdict is not None and verdict.phase is not Phase.UNRESOLVED:
        return verdict
    if same_base(a.alteration, b.alteration):
        return PhaseVerdict(names, Phase.TRANS, PhaseReason.SAME_BASE)
    if _same_codon(a.alteration, b.alteration):
        return PhaseVerdict(names, Phase.UNRESOLVED, PhaseReason.SAME_CODON)
    return verdict or PhaseVerdict(names, Phase.UNRESOLVED, _unobserved(a, b, view))


def _unobserved(a: Found, b: Found, view: TimepointView) -> PhaseReason:
    shared = {seen.specimen for seen in a.seen} & {seen.specimen for seen in b.seen}
    if not shared:
        return PhaseReason.SEPARATE_SPECIMENS
    reads = any(view.specimen(name).reads for name in shared)
    return PhaseReason.NOT_SPANNABLE if reads else PhaseReason.REPORTED_ONLY


def _same_codon(a: Alteration, b: Alteration) -> bool:
    return a.codon is not None and a.codon == b.codon


def same_base(a: Alteration, b: Alteration) -> bool:
    """Tell whether two substitutions change one base; no molecule carries both."""
    places = [_SUBSTITUTION.search(item.hgvs_c or "") for item in (a, b)]
    both = all(item.variant_type is VariantType.SNV for item in (a, b))
    return both and all(places) and len({match.group(1) for match in places if match}) == 1


def _compounds(
    changes: Sequence[ResidueChange], pairs: Sequence[PairPhase], larger: Sequence[PhaseVerdict]
) -> tuple[frozenset[str], ...]:
    """Proven sets that are no part of a larger proven set.

    A triple counts only if molecules carry all three: two proven pairs that share a mutation may be two
    clones.
    """
    names = {found.alteration.key: change.name for change in changes for found in change.routes}
    codons = {change.name: change.alteration.codon or change.name for change in changes}
    proven = {frozenset((pair.first, pair.second)) for pair in pairs if pair.compound}
    for verdict in larger:
        members = frozenset(names[key] for key in verdict.alterations)
        apart = len({codons[name] for name in members}) == len(verdict.alterations)
        if verdict.phase in CIS_PHASES and apart:
            proven.add(members)
    maximal = [item for item in proven if not any(item < other for other in proven)]
    return tuple(sorted(maximal, key=sorted))


def is_polyclonal(change: ResidueChange) -> bool:
    """Return whether one protein change came by more than one DNA change."""
    return len({route.alteration.hgvs_c or route.alteration.key for route in change.routes}) > 1


def _cis_inferred(a: Found, b: Found, view: TimepointView) -> bool:
    """Do the VAFs of one specimen add up to more than all tumour copies of ALK, at their lower bounds?"""
    second = {seen.specimen: seen for seen in b.seen}
    return any(
        _over_all_copies(seen, second[seen.specimen], view) for seen in a.seen if seen.specimen in second
    )


def _over_all_copies(first: Observation, second: Observation, view: TimepointView) -> bool:
    specimen = view.specimen(first.specimen)
    fraction = specimen.tumour_fraction
    copies = copies_of(specimen, ALK)
    # Upper ends of fraction and copies, lower end of the VAF: anything else could infer cis from noise.
    high = copies.tumour_copy_number_high if copies else None
    if fraction.truncal_markers < view.settings.phase.min_truncal_markers or fraction.high is None:
        return False
    if high is None or first.vaf_low is None or second.vaf_low is None:
        return False
    return (
        copies_share_low(first.vaf_low, fraction.high, high)
        + copies_share_low(second.vaf_low, fraction.high, high)
        > 1
    )
