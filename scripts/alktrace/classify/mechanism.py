"""A mechanism of one timepoint: what it is, how sure, and whether it carries a class."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..evidence.schema import HistologyFinding
from ..knowledge.drug_hints import Hints
from ..vocabulary.caveats import Caveat, CaveatCode, in_order
from ..vocabulary.changes import ALK
from ..vocabulary.resistance import Component, Confidence, Phase
from .compound_share import CompoundShare
from .emergence import EmergenceVerdict, judge_emergence, reference_specimens
from .finding_caveats import capped, finding_flags
from .lineage import report_specimen
from .phase import CIS_PHASES, PhaseEvidence
from .phase_sets import resolve_sets
from .single_criteria import Role
from .view import Found, TimepointView, specimens_outside


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


def simple_mechanism(
    role: Role, component: Component, name: str, confidence: Confidence, view: TimepointView
) -> Mechanism:
    """Return the mechanism of one alteration that needs no partner."""
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
