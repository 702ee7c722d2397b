"""Findings of each patient at baseline and at progression, as the questions group them."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..classify.timing import judge_timing
from ..inputs.settings.resistance_settings import ResistanceSettings
from ..vocabulary.changes import VariantType
from ..vocabulary.outcomes import NONE_FOUND, NOT_EVALUABLE
from ..vocabulary.resistance import Classification, Component, Confidence, Phase, Timing
from ..vocabulary.samples import Setting
from .timeline import Timeline

ALK, MET = "ALK", "MET"
CIS = frozenset({Phase.CIS, Phase.CIS_AND_SINGLE})


@dataclass(frozen=True)
class Finding:
    """What was found in one patient at one setting.

    Attributes:
        rows: mechanisms that carry the class; empty where only classification.tsv is known.
        collected, reported: from reports.tsv, None where it does not name the timepoint.
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

    @property
    def evaluable(self) -> bool:
        """Whether the timepoint has a class that says something of the tumour.

        Not that every mechanism was excluded: `ON_TARGET_EXCLUDED` leaves some bypass open.
        """
        return self.classification is not Classification.NOT_EVALUABLE

    @property
    def groups(self) -> tuple[str, ...]:
        """Components, or `none_found` or `not_evaluable`."""
        if self.components:
            return tuple(component.value for component in self.components)
        return (NONE_FOUND if self.evaluable else NOT_EVALUABLE,)


def findings(
    classified: Iterable[ClassificationRow],
    resistance: Iterable[ResistanceRow],
    timelines: Iterable[Timeline],
    setting: Setting,
) -> dict[str, Finding]:
    """Return one finding per patient: the first timepoint of the setting, by date of sampling if known.

    Args:
        classified: classification.tsv.
        resistance: resistance.tsv; may be empty.
        timelines: give the dates of sampling and report.
        setting: baseline or progression.
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
        report = reports.get(key)
        finding = Finding(
            patient=item.patient,
            timepoint=item.timepoint,
            setting=setting,
            classification=item.classification,
            components=item.components,
            timing=item.timing,
            confidence=item.confidence,
            # Candidates that do not carry the class stand in resistance.tsv too.
            rows=tuple(row for row in mechanisms.get(key, ()) if row.component in item.components),
            collected=report.collected if report else None,
            reported=report.reported if report else None,
        )
        # The first one: later samples show what the next treatment selected.
        before = found.get(item.patient)
        if before is None or _earlier(finding, before):
            found[item.patient] = finding
    return found


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


def features(finding: Finding) -> Mapping[tuple[str, str], bool | None]:
    """Return what a finding counts as, by category and name; the value says if it is established.

    Categories are `class`, `component`, `finding` (summaries that series report) and `gene`.
    """
    found: dict[tuple[str, str], bool | None] = {("class", finding.classification.value): None}
    for component in finding.components:
        own = [row for row in finding.rows if row.component is component]
        found["component", component.value] = _established(own) if own else None
    for name, rows in _summaries(finding.rows).items():
        found["finding", name] = _established(rows)
    for gene in sorted({row.gene for row in finding.rows if row.gene}):
        found["gene", gene] = _established([row for row in finding.rows if row.gene == gene])
    return found


def _summaries(rows: Sequence[ResistanceRow]) -> dict[str, list[ResistanceRow]]:
    mutations = [
        row
        for row in rows
        if row.gene == ALK
        and row.component is Component.ON_TARGET
        and row.variant_type is not VariantType.AMPLIFICATION
    ]
    amplified = [row for row in rows if row.variant_type is VariantType.AMPLIFICATION]
    # A partner of a set need not have a row of its own.
    names = {row.alteration for row in mutations} | {name for row in mutations for name in row.phase_partner}
    summaries = {
        "alk_mutation": mutations,
        "alk_multiple_mutations": mutations if len(names) > 1 else [],
        "alk_compound_cis": [row for row in mutations if row.phase in CIS],
        "alk_amplification": [row for row in amplified if row.gene == ALK],
        "met_amplification": [row for row in amplified if row.gene == MET],
    }
    return {name: members for name, members in summaries.items() if members}


def _established(rows: Iterable[ResistanceRow]) -> bool:
    return any(row.confidence is Confidence.ESTABLISHED for row in rows)


def _earlier(finding: Finding, other: Finding) -> bool:
    return finding.collected is not None and (other.collected is None or finding.collected < other.collected)
