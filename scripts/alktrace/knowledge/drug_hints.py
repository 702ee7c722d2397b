"""Treatment hints: what verified reports say about a mechanism, a compound taken as a unit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from .bypass_rules import BypassMechanism
from .entries import DrugEffect
from .ports import Hints

NO_DATA = "no_verified_drug_data"
CONFLICTING = "conflicting_evidence"
INTERMEDIATE = "intermediate_evidence"
WITHHELD = "drug_effects_withheld"
OTHER_TUMOUR = "other_tumour"
DRUG_LISTS = ("resistant_to", "sensitive_to", "intermediate", "conflicting")


class DrugReports(Protocol):
    """What the tables say of drugs."""

    @property
    def messages(self) -> Mapping[str, str]:
        """Sentences by code."""

    def subject_of(self, subjects: Sequence[str]) -> str:
        """Return the subject of one alteration or of a compound."""

    def drug_effects(self, subject: str) -> tuple[DrugEffect, ...]:
        """Return the verified statements about a subject."""

    def known_conflicts(self, subject: str) -> Mapping[str, str]:
        """Return the drugs about which sources contradict each other."""

    def tiers(self, subject: str) -> tuple[str | None, str | None]:
        """Return tier and ESCAT."""

    def mechanism(self, subject: str) -> BypassMechanism | None:
        """Return a mechanism of the bypass table."""


@dataclass(frozen=True)
class TreatmentHints:
    """What verified reports say about one mechanism.

    Attributes:
        resistant_to, sensitive_to: drugs, alphabetical; a drug is in at most one of them.
        conflicting: drugs whose sources contradict each other, in neither list.
        intermediate: drugs reported as neither, in neither list.
        evidence: every statement used with effect, level and source, and why a drug is conflicting.
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
        return flagged(
            Hints(
                resistant_to=self.resistant_to,
                sensitive_to=self.sensitive_to,
                intermediate=self.intermediate,
                conflicting=self.conflicting,
                sources=self.evidence,
            )
        )


def flagged(hints: Hints) -> Hints:
    """Return hints with the caveats that follow from their lists; drugs that no column holds are named."""
    checks = {CONFLICTING: hints.conflicting, INTERMEDIATE: hints.intermediate, WITHHELD: hints.withheld}
    flags = [f"{code}:{','.join(drugs)}" for code, drugs in checks.items() if drugs]
    if not hints.sources:
        flags.append(NO_DATA)
    return replace(hints, flags=tuple(flags))


def joined(hints: Sequence[Hints]) -> Hints:
    """Return the hints of a member of several compounds, which may contradict each other."""
    if len(hints) == 1:
        return hints[0]
    given = [(name, drug) for item in hints for name in DRUG_LISTS for drug in getattr(item, name)]
    places: dict[str, set[str]] = defaultdict(set)
    for name, drug in given:
        places[drug].add(name)
    lists: dict[str, list[str]] = {name: [] for name in DRUG_LISTS}
    for drug in sorted(places):
        lists[_common(places[drug])].append(drug)
    sources = dict.fromkeys(text for item in hints for text in item.sources)
    return flagged(
        Hints(
            resistant_to=tuple(lists["resistant_to"]),
            sensitive_to=tuple(lists["sensitive_to"]),
            intermediate=tuple(lists["intermediate"]),
            conflicting=tuple(lists["conflicting"]),
            sources=tuple(sources),
        )
    )


def _common(names: set[str]) -> str:
    if len(names) == 1:
        return next(iter(names))
    return (
        "conflicting"
        if {"resistant_to", "sensitive_to"} <= names or "conflicting" in names
        else "intermediate"
    )


def withheld(hints: Hints, others: Mapping[str, Hints]) -> Hints:
    """Return hints that claim nothing, because what else shares the molecule or the codon is open.

    The statements stay in the sources with the condition under which they hold: a compound can resist what
    its single mutations obey, and obey what one of them resists (C1156Y with L1198F and crizotinib).

    Args:
        hints: of the mutation, or compound, taken alone.
        others: of the sets it may belong to, by the names of the possible partners.
    """
    drugs = {drug for name in DRUG_LISTS for drug in getattr(hints, name)}
    sources = [f"if nothing else shares its molecule, {text}" for text in hints.sources]
    for partners, possible in sorted(others.items()):
        sources.extend(f"if on one molecule with {partners}, {text}" for text in possible.sources)
        drugs.update(drug for name in DRUG_LISTS for drug in getattr(possible, name))
    return flagged(Hints(withheld=tuple(sorted(drugs)), sources=tuple(sources)))


def treatment_hints(subjects: Sequence[str], knowledge: DrugReports) -> TreatmentHints:
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
    known = knowledge.known_conflicts(subject)
    conflicting |= known.keys()
    clear = {d: found for d, found in by_drug.items() if d not in conflicting}
    tier, escat = knowledge.tiers(subject)
    return TreatmentHints(
        resistant_to=_only(clear, "resistant"),
        sensitive_to=_only(clear, "sensitive"),
        conflicting=tuple(sorted(conflicting)),
        intermediate=tuple(sorted(d for d, found in clear.items() if "intermediate" in found)),
        evidence=_evidence(effects, known),
        tier=tier,
        escat=escat,
        note=_note(knowledge, subject, len(subjects) > 1, bool(effects), bool(conflicting)),
    )


def _only(found: dict[str, set[str]], effect: str) -> tuple[str, ...]:
    return tuple(sorted(drug for drug, effects in found.items() if effects == {effect}))


def _evidence(effects: Sequence[DrugEffect], conflicts: Mapping[str, str]) -> tuple[str, ...]:
    texts = [f"{e.drug} {e.effect} ({e.level}): {e.source}" for e in effects]
    texts += [f"{drug} contradictory: {source}" for drug, source in sorted(conflicts.items())]
    # `;` joins lists in the tables
    return tuple(dict.fromkeys(text.replace(";", ",") for text in texts))


def _note(knowledge: DrugReports, subject: str, compound: bool, known: bool, conflict: bool) -> str:
    codes = [code for code, on in ((NO_DATA, not known), (CONFLICTING, conflict)) if on]
    if compound:
        codes.append("compound_as_unit")
    mechanism = knowledge.mechanism(subject)
    tried = mechanism.combination if mechanism else None
    parts = [knowledge.messages[code] for code in codes]
    if tried:
        parts.append(f"Reported combination: {tried}.")
    return " ".join(parts)
