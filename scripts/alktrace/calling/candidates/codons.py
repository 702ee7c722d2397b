"""Substitutions of one codon in one molecule are one change of the protein: candidates for MNV records.

Which of them exist, and how many molecules carry the one, the other or both, is counted on molecules
(`genotyping.count_alleles`); here candidates are only proposed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from ...reference.gene_models import GeneModels
from ...vocabulary.variant import SmallVariant
from ..molecules.pileup import Event


def codon_sites(models: GeneModels, chrom: str, position: int) -> Iterator[frozenset[int]]:
    """Yield the three 0-based positions of every codon, one per transcript, that holds a position."""
    for transcript in models.genes_at(chrom, position):
        coding = transcript.coding_position(position)
        # A coding sequence that is no multiple of three ends with bases of no codon.
        if coding is not None and coding <= transcript.cds_length - transcript.cds_length % 3:
            yield frozenset(transcript.codon_positions((coding - 1) // 3 + 1))


def propose_mnvs(
    clusters: Counter[Event],
    names: dict[int, str],
    reference: dict[Event, str],
    models: GeneModels,
    min_molecules: int,
) -> list[SmallVariant]:
    """Return MNVs inside codons that enough molecules suggest.

    Args:
        clusters: molecules per cluster of substitutions.
        names: sequence names by index.
        reference: reference bases of every cluster.
        models: coding sequences.
        min_molecules: molecules with all bases of the MNV.
    """
    seen: Counter[SmallVariant] = Counter()
    for event, molecules in clusters.items():
        tid, start, _, bases, _ = event
        for variant in set(_within_codons(names[tid], start, reference[event], bases, models)):
            seen[variant] += molecules
    return sorted(variant for variant, molecules in seen.items() if molecules >= min_molecules)


def _within_codons(chrom: str, start: int, ref: str, alt: str, models: GeneModels) -> Iterable[SmallVariant]:
    changes = {
        start + i: (a, b) for i, (a, b) in enumerate(zip(ref, alt, strict=True)) if a != b and b in "ACGT"
    }
    codons = {codon for position in changes for codon in codon_sites(models, chrom, position)}
    for codon in codons:
        inside = sorted(position for position in changes if position in codon)
        for size in range(2, len(inside) + 1):
            for chosen in combinations(inside, size):
                yield _mnv(chrom, chosen, changes, start, ref)


def _mnv(
    chrom: str, chosen: tuple[int, ...], changes: dict[int, tuple[str, str]], start: int, ref: str
) -> SmallVariant:
    low, high = chosen[0], chosen[-1] + 1
    before = ref[low - start : high - start]
    after = "".join(
        changes[position][1] if position in chosen else ref[position - start] for position in range(low, high)
    )
    return SmallVariant(chrom, low + 1, before, after)
