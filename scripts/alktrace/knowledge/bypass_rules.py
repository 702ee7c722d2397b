"""Mechanisms beside ALK mutations: which alteration counts as which, by the rules of the bypass table."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ..evidence.schema import Alteration
from ..vocabulary.changes import Consequence, VariantType
from ..vocabulary.resistance import Confidence
from .entries import REMARKS, Remark, in_a_list, remark_of
from .long_tables import Facts

LOSS_CONSEQUENCES = frozenset(
    {Consequence.STOP_GAINED, Consequence.FRAMESHIFT, Consequence.SPLICE_SITE, Consequence.START_LOST}
)
CODING_CONSEQUENCES = LOSS_CONSEQUENCES | {
    Consequence.MISSENSE,
    Consequence.STOP_LOST,
    Consequence.INFRAME_INSERTION,
    Consequence.INFRAME_DELETION,
    Consequence.INFRAME_DELINS,
}
STRUCTURAL = frozenset({VariantType.FUSION, VariantType.AMPLIFICATION, VariantType.HISTOLOGY})


class OffTargetKind(StrEnum):
    """What an alteration outside ALK can mean; the class of a row of the table."""

    BYPASS = "bypass"
    CO_ALTERATION = "co_alteration"
    LINEAGE_MARKER = "transformation_marker"


class EvidenceLevel(StrEnum):
    """Best evidence that a mechanism makes ALK inhibitors fail."""

    CLINICAL_LORLATINIB = "clinical_lorlatinib"
    CLINICAL_ALK_TKI = "clinical_alk_tki"
    CLINICAL_OTHER = "clinical_other"
    CASE = "case"
    PRECLINICAL = "preclinical"
    PROGNOSTIC = "prognostic"
    UNVERIFIED = "unverified"


@dataclass(frozen=True)
class BypassMechanism:
    """One row set of the bypass table.

    Attributes:
        subject: id in the table.
        mechanism: name shown.
        rule: what an alteration must be to count.
        codons: residues of rule `hotspot`, as `(letter, number)`.
        kind: None where DNA of the gene means nothing to the classification.
        evidence_level: `unverified` where the level was not read in a source.
        carries_class: may this mechanism name the class of a timepoint.
        core: nothing found is a negative only where this one could be judged.
        both_copies: a tumour suppressor, for which one hit is not enough.
        sources: of the verified statements.
        remarks: combinations, notes on calling and frequencies, verified or cited.
    """

    subject: str
    mechanism: str
    genes: tuple[str, ...]
    rule: str
    codons: tuple[tuple[str, int], ...]
    protein_changes: tuple[str, ...]
    exon: int | None
    kind: OffTargetKind | None
    evidence_level: EvidenceLevel
    carries_class: bool
    core: bool
    both_copies: bool
    sources: tuple[str, ...]
    remarks: tuple[Remark, ...]

    def matches(self, alteration: Alteration) -> bool:
        """Return whether the alteration is this mechanism; a variant of unknown effect is not."""
        return alteration.gene in self.genes and _RULES[self.rule](self, alteration)

    @property
    def confidence(self) -> Confidence:
        """Highest confidence the evidence that was read allows; what carries no class is never sure."""
        if self.evidence_level is EvidenceLevel.UNVERIFIED or not self.carries_class:
            return Confidence.UNCERTAIN
        if self.evidence_level in (EvidenceLevel.CLINICAL_LORLATINIB, EvidenceLevel.CLINICAL_ALK_TKI):
            return Confidence.ESTABLISHED
        return Confidence.CANDIDATE


def mechanism_of(facts: Facts) -> BypassMechanism:
    """Return the mechanism that the checked rows of one subject describe."""
    level = facts.fact("evidence_level")
    exon = facts.one("exon")
    shown = ("evidence_level", "combination", "calling_note", "civic")
    sources = [item.row.source for item in facts.rows if item.row.verified and item.row.attribute in shown]
    return BypassMechanism(
        subject=facts.subject,
        mechanism=facts.value("mechanism"),
        genes=facts.values("gene"),
        rule=facts.value("rule"),
        codons=tuple((codon[0], int(codon[1:])) for codon in facts.values("codon")),
        protein_changes=facts.values("protein_change"),
        exon=int(exon.value) if exon else None,
        kind=next((kind for kind in OffTargetKind if kind == facts.value("class")), None),
        evidence_level=EvidenceLevel(level) if level else EvidenceLevel.UNVERIFIED,
        carries_class=facts.value("carries_class") == "yes",
        core=facts.value("core") == "yes",
        both_copies=facts.value("both_copies") == "yes",
        sources=tuple(in_a_list(source) for source in dict.fromkeys(sources)),
        remarks=tuple(
            remark_of(item.row, name) for name in REMARKS for item in facts.all(name) if item.row.mark.shown
        ),
    )


def _amplification(_: BypassMechanism, alteration: Alteration) -> bool:
    return alteration.variant_type is VariantType.AMPLIFICATION


def _fusion(_: BypassMechanism, alteration: Alteration) -> bool:
    # Unknown frame passes, with a caveat: reports rarely state it.
    return alteration.variant_type is VariantType.FUSION and alteration.in_frame is not False


def _hotspot(mechanism: BypassMechanism, alteration: Alteration) -> bool:
    # Missense alone: a stop in codon 12 of KRAS ends the oncogene.
    numbers = {number for _, number in mechanism.codons}
    return alteration.consequence is Consequence.MISSENSE and alteration.codon in numbers


def _protein_change(mechanism: BypassMechanism, alteration: Alteration) -> bool:
    return alteration.hgvs_p in mechanism.protein_changes


def _inframe_deletion(mechanism: BypassMechanism, alteration: Alteration) -> bool:
    shortened = (Consequence.INFRAME_DELETION, Consequence.INFRAME_DELINS)
    return alteration.consequence in shortened and alteration.exon == mechanism.exon


def _inframe_insertion(mechanism: BypassMechanism, alteration: Alteration) -> bool:
    inserted = alteration.consequence is Consequence.INFRAME_INSERTION
    return inserted and alteration.exon == mechanism.exon


def _exon_skipping(mechanism: BypassMechanism, alteration: Alteration) -> bool:
    skips = alteration.variant_type is VariantType.SKIPPING
    return (skips or alteration.consequence is Consequence.SPLICE_SITE) and alteration.exon == mechanism.exon


def _loss_of_function(_: BypassMechanism, alteration: Alteration) -> bool:
    return alteration.variant_type is VariantType.LOSS or (
        alteration.variant_type not in STRUCTURAL and alteration.consequence in LOSS_CONSEQUENCES
    )


def _any_coding(_: BypassMechanism, alteration: Alteration) -> bool:
    return alteration.variant_type is VariantType.LOSS or alteration.consequence in CODING_CONSEQUENCES


def _never(_: BypassMechanism, __: Alteration) -> bool:
    return False


_RULES: dict[str, Callable[[BypassMechanism, Alteration], bool]] = {
    "amplification": _amplification,
    "fusion": _fusion,
    "hotspot": _hotspot,
    "protein_change": _protein_change,
    "inframe_deletion": _inframe_deletion,
    "inframe_insertion": _inframe_insertion,
    "exon_skipping": _exon_skipping,
    "loss_of_function": _loss_of_function,
    "any_coding": _any_coding,
    "not_in_dna": _never,
}
