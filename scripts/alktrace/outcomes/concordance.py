"""Plasma against tissue of one timepoint: alteration by alteration, by family of mechanisms, and by class.

Of alterations only what one of the two showed is counted: agreement on what neither showed would depend on
how many loci are listed. Families can agree on their absence, but only where the sample could have shown
them. A side that could not have shown something is no disagreement; it is counted apart. Transformation is
left out: histology is read from tissue alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..classify.resistance_table import ResistanceRow
from ..evidence.evidence_table import EvidenceRow
from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..vocabulary.changes import ALK, Origin, VariantType
from ..vocabulary.detection import Detection
from ..vocabulary.resistance import Component
from ..vocabulary.samples import SpecimenType
from .accounts import Key, read_accounts
from .concordance_table import AgreementRow, ConcordanceRow

TUMOUR = frozenset({Origin.SOMATIC, Origin.UNDECIDED})
PLASMA, TISSUE = SpecimenType.PLASMA, SpecimenType.TISSUE
FAMILIES = (Component.ON_TARGET, Component.BYPASS)
CLASS = "mechanism class"
UNKNOWN_PARTNER = "unknown"
"""In the key of a fusion of which a report names one gene."""
DETECTED, NOT_DETECTED = Detection.DETECTED.value, Detection.NOT_DETECTED.value
STATES = (
    Detection.DETECTED,
    Detection.SUBTHRESHOLD,
    Detection.NOT_DETECTED,
    Detection.NOT_ASSESSABLE,
)
NOT_SEEN, NOT_ASSESSABLE = "not_seen", Detection.NOT_ASSESSABLE.value
BOTH, PLASMA_ONLY, TISSUE_ONLY = "both", "plasma_only", "tissue_only"
NEITHER, NOT_COMPARABLE = "neither", "not_comparable"
CONCORDANT, DISCORDANT = "concordant", "discordant"


@dataclass(frozen=True)
class Measure:
    """A share of what can be compared: `agreeing` among `compared`, by verdict."""

    name: str
    agreeing: tuple[str, ...]
    compared: tuple[str, ...]
    note: str


OF_ALTERATIONS = (
    Measure(
        "seen_in_plasma_of_tissue", (BOTH,), (BOTH, TISSUE_ONLY), "alterations of tissue that plasma showed"
    ),
    Measure(
        "seen_in_tissue_of_plasma", (BOTH,), (BOTH, PLASMA_ONLY), "alterations of plasma that tissue showed"
    ),
    Measure(
        "seen_in_both_of_any", (BOTH,), (BOTH, PLASMA_ONLY, TISSUE_ONLY), "agreement on what either showed"
    ),
)
OF_FAMILIES = (
    Measure("positive_agreement", (BOTH,), (BOTH, TISSUE_ONLY),
            "timepoints whose tissue has the family, and plasma too"),
    Measure("negative_agreement", (NEITHER,), (NEITHER, PLASMA_ONLY),
            "timepoints whose tissue could show the family and has none, and plasma has none either"),
)  # fmt: skip
OF_CLASS = (Measure("overall_agreement", (CONCORDANT,), (CONCORDANT, DISCORDANT),
                    "timepoints with the same families in plasma and tissue"),)  # fmt: skip


@dataclass(frozen=True)
class Material:
    """The specimens of one material at one timepoint.

    Attributes:
        excludes: families that one of them excludes where it shows none; empty where no account is given.
    """

    kind: SpecimenType
    excludes: frozenset[Component] = frozenset()


def read_materials(details: Iterable[Path]) -> dict[Key, list[Material]]:
    """Return the materials of each timepoint, from its `resistance.json`.

    Raises:
        DataError: a file that is none.
    """
    found = read_accounts(details, _materials)
    return {key: materials for key, materials in found.items() if materials}


def _materials(content: Any) -> list[Material]:
    return [material for kind in (PLASMA, TISSUE) if (material := _material(content, kind))]


def _material(content: Any, kind: SpecimenType) -> Material | None:
    own = [
        item.get("excludes", ())
        for item in content["specimens"]
        if item["specimen_type"] == kind.value and item["usable"]
    ]
    return Material(kind, frozenset(Component(family) for item in own for family in item)) if own else None


def concordance_rows(
    evidence: Iterable[EvidenceRow],
    resistance: Iterable[ResistanceRow] = (),
    materials: Mapping[Key, Sequence[Material]] | None = None,
) -> list[ConcordanceRow]:
    """Return the rows of every timepoint with plasma and tissue.

    Args:
        evidence: what each specimen showed.
        resistance: mechanisms of the timepoints; tells which alteration belongs to which family.
        materials: of `read_materials`; without them nobody knows whether a sample without findings could
            have shown any.
    """
    by_timepoint: dict[Key, list[EvidenceRow]] = defaultdict(list)
    for row in evidence:
        # White-cell variants are in plasma and not in tissue, whatever the tumour has.
        if row.origin in TUMOUR and row.specimen_type in (PLASMA, TISSUE):
            by_timepoint[row.patient, row.timepoint].append(row)
    mechanisms: dict[Key, list[ResistanceRow]] = defaultdict(list)
    for item in resistance:
        mechanisms[item.patient, item.timepoint].append(item)
    found = []
    known = materials or {}
    for key in sorted({*by_timepoint, *known}):
        rows = by_timepoint[key]
        own = known.get(key) or [Material(kind) for kind in {row.specimen_type for row in rows}]
        if {item.kind for item in own} == {PLASMA, TISSUE}:
            found += list(_alterations(rows))
            found += _families(key, rows, mechanisms[key], {item.kind: item.excludes for item in own})
    return found


def agreement_rows(rows: Sequence[ConcordanceRow], settings: CohortSettings) -> list[AgreementRow]:
    """Return agreement over the cohort with exact intervals."""
    found = [_agreement("alteration", "all", measure, rows, settings) for measure in OF_ALTERATIONS]
    for family in FAMILIES:
        own = [row for row in rows if row.alteration == family.value]
        found += [_agreement("family", family.value, measure, own, settings) for measure in OF_FAMILIES]
    return found + [_agreement("class", CLASS, measure, rows, settings) for measure in OF_CLASS]


def _agreement(
    level: str, name: str, measure: Measure, rows: Sequence[ConcordanceRow], settings: CohortSettings
) -> AgreementRow:
    own = [row for row in rows if row.level == level]
    # A tissue that cannot exclude the family is no negative reference.
    usable = [row for row in own if not (row.verdict == PLASMA_ONLY and row.tissue == NOT_SEEN)]
    count = sum(row.verdict in measure.agreeing for row in usable)
    total = sum(row.verdict in measure.compared for row in usable)
    left_out = sum(row.verdict == NOT_COMPARABLE for row in own) + len(own) - len(usable)
    found = share(count, total, settings.confidence)
    return AgreementRow(
        level=level,
        name=name,
        measure=measure.name,
        agreeing=count,
        total=total,
        not_comparable=left_out,
        share=found.value,
        low=found.low,
        high=found.high,
        note=measure.note,
    )


def _alterations(rows: Sequence[EvidenceRow]) -> Iterator[ConcordanceRow]:
    seen: dict[str, list[EvidenceRow]] = defaultdict(list)
    rearranged = _rearrangements(rows)
    for row in sorted(rows, key=lambda row: (not row.key.endswith(f":{ALK}"), row.key)):
        if row.detection is Detection.DETECTED:
            seen[rearranged.get(row.key, row.key)].append(row)
    for name in sorted(seen):
        keys = {row.key for row in rows if rearranged.get(row.key, row.key) == name}
        plasma, tissue = (_best_status(rows, keys, kind).value for kind in (PLASMA, TISSUE))
        first = seen[name][0]
        yield ConcordanceRow(
            level="alteration",
            patient=first.patient,
            timepoint=first.timepoint,
            gene=first.gene,
            alteration=first.alteration,
            plasma=plasma,
            tissue=tissue,
            verdict=_verdict(plasma, tissue),
        )


def _rearrangements(rows: Sequence[EvidenceRow]) -> dict[str, str]:
    """Return one name per rearrangement by key of its junctions: both sides of one break are one event.

    Counted by themselves they agree together, and the agreement would be that of fusions. A report that
    does not name the partner speaks of the one fusion of its gene.
    """
    fusions = {row.key for row in rows if row.variant_type is VariantType.FUSION}
    genes = {key: tuple(sorted(key.split(":")[1:3])) for key in fusions}
    named = sorted({pair for pair in genes.values() if UNKNOWN_PARTNER not in pair})
    found = {}
    for key, pair in genes.items():
        own = [other for other in named if {*pair} - {UNKNOWN_PARTNER} <= {*other}]
        found[key] = "fusion:" + ":".join(own[0] if len(own) == 1 else pair)
    return found


def _best_status(rows: Sequence[EvidenceRow], keys: Iterable[str], kind: SpecimenType) -> Detection:
    states = {_status(rows, key, kind) for key in keys}
    return next(state for state in STATES if state in states)


def _families(
    key: Key,
    rows: Sequence[EvidenceRow],
    mechanisms: Sequence[ResistanceRow],
    excludes: Mapping[SpecimenType, frozenset[Component]],
) -> list[ConcordanceRow]:
    """Return a row per family and one for the class."""
    patient, timepoint = key
    found = []
    for family in FAMILIES:
        names = {(item.gene, item.alteration) for item in mechanisms if item.component is family}
        keys = {row.key for row in rows if (row.gene, row.alteration) in names}
        plasma, tissue = (_family(rows, keys, kind, family in excludes[kind]) for kind in (PLASMA, TISSUE))
        row = ConcordanceRow(
            level="family",
            patient=patient,
            timepoint=timepoint,
            alteration=family.value,
            plasma=plasma,
            tissue=tissue,
            verdict=_verdict(plasma, tissue),
        )
        found.append(row)
    verdicts = {row.verdict for row in found}
    # One family that differs makes the classes differ, whatever the other family would say.
    if verdicts & {PLASMA_ONLY, TISSUE_ONLY}:
        verdict = DISCORDANT
    else:
        verdict = NOT_COMPARABLE if NOT_COMPARABLE in verdicts else CONCORDANT
    whole = ConcordanceRow(
        level="class",
        patient=patient,
        timepoint=timepoint,
        alteration=CLASS,
        plasma=_class_of([row.plasma for row in found]),
        tissue=_class_of([row.tissue for row in found]),
        verdict=verdict,
    )
    return [*found, whole]


def _family(rows: Sequence[EvidenceRow], keys: Iterable[str], kind: SpecimenType, excluded: bool) -> str:
    """Return what a material says about a family, given the family's alterations at the timepoint.

    `excluded`: it would have shown the family.
    """
    # Detected beats everything; one locus that could not be judged beats every absence.
    states = [_status(rows, key, kind) for key in keys]
    if Detection.DETECTED in states:
        return DETECTED
    if any(state is not Detection.NOT_DETECTED for state in states):
        return NOT_ASSESSABLE
    if excluded:
        return NOT_DETECTED
    return NOT_SEEN if states else NOT_ASSESSABLE


def _class_of(states: Sequence[str]) -> str:
    found = [family.value for family, state in zip(FAMILIES, states, strict=True) if state == DETECTED]
    if found:
        return "+".join(found)
    return next((state for state in (NOT_ASSESSABLE, NOT_SEEN) if state in states), "none")


def _status(rows: Sequence[EvidenceRow], key: str, kind: SpecimenType) -> Detection:
    """Best statement of the specimens of one kind; without any row it could not be judged."""
    # Of several specimens of a kind the best: a second biopsy that missed it takes nothing back.
    found = {row.detection for row in rows if row.key == key and row.specimen_type is kind}
    return next((status for status in STATES if status in found), Detection.NOT_ASSESSABLE)


def _verdict(plasma: str, tissue: str) -> str:
    """A candidate below the calling rule is neither seen nor excluded."""
    absent = (NOT_DETECTED, NOT_SEEN)
    if plasma == tissue == DETECTED:
        return BOTH
    if plasma == DETECTED and tissue in absent:
        return PLASMA_ONLY
    if tissue == DETECTED and plasma in absent:
        return TISSUE_ONLY
    return NEITHER if plasma == tissue == NOT_DETECTED else NOT_COMPARABLE
