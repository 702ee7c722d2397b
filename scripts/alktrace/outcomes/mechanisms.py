"""Findings of each patient at baseline and at progression, as the questions group them."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..classify.exclusions import BYPASS_KINDS
from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..classify.timing import judge_timing
from ..inputs.settings.resistance_settings import ResistanceSettings
from ..vocabulary.changes import ALK, VariantType
from ..vocabulary.negatives import NegativeKind
from ..vocabulary.outcomes import NONE_FOUND, NOT_EVALUABLE, ON_TARGET_EXCLUDED
from ..vocabulary.resistance import (
    Classification,
    Component,
    Confidence,
    FindingRole,
    NotEvaluableReason,
    Phase,
    Timing,
)
from ..vocabulary.samples import Setting
from .absence import Absence, Silence
from .accounts import Key
from .clinical_schema import ReportRow
from .timeline import Timeline

MET = "MET"
CIS = frozenset({Phase.CIS, Phase.CIS_AND_SINGLE})
ON_TARGET_KINDS = frozenset({NegativeKind.ALK_MUTATION, NegativeKind.ALK_AMPLIFICATION})
KINDS: Mapping[str, frozenset[NegativeKind]] = {
    Component.ON_TARGET: ON_TARGET_KINDS,
    Component.BYPASS: BYPASS_KINDS,
    Component.TRANSFORMATION: frozenset({NegativeKind.HISTOLOGY}),
    "alk_mutation": frozenset({NegativeKind.ALK_MUTATION}),
    "alk_amplification": frozenset({NegativeKind.ALK_AMPLIFICATION}),
    "met_amplification": frozenset({NegativeKind.MET_AMPLIFICATION}),
}
"""Kinds that must be excluded before a component or a finding is absent."""
OF_SETS = frozenset({"alk_single_mutation", "alk_multiple_mutations", "alk_compound_cis"})
NOTHING: Mapping[Key, Silence] = {}
Feature = tuple[str, str]
"""Category and name of what a finding counts as."""


@dataclass(frozen=True)
class Finding:
    """What was found in one patient at one setting.

    Attributes:
        rows: mechanisms that carry the class; empty where only classification.tsv is known.
        collected, reported: from reports.tsv, None where it does not name the timepoint.
        before: mechanisms that were there before lorlatinib and carry no class.
        silence: what the timepoint excludes.
        stands: is it a sample of a progression on lorlatinib, or for a baseline always.
    """

    patient: str
    timepoint: str
    setting: Setting
    classification: Classification
    components: tuple[Component, ...]
    timing: Timing | None
    confidence: Confidence | None
    rows: tuple[ResistanceRow, ...]
    collected: dt.date | None
    reported: dt.date | None
    before: tuple[ResistanceRow, ...] = ()
    silence: Silence = field(default_factory=Silence)
    stands: bool = True

    @property
    def evaluable(self) -> bool:
        """Whether the timepoint has a class that says something of the tumour.

        Not that every mechanism was excluded: `ON_TARGET_EXCLUDED` leaves some bypass open.
        """
        return self.classification is not Classification.NOT_EVALUABLE

    @property
    def groups(self) -> tuple[str, ...]:
        """Components, or `none_found`, `on_target_excluded` or `not_evaluable`."""
        if self.components:
            return tuple(component.value for component in self.components)
        classes = {
            Classification.NONE_FOUND: NONE_FOUND,
            Classification.ON_TARGET_EXCLUDED: ON_TARGET_EXCLUDED,
        }
        return (classes.get(self.classification, NOT_EVALUABLE),)


def findings(
    classified: Iterable[ClassificationRow],
    resistance: Iterable[ResistanceRow],
    timelines: Iterable[Timeline],
    setting: Setting,
    silences: Mapping[Key, Silence] = NOTHING,
) -> dict[str, Finding]:
    """Return one finding per patient: the first timepoint of the setting, by date of sampling if known.

    Args:
        classified: classification.tsv.
        resistance: resistance.tsv; may be empty.
        timelines: give the dates of sampling and report.
        setting: baseline or progression.
        silences: what each timepoint excludes; without it nothing is excluded.
    """
    reports = {(row.patient, row.timepoint): row for timeline in timelines for row in timeline.record.reports}
    mechanisms: dict[tuple[str, str], list[ResistanceRow]] = {}
    for row in resistance:
        mechanisms.setdefault((row.patient, row.timepoint), []).append(row)
    found: dict[str, Finding] = {}
    for item in classified:
        if item.setting is not setting:
            continue
        key = (item.patient, item.timepoint)
        report, silence = reports.get(key), silences.get(key, Silence())
        finding = _finding(item, mechanisms.get(key, ()), report, silence)
        # The first one: later samples show what the next treatment selected.
        earlier = found.get(item.patient)
        if earlier is None or _earlier(finding, earlier):
            found[item.patient] = finding
    return found


def _finding(
    item: ClassificationRow, rows: Iterable[ResistanceRow], report: ReportRow | None, silence: Silence
) -> Finding:
    progressed = item.setting is Setting.PROGRESSION
    late = NotEvaluableReason.OUTSIDE_WINDOW in item.not_evaluable_reason
    stands = not progressed or (item.timing is not None and not late)
    # Without a baseline role every old finding would pass for a mechanism; what never responded is carried
    # by what was there all along.
    old = {
        id(row)
        for row in rows
        if progressed and row.role is FindingRole.PRE_EXISTING and item.timing is not Timing.PRIMARY
    }
    return Finding(
        patient=item.patient,
        timepoint=item.timepoint,
        setting=item.setting,
        classification=item.classification,
        components=item.components,
        timing=item.timing,
        confidence=item.confidence,
        # Candidates that do not carry the class stand in resistance.tsv too.
        rows=tuple(row for row in rows if row.component in item.components and id(row) not in old),
        before=tuple(row for row in rows if id(row) in old and row.confidence is not Confidence.UNCERTAIN),
        collected=report.collected if report else None,
        reported=report.reported if report else None,
        # What a sample from another time excludes, it excludes of another time.
        silence=silence if stands else Silence(),
        stands=stands,
    )


def with_timing(
    found: Iterable[Finding], timelines: Iterable[Timeline], settings: ResistanceSettings, months: int
) -> list[Finding]:
    """Return the findings with primary and acquired told apart at another number of months.

    Args:
        found: findings of patients; those without clinical data keep their timing.
        timelines: give the dates and responses.
        settings: section `resistance`.
        months: calendar months of stable disease that make resistance acquired.
    """
    timing = settings.timing.model_copy(update={"acquired_months": months})
    contexts = {timeline.patient: timeline.context for timeline in timelines}
    return [
        replace(item, timing=judge_timing(contexts[item.patient], timing, settings.window).timing)
        if item.patient in contexts
        else item
        for item in found
    ]


@dataclass(frozen=True)
class Seen:
    """How a finding has a feature.

    Attributes:
        established: with confidence `established`; None where rows of mechanisms are missing.
        role: of its rows the newest; None for classes and where rows are missing.
    """

    established: bool | None
    role: FindingRole | None


def features(finding: Finding) -> Mapping[Feature, Seen]:
    """Return what a finding counts as, by category and name.

    Categories are `class`, `component`, `finding` (summaries that series report) and `gene`; they rest on the
    mechanisms that carry the class.
    """
    found: dict[Feature, Seen] = {("class", finding.classification.value): Seen(None, None)}
    for component in finding.components:
        own = [row for row in finding.rows if row.component is component]
        found["component", component.value] = _seen(own) if own else Seen(None, None)
    return found | _of_rows(finding.rows)


def all_features(finding: Finding) -> Mapping[Feature, Seen]:
    """Return the features, and those that rest on what was there before lorlatinib alone."""
    found = {name: seen for name, seen in features(finding).items() if name[0] in ("class", "component")}
    for component in Component:
        old = [row for row in finding.before if row.component is component]
        if old:
            found.setdefault(("component", component.value), _seen(old))
    # Old and new together: an old mutation beside a new one makes two.
    return found | _of_rows((*finding.rows, *finding.before))


def alterations_of(finding: Finding) -> frozenset[str]:
    """Return the alterations that carry the class, such as `ALK G1202R`."""
    return frozenset(f"{row.gene} {row.alteration}" for row in finding.rows if row.gene and row.alteration)


def lacks_alteration(finding: Finding, name: str) -> Absence | None:
    """Return what it means that a finding lacks one alteration of a gene.

    Args:
        finding: does not have it.
        name: gene and alteration.
    """
    gene, _, alteration = name.partition(" ")
    own = [row for row in finding.rows if row.gene == gene]
    if gene == ALK:
        kind = NegativeKind.ALK_AMPLIFICATION if alteration == "amplification" else NegativeKind.ALK_MUTATION
        # Beside another mutation of ALK this one was looked for too, where the sample says so.
        return Absence.EXCLUDED if kind in finding.silence.beyond else finding.silence.of_kinds({kind})
    return Absence.NOT_ASSESSABLE if own else absence(finding, ("gene", gene))


def absence(finding: Finding, feature: Feature) -> Absence | None:
    """Return what it means that a finding lacks a feature; None where no sample states anything of it.

    Args:
        finding: does not have the feature.
        feature: category and name.
    """
    category, name = feature
    if category == "class":
        # A class is one of all: who has another one could have had it.
        return Absence.EXCLUDED if finding.evaluable and finding.stands else Absence.NOT_ASSESSABLE
    if category == "gene":
        kinds = {ALK: ON_TARGET_KINDS}.get(name)
        return finding.silence.of_kinds(kinds) if kinds else finding.silence.genes.get(name)
    if name in OF_SETS:
        return _of_set(finding, name)
    return finding.silence.of_kinds(KINDS[name])


def _of_set(finding: Finding, name: str) -> Absence:
    own = _mutations(finding.rows)
    # Who has several is known to have no single one, whatever else is there.
    if own and name == "alk_single_mutation":
        return Absence.EXCLUDED
    # Two mutations of open phase may be the compound.
    if name == "alk_compound_cis" and any(row.phase is Phase.UNRESOLVED for row in own):
        return Absence.NOT_ASSESSABLE
    if own and NegativeKind.ALK_MUTATION in finding.silence.beyond:
        return Absence.EXCLUDED
    return finding.silence.of_kinds(KINDS["alk_mutation"])


def _of_rows(rows: Sequence[ResistanceRow]) -> dict[Feature, Seen]:
    found = {("finding", name): _seen(members) for name, members in _summaries(rows).items()}
    for gene in sorted({row.gene for row in rows if row.gene}):
        found["gene", gene] = _seen([row for row in rows if row.gene == gene])
    return found


def _mutations(rows: Iterable[ResistanceRow]) -> list[ResistanceRow]:
    return [
        row
        for row in rows
        if row.gene == ALK
        and row.component is Component.ON_TARGET
        and row.variant_type is not VariantType.AMPLIFICATION
    ]


def _summaries(rows: Sequence[ResistanceRow]) -> dict[str, list[ResistanceRow]]:
    mutations = _mutations(rows)
    amplified = [row for row in rows if row.variant_type is VariantType.AMPLIFICATION]
    # A partner of a set need not have a row of its own.
    names = {row.alteration for row in mutations} | {name for row in mutations for name in row.phase_partner}
    summaries = {
        "alk_mutation": mutations,
        "alk_single_mutation": mutations if len(names) == 1 else [],
        "alk_multiple_mutations": mutations if len(names) > 1 else [],
        "alk_compound_cis": [row for row in mutations if row.phase in CIS],
        "alk_amplification": [row for row in amplified if row.gene == ALK],
        "met_amplification": [row for row in amplified if row.gene == MET],
    }
    return {name: members for name, members in summaries.items() if members}


_NEWEST = (FindingRole.EMERGENT, FindingRole.UNKNOWN, FindingRole.PRE_EXISTING)


def _seen(rows: Sequence[ResistanceRow]) -> Seen:
    roles = {row.role or FindingRole.UNKNOWN for row in rows}
    return Seen(_established(rows), next(role for role in _NEWEST if role in roles))


def _established(rows: Iterable[ResistanceRow]) -> bool:
    return any(row.confidence is Confidence.ESTABLISHED for row in rows)


def _earlier(finding: Finding, other: Finding) -> bool:
    # A sample from outside the window only where there is no other.
    if finding.stands is not other.stands:
        return finding.stands
    return finding.collected is not None and (other.collected is None or finding.collected < other.collected)
