"""The knowledge tables as one frozen object, and the questions the classification asks of it.

A value that is not verified may steer recognition (role of a variant, codons of a mechanism, names of drugs)
and may withhold a statement (known conflicts). What is said of drugs is shown with its mark where it was read
(verified) or a source is named (cited); a proposed value is never shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..evidence.schema import Alteration
from ..inputs.knowledge_rows import KnownGene, KnownLocus
from ..inputs.site_knowledge import SiteKnowledge
from ..vocabulary.changes import ALK, Consequence, VariantType
from ..vocabulary.clinical import Histology
from .bypass_rules import LOSS_CONSEQUENCES, BypassMechanism, OffTargetKind
from .core_loci import CoreLocus, core_loci
from .drug_hints import Hints, hints_of
from .entries import (
    AlkMutation,
    CompoundFamily,
    Drug,
    DrugStatement,
    ProteinDomain,
    Remark,
    TransformationMarker,
    codon_of,
)
from .next_tests import NextTest

ALK_AMPLIFICATION = "ALK amplification"


@dataclass(frozen=True)
class Edition:
    """Whose knowledge the tables hold.

    Attributes:
        version: of our tables.
        as_of: date of the newest of ours that speaks of drugs, ISO 8601.
        site: what lies over them; None where nothing does.
    """

    version: str
    as_of: str
    site: SiteKnowledge | None = None

    def __str__(self) -> str:
        ours = f"knowledge {self.version} as of {self.as_of}"
        return f"{ours}, over it {self.site.label} of {self.site.date}" if self.site else ours


@dataclass(frozen=True)
class Knowledge:
    """All tables.

    Attributes:
        statements: what is said of drugs, by subject; verified or not.
        families: of compounds.
        chinese: the messages in Chinese, by the same codes.
        fusion_variants: names such as `v1` by partner and junction (`EML4`, `E13;A20`).
        ch_genes: genes of clonal haematopoiesis.
        ch_not_excluded_genes: genes mutated in blood and in tumours alike.
        kinase_domain: first and last residue of the kinase domain of ALK.
        domains: parts of proteins that a fusion is drawn with.
    """

    # Named by the three-letter protein name on the preferred transcript; another isoform finds nothing.
    mutations: Mapping[str, AlkMutation]
    mechanisms: Mapping[str, BypassMechanism]
    transformation_markers: tuple[TransformationMarker, ...]
    drugs: Mapping[str, Drug]
    drug_names: Mapping[str, str]
    ch_genes: frozenset[str]
    ch_not_excluded_genes: frozenset[str]
    messages: Mapping[str, str]
    chinese: Mapping[str, str]
    next_tests: tuple[NextTest, ...]
    fusion_variants: Mapping[tuple[str, str], str]
    hotspots: tuple[KnownLocus, ...]
    hotspot_codons: frozenset[tuple[str, int]]
    genes: Mapping[str, KnownGene]
    kinase_domain: tuple[int, int]
    domains: tuple[ProteinDomain, ...]
    statements: Mapping[str, tuple[DrugStatement, ...]]
    families: tuple[CompoundFamily, ...]
    edition: Edition

    @property
    def blood_genes(self) -> frozenset[str]:
        """Genes whose variants may come from blood cells unless white cells exclude it."""
        return self.ch_genes | self.ch_not_excluded_genes

    @cached_property
    def core_loci(self) -> tuple[CoreLocus, ...]:
        """Where a sample must have looked before "no bypass" may be said."""
        return core_loci(self.mechanisms.values(), self.hotspots)

    @cached_property
    def amplified_genes(self) -> frozenset[str]:
        """Genes whose amplification is a mechanism, ALK among them."""
        rules = (item for item in self.mechanisms.values() if item.rule == "amplification")
        return frozenset({ALK, *(gene for item in rules for gene in item.genes)})

    @property
    def transformed_histologies(self) -> frozenset[Histology]:
        """Histologies that prove a change of lineage where the tumour did not start with them."""
        signs = (sign.histology for sign in self.transformation_markers if sign.confirms)
        return frozenset(histology for histology in signs if histology)

    @property
    def alk_tkis(self) -> frozenset[str]:
        """Canonical names of the ALK inhibitors."""
        return frozenset(drug.name for drug in self.drugs.values() if drug.alk_tki)

    def mutation(self, hgvs_p: str) -> AlkMutation | None:
        """Return the ALK variant of this three-letter name (`p.Gly1202Arg`); None if it is in no table."""
        return self.mutations.get(hgvs_p)

    def in_kinase_domain(self, codon: int) -> bool:
        """Return whether a residue of ALK lies in the kinase domain, ends included."""
        first, last = self.kinase_domain
        return first <= codon <= last

    def is_hotspot(self, gene: str, codon: int | None) -> bool:
        """Return whether the codon is a listed hotspot of the gene; what has no codon is none."""
        return (gene, codon) in self.hotspot_codons

    def is_hotspot_mutation(self, alteration: Alteration) -> bool:
        """Return whether an alteration may be a mutation of a listed hotspot: it changes that residue.

        A frameshift, a stop or a lost splice site there ends the protein: no kinase is activated by it,
        and it counts only where the loss of the gene is a mechanism itself.
        """
        if not self.is_hotspot(alteration.gene, alteration.codon):
            return False
        if alteration.consequence is Consequence.SYNONYMOUS:
            return False
        return alteration.consequence not in LOSS_CONSEQUENCES or self.off_target(alteration) is not None

    def off_target(self, alteration: Alteration) -> BypassMechanism | None:
        """Return what an alteration outside ALK is; None means a variant of unknown meaning."""
        if alteration.gene == ALK:
            return None
        found = [item for item in self.mechanisms.values() if item.kind and item.matches(alteration)]
        # KRAS G12C is a mutation of codon 12 too: the rule that names the protein change goes first.
        found.sort(key=lambda item: item.rule != "protein_change")
        return found[0] if found else None

    def carries_bypass(self, gene: str) -> bool:
        """Return whether some alteration of the gene is a mechanism that names the class."""
        return any(
            gene in item.genes and item.carries_class and item.kind is OffTargetKind.BYPASS
            for item in self.mechanisms.values()
        )

    def hints(self, alterations: tuple[Alteration, ...]) -> Hints:
        """Return the drugs for one alteration, or for a compound as a unit."""
        # In the order of the codons, as compounds are named; another order would find no report.
        subjects = sorted((self._subject(item) for item in alterations), key=lambda s: (codon_of(s), s))
        name = "+".join(subjects)
        return hints_of(self.statements.get(name, ()), self._remarks(name, subjects))

    def _remarks(self, name: str, subjects: Sequence[str]) -> Iterator[Remark]:
        if name in self.mechanisms:
            yield from self.mechanisms[name].remarks
        # A family is of compounds: its sentences say nothing of the single mutation.
        for family in self.families if len(subjects) > 1 else ():
            if family.members & set(subjects):
                yield from family.remarks

    def _subject(self, alteration: Alteration) -> str:
        if alteration.gene != ALK:
            found = self.off_target(alteration)
            return found.subject if found else alteration.key
        if alteration.variant_type is VariantType.AMPLIFICATION:
            return ALK_AMPLIFICATION
        return alteration.hgvs_p or alteration.key
