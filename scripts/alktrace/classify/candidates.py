"""Candidates below the calling rule: may they be more than what the silence of another specimen excludes?

Two of twenty molecules of a biopsy are no finding. They are no absence either, and plasma that excludes a
clone of 5 % does not tell what they are.
"""

from collections.abc import Iterable, Iterator, Sequence

from ..evidence.schema import Alteration, Observation, SpecimenEvidence
from ..knowledge.answers import Knowledge
from ..knowledge.core_loci import CoreLocus
from ..vocabulary.changes import ALK, Origin
from ..vocabulary.detection import Detection
from .negative import excluded_clone_fraction, tumour_copies


def candidates_at(
    place: CoreLocus, below: Iterable[Alteration], knowledge: Knowledge
) -> Iterator[Alteration]:
    """Yield the changes below the calling rule that would be a mechanism at this place.

    Args:
        place: a codon, an exon, an intron or a whole gene.
        below: alterations that no specimen called.
        knowledge: tells which changes are mechanisms.
    """
    for item in below:
        parts = (f"exon {item.exon}", "gene")
        # An intron stands for every fusion of its gene: the junction of a candidate may be imprecise.
        here = place.locus in parts or place.locus.startswith("intron") or place.locus[1:] == str(item.codon)
        if item.gene == place.gene and here and knowledge.off_target(item) is not None:
            yield item


def alk_candidates(below: Iterable[Alteration], knowledge: Knowledge) -> Iterator[Alteration]:
    """Yield the changes of ALK hotspots below the calling rule."""
    for item in below:
        if item.gene == ALK and knowledge.is_hotspot_mutation(item):
            yield item


def exceeds(above: float | None, items: Sequence[Alteration], specimens: Iterable[SpecimenEvidence]) -> bool:
    """Tell whether one of the candidates may be in more tumour cells than the share that is excluded.

    Judged by its VAF (of its molecules, where none is given) and the upper end of the tumour fraction, in a
    pure tumour where that is unknown: the least share that it can mean.
    """
    if above is None:
        return False
    return any(
        excluded_clone_fraction(
            _vaf(seen), specimen.tumour_fraction.high or 1.0, tumour_copies(specimen, item.gene)
        )
        > above
        for item in items
        if item.origin in (Origin.SOMATIC, Origin.UNDECIDED)
        for seen in item.observations
        for specimen in specimens
        if seen.place == specimen.place and seen.detection is Detection.SUBTHRESHOLD
    )


def _vaf(seen: Observation) -> float:
    if seen.vaf is not None:
        return seen.vaf
    return (seen.alt_molecules or 0) / seen.total_molecules if seen.total_molecules else 0.0
