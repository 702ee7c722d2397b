"""Molecules per bin, in CNVkit's coverage format.

Why not `cnvkit.py coverage`: it counts reads (both mates of a molecule where they overlap), and importing it
costs seconds per sample. The file written here is what CNVkit's `reference` and `fix` take. Positions are
0-based half-open.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pysam
from numpy.typing import NDArray

from ...io.atomic import atomic_output
from ...io.bed import Target, read_targets

if TYPE_CHECKING:
    from ...io.record_columns import Columns

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
    return cut_targets(read_targets(targets), bin_size)


def cut_targets(targets: Iterable[Target], bin_size: int) -> list[Bin]:
    """Cut joined targets into bins of about equal size."""
    bins = []
    for item in sorted(targets, key=lambda target: _chrom_order(target.chrom)):
        count = max(1, round((item.end - item.start) / bin_size))
        edges = np.linspace(item.start, item.end, count + 1).astype(int)
        bins += [Bin(item.chrom, int(a), int(b), item.name) for a, b in pairwise(edges)]
    return bins


def write_coverage(
    path: Path, bins: Sequence[Bin], names: Sequence[str], stretches: NDArray[np.int64]
) -> None:
    """Write the mean number of molecules over each bin as CNVkit's coverage table.

    Args:
        path: `chromosome start end gene depth log2`.
        bins: bins of the assay.
        names: sequence names.
        stretches: what molecules cover, as from `Stretches`.
    """
    depths = bin_depths(bins, names, stretches)
    with atomic_output(path) as (partial,), partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for item, depth in zip(bins, depths, strict=True):
            log2 = np.log2(depth) if depth > 0 else EMPTY_LOG2
            cells = (f"{depth:.6g}", f"{log2:.6g}")
            writer.writerow((item.chrom, item.start, item.end, item.name, *cells))


class Stretches:
    """Collects the stretches that molecules cover, batch by batch of a BAM.

    Both mates of an ordinary fragment and what lies between them are one stretch; otherwise each record is.
    """

    def __init__(self, *, min_mapq: int, max_insert: int) -> None:
        """Keep what counts.

        Args:
            min_mapq: mapping quality of a counted record.
            max_insert: longest ordinary fragment; mates further apart count as two pieces.
        """
        self._min_mapq, self._max_insert = min_mapq, max_insert
        self._pieces = [np.zeros((0, 3), np.int64)]

    def take(self, records: "Columns") -> None:
        """Look at all records of a batch."""
        length = np.abs(records.tlen)
        proper = records.flag & pysam.FPROPER_PAIR != 0
        ordinary = proper & (length > 0) & (length <= self._max_insert)
        # The mate on the left speaks for both.
        counted = np.where(ordinary, records.tlen > 0, records.operations > 0)
        counted &= (records.flag & UNUSABLE == 0) & (records.mapq >= self._min_mapq)
        ends = np.where(ordinary, records.start + records.tlen, records.end)
        self._pieces.append(np.stack((records.ref, records.start, ends), axis=1)[counted])

    @property
    def found(self) -> NDArray[np.int64]:
        """int64[n, 3]: index of the sequence, start, end."""
        return np.concatenate(self._pieces)


def bin_depths(bins: Sequence[Bin], names: Sequence[str], pieces: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean number of stretches over the bases of each bin.

    Args:
        bins: bins.
        names: sequence names.
        pieces: int64[n, 3], as from `Stretches`.

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
    return (int(name), "") if name.isdecimal() else (99, name)
