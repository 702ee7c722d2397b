"""Candidates: alleles whose molecules are worth a test, from the pileup of one pass."""

from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...inputs.settings.calling_settings import CallingSettings
from ...reference.gene_models import GeneModels
from ...vocabulary.changes import VariantType
from ...vocabulary.variant import Fetch, SmallVariant
from ..indel_windows import shift_length
from ..molecules.pileup import Event, Pileup
from ..molecules.regions import BASES
from ..noise.kinds import site_rows
from ..noise.rates import NoiseModel
from ..rule.hotspots import Hotspots, changed
from .codons import propose_mnvs

MIN_JUDGED = 1000
"""Bases of reads from which their fit to the reference is judged."""


def check_reference(pileup: Pileup, fasta: Path, settings: CallingSettings) -> None:
    """Refuse reads that were aligned to another sequence.

    Args:
        pileup: molecules of the sample.
        fasta: the reference, for the message.
        settings: calling section.

    Raises:
        DataError: too many molecules differ from the reference.
    """
    reference = pileup.regions.reference
    known = np.flatnonzero(reference < 4)
    molecules = pileup.counts.sum(axis=2, dtype=np.int64)[known]
    total, fitting = int(molecules.sum()), int(molecules[np.arange(len(known)), reference[known]].sum())
    if total >= MIN_JUDGED and total - fitting > settings.max_reference_misfit * total:
        raise DataError(
            fasta,
            f"{(total - fitting) / total:.1%} of the bases of the reads differ from it",
            "give the reference the reads were aligned to",
        )


def snv_candidates(
    pileup: Pileup, noise: NoiseModel, hotspots: Hotspots, settings: CallingSettings
) -> list[tuple[SmallVariant, int]]:
    """Return SNVs to test with their sites, in genomic order.

    Listed hotspot alleles with any molecule; otherwise alleles with enough molecules for a candidate that
    noise does not make likely in at least one class or in all together.
    """
    regions, totals = pileup.regions, pileup.totals
    rows = site_rows(regions.reference, regions.offsets)
    molecules = pileup.counts.sum(axis=2, dtype=np.int64)
    possible = (rows >= 0) & regions.targeted[:, None] & (molecules > 0)
    found = []
    sites, alts = np.nonzero(possible)
    rare = unlikely(
        pileup.counts[sites, alts],
        totals[sites] * noise.rates[rows[sites, alts]],
        noise.shape,
        settings.subthreshold_tail_probability,
    )
    for site, alt, strange in zip(sites.tolist(), alts.tolist(), rare.tolist(), strict=True):
        enough = strange and molecules[site, alt] >= settings.min_candidate_molecules
        if not enough and not hotspots.alleles:
            continue
        chrom, position = regions.place(site)
        variant = SmallVariant(chrom, position + 1, BASES[regions.reference[site]], BASES[alt])
        if enough or hotspots.is_listed(variant):
            found.append((variant, site))
    return found


def unlikely(
    alt: NDArray[np.integer], expected: NDArray[np.float64], shape: float, tail_probability: float
) -> NDArray[np.bool_]:
    """Return whether a negative binomial tail, of one class or of all, is small enough to look closer.

    The exact test follows; this only keeps hopeless alleles of deep data out of it.
    """
    from scipy.special import betainc

    def tails(seen: NDArray[np.integer], mean: NDArray[np.float64]) -> NDArray[np.float64]:
        at_least = betainc(np.maximum(seen, 1), shape, mean / (mean + shape))
        return np.asarray(np.where(seen > 0, at_least, 1.0), dtype=np.float64)

    by_class = tails(alt, expected).min(axis=1, initial=1.0)
    together = tails(alt.sum(axis=1), expected.sum(axis=1))
    return np.asarray(np.minimum(by_class, together) <= tail_probability)


def mnv_candidates(
    pileup: Pileup, models: GeneModels | None, settings: CallingSettings
) -> list[SmallVariant]:
    """Return substitutions within one codon that enough molecules carry together."""
    if models is None or not pileup.clusters:
        return []
    names = _names(pileup)
    reference = {event: _reference_bases(pileup, names[event[0]], event) for event in pileup.clusters}
    found = propose_mnvs(pileup.clusters, names, reference, models, settings.min_candidate_molecules)
    return [v for v in found if len(pileup.regions.target_sites(v.chrom, v.start, v.end))]


def indel_candidates(
    pileup: Pileup, hotspots: Hotspots, settings: CallingSettings, fetch: Fetch
) -> list[SmallVariant]:
    """Return insertions, deletions and complex changes that reads were aligned with, normalised."""
    return sorted(
        variant
        for variant, count in aligned_indels(pileup, fetch).items()
        if (count >= settings.min_candidate_molecules or hotspots.is_listed(variant))
        and is_targeted(pileup, variant, fetch)
    )


def aligned_indels(pileup: Pileup, fetch: Fetch) -> Counter[SmallVariant]:
    """Return molecules per insertion, deletion and complex change as aligned, normalised."""
    names = _names(pileup)
    found: Counter[SmallVariant] = Counter()
    raw: Counter[tuple[int, int, int, str]] = Counter()
    for (tid, start, length, bases, _), count in pileup.indels.items():
        raw[(tid, start, length, bases)] += count
    for (tid, start, length, bases), count in raw.items():
        chrom = names[tid]
        variant = SmallVariant(chrom, start + 1, fetch(chrom, start, start + length), bases)
        normal = variant.normalised(fetch)
        # Two gaps that make up for each other may leave one base changed, or none.
        if (
            normal.kind is not VariantType.SNV
            and normal.ref != normal.alt
            and set(normal.ref + normal.alt) <= set(BASES)
        ):
            found[normal] += count
    return found


def _names(pileup: Pileup) -> dict[int, str]:
    return dict(zip(pileup.regions.ref_ids.tolist(), pileup.regions.chroms, strict=True))


def _reference_bases(pileup: Pileup, chrom: str, event: Event) -> str:
    first = pileup.regions.site(chrom, event[1])
    if first is None:
        return "N" * event[2]
    return "".join("ACGTN"[code] for code in pileup.regions.reference[first : first + event[2]])


def is_targeted(pileup: Pileup, variant: SmallVariant, fetch: Fetch) -> bool:
    """Tell whether a normalised indel changes a targeted base in one of the places it could be written at."""
    start, end = changed(variant)
    end += shift_length(variant, fetch)
    return len(pileup.regions.target_sites(variant.chrom, start, end)) > 0
