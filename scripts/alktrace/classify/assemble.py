"""Mechanisms of one timepoint: what carries a class, how sure it is, and with which caveats.

Confidence starts from what is published and is capped by caveats (`CAPS`); it is never raised.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..evidence.schema import Alteration, HistologyFinding
from ..knowledge.drug_hints import Hints, joined, withheld
from ..vocabulary.caveats import Caveat, CaveatCode, codes_of, in_order
from ..vocabulary.changes import ALK
from ..vocabulary.resistance import Component, Confidence, Emergence, FindingRole, Phase
from ..vocabulary.samples import Setting
from .alk_sets import AlkSets, PairPhase, ResidueChange, is_polyclonal
from .compound_share import CompoundShare, compound_share
from .emergence import EmergenceVerdict, judge_emergence, reference_specimens, role_of
from .finding_caveats import capped, finding_flags, lowest, of_partner
from .hidden_hits import hidden_hits, resisted_below
from .lineage import Lineage, LineageDna, histology_emergence, report_flags, report_specimen
from .phase import CIS_PHASES, PhaseEvidence, partner_phase
from .phase_sets import proven_cis, resolve_sets
from .set_criteria import SET_CRITERIA
from .single_criteria import Effect, Role
from .treatment_history import LORLATINIB, progressed_on_lorlatinib
from .view import Found, TimepointView, specimens_outside

LISTED_NAMES = {
    "ALK_TRUNCATING": "ALK truncating variant (VUS)",
    "ALK_UNPLACED": "ALK alteration not interpreted",
    "ALK_VUS_TOO_FREQUENT": "ALK kinase-domain VUS, probably inherited",
}


@dataclass(frozen=True)
class Mechanism:
    """One mechanism, or one member of a set of ALK mutations.

    Attributes:
        carries: it may name the class; others are shown only.
        outside: it names no class because it was found outside the sampling window alone.
        found: None for a finding of pathology.
        phase_partner: names of the other members of its set.
        compound: how much of the tumour the largest compound is that holds this mutation.
        citations: what was read on the mechanism itself, whatever the drugs.
    """

    component: Component
    mechanism: str
    confidence: Confidence
    criteria: tuple[str, ...]
    flags: tuple[Caveat, ...]
    found: Found | None
    carries: bool = True
    outside: bool = False
    report: HistologyFinding | None = None
    emergence: EmergenceVerdict | None = None
    phase: Phase | None = None
    phase_partner: tuple[str, ...] = ()
    phase_evidence: PhaseEvidence | None = None
    compound: CompoundShare | None = None
    hints: Hints = Hints()
    citations: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Key of the alteration, or the histology."""
        if self.found is not None:
            return self.found.alteration.key
        return f"histology:{self.report.histology.value}" if self.report else "histology"

    @property
    def weak(self) -> bool:
        """Whether it names the class only where nothing better does, on whatever scale it was judged."""
        return self.confidence is Confidence.UNCERTAIN

    @property
    def sources(self) -> tuple[str, ...]:
        """What was read on the mechanism and on drugs, as it stands in the tables."""
        if self.component is not Component.BYPASS:
            return self.hints.sources
        return tuple(sorted({*self.hints.sources, *self.citations}))


def counted(mechanisms: Iterable[Mechanism], view: TimepointView) -> list[Mechanism]:
    """Return the mechanisms; some are listed only.

    Those that were there before, that were found outside the window alone, or where the tumour left no trace.
    """
    return [_counted(item, view) for item in mechanisms]


def _counted(item: Mechanism, view: TimepointView) -> Mechanism:
    # Bare caveats: `present_at_baseline:TP53 R273H` in a row of RB1 speaks of the partner.
    before = Caveat(CaveatCode.PRESENT_AT_BASELINE) in item.flags and not newly_in_cis(item, view)
    places = _specimens(item, view)
    late = bool(places) and places <= specimens_outside(view)
    if not item.carries or not (before or late or _contradicted(item)):
        return item
    return replace(item, carries=False, outside=late and not before)


def newly_in_cis(item: Mechanism, view: TimepointView) -> bool:
    """Tell whether a compound is new though its members are not: at baseline molecules show them apart."""
    if item.phase not in CIS_PHASES:
        return False
    members = [
        one.alteration.key
        for one in view.found
        if one.alteration.gene == ALK and one.alteration.alteration in item.phase_partner
    ]
    places = {one.place for one in reference_specimens(view)}
    seen = [one for one in view.patient.phase if one.place in places]
    verdicts = resolve_sets((item.key, *members), seen, view.settings.phase)
    return bool(verdicts) and all(verdict.phase is Phase.TRANS for verdict in verdicts.values())


def _contradicted(item: Mechanism) -> bool:
    """Tell whether the tumour fraction speaks against it in every specimen of the timepoint that shows it."""
    named = {
        name
        for flag in item.flags
        if flag.code is CaveatCode.TUMOUR_FRACTION_CONTRADICTS
        for name in flag.about
    }
    return item.found is not None and {seen.full_name for seen in item.found.seen} <= named


def _specimens(item: Mechanism, view: TimepointView) -> set[str]:
    """Return where it was found; a report that names no specimen was placed by its date and has none."""
    if item.found is not None:
        return {seen.specimen for seen in item.found.seen}
    named = report_specimen(item.report, view) if item.report else None
    return {named.specimen} if named else set()


