"""From evidence to classes: the decision table, and the way through all criteria.

`DECISIONS` is read from top to bottom; the first row whose codes all hold names the class. Families
decide first, then, within on-target, the strongest finding: compound > trans > open > single > amplification.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..evidence.schema import PatientEvidence
from ..inputs.settings.resistance_settings import ResistanceSettings
from ..knowledge.answers import Knowledge
from ..knowledge.core_loci import negative_kind
from ..vocabulary.negatives import NegativeKind
from ..vocabulary.resistance import Classification, Component
from .alk_mechanisms import alk_mechanisms
from .alk_sets import AlkSets, build_sets
from .detail import describe_timepoint
from .discovery import EmergentUnknownRow, emergent_unknown
from .driver import judge_driver
from .exclusions import hidden_kinds, judge_exclusions
from .finding_caveats import RANK
from .lineage import read_lineage, suspect_lineage
from .mechanism import Mechanism, counted
from .off_target_mechanisms import bypass_mechanisms, lineage_mechanisms
from .resistance_table import ClassificationRow, ResistanceRow
from .result_rows import classification_row, resistance_rows
from .single_criteria import Effect, Role, assign_role
from .timepoint_criteria import Draft, Fired, fire
from .view import Patient, TimepointView, prepare_patient, timepoints, view_timepoint

FAMILY = {
    Component.ON_TARGET: "FAMILY_ON_TARGET",
    Component.BYPASS: "FAMILY_BYPASS",
    Component.TRANSFORMATION: "FAMILY_TRANSFORMATION",
}


@dataclass(frozen=True)
class Decision:
    """One row of the decision table: all codes must hold."""

    code: str
    requires: frozenset[str]
    classification: Classification


def _row(code: str, classification: Classification, *requires: str) -> Decision:
    return Decision(code, frozenset(requires), classification)


# Order is the rule: a family above must decide before on-target does, or a mixed case reads as a compound.
DECISIONS = (
    _row("D01", Classification.MIXED, "FAMILY_ON_TARGET", "FAMILY_BYPASS"),
    _row("D02", Classification.MIXED, "FAMILY_ON_TARGET", "FAMILY_TRANSFORMATION"),
    _row("D03", Classification.MIXED, "FAMILY_BYPASS", "FAMILY_TRANSFORMATION"),
    _row(
        "D04",
        Classification.TRANSFORMATION_CONFIRMED,
        "FAMILY_TRANSFORMATION",
        "HISTOLOGY_TRANSFORMED",
    ),
    _row("D05", Classification.TRANSFORMATION_SUSPECTED, "FAMILY_TRANSFORMATION"),
    _row("D06", Classification.BYPASS, "FAMILY_BYPASS"),
    _row("D07", Classification.ON_TARGET_COMPOUND_CIS, "FAMILY_ON_TARGET", "ALK_CIS"),
    _row("D08", Classification.ON_TARGET_COMPOUND_CIS, "FAMILY_ON_TARGET", "ALK_CIS_AND_SINGLE"),
    # Trans before unresolved: a third mutation of open phase must not hide two proven clones.
    _row("D09", Classification.ON_TARGET_MULTIPLE_TRANS, "FAMILY_ON_TARGET", "ALK_TRANS"),
    _row("D10", Classification.ON_TARGET_MULTIPLE_UNRESOLVED, "FAMILY_ON_TARGET", "ALK_UNRESOLVED"),
    _row("D11", Classification.ON_TARGET_SINGLE, "FAMILY_ON_TARGET", "ALK_SINGLE"),
    _row("D12", Classification.ON_TARGET_AMPLIFICATION, "FAMILY_ON_TARGET", "ALK_AMPLIFIED"),
    _row("D13", Classification.NONE_FOUND, "NEGATIVE_INFORMATIVE", "BYPASS_INFORMATIVE"),
    _row("D14", Classification.ON_TARGET_EXCLUDED, "NEGATIVE_INFORMATIVE"),
    _row("D15", Classification.NOT_EVALUABLE),
)


@dataclass(frozen=True)
class TimepointResult:
    """Everything said about one timepoint.

    Attributes:
        rows: of `resistance.tsv`; one without mechanism where there is none.
        row: of `classification.tsv`.
        discovered: rows of `emergent_unknown.tsv`.
        detail: JSON-able account of criteria, phase, negatives and courses.
    """

    timepoint: str
    rows: tuple[ResistanceRow, ...]
    row: ClassificationRow
    discovered: tuple[EmergentUnknownRow, ...]
    detail: dict[str, object]


def decide(codes: Iterable[str]) -> Decision:
    """Return the first row of the decision table whose codes all hold."""
    held = frozenset(codes)
    return next(row for row in DECISIONS if row.requires <= held)


def carrying_families(mechanisms: Sequence[Mechanism]) -> frozenset[Component]:
    """Return the families that name the class.

    Weak findings carry a family only where no family has anything better: a variant of unknown
    effect beside a MET amplification does not make the case mixed.
    """
    carrying = [mechanism for mechanism in mechanisms if mechanism.carries]
    firm = [mechanism for mechanism in carrying if not mechanism.weak]
    # `or` over all families, not one by one: each weak family alone would turn the case into a mixed one.
    return frozenset(mechanism.component for mechanism in firm or carrying)


def classify_patient(
    evidence: PatientEvidence, knowledge: Knowledge, settings: ResistanceSettings
) -> list[TimepointResult]:
    """Return the classes of every timepoint of a patient, in order of collection.

    Args:
        evidence: all specimens, alterations and phase observations; any order.
        knowledge: the loaded tables.
        settings: section `resistance`.
    """
    patient = prepare_patient(evidence, settings)
    return [classify_timepoint(patient, timepoint, knowledge, settings) for timepoint in timepoints(patient)]


def classify_timepoint(
    patient: Patient, timepoint: str, knowledge: Knowledge, settings: ResistanceSettings
) -> TimepointResult:
    """Return the class of one timepoint of a prepared patient."""
    view = view_timepoint(patient, timepoint, knowledge, settings)
    draft, sets = draft_timepoint(view)
    fired = fire(draft)
    decision = decide(decision_codes(draft, fired))
    rows = resistance_rows(draft, fired, decision.classification)
    return TimepointResult(
        timepoint=timepoint,
        rows=rows,
        row=classification_row(draft, rows, decision.classification),
        discovered=draft.discovered,
        detail=describe_timepoint(draft, sets, fired, decision.classification, decision.code),
    )


def draft_timepoint(view: TimepointView) -> tuple[Draft, AlkSets]:
    """Return the mechanisms of a timepoint and the phase of its ALK mutations."""
    roles = tuple(assign_role(found, view) for found in view.found)
    # Neutral and inherited changes are left out here: beside one every single mutation would be a compound.
    members = [role.found for role in roles if role.effect in (Effect.ON_TARGET, Effect.VUS)]
    sets = build_sets(members, view)
    lineage = read_lineage(view)
    dna = suspect_lineage(roles, view)
    mechanisms = [
        *alk_mechanisms(roles, sets, view),
        *bypass_mechanisms(roles, view),
        *lineage_mechanisms(lineage, dna, view),
    ]
    mechanisms = counted(mechanisms, view)
    mechanisms.sort(key=_order)
    hidden = frozenset(kind for role in roles for kind in hidden_kinds(role, view.knowledge))
    draft = Draft(
        view=view,
        roles=roles,
        mechanisms=tuple(mechanisms),
        families=carrying_families(mechanisms),
        lineage=lineage,
        lineage_dna=dna,
        driver=judge_driver(view),
        discovered=emergent_unknown(roles, view),
        exclusions=judge_exclusions(view, _found_kinds(roles, view), hidden, lineage),
    )
    return draft, sets


def decision_codes(draft: Draft, fired: Iterable[Fired]) -> frozenset[str]:
    """Return the codes the decision table is asked with."""
    carried = [code for mechanism in draft.mechanisms if mechanism.carries for code in mechanism.criteria]
    families = [FAMILY[component] for component in draft.families]
    return frozenset([*carried, *families, *(item.code for item in fired)])


def _found_kinds(roles: Sequence[Role], view: TimepointView) -> frozenset[NegativeKind]:
    """Return the kinds of which something was found, whether it names the class or not."""
    own = {
        Effect.ON_TARGET: NegativeKind.ALK_MUTATION,
        Effect.VUS: NegativeKind.ALK_MUTATION,
        Effect.AMPLIFICATION: NegativeKind.ALK_AMPLIFICATION,
    }
    kinds = {own[role.effect] for role in roles if role.effect in own}
    for role in roles:
        fact = view.knowledge.off_target(role.found.alteration)
        if role.effect is Effect.BYPASS and fact is not None:
            kinds.add(negative_kind(fact.rule, role.found.alteration.gene))
    return frozenset(kinds)


def _order(mechanism: Mechanism) -> tuple[int, int, str, str]:
    family = list(Component).index(mechanism.component)
    return (family, RANK[mechanism.confidence], mechanism.mechanism, mechanism.key)
