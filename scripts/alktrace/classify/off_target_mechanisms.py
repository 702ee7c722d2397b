"""Mechanisms outside of ALK: bypass, histology and lineage of one timepoint."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..evidence.schema import HistologyFinding
from ..vocabulary.caveats import Caveat, CaveatCode, in_order
from ..vocabulary.resistance import Component, Confidence, Emergence, FindingRole
from ..vocabulary.samples import Setting
from .emergence import judge_emergence, role_of
from .finding_caveats import capped, finding_flags, of_partner
from .lineage import Lineage, LineageDna, histology_emergence, report_flags
from .mechanism import Mechanism, simple_mechanism
from .single_criteria import Effect, Role
from .view import TimepointView


def bypass_mechanisms(roles: Sequence[Role], view: TimepointView) -> list[Mechanism]:
    """Return one mechanism per off-target alteration."""
    found = []
    for role in roles:
        fact = view.knowledge.off_target(role.found.alteration)
        if role.effect is Effect.BYPASS and fact is not None:
            shown = simple_mechanism(role, Component.BYPASS, fact.mechanism, fact.confidence, view)
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