# --- ALK -------------------------------------------------------------------------------------


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
            found.append(_simple(role, Component.ON_TARGET, "ALK amplification", Confidence.CANDIDATE, view))
        elif role.effect is Effect.LISTED_VUS:
            shown = _simple(role, Component.ON_TARGET, LISTED_NAMES[role.code], Confidence.UNCERTAIN, view)
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


# --- off target and lineage ------------------------------------------------------------------


def bypass_mechanisms(roles: Sequence[Role], view: TimepointView) -> list[Mechanism]:
    """Return one mechanism per off-target alteration."""
    found = []
    for role in roles:
        fact = view.knowledge.off_target(role.found.alteration)
        if role.effect is Effect.BYPASS and fact is not None:
            shown = _simple(role, Component.BYPASS, fact.mechanism, fact.confidence, view)
            found.append(replace(shown, citations=fact.sources))
    return found


def lineage_mechanisms(lineage: Lineage, dna: LineageDna | None, view: TimepointView) -> list[Mechanism]:
    """Return transformation: confirmed by histology, or suspected."""
    found = [_histology(report, lineage, view) for report in _one_per_histology(lineage.transformed)]
    # Histology says more than a stain: with a transformed report the stain is no second mechanism.
    if not lineage.transformed:
        found.extend(_immunohistochemistry(report, view) for report in lineage.neuroendocrine[:1])
    if dna is not None and view.setting is not Setting.BASELINE:
        found.extend(_lineage_dna(dna, lineage, view))
    return found


def _one_per_histology(reports: Sequence[HistologyFinding]) -> list[HistologyFinding]:
    # The first of each; rows are put in order later.
    return list({report.histology: report for report in reversed(reports)}.values())


def _histology(report: HistologyFinding, lineage: Lineage, view: TimepointView) -> Mechanism:
    verdict = histology_emergence(lineage)
    flags = list(report_flags(report, view))
    if lineage.baseline is None:
        flags.append(Caveat(CaveatCode.BASELINE_HISTOLOGY_UNKNOWN))
    if lineage.late_baseline:
        flags.append(Caveat(CaveatCode.BASELINE_AFTER_START))
    return Mechanism(
        component=Component.TRANSFORMATION,
        mechanism=f"{report.histology.value.replace('_', ' ')} transformation",
        confidence=capped(Confidence.ESTABLISHED, flags),
        # Confirmed is a change: without the histology from before there is one look, and nothing to compare.
        criteria=("HISTOLOGY_TRANSFORMED" if lineage.baseline else "HISTOLOGY_WITHOUT_BASELINE",),
        flags=in_order(flags),
        found=None,
        report=report,
        emergence=verdict if view.setting is not Setting.BASELINE else None,
    )


def _immunohistochemistry(report: HistologyFinding, view: TimepointView) -> Mechanism:
    return Mechanism(
        component=Component.TRANSFORMATION,
        mechanism="neuroendocrine markers",
        confidence=Confidence.CANDIDATE,
        criteria=("LINEAGE_IHC",),
        flags=in_order([Caveat(CaveatCode.TRANSFORMATION_SUSPECTED), *report_flags(report, view)]),
        found=None,
        report=report,
        carries=view.setting is not Setting.BASELINE,
    )


def _lineage_dna(dna: LineageDna, lineage: Lineage, view: TimepointView) -> Iterable[Mechanism]:
    # RB1 lost before lorlatinib is how this tumour began, not how it escaped.
    if dna.emergence.emergence is Emergence.PERSISTENT:
        return
    flags = {Caveat(CaveatCode.TRANSFORMATION_SUSPECTED)}
    flags.update(Caveat(CaveatCode.WITH, (role.found.name,)) for role in dna.partners)
    own = finding_flags(dna.marker.found, judge_emergence(dna.marker.found, view), view)
    flags.update(own)
    for role in dna.partners:
        theirs = finding_flags(role.found, judge_emergence(role.found, view), view)
        flags.update(of_partner(flag, role.found.name) for flag in theirs if flag not in own)
    checks = {
        CaveatCode.RB1_NOT_SHOWN_NEW: role_of(dna.emergence, view) is not FindingRole.EMERGENT,
        CaveatCode.HISTOLOGY_OVER_DNA: lineage.overrules_dna,
    }
    flags.update(Caveat(code) for code, holds in checks.items() if holds)
    yield Mechanism(
        component=Component.TRANSFORMATION,
        mechanism="transformation suspected (RB1 with TP53)",
        confidence=capped(Confidence.CANDIDATE, flags),
        criteria=(dna.marker.code, "LINEAGE_DNA"),
        flags=in_order(flags),
        found=dna.marker.found,
        carries=not lineage.overrules_dna,
        emergence=dna.emergence,
        hints=view.knowledge.hints((dna.marker.found.alteration,)),
    )


def _simple(
    role: Role, component: Component, name: str, confidence: Confidence, view: TimepointView
) -> Mechanism:
    verdict = judge_emergence(role.found, view)
    hints = view.knowledge.hints((role.found.alteration,))
    flags = in_order([*finding_flags(role.found, verdict, view), *hints.flags])
    return Mechanism(
        component=component,
        mechanism=name,
        confidence=capped(confidence, flags),
        criteria=(role.code,),
        flags=flags,
        found=role.found,
        emergence=verdict,
        hints=hints,
    )
