"""Rows of classification.tsv and resistance.tsv for tests of the outcomes."""

from collections.abc import Sequence
from typing import Any

from excluded_kinds import excluded
from outcome_cohort import silences_of_rows

from alktrace.classify.resistance_table import ClassificationRow, ResistanceRow
from alktrace.evidence.evidence_table import EvidenceRow
from alktrace.outcomes.mechanisms import Finding, findings
from alktrace.outcomes.timeline import Timeline
from alktrace.vocabulary.changes import Origin, VariantType
from alktrace.vocabulary.detection import Detection, ObservationSource
from alktrace.vocabulary.negatives import Exclusion
from alktrace.vocabulary.resistance import Classification as C
from alktrace.vocabulary.resistance import Component, Confidence, Timing
from alktrace.vocabulary.samples import Setting, SpecimenType

ON_TARGET, BYPASS = Component.ON_TARGET, Component.BYPASS


def classified(
    patient: str,
    found: C,
    components: Sequence[Component] = (),
    timing: Timing = Timing.ACQUIRED,
    setting: Setting | None = None,
    timepoint: str = "PD",
    excluded: tuple[Exclusion, ...] = (),
) -> ClassificationRow:
    head = (patient, timepoint, setting or Setting.PROGRESSION)
    return ClassificationRow(*head, found, tuple(components), timing, None, (), (), excluded)


def bypass_or_none(patient: str, bypass: bool, timing: Timing = Timing.ACQUIRED) -> ClassificationRow:
    if bypass:
        return classified(patient, C.BYPASS, [BYPASS], timing, excluded=excluded(bypass_mutation="found"))
    return classified(patient, C.NONE_FOUND, (), timing, excluded=excluded())


def mechanism(
    patient: str, gene: str, alteration: str, component: Component | None, **values: Any
) -> ResistanceRow:
    empty = dict.fromkeys(item for item in ResistanceRow.__dataclass_fields__)
    lists = ("specimens", "phase_partner", "excluded", "not_evaluable_reason", "not_assessable",
             "resistant_to", "sensitive_to", "evidence", "criteria", "flags")  # fmt: skip
    given = {
        "patient": patient, "timepoint": "PD", "setting": Setting.PROGRESSION, "classification": C.BYPASS,
        "timing": Timing.ACQUIRED, "gene": gene, "alteration": alteration, "component": component,
        "variant_type": VariantType.SNV, "confidence": Confidence.ESTABLISHED,
    }  # fmt: skip
    return ResistanceRow(**{**empty, **dict.fromkeys(lists, ()), **given, **values})


def found_of(
    rows: list[ClassificationRow],
    mechanisms: Sequence[ResistanceRow] = (),
    timelines: Sequence[Timeline] = (),
    setting: Setting = Setting.PROGRESSION,
) -> dict[str, Finding]:
    return findings(rows, mechanisms, timelines, setting, silences_of_rows(rows))


def evidence(
    key: str,
    kind: str,
    detection: Detection,
    origin: Origin = Origin.SOMATIC,
    patient: str = "P1",
    **values: Any,
) -> EvidenceRow:
    empty = dict.fromkeys(EvidenceRow.__dataclass_fields__)
    given = {
        "patient": patient, "timepoint": "PD", "specimen": kind, "specimen_type": SpecimenType(kind),
        "key": key, "gene": "ALK", "variant_type": VariantType.SNV, "alteration": key, "origin": origin,
        "detection": detection, "source": ObservationSource.CALLED, "filters": (),
    }  # fmt: skip
    return EvidenceRow(**{**empty, **given, **values})
