"""Molecules per bin, in CNVkit's coverage format.

Why not `cnvkit.py coverage`: it counts reads (both mates of a molecule where they overlap), and importing it
costs seconds per sample. The file written here is what CNVkit's `reference` and `fix` take. Positions are
0-based half-open.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from ...io.atomic import atomic_output
from ...io.bed import read_targets

# CNVkit's log2 of an empty bin (cnvlib.params.NULL_LOG2_COVERAGE).
EMPTY_LOG2 = -20.0
COLUMNS = ("chromosome", "start", "end", "gene", "depth", "log2")
UNUSABLE = pysam.FUNMAP | pysam.FSECONDARY | pysam.FSUPPLEMENTARY | pysam.FQCFAIL | pysam.FDUP


@dataclass(frozen=True, order=True)
class Bin:
    """A stretch of a target."""

    chrom: str
    start: int
    end: int
    name: str


def make_bins(targets: Path, bin_size: int) -> list[Bin]:
    """Cut the targets into bins of about equal size.

    The result depends on nothing but the targets and the size, so the bins of samples and reference agree.

    Args:
        targets: joined targets of the assay; their names become those of the bins.
        bin_size: average size in bases.
    """
    bins = []
    for item in sorted(read_targets(targets), key=lambda target: _chrom_order(target.chrom)):
        count = max(1, round((item.end - item.start) / bin_size))
        edges = np.linspace(item.start, item.end, count + 1).astype(int)
        bins += [Bin(item.chrom, int(a), int(b), item.name) for a, b in pairwise(edges)]
    return bins


def measure_coverage(
    *, bam: Path, targets: Path, out_cnn: Path, bin_size: int, min_mapq: int, max_insert: int
) -> None:
    """Write the mean number of molecules over each bin.

    Args:
        bam: consensus reads; one molecule = records of one name.
        targets: joined targets of the assay.
        out_cnn: CNVkit coverage table: `chromosome start end gene depth log2`.
        bin_size: average bin size in bases.
        min_mapq: mapping quality of a counted record.
        max_insert: longest ordinary fragment; mates further apart count as two pieces.
    """
    bins = make_bins(targets, bin_size)
    depths = bin_depths(bins, *read_fragments(bam, min_mapq=min_mapq, max_insert=max_insert))
    with atomic_output(out_cnn) as (partial,), partial.open("w", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for item, depth in zip(bins, depths, strict=True):
            log2 = np.log2(depth) if depth > 0 else EMPTY_LOG2
            cells = (f"{depth:.6g}", f"{log2:.6g}")
            writer.writerow((item.chrom, item.start, item.end, item.name, *cells))


def read_fragments(bam: Path, *, min_mapq: int, max_insert: int) -> tuple[list[str], NDArray[np.int64]]:
    """Return the stretches that molecules cover.

    Both mates of an ordinary fragment and what lies between them are one stretch; otherwise each record is.

    Returns:
        Sequence names, and int64[n, 3]: index of the sequence, start, end.
    """
    pieces: list[int | None] = []
    with pysam.AlignmentFile(str(bam), check_sq=False) as reads:
        names = list(reads.references)
        for record in reads:
            if record.flag & UNUSABLE or record.mapping_quality < min_mapq:
                continue
            length = record.template_length
            if record.flag & pysam.FPROPER_PAIR and 0 < abs(length) <= max_insert:
                if length > 0:
                    start = record.reference_start
                    pieces += (record.reference_id, start, start + length)
                continue
            pieces += (record.reference_id, record.reference_start, record.reference_end)
    return names, np.array(pieces, np.int64).reshape(-1, 3)


def bin_depths(bins: Sequence[Bin], names: Sequence[str], pieces: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean number of stretches over the bases of each bin.

    Args:
        bins: bins.
        names: sequence names.
        pieces: int64[n, 3], as from `read_fragments`.

    Returns:
        float64[n_bins].
    """
    depths = np.zeros(len(bins))
    order = {name: i for i, name in enumerate(names)}
    for chrom in {item.chrom for item in bins}:
        own = pieces[pieces[:, 0] == order.get(chrom, -1)]
        where = [i for i, item in enumerate(bins) if item.chrom == chrom]
        starts = np.array([bins[i].start for i in where])
        ends = np.array([bins[i].end for i in where])
        covered = _bases_before(own, ends) - _bases_before(own, starts)
        depths[where] = covered / (ends - starts)
    return depths


def _bases_before(pieces: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many bases of all stretches lie before each position."""
    return _ramp(pieces[:, 1], positions) - _ramp(pieces[:, 2], positions)


def _ramp(edges: NDArray[np.int64], positions: NDArray[np.int64]) -> NDArray[np.int64]:
    ordered = np.sort(edges)
    sums = np.concatenate([[0], np.cumsum(ordered)])
    count = np.searchsorted(ordered, positions)
    ramp: NDArray[np.int64] = count * positions - sums[count]
    return ramp


def _chrom_order(chrom: str) -> tuple[int, str]:
    name = chrom.removeprefix("chr")
    return (int(name), "") if name.isdigit() else (99, name)
