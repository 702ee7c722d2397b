"""What the calling rule could have seen at every locus, by its exact inversion."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..inputs.settings.calling_settings import CallingSettings
from ..reference.locus_table import LocusRow
from ..vocabulary.detection import Detection, LocusKind
from ..vocabulary.variant import SmallVariant
from .callability_table import CallabilityRow
from .indel_windows import shift_length
from .molecules.pileup import Pileup
from .molecules.regions import BASES
from .noise.carried import Haplotypes
from .noise.kinds import indel_row, site_rows
from .noise.molecule_classes import N_CLASSES, duplex, simplex, single
from .noise.rates import NoiseModel
from .rule.hotspots import HOTSPOT_KINDS, changed
from .rule.power import Ceilings
from .rule.tail_test import Noise, make_noise
from .rule.verdict import limit, worst_limit

IN_FRAME = 3
"""Bases of the shortest deletion in frame."""


def judge_loci(
    loci: Sequence[LocusRow],
    pileup: Pileup,
    noise: NoiseModel,
    called: Sequence[SmallVariant],
    settings: CallingSettings,
    haplotypes: Haplotypes,
) -> list[CallabilityRow]:
    """Return one row per locus.

    A hotspot is as good as its worst base and worst alternative; all its bases must be targeted. A gene, exon
    or intron is judged on its targeted bases, at the one with median molecules. Fusion introns have no base
    change to look for: their limit is the VAF at which enough molecules are there, without noise. Insertions
    and deletions have a limit of their own, that of a deletion of three bases at the worst place.

    A codon or exon is `detected` with a change of its own. A gene never is: its row stands for all that was
    not called in it, whatever else was.

    Args:
        loci: where to judge.
        pileup: molecules of the sample.
        noise: its noise model.
        called: variants that the rule called.
        settings: calling section.
        haplotypes: the reference, and what the molecules carry.
    """
    rows = site_rows(pileup.regions.reference, pileup.regions.offsets)
    totals = pileup.totals
    ceilings = Ceilings(totals.max(axis=0, initial=0))
    evidence = _Evidence(pileup, rows, totals, totals.sum(axis=1), noise, settings, haplotypes, ceilings)
    found = [(variant.chrom, *changed(variant), variant.key) for variant in called]
    return [_judge(locus, evidence, found) for locus in loci]


@dataclass(frozen=True)
class _Evidence:
    """What a locus is judged on; `rows`: those of the noise table per site and alternative.

    `totals`: molecules per site and class; `molecules`: per site; `ceilings`: of all sites.
    """

    pileup: Pileup
    rows: NDArray[np.int16]
    totals: NDArray[np.int64]
    molecules: NDArray[np.int64]
    noise: NoiseModel
    settings: CallingSettings
    haplotypes: Haplotypes
    ceilings: Ceilings


Called = tuple[str, int, int, str]
"""Sequence, changed bases (0-based half-open) and key of a called variant."""


def _judge(locus: LocusRow, evidence: _Evidence, called: Sequence[Called]) -> CallabilityRow:
    hotspot = locus.kind in HOTSPOT_KINDS
    sites = evidence.pileup.regions.target_sites(locus.chrom, locus.start, locus.end)
    if not len(sites) or (hotspot and len(sites) < locus.end - locus.start):
        return _row(locus, np.zeros(N_CLASSES, np.int64), (None, None), (), Detection.NOT_TARGETED)
    order = np.argsort(evidence.molecules[sites], kind="stable")
    shown = int(sites[order[0 if hotspot else len(order) // 2]])
    total = evidence.totals[shown]
    if locus.kind is LocusKind.FUSION_INTRON:
        silent = make_noise(np.zeros(N_CLASSES), design_vaf=evidence.noise.design_vaf)
        # Fusions need their molecules whatever stands behind them: two duplex ones are not enough.
        least = evidence.settings.min_alt_molecules
        any_class = evidence.settings.model_copy(update={"min_alt_duplex": least})
        vaf = limit(total, silent, hotspot=False, settings=any_class)
        status = Detection.NOT_ASSESSABLE if vaf is None else Detection.NOT_DETECTED
        return _row(locus, total, (vaf, None), (), status)
    # Sites with few molecules first: the worst limit is then found at once.
    judged = sites[order] if hotspot else np.array([shown])
    vaf = _worst_limit(judged, evidence, hotspot=hotspot)
    indel = _worst_indel_limit(judged, evidence, hotspot=hotspot)
    found = tuple(
        key
        for chrom, start, end, key in called
        if chrom == locus.chrom and start < locus.end and locus.start < end
    )
    status = Detection.NOT_ASSESSABLE if vaf is None else Detection.NOT_DETECTED
    return _row(locus, total, (vaf, indel), found, Detection.DETECTED if found and hotspot else status)


def _worst_limit(sites: NDArray[np.int64], evidence: _Evidence, *, hotspot: bool) -> float | None:
    """Return the largest detectable VAF over bases and alternatives; None if one has none."""
    if (evidence.pileup.regions.reference[sites] >= len(BASES)).any():
        return None
    return _worst(_substitutions(sites, evidence), evidence, hotspot=hotspot)


def _worst(
    alleles: Iterable[tuple[NDArray[np.int64], Noise]], evidence: _Evidence, *, hotspot: bool
) -> float | None:
    return worst_limit(alleles, hotspot=hotspot, settings=evidence.settings, ceilings=evidence.ceilings)


def _substitutions(
    sites: NDArray[np.int64], evidence: _Evidence
) -> Iterator[tuple[NDArray[np.int64], Noise]]:
    """Yield molecules and noise of every alternative of known bases."""
    for site in sites.tolist():
        chrom, position = evidence.pileup.regions.place(site)
        reference, total = int(evidence.pileup.regions.reference[site]), evidence.totals[site]
        for alt, row in enumerate(evidence.rows[site].tolist()):
            if alt != reference:
                change = f"{BASES[reference]}>{BASES[alt]}"
                yield total, evidence.noise.noise_at(row, chrom, position + 1, change)


def _worst_indel_limit(sites: NDArray[np.int64], evidence: _Evidence, *, hotspot: bool) -> float | None:
    """Return the largest detectable VAF of a deletion of a codon's length from one of the bases on."""
    fetch = evidence.haplotypes.fetch
    deletions: list[tuple[NDArray[np.int64], Noise]] = []
    for site in sites.tolist():
        chrom, start = evidence.pileup.regions.place(site)
        bases = fetch(chrom, start - 1, start + IN_FRAME)
        if start == 0 or len(bases) <= IN_FRAME or set(bases) - set(BASES):
            return None
        deletion = SmallVariant(chrom, start, bases, bases[0]).normalised(fetch)
        form, haplotype = evidence.haplotypes.longest(deletion)
        shift = shift_length(form, haplotype)
        if shift // IN_FRAME > evidence.settings.max_repeats:
            return None
        row, change = indel_row(IN_FRAME, shift), f"{deletion.ref}>{deletion.alt}"
        noise = evidence.noise.noise_at(row, chrom, deletion.pos, change)
        # A read must span the repeat on the reference, to which it is aligned.
        spanned = shift if form is deletion else shift_length(deletion, fetch)
        deletions.append((_least_molecules(deletion, spanned, evidence), noise))
    return _worst(deletions, evidence, hotspot=hotspot)


def _least_molecules(deletion: SmallVariant, shift: int, evidence: _Evidence) -> NDArray[np.int64]:
    """Return the molecules at the worst base of the repeat that a read must span to show a deletion."""
    behind = deletion.end + shift + 1
    sites = evidence.pileup.regions.sites_within(deletion.chrom, deletion.start, behind)
    totals: NDArray[np.int64] = evidence.totals[sites[evidence.molecules[sites].argmin()]]
    return totals


def _row(
    locus: LocusRow,
    total: NDArray[np.int64],
    limits: tuple[float | None, float | None],
    detected: tuple[str, ...],
    status: Detection,
) -> CallabilityRow:
    return CallabilityRow(
        gene=locus.gene,
        locus=locus.locus,
        kind=locus.kind,
        exon=locus.exon,
        chrom=locus.chrom,
        start=locus.start,
        end=locus.end,
        molecules=int(total.sum()),
        simplex=simplex(total),
        duplex=duplex(total),
        single=single(total),
        vaf_detectable=limits[0],
        vaf_detectable_indel=limits[1],
        detected=detected,
        status=status,
    )
