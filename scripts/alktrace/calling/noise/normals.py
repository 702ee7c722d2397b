"""Noise per position from normals: what recurs more often than its kind needs more molecules.

Insertions and deletions too: a homopolymer that slips in every normal is known by its place.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from ...errors import DataError
from ...inputs.settings.calling_settings import CallingSettings
from ...io.bam_io import read_header
from ...io.bed import read_targets
from ...io.tables import column, read_table, write_table
from ...vocabulary.variant import Fetch, SmallVariant
from ..candidates.from_pileup import aligned_indels
from ..molecules.pileup import pile_up
from ..molecules.reads import make_filters
from ..molecules.regions import BASES, Regions, build_regions, fasta_fetch
from .kinds import site_rows, variant_row
from .rates import LONG_REPEATS
from .training import learn_noise

log = logging.getLogger("alktrace")


@dataclass(frozen=True)
class PositionNoiseRow:
    """`noise.tsv`: one alternative of one position that normals show more often than its kind."""

    chrom: str = column("sequence name")
    pos: int = column("position, 1-based")
    ref: str = column("reference allele, as in VCF")
    alt: str = column("alternative allele")
    alt_molecules: int = column("molecules of all normals with the alternative")
    expected: float = column("of these, expected from the rates of the normals")
    normals_with: int = column("normals with the alternative")
    normals: int = column("normals that say something here")
    factor: float = column("upper bound of the factor on the rates at this position")


def read_positions(path: Path | None) -> dict[tuple[str, int, str], float]:
    """Return the factors of a noise model by sequence, 1-based position and `ref>alt`; none without."""
    if path is None:
        return {}
    rows = read_table(path, PositionNoiseRow)
    # 1-based, with the alleles as in VCF: `of_variant` asks with the same key.
    return {(row.chrom, row.pos, f"{row.ref}>{row.alt}"): row.factor for row in rows}


def build_noise_model(
    *,
    bams: Sequence[Path],
    fasta: Path,
    targets: Path,
    settings: CallingSettings,
    out: Path,
    threads: int = 1,
) -> None:
    """Learn which positions are noisier than their kind from normals of one assay.

    For every alternative, molecules seen over all normals are compared with those expected from the rates of
    each normal; the factor is the upper bound of a gamma posterior around 1 and is written where it exceeds 1
    by more than an unremarkable position could have.

    Args:
        bams: consensus BAMs of normals, sorted by coordinate.
        fasta: their reference.
        targets: joined targets of the assay.
        settings: calling section.
        out: table of `PositionNoiseRow`.
        threads: threads that inflate.

    Raises:
        DataError: no normals, or files that do not belong together.
    """
    if not bams:
        raise DataError(out, "no normals to learn from", "name normals of the assay in the sheet")
    if len(bams) < settings.normals.advised:
        log.warning("%d normals: at least %d are advised", len(bams), settings.normals.advised)
    with pysam.FastaFile(str(fasta)) as reference:
        fetch = fasta_fetch(reference)
        spans = [target.span for target in read_targets(targets)]
        regions = build_regions(spans, fasta=reference, header=read_header(bams[0]), source=targets)
        normals = [_one_normal(bam, regions, settings, fetch, threads) for bam in bams]
        rows = _substitutions(regions, normals, settings)
        rows += _indels(regions, normals, fetch, settings)
    order = {chrom: i for i, chrom in enumerate(dict.fromkeys(regions.chroms))}
    rows.sort(key=lambda row: (order[row.chrom], row.pos, row.ref, row.alt))
    write_table(out, PositionNoiseRow, rows)


@dataclass(frozen=True)
class _Normal:
    """What one normal shows.

    Attributes:
        shown: int64[sites, 4], molecules per base.
        totals: int64[sites, N_CLASSES], informative molecules.
        indels: molecules with every insertion, deletion and complex change.
        rates: float64[N_ROWS, N_CLASSES], the normal's own noise.
    """

    shown: NDArray[np.int64]
    totals: NDArray[np.int64]
    indels: Counter[SmallVariant]
    rates: NDArray[np.float64]


def _one_normal(
    bam: Path, regions: Regions, settings: CallingSettings, fetch: Fetch, threads: int
) -> _Normal:
    pileup = pile_up(bam, regions, make_filters(settings), threads=threads)
    rates = learn_noise(pileup, settings).rates
    shown: NDArray[np.int64] = pileup.counts.sum(axis=2, dtype=np.int64)
    return _Normal(shown, pileup.totals, aligned_indels(pileup, fetch), rates)


def _substitutions(
    regions: Regions, normals: Sequence[_Normal], settings: CallingSettings
) -> list[PositionNoiseRow]:
    """Return the substitutions that normals show too often."""
    shape = (regions.sites, len(BASES))
    seen, expected = np.zeros(shape, np.int64), np.zeros(shape)
    showing, telling = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    rows = site_rows(regions.reference, regions.offsets)
    limit = settings.normals.max_vaf
    for normal in normals:
        depth = normal.totals.sum(axis=1)[:, None]
        # A normal that carries the allele (germline) says nothing about noise there, and is no `telling` one.
        usable = (rows >= 0) & (depth > 0) & (normal.shown < limit * np.maximum(depth, 1))
        forecast = np.einsum("sc,sac->sa", normal.totals.astype(float), normal.rates[np.maximum(rows, 0)])
        seen += np.where(usable, normal.shown, 0)
        expected += np.where(usable, forecast, 0.0)
        showing += usable & (normal.shown > 0)
        telling += usable
    found = []
    for site, alt in zip(*np.nonzero(seen > 0), strict=True):
        factor = _factor(int(seen[site, alt]), float(expected[site, alt]), int(showing[site, alt]), settings)
        # A bound above 1 alone means little: that of a position nobody looked at is above 1 too.
        if factor > _factor(0, 0.0, 0, settings):
            chrom, position = regions.place(int(site))
            variant = SmallVariant(chrom, position + 1, BASES[regions.reference[site]], BASES[alt])
            counts = int(seen[site, alt]), float(expected[site, alt])
            found.append(_row(variant, counts, int(showing[site, alt]), int(telling[site, alt]), factor))
    return found


def _indels(
    regions: Regions, normals: Sequence[_Normal], fetch: Fetch, settings: CallingSettings
) -> list[PositionNoiseRow]:
    """Return the insertions and deletions that normals show too often."""
    found = []
    for variant in sorted({variant for normal in normals for variant in normal.indels}):
        site = regions.site(variant.chrom, variant.start)
        if site is None:
            continue
        row = variant_row(variant, fetch)
        # Long repeats slip in more molecules than an allele of germline may have elsewhere.
        limit = settings.normals.max_repeat_vaf if row in LONG_REPEATS else settings.normals.max_vaf
        seen, expected, showing, telling = 0, 0.0, 0, 0
        for normal in normals:
            molecules, depth = normal.indels[variant], int(normal.totals[site].sum())
            if depth == 0 or molecules >= limit * depth:
                continue
            seen, showing, telling = seen + molecules, showing + (molecules > 0), telling + 1
            expected += float(normal.totals[site] @ normal.rates[row])
        factor = _factor(seen, expected, showing, settings)
        if seen and factor > _factor(0, 0.0, 0, settings):
            found.append(_row(variant, (seen, expected), showing, telling, factor))
    return found


def _factor(seen: int, expected: float, showing: int, settings: CallingSettings) -> float:
    """Return the upper bound of the factor on the rates of a position.

    A gamma posterior around 1, whose prior counts for some molecules (`strength`); without it where the
    molecules are clear.
    """
    from scipy.special import gammaincinv

    given = settings.normals
    clear = seen >= given.clear_molecules and showing >= given.clear_normals
    # One normal with many molecules may be a carrier: two must show it.
    prior = 0.0 if clear else given.strength
    return float(gammaincinv(prior + seen, settings.noise_bound) / (prior + expected))


def _row(
    variant: SmallVariant, counts: tuple[int, float], showing: int, telling: int, factor: float
) -> PositionNoiseRow:
    return PositionNoiseRow(
        chrom=variant.chrom,
        pos=variant.pos,
        ref=variant.ref,
        alt=variant.alt,
        alt_molecules=counts[0],
        expected=counts[1],
        normals_with=showing,
        normals=telling,
        factor=factor,
    )
