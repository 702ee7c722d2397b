"""What the calling rule could have seen at every locus: its exact inversion on the molecules that are there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..models import Detection, LocusKind
from ..rows import CallabilityRow, LocusRow
from ..settings import CallingSettings
from .alleles import SmallVariant
from .classes import N_CLASSES, duplex, simplex
from .hotspots import HOTSPOT_KINDS, changed
from .noise import NoiseModel, site_rows
from .pileup import Pileup
from .regions import BASES
from .rule import make_noise
from .verdict import limit


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
    rows = site_rows(pileup.regions.reference, pileup.regions.offsets)
    totals = pileup.totals
    spans: dict[str, list[tuple[int, int]]] = {}
    for variant in called:
        spans.setdefault(variant.chrom, []).append(changed(variant))
    return [_judge(locus, pileup, rows, totals, noise, spans, settings) for locus in loci]


def _judge(
    locus: LocusRow,
    pileup: Pileup,
    rows: NDArray[np.int16],
    totals: NDArray[np.int64],
    noise: NoiseModel,
    spans: dict[str, list[tuple[int, int]]],
    settings: CallingSettings,
) -> CallabilityRow:
    hotspot = locus.kind in HOTSPOT_KINDS
    sites = pileup.regions.target_sites(locus.chrom, locus.start, locus.end)
    if not len(sites) or (hotspot and len(sites) < locus.end - locus.start):
        return _row(locus, np.zeros(N_CLASSES, np.int64), None, Detection.NOT_TARGETED)
    molecules = totals[sites].sum(axis=1)
    order = np.argsort(molecules, kind="stable")
    shown = int(sites[order[0 if hotspot else len(order) // 2]])
    if locus.kind is LocusKind.FUSION_INTRON:
        vaf = limit(totals[shown], make_noise(np.zeros(N_CLASSES), design_vaf=noise.design_vaf), hotspot=False, settings=settings)  # fmt: skip
    else:
        judged = sites if hotspot else np.array([shown])
        vaf = _worst_limit(judged, pileup, rows, totals, noise, hotspot, settings)
    found = any(s < locus.end and locus.start < e for s, e in spans.get(locus.chrom, ()))
    if found and locus.kind is not LocusKind.FUSION_INTRON:
        status = Detection.DETECTED
    else:
        status = Detection.NOT_ASSESSABLE if vaf is None else Detection.NOT_DETECTED
    return _row(locus, totals[shown], vaf, status)


def _worst_limit(
    sites: NDArray[np.int64],
    pileup: Pileup,
    rows: NDArray[np.int16],
    totals: NDArray[np.int64],
    noise: NoiseModel,
    hotspot: bool,
    settings: CallingSettings,
) -> float | None:
    """Return the largest detectable VAF over bases and alternatives; None if one has none."""
    worst: float | None = None
    for site in sites.tolist():
        chrom, position = pileup.regions.place(site)
        reference = int(pileup.regions.reference[site])
        if reference >= 4:
            return None
        for alt in range(4):
            if alt == reference:
                continue
            model, _ = noise.of_site(
                int(rows[site, alt]), chrom, position + 1, f"{BASES[reference]}>{BASES[alt]}"
            )
            vaf = limit(totals[site], model, hotspot=hotspot, settings=settings)
            if vaf is None:
                return None
            worst = vaf if worst is None else max(worst, vaf)
    return worst


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
