"""What the calling rule could have seen at every locus, by its exact inversion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..inputs.settings import CallingSettings
from ..reference.locus_table import LocusRow
from ..vocabulary.detection import Detection, LocusKind
from ..vocabulary.variant import SmallVariant
from .callability_table import CallabilityRow
from .molecules.pileup import Pileup
from .molecules.regions import BASES
from .noise.kinds import site_rows
from .noise.molecule_classes import N_CLASSES, duplex, simplex
from .noise.rates import NoiseModel
from .rule.hotspots import HOTSPOT_KINDS, changed
from .rule.tail_test import make_noise
from .rule.verdict import limit


def judge_loci(
    loci: Sequence[LocusRow],
    pileup: Pileup,
    noise: NoiseModel,
    called: Sequence[SmallVariant],
    settings: CallingSettings,
) -> list[CallabilityRow]:
    """Return one row per locus.

    A hotspot is as good as its worst base and worst alternative; all its bases must be targeted. A gene, exon
    or intron is judged on its targeted bases, at the one with median molecules. Fusion introns have no base
    change to look for: their limit is the VAF at which enough molecules are there, without noise.

    Args:
        loci: where to judge.
        pileup: molecules of the sample.
        noise: its noise model.
        called: variants that the rule called.
        settings: calling section.
    """
    spans: dict[str, list[tuple[int, int]]] = {}
    for variant in called:
        spans.setdefault(variant.chrom, []).append(changed(variant))
    rows = site_rows(pileup.regions.reference, pileup.regions.offsets)
    evidence = _Evidence(pileup, rows, pileup.totals, noise, settings)
    return [_judge(locus, evidence, spans.get(locus.chrom, [])) for locus in loci]


@dataclass(frozen=True)
class _Evidence:
    """What a locus is judged on; `rows`: rows of the noise table per site and alternative."""

    pileup: Pileup
    rows: NDArray[np.int16]
    totals: NDArray[np.int64]
    noise: NoiseModel
    settings: CallingSettings


def _judge(locus: LocusRow, evidence: _Evidence, called: list[tuple[int, int]]) -> CallabilityRow:
    hotspot = locus.kind in HOTSPOT_KINDS
    sites = evidence.pileup.regions.target_sites(locus.chrom, locus.start, locus.end)
    if not len(sites) or (hotspot and len(sites) < locus.end - locus.start):
        return _row(locus, np.zeros(N_CLASSES, np.int64), None, Detection.NOT_TARGETED)
    order = np.argsort(evidence.totals[sites].sum(axis=1), kind="stable")
    shown = int(sites[order[0 if hotspot else len(order) // 2]])
    total = evidence.totals[shown]
    if locus.kind is LocusKind.FUSION_INTRON:
        silent = make_noise(np.zeros(N_CLASSES), design_vaf=evidence.noise.design_vaf)
        vaf = limit(total, silent, hotspot=False, settings=evidence.settings)
        found = False
    else:
        vaf = _worst_limit(sites if hotspot else np.array([shown]), evidence, hotspot=hotspot)
        found = any(start < locus.end and locus.start < end for start, end in called)
    if found:
        return _row(locus, total, vaf, Detection.DETECTED)
    return _row(locus, total, vaf, Detection.NOT_ASSESSABLE if vaf is None else Detection.NOT_DETECTED)


def _worst_limit(sites: NDArray[np.int64], evidence: _Evidence, *, hotspot: bool) -> float | None:
    """Return the largest detectable VAF over bases and alternatives; None if one has none."""
    limits = []
    for site in sites.tolist():
        chrom, position = evidence.pileup.regions.place(site)
        reference = int(evidence.pileup.regions.reference[site])
        if reference >= len(BASES):
            return None
        for alt in range(len(BASES)):
            if alt == reference:
                continue
            change = f"{BASES[reference]}>{BASES[alt]}"
            row = int(evidence.rows[site, alt])
            noise, _ = evidence.noise.of_site(row, chrom, position + 1, change)
            vaf = limit(evidence.totals[site], noise, hotspot=hotspot, settings=evidence.settings)
            if vaf is None:
                return None
            limits.append(vaf)
    return max(limits)


def _row(locus: LocusRow, total: NDArray[np.int64], vaf: float | None, status: Detection) -> CallabilityRow:
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
        vaf_detectable=vaf,
        status=status,
    )
