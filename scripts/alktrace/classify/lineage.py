"""Change of lineage: histology confirms it, DNA only makes it suspected.

A pathology report belongs to the timepoint of its specimen, else to the nearest one in time within the set
number of days. Reports from before lorlatinib are the baseline histology; one of a baseline sample from after
the start is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ..evidence.schema import HistologyFinding, SpecimenEvidence
from ..vocabulary.caveats import Caveat, CaveatCode
from ..vocabulary.clinical import Histology
from ..vocabulary.resistance import Emergence
from ..vocabulary.samples import IdentityStatus, Setting
from .emergence import EmergenceReason, EmergenceVerdict, judge_emergence
from .single_criteria import Effect, Role
from .view import Patient, TimepointView, first_dates, setting_of
from .window import WindowStatus, judge_window

LINEAGE_GENE = "RB1"
LINEAGE_PARTNER = "TP53"
"""A suspicion from DNA needs both genes (EGAS00001001102, in EGFR-mutant tumours; PMID 29714122)."""


@dataclass(frozen=True)
class Lineage:
    """What pathology says at one timepoint.

    Attributes:
        transformed: reports of a transformed histology at this timepoint, by date.
        unchanged: reports at this timepoint without one.
        neuroendocrine: positive neuroendocrine immunohistochemistry without transformed histology.
        baseline: histology before lorlatinib; None if unknown.
        late_baseline: reports of a baseline timepoint were there, and all of them from after the start.
        earlier: earlier timepoints with a transformed histology.
    """

    transformed: tuple[HistologyFinding, ...]
    unchanged: tuple[HistologyFinding, ...]
    neuroendocrine: tuple[HistologyFinding, ...]
    baseline: Histology | None
    late_baseline: bool
    earlier: tuple[str, ...]

    @property
    def overrules_dna(self) -> bool:
        """Whether pathology looked here and saw no change, whatever DNA makes suspected."""
        return bool(self.unchanged) and not self.transformed


@dataclass(frozen=True)
class LineageDna:
    """RB1 and TP53 together.

    Attributes:
        marker: the RB1 alteration with most molecules.
        partners: the TP53 alterations.
    """

    marker: Role
    partners: tuple[Role, ...]
    emergence: EmergenceVerdict


def read_lineage(view: TimepointView) -> Lineage:
    """Return what pathology says at this timepoint."""
    clinical = view.patient.clinical
    reports = sorted(clinical.histology, key=_report_order) if clinical else []
    placed = [
        (report, assign_report(report, view.patient, view.settings.window.histology_days))
        for report in reports
    ]
    before, late = _baseline_reports(placed, view.patient)
    baseline = before[-1].histology if before else None
    confirming = view.knowledge.transformed_histologies
    # A report from before the start may lie nearest to this timepoint; it describes the tumour as it was.
    here = [
        report for report, where in placed if where == view.timepoint and not _before(report, view.patient)
    ]

    def changed(report: HistologyFinding) -> bool:
        return report.histology in confirming and report.histology is not baseline

    dates = first_dates(view.patient)
    earlier = {
        where
        for report, where in placed
        if where
        and dates[where] < dates[view.timepoint]
        and changed(report)
        and not _before(report, view.patient)
    }
    return Lineage(
        transformed=tuple(report for report in here if changed(report)),
        unchanged=tuple(report for report in here if not changed(report)),
        neuroendocrine=tuple(r for r in here if r.neuroendocrine_ihc and not changed(r)),
        baseline=baseline,
        late_baseline=bool(late) and not before,
        earlier=tuple(sorted(earlier, key=lambda name: (dates[name], name))),
    )


def assign_report(report: HistologyFinding, patient: Patient, days: int) -> str | None:
    """Return the timepoint a pathology report belongs to; None if none is near.

    `specimen` may be `timepoint.specimen` or a specimen id; among timepoints that use the id the nearest
    in time is meant.
    """
    full = {item.full_name: item.timepoint for item in patient.specimens}
    if report.specimen in full:
        return full[report.specimen]
    named = [item for item in patient.specimens if item.specimen == report.specimen]
    candidates = [
        (abs((item.collected - report.date).days), item.collected.toordinal(), item.timepoint)
        for item in named or patient.specimens
    ]
    # A named specimen binds whatever the distance; only a report without one must be near.
    distance, _, timepoint = min(candidates)
    return timepoint if named or distance <= days else None


def report_specimen(report: HistologyFinding, view: TimepointView) -> SpecimenEvidence | None:
    """Return the specimen of this timepoint that a pathology report names; None if it names none."""
    names = {item.specimen: item for item in view.specimens}
    full = {item.full_name: item for item in view.specimens}
    return {**names, **full}.get(report.specimen or "")


def report_flags(report: HistologyFinding, view: TimepointView) -> tuple[Caveat, ...]:
    """Return the caveats of a pathology report: of another time, or of a specimen of another person."""
    specimen = report_specimen(report, view)
    if specimen is None:
        window = judge_window(report.date, view.setting, view.patient.clinical, view.settings.window)
    else:
        window = view.windows[specimen.specimen]
    conflict = specimen is not None and specimen.identity is IdentityStatus.CONFLICT
    checks = {
        Caveat(CaveatCode.OUTSIDE_WINDOW): window.status is WindowStatus.OUTSIDE,
        Caveat(CaveatCode.PATHOLOGY_OF_CONFLICTING_SPECIMEN): conflict,
        Caveat(CaveatCode.PATHOLOGY_DATE, (report.date.isoformat(),)): specimen is None,
    }
    return tuple(caveat for caveat, holds in checks.items() if holds)


def histology_emergence(lineage: Lineage) -> EmergenceVerdict:
    """Return whether a transformed histology is new; unknown without one from before lorlatinib."""
    if lineage.baseline is not None:
        return EmergenceVerdict(Emergence.EMERGENT, EmergenceReason.EXCLUDED)
    late = lineage.late_baseline
    reason = EmergenceReason.AFTER_START if late else EmergenceReason.NO_REFERENCE
    return EmergenceVerdict(Emergence.UNKNOWN, reason)


def suspect_lineage(roles: Sequence[Role], view: TimepointView) -> LineageDna | None:
    """Return RB1 loss with TP53 if both were found."""
    markers = [
        role
        for role in roles
        if role.effect is Effect.LINEAGE_MARKER and role.found.alteration.gene == LINEAGE_GENE
    ]
    partners = [
        role
        for role in roles
        if role.effect is Effect.CO_ALTERATION and role.found.alteration.gene == LINEAGE_PARTNER
    ]
    if not markers or not partners:
        return None
    marker = min(markers, key=lambda role: (-(role.found.lead.alt_molecules or 0), role.found.alteration.key))
    return LineageDna(marker, tuple(partners), judge_emergence(marker.found, view))


def _report_order(report: HistologyFinding) -> tuple[date, str, str]:
    return (report.date, report.specimen or "", report.histology.value)


def _before(report: HistologyFinding, patient: Patient) -> bool:
    """Return whether a report describes the tumour before lorlatinib."""
    start = patient.lorlatinib_start
    # On the day itself too: a biopsy is taken before the first dose, and nothing changes in a day.
    return start is not None and report.date <= start


def _baseline_reports(
    placed: Sequence[tuple[HistologyFinding, str | None]], patient: Patient
) -> tuple[list[HistologyFinding], list[HistologyFinding]]:
    """Return the reports from before lorlatinib, and those of a baseline timepoint from after the start."""
    at_baseline = {item.timepoint for item in patient.specimens if setting_of(item) is Setting.BASELINE}
    before: list[HistologyFinding] = []
    late: list[HistologyFinding] = []
    for report, where in placed:
        # Dated before the start it is baseline wherever it was placed; later it may be of older tissue.
        if _before(report, patient):
            before.append(report)
        elif where in at_baseline:
            (late if _after_start(report, where, patient) else before).append(report)
    return before, late


def _after_start(report: HistologyFinding, timepoint: str | None, patient: Patient) -> bool:
    """Tell whether a report describes tissue from after the start; the date of a named specimen counts."""
    start = patient.lorlatinib_start
    named = [
        item.collected
        for item in patient.specimens
        if item.timepoint == timepoint and report.specimen in (item.specimen, item.full_name)
    ]
    return start is not None and min(named, default=report.date) > start
