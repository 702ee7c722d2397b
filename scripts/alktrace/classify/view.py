"""One timepoint of a patient, prepared for the criteria: what was found, where, and what could be seen.

White cells serve the origin of variants and are no part of a timepoint's findings. Specimens with an
identity conflict or a data problem give no findings; they are named, and the others stand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ..evidence.schema import (
    Alteration,
    ClinicalContext,
    Observation,
    PatientEvidence,
    PhaseObservation,
    SpecimenEvidence,
)
from ..inputs.settings.resistance_settings import ResistanceSettings
from ..knowledge.answers import Knowledge
from ..vocabulary.changes import Origin, VariantType
from ..vocabulary.detection import Detection
from ..vocabulary.resistance import NotEvaluableReason, Timing
from ..vocabulary.samples import Setting, SpecimenType
from .candidates import alk_candidates, exceeds
from .negative import TimepointNegative, judge_specimen, judge_timepoint, unusable_reasons
from .timing import TimingVerdict, judge_timing
from .window import WindowStatus, WindowVerdict, judge_window

COPY_TYPES = frozenset({VariantType.AMPLIFICATION, VariantType.LOSS})
SMALL_TYPES = frozenset(
    {
        VariantType.SNV,
        VariantType.MNV,
        VariantType.INSERTION,
        VariantType.DELETION,
        VariantType.DUPLICATION,
        VariantType.DELINS,
    }
)
SETTING_RANK = {Setting.PROGRESSION: 0, Setting.ON_TREATMENT: 1, Setting.BASELINE: 2}


@dataclass(frozen=True)
class Patient:
    """The evidence of a patient, sorted and with reported names folded into called ones.

    Attributes:
        specimens: all but white cells, by timepoint and name.
        alterations: by key; a reported alteration without position is one with its called twin.
    """

    patient: str
    specimens: tuple[SpecimenEvidence, ...]
    alterations: tuple[Alteration, ...]
    phase: tuple[PhaseObservation, ...]
    clinical: ClinicalContext | None
    timing: TimingVerdict

    @property
    def lorlatinib_start(self) -> date | None:
        """First dose of lorlatinib; None if unknown."""
        return self.clinical.lorlatinib_start if self.clinical else None

    def usable(self) -> dict[tuple[str, str], SpecimenEvidence]:
        """Return the specimens whose findings count, by timepoint and name."""
        return {item.place: item for item in self.specimens if not unusable_reasons(item)}


@dataclass(frozen=True)
class Found:
    """One alteration detected at one timepoint.

    Attributes:
        seen: observations that detected it, of usable specimens, the leading one first.
        absent: usable specimens that looked with a known limit and did not detect it.
    """

    alteration: Alteration
    seen: tuple[Observation, ...]
    absent: tuple[Observation, ...]

    @property
    def lead(self) -> Observation:
        """The observation with most mutant molecules."""
        return self.seen[0]

    @property
    def name(self) -> str:
        """Gene and alteration as shown."""
        return self.alteration.full_name


@dataclass(frozen=True)
class TimepointView:
    """Everything the criteria look at.

    Attributes:
        specimens: of the timepoint, without white cells; `usable` those whose findings count.
        subthreshold: alterations that only missed the calling rule.
        phase: observations of usable specimens of the timepoint.
    """

    patient: Patient
    timepoint: str
    setting: Setting
    specimens: tuple[SpecimenEvidence, ...]
    usable: tuple[SpecimenEvidence, ...]
    windows: dict[str, WindowVerdict]
    negative: TimepointNegative
    found: tuple[Found, ...]
    subthreshold: tuple[Alteration, ...]
    phase: tuple[PhaseObservation, ...]
    knowledge: Knowledge
    settings: ResistanceSettings

    @property
    def timing(self) -> Timing | None:
        """Timing of resistance; None before lorlatinib, and where it ended without progression."""
        timing = self.patient.timing.timing
        return None if self.setting is Setting.BASELINE or timing is Timing.NOT_PD else timing

    def specimen(self, name: str) -> SpecimenEvidence:
        """Return a specimen of this timepoint."""
        return next(item for item in self.specimens if item.specimen == name)


def setting_of(specimen: SpecimenEvidence) -> Setting:
    """Return the setting; only white cells go without one, and they are never asked."""
    return specimen.setting or Setting.ON_TREATMENT


def prepare_patient(evidence: PatientEvidence, settings: ResistanceSettings) -> Patient:
    """Return the evidence in a fixed order, whatever the order of the file."""
    alterations, renamed = fold_reported(evidence.alterations)
    phase = [
        seen.model_copy(update={"alterations": tuple(renamed.get(name, name) for name in seen.alterations)})
        for seen in evidence.phase
    ]
    return Patient(
        patient=evidence.patient,
        specimens=tuple(
            sorted(
                (item for item in evidence.specimens if item.specimen_type is not SpecimenType.WBC),
                key=lambda item: item.place,
            )
        ),
        alterations=alterations,
        phase=tuple(
            sorted(
                # After folding, two reported names may be one alteration, which has no phase to itself.
                (seen for seen in phase if len(set(seen.alterations)) == len(seen.alterations)),
                key=lambda seen: (seen.place, seen.alterations, sorted(seen.patterns.items())),
            )
        ),
        clinical=evidence.clinical,
        timing=judge_timing(evidence.clinical, settings.timing, settings.window),
    )


def fold_reported(alterations: Iterable[Alteration]) -> tuple[tuple[Alteration, ...], dict[str, str]]:
    """Join alterations known by name only with the located one of the same name.

    A panel report gives `ALK G1202R`, reads give `chr2:29220747:C:T`: one alteration, not two DNA routes. A
    report that gives `c.3604G>A` too means the located change of that coding name, and no other.

    Returns:
        The alterations by key, and the new key of each one that was joined.
    """
    ordered = sorted(alterations, key=lambda item: item.key)
    located = {}
    # Backwards, so that of two located twins the first key wins, as in every sorted table.
    for item in reversed(ordered):
        if _is_located(item):
            located[_identity(item)] = item.key
        if item.position_grch38 is not None and item.hgvs_c is not None:
            located[_coding_name(item)] = item.key
    renamed = {}
    for item in ordered:
        # By the coding name where there is one: the same residue by another base is another clone.
        named = _is_located(item)
        name = _coding_name(item) if named else _identity(item)
        if name in located and not (named and item.position_grch38 is not None):
            renamed[item.key] = located[name]
    # A name may lead to a coding name, and that one on: observations must reach the last.
    renamed = {key: renamed.get(name, name) for key, name in renamed.items()}
    extra: dict[str, list[Observation]] = {}
    for item in ordered:
        if item.key in renamed:
            extra.setdefault(renamed[item.key], []).extend(item.observations)
    folded = tuple(
        item.model_copy(update={"observations": (*item.observations, *extra.get(item.key, ()))})
        for item in ordered
        if item.key not in renamed
    )
    return folded, renamed


def first_dates(patient: Patient) -> dict[str, date]:
    """Return the date of the first specimen of every timepoint."""
    first: dict[str, date] = {}
    for item in patient.specimens:
        first[item.timepoint] = min(item.collected, first.get(item.timepoint, item.collected))
    return first


def timepoints(patient: Patient) -> tuple[str, ...]:
    """Return the timepoints to classify, in order of collection."""
    first = first_dates(patient)
    return tuple(sorted(first, key=lambda name: (first[name], name)))


def view_timepoint(
    patient: Patient, timepoint: str, knowledge: Knowledge, settings: ResistanceSettings
) -> TimepointView:
    """Return one timepoint, prepared for the criteria."""
    specimens = tuple(item for item in patient.specimens if item.timepoint == timepoint)
    usable = tuple(item for item in specimens if not unusable_reasons(item))
    windows = {
        item.specimen: judge_window(item.collected, setting_of(item), patient.clinical, settings.window)
        for item in specimens
    }
    negative = judge_timepoint(
        [judge_specimen(item, windows[item.specimen].status, settings.negative) for item in specimens]
    )
    places = {item.place for item in usable}
    below = tuple(_subthreshold(patient.alterations, places))
    # What a specimen shows below the rule may be more than another one excludes: no word on its share then.
    if exceeds(negative.excluded, tuple(alk_candidates(below, knowledge)), usable):
        weak = negative.reasons or (NotEvaluableReason.POWER_LOW,)
        negative = replace(negative, informative=False, excluded=None, reasons=weak)
    return TimepointView(
        patient=patient,
        timepoint=timepoint,
        # Progression first: one such sample makes it a timepoint of progression.
        setting=min((setting_of(item) for item in specimens), key=SETTING_RANK.__getitem__),
        specimens=specimens,
        usable=usable,
        windows=windows,
        negative=negative,
        found=tuple(_found(patient.alterations, places)),
        subthreshold=below,
        phase=tuple(seen for seen in patient.phase if seen.place in places),
        knowledge=knowledge,
        settings=settings,
    )


def specimens_outside(view: TimepointView) -> frozenset[str]:
    """Return the specimens taken outside the sampling window."""
    return frozenset(name for name, verdict in view.windows.items() if verdict.status is WindowStatus.OUTSIDE)


def lead_order(seen: Observation) -> tuple[int, float, float, str, str]:
    """Sort observations so that the one with most mutant molecules comes first."""
    return (
        -(seen.alt_molecules or 0),
        -(seen.vaf or 0.0),
        -(seen.copy_number or 0.0),
        seen.specimen,
        seen.source.value,
    )


def is_somatic_candidate(alteration: Alteration) -> bool:
    """Return whether an alteration can come from the tumour."""
    return alteration.origin in (Origin.SOMATIC, Origin.UNDECIDED)


def _found(alterations: Sequence[Alteration], places: set[tuple[str, str]]) -> Iterable[Found]:
    for alteration in alterations:
        here = [seen for seen in alteration.observations if seen.place in places]
        detected = sorted((s for s in here if s.detection is Detection.DETECTED), key=lead_order)
        if detected:
            # A specimen may be counted and reported: where one of both shows it, it does not lack it.
            names = {seen.specimen for seen in detected}
            absent = [
                seen
                for seen in here
                if seen.detection is Detection.NOT_DETECTED and seen.specimen not in names
            ]
            yield Found(alteration, tuple(detected), tuple(sorted(absent, key=lead_order)))


def _subthreshold(alterations: Sequence[Alteration], places: set[tuple[str, str]]) -> Iterable[Alteration]:
    for alteration in alterations:
        # A call in another specimen makes it a finding; only what no specimen calls is a hint.
        states = {seen.detection for seen in alteration.observations if seen.place in places}
        if Detection.SUBTHRESHOLD in states and Detection.DETECTED not in states:
            yield alteration


def _is_located(item: Alteration) -> bool:
    if item.variant_type in COPY_TYPES:
        return item.key.startswith("copy_number:")
    return item.position_grch38 is not None or item.hgvs_c is not None


def _coding_name(item: Alteration) -> tuple[str, str, str]:
    return (item.gene, "coding", item.hgvs_c or "")


def _identity(item: Alteration) -> tuple[str, str, str]:
    if item.variant_type in COPY_TYPES:
        return (item.gene, item.variant_type.value, "")
    # By partner, not by exons: reads and a report often name the exons of one fusion differently.
    if item.variant_type is VariantType.FUSION:
        return (item.gene, item.variant_type.value, item.partner or item.alteration)
    return (item.gene, "small", item.hgvs_p or item.alteration)
