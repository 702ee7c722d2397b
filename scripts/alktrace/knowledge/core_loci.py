"""Where a sample must have looked before "no bypass" may be said: the loci of the core mechanisms."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..inputs.knowledge_rows import KnownLocus
from ..vocabulary.detection import LocusKind
from ..vocabulary.negatives import NegativeKind
from .bypass_rules import BypassMechanism
from .entries import codon_of

COPY_NUMBER = "copy_number"
_FUSION, _AMPLIFICATION, _LOSS = "fusion", "amplification", "loss_of_function"
_EXON_RULES = frozenset({"inframe_deletion", "inframe_insertion", "exon_skipping"})


@dataclass(frozen=True)
class CoreLocus:
    """One place that a negative asks for.

    Attributes:
        locus: as in `callability.tsv`, or `copy_number`.
    """

    kind: NegativeKind
    gene: str
    locus: str


def negative_kind(rule: str, gene: str) -> NegativeKind:
    """Return the kind of negative that speaks of mechanisms of this rule in this gene."""
    if rule == _AMPLIFICATION:
        # MET by itself: the commonest bypass must not hide behind another gene.
        return NegativeKind.MET_AMPLIFICATION if gene == "MET" else NegativeKind.BYPASS_AMPLIFICATION
    kinds = {_FUSION: NegativeKind.BYPASS_FUSION, _LOSS: NegativeKind.GENE_LOSS}
    return kinds.get(rule, NegativeKind.BYPASS_MUTATION)


def core_loci(mechanisms: Iterable[BypassMechanism], hotspots: Sequence[KnownLocus]) -> tuple[CoreLocus, ...]:
    """Return the loci of the mechanisms marked `core`, each once."""
    found = {
        CoreLocus(negative_kind(mechanism.rule, gene), gene, locus): None
        for mechanism in mechanisms
        if mechanism.core
        for gene in mechanism.genes
        for locus in _loci(mechanism, gene, hotspots)
    }
    return tuple(found)


def _loci(mechanism: BypassMechanism, gene: str, hotspots: Sequence[KnownLocus]) -> Iterator[str]:
    if mechanism.rule == _AMPLIFICATION:
        yield COPY_NUMBER
    elif mechanism.rule == _LOSS:
        # A truncating hit and a deletion are seen by different means; either may be the loss.
        yield from ("gene", COPY_NUMBER)
    elif mechanism.rule == _FUSION:
        introns = [item.locus for item in hotspots if _intron_of(item, gene)]
        # A gene without a listed intron keeps a locus that no table holds: it was not looked at.
        yield from introns or ("introns",)
    elif mechanism.rule in _EXON_RULES:
        yield f"exon {mechanism.exon}"
    else:
        codons = {number for _, number in mechanism.codons} | {
            codon_of(change) for change in mechanism.protein_changes
        }
        yield from (item.locus for item in hotspots if item.gene == gene and item.codon in codons)


def _intron_of(item: KnownLocus, gene: str) -> bool:
    return item.gene == gene and item.kind is LocusKind.FUSION_INTRON
