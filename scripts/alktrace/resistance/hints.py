"""Treatment hints: what verified reports say about a mechanism, a compound taken as a unit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .ports import Hints

if TYPE_CHECKING:
    from .knowledge import DrugEffect, Knowledge

NO_DATA = "no_verified_drug_data"
CONFLICTING = "conflicting_evidence"
OTHER_TUMOUR = "other_tumour"


@dataclass(frozen=True)
class TreatmentHints:
    """What verified reports say about one mechanism.

    Attributes:
        resistant_to, sensitive_to: drugs, alphabetical; a drug is in at most one of them.
        conflicting: drugs whose sources contradict each other, in neither list.
        intermediate: drugs reported as neither, in neither list.
        evidence: sources of every statement used, with its level.
        tier, escat: AMP/ASCO/CAP tier and ESCAT; None where none was read in a source.
        note: messages that belong to this answer.
    """

    resistant_to: tuple[str, ...]
    sensitive_to: tuple[str, ...]
    conflicting: tuple[str, ...]
    intermediate: tuple[str, ...]
    evidence: tuple[str, ...]
    tier: str | None
    escat: str | None
    note: str

    def for_classifier(self) -> Hints:
        """Return the part that stands in the table of mechanisms."""
        flags = []
        if self.conflicting:
            flags.append(CONFLICTING)
        if not self.evidence:
            flags.append(NO_DATA)
        return Hints(self.resistant_to, self.sensitive_to, self.evidence, tuple(flags))


def treatment_hints(subjects: Sequence[str], knowledge: "Knowledge") -> TreatmentHints:
    """Return the hints of one mechanism.

    Reports from other tumours are not used. Two or more subjects are a compound: its own reports
    count, those of its single mutations do not, because a compound can resist what both singles obey.

    Args:
        subjects: one subject (`p.Gly1202Arg`, `MET amplification`), or the protein changes of a compound.
        knowledge: the loaded tables.
    """
    subject = knowledge.subject_of(subjects)
    effects = [e for e in knowledge.drug_effects(subject) if e.context != OTHER_TUMOUR]
    by_drug: dict[str, set[str]] = defaultdict(set)
    for item in effects:
        by_drug[item.drug].add(item.effect)
    conflicting = {d for d, found in by_drug.items() if {"sensitive", "resistant"} <= found}
    # A withheld statement needs no proof: a known conflict counts even where one side was not read.
    conflicting |= knowledge.known_conflicts(subject)
    clear = {d: found for d, found in by_drug.items() if d not in conflicting}
    tier, escat = knowledge.tiers(subject)
    return TreatmentHints(
        resistant_to=_only(clear, "resistant"),
        sensitive_to=_only(clear, "sensitive"),
        conflicting=tuple(sorted(conflicting)),
        intermediate=tuple(sorted(d for d, found in clear.items() if "intermediate" in found)),
        evidence=_evidence(effects),
        tier=tier,
        escat=escat,
        note=_note(knowledge, subject, len(subjects) > 1, bool(effects), bool(conflicting)),
    )


def _only(found: dict[str, set[str]], effect: str) -> tuple[str, ...]:
    return tuple(sorted(drug for drug, effects in found.items() if effects == {effect}))


def _evidence(effects: Sequence["DrugEffect"]) -> tuple[str, ...]:
    # `;` joins lists in the tables
    texts = (f"{e.drug} {e.effect} ({e.level}): {e.source}".replace(";", ",") for e in effects)
    return tuple(dict.fromkeys(texts))


def _note(knowledge: "Knowledge", subject: str, compound: bool, known: bool, conflict: bool) -> str:
    codes = [code for code, on in ((NO_DATA, not known), (CONFLICTING, conflict)) if on]
    if compound:
        codes.append("compound_as_unit")
    mechanism = knowledge.mechanism(subject)
    tried = mechanism.combination if mechanism else None
    parts = [knowledge.messages[code] for code in codes]
    if tried:
        parts.append(f"Reported combination: {tried}.")
    return " ".join(parts)
