"""Noise per position from normals: what recurs more often than its kind needs more molecules."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from ..errors import DataError
from ..settings import CallingSettings
from ..tables import column, read_table, write_table
from ..umi.bam_io import read_header
from .kinds import site_rows
from .learning import learn_noise
from .pileup import pile_up
from .reads import make_filters
from .regions import BASES, Regions, build_regions, read_targets

log = logging.getLogger("alktrace")

STRENGTH = 2.0
"""Molecules that the factor 1 of an unremarkable position counts for."""
ENOUGH_NORMALS = 3
GERMLINE_VAF = 0.1
"""A normal that shows an alternative at this VAF has it in its genome and says nothing on noise there."""


@dataclass(frozen=True)
class PositionNoiseRow:
    """`noise.tsv`: one alternative of one position that normals show more often than its kind."""

    chrom: str = column("sequence name")
    pos: int = column("position, 1-based")
    ref: str = column("reference base")
    alt: str = column("alternative base")
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
        targets: BED of the assay.
        settings: calling section.
        out: table of `PositionNoiseRow`.
        threads: threads that inflate.

    Raises:
        DataError: no normals, or files that do not belong together.
    """
    if not bams:
        raise DataError(out, "no normals to learn from", "name normals of the assay in the sheet")
    if len(bams) < ENOUGH_NORMALS:
        log.warning("%d normals: at least %d are advised", len(bams), ENOUGH_NORMALS)
    with pysam.FastaFile(str(fasta)) as reference:
        regions = build_regions(
            read_targets(targets), fasta=reference, header=read_header(bams[0]), source=targets
        )
    shape = (regions.sites, len(BASES))
    seen, expected = np.zeros(shape, np.int64), np.zeros(shape)
    showing, telling = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for bam in bams:
        shown, forecast, usable = _one_normal(bam, regions, settings, threads)
        seen += np.where(usable, shown, 0)
        expected += np.where(usable, forecast, 0.0)
        showing += usable & (shown > 0)
        telling += usable
    write_table(
        out,
        PositionNoiseRow,
        _noisy(
            regions,
            seen=seen,
            expected=expected,
            showing=showing,
            telling=telling,
            bound=settings.noise_bound,
        ),
    )


def _one_normal(
    bam: Path, regions: Regions, settings: CallingSettings, threads: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return molecules, expected molecules and usability per site and alternative of one normal."""
    pileup = pile_up(bam, regions, make_filters(settings), threads=threads)
    noise = learn_noise(pileup, settings)
    rows = site_rows(regions.reference, regions.offsets)
    totals = pileup.totals
    shown = pileup.counts.sum(axis=2, dtype=np.int64)
    forecast = np.einsum("sc,sac->sa", totals.astype(np.float64), noise.rates[np.maximum(rows, 0)])
    depth = totals.sum(axis=1)[:, None]
    usable = (rows >= 0) & (depth > 0) & (shown < GERMLINE_VAF * np.maximum(depth, 1))
    return shown, forecast, usable


def _noisy(
    regions: Regions,
    *,
    seen: NDArray[np.int64],
    expected: NDArray[np.float64],
    showing: NDArray[np.int64],
    telling: NDArray[np.int64],
    bound: float,
) -> list[PositionNoiseRow]:
    from scipy.special import gammaincinv

    unremarkable = float(gammaincinv(STRENGTH, bound) / STRENGTH)
    factors = gammaincinv(STRENGTH + seen, bound) / (STRENGTH + expected)
    rows = []
    for site, alt in zip(*np.nonzero((seen > 0) & (factors > unremarkable)), strict=True):
        chrom, position = regions.place(int(site))
        rows.append(
            PositionNoiseRow(
                chrom=chrom,
                pos=position + 1,
                ref=BASES[regions.reference[site]],
                alt=BASES[alt],
                alt_molecules=int(seen[site, alt]),
                expected=float(expected[site, alt]),
                normals_with=int(showing[site, alt]),
                normals=int(telling[site, alt]),
                factor=float(factors[site, alt]),
            )
        )
    return rows
