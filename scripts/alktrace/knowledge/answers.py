"""The knowledge tables as one frozen object, and the questions the classification asks of it.

An unverified value was remembered, not read. It may steer recognition (role of a variant, codons of a
mechanism, names of drugs) and may withhold a statement (known conflicts); it is never given as a fact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..evidence.schema import Alteration
from ..vocabulary.changes import VariantType
from ..vocabulary.resistance import Confidence
from .bypass_rules import BypassMechanism
from .drug_hints import treatment_hints
from .entries import (
    AlkCompound,
    AlkMutation,
    Drug,
    DrugEffect,
    GeneRow,
    HotspotLocus,
    TransformationMarker,
    codon_of,
)
from .ports import AlkRole, Hints, OffTargetFact, OffTargetKind

ALK = "ALK"
ALK_AMPLIFICATION = "ALK amplification"


@dataclass(frozen=True)
class Knowledge:
    """All tables; fulfils `ports.ClassifierKnowledge`."""

    mutations: Mapping[str, AlkMutation]
    compounds: Mapping[frozenset[str], AlkCompound]
    mechanisms: Mapping[str, BypassMechanism]
    transformation_markers: tuple[TransformationMarker, ...]
    drugs: Mapping[str, Drug]
    drug_names: Mapping[str, str]
    ch_genes: frozenset[str]
    ch_not_excluded_genes: frozenset[str]
    messages: Mapping[str, str]
    hotspots: tuple[HotspotLocus, ...]
    hotspot_codons: frozenset[tuple[str, int]]
    genes: Mapping[str, GeneRow]
    kinase_domain: tuple[int, int]
    effects: Mapping[str, tuple[DrugEffect, ...]]
    conflicts: Mapping[str, Mapping[str, str]]
    assigned_tiers: Mapping[str, tuple[str | None, str | None]]

    def mutation(self, hgvs_p: str) -> AlkMutation | None:
        """Return the ALK variant of this three-letter name (`p.Gly1202Arg`)."""
        return self.mutations.get(hgvs_p)

    def alk_role(self, hgvs_p: str) -> AlkRole:
        """Return the role of an ALK protein change; `unknown` also where no table has it."""
        found = self.mutation(hgvs_p)
        return found.role if found else AlkRole.UNKNOWN

    def is_kinase_domain(self, codon: int) -> bool:
        """Return whether a residue of ALK lies in the kinase domain, ends included."""
        first, last = self.kinase_domain
        return first <= codon <= last

    def compound(self, members: frozenset[str]) -> AlkCompound | None:
        """Return the compound of exactly these protein changes."""
        return self.compounds.get(members)

    def mechanism(self, subject: str) -> BypassMechanism | None:
        """Return a mechanism of the bypass table by its id."""
        return self.mechanisms.get(subject)

    def bypass_match(self, alteration: Alteration) -> BypassMechanism | None:
        """Return what an alteration outside ALK is; None means a variant of unknown meaning.

        A rule that names the protein change goes before a rule that names the codon.
        """
        if alteration.gene == ALK:
            return None
        found = [m for m in self.mechanisms.values() if m.off_target_kind and m.matches(alteration)]
        found.sort(key=lambda m: m.rule != "protein_change")
        return found[0] if found else None

    def is_hotspot(self, gene: str, codon: int) -> bool:
        """Return whether the codon is a listed hotspot of the gene."""
        return (gene, codon) in self.hotspot_codons

    def drug(self, name: str) -> Drug | None:
        """Return the drug of a canonical name, code, trade or Chinese name, in any case."""
        canonical = self.drug_names.get(name.strip().casefold())
        return self.drugs[canonical] if canonical else None

    @property
    def alk_tkis(self) -> frozenset[str]:
        """Canonical names of the ALK inhibitors."""
        return frozenset(drug.name for drug in self.drugs.values() if drug.alk_tki)

    def drug_effects(self, subject: str, *, include_unverified: bool = False) -> tuple[DrugEffect, ...]:
        """Return the statements about one subject; those not read in a source only on request."""
        found = self.effects.get(subject, ())
        return tuple(item for item in found if item.verified or include_unverified)

    def known_conflicts(self, subject: str) -> Mapping[str, str]:
        """Return the drugs about which sources contradict each other, each with those sources."""
        return self.conflicts.get(subject, {})

    def tiers(self, subject: str) -> tuple[str | None, str | None]:
        """Return AMP/ASCO/CAP tier and ESCAT as read in a source, else None."""
        return self.assigned_tiers.get(subject, (None, None))

    def subject_of(self, subjects: Sequence[str]) -> str:
        """Return the subject of one alteration, or of a compound whether or not it is in a table."""
        if len(subjects) == 1:
            return subjects[0]
        return "+".join(sorted(subjects, key=lambda name: (codon_of(name), name)))

    # --- the interface of the classification (ports.py) ---

    def role_of_alk(self, hgvs_p: str) -> AlkRole | None:
        """Return the role of an ALK protein change, None where no table has it."""
        found = self.mutation(hgvs_p)
        return found.role if found else None

    def in_kinase_domain(self, codon: int) -> bool:
        """Return whether a residue of ALK belongs to the kinase domain."""
        return self.is_kinase_domain(codon)

    def hotspot(self, gene: str, codon: int) -> bool:
        """Return whether a residue is a listed hotspot."""
        return self.is_hotspot(gene, codon)

    def haematopoiesis_gene(self, gene: str) -> bool:
        """Return whether variants of the gene may come from blood cells unless white cells exclude it."""
        return gene in self.ch_genes or gene in self.ch_not_excluded_genes

    def off_target(self, alteration: Alteration) -> OffTargetFact | None:
        """Return what the tables say about an alteration outside ALK."""
        found = self.bypass_match(alteration)
        if found is None or found.off_target_kind is None:
            return None
        confidence = found.confidence if found.carries_class else Confidence.UNCERTAIN
        return OffTargetFact(found.subject, found.mechanism, found.off_target_kind, confidence, found.sources)

    def carries_bypass(self, gene: str) -> bool:
        """Return whether some alteration of the gene is a mechanism that names the class."""
        return any(
            gene in item.genes and item.carries_class and item.off_target_kind is OffTargetKind.BYPASS
            for item in self.mechanisms.values()
        )

    def hints(self, alterations: tuple[Alteration, ...]) -> Hints:
        """Return the drugs for one alteration, or for a compound as a unit."""
        return treatment_hints([self._subject(item) for item in alterations], self).for_classifier()

    def _subject(self, alteration: Alteration) -> str:
        if alteration.gene != ALK:
            found = self.bypass_match(alteration)
            return found.subject if found else alteration.key
        if alteration.variant_type is VariantType.AMPLIFICATION:
            return ALK_AMPLIFICATION
        return alteration.hgvs_p or alteration.key
