"""Tables of bins in CNVkit's format, and its `fix` for panels too small for its rolling medians.

Without rolling medians CNVkit's `fix` masks bins by the reference, centres the log2 values on the median
autosome, subtracts the reference and weighs the bins. That is written out here (after CNVkit 0.9.14,
`cnvlib.fix.do_fix` with `do_gc`, `do_edge` and `do_rmask` off), because importing CNVkit costs 1.3 to 2 CPU
seconds in every job, and these steps a millisecond; tests hold both equal on simulated panels. Larger panels
and references made by CNVkit alone go through CNVkit. Positions are 0-based half-open.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError

KEYS = ("chromosome", "start", "end", "gene")
# Limits of a usable bin and of a weight: `cnvlib.params` and `cnvlib.fix.apply_weights`.
LEAST_LOG2, MOST_SPREAD, GC_RANGE = -5.0, 1.0, (0.3, 0.7)
EMPTY_BELOW = -15.0
LEAST_WEIGHT = 1e-4
SPREAD_SHARE = 0.9
MAD_TO_SD = 1.4826

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BinTable:
    """Bins of a CNVkit file.

    Attributes:
        chrom, gene: n names.
        start, end: int64[n].
        numbers: the further columns, float64[n]; NaN where a cell is empty.
    """

    chrom: list[str]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    gene: list[str]
    numbers: dict[str, Floats]

    @property
    def keys(self) -> list[tuple[str, int, int]]:
        """Chromosome, start and end of every bin."""
        return list(zip(self.chrom, self.start.tolist(), self.end.tolist(), strict=True))

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> "BinTable":
        """Return the bins of these indices."""
        index = np.asarray(rows, np.int64)
        return BinTable(
            [self.chrom[i] for i in index],
            self.start[index],
            self.end[index],
            [self.gene[i] for i in index],
            {name: values[index] for name, values in self.numbers.items()},
        )


def read_bins(path: Path) -> BinTable:
    """Read a coverage table or a reference.

    Raises:
        DataError: columns are missing or a cell is no number.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = list(csv.reader(stream, delimiter="\t")) or [[]]
    missing = {*KEYS, "log2"} - set(header)
    if missing:
        raise DataError(
            path, f"no column {', '.join(sorted(missing))}", "give a coverage or reference of CNVkit"
        )
    cells = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    try:
        numbers = {
            name: np.array([float(cell) if cell else np.nan for cell in column], np.float64)
            for name, column in cells.items()
            if name not in KEYS
        }
        start, end = (np.array([int(cell) for cell in cells[name]], np.int64) for name in ("start", "end"))
    except ValueError as error:
        raise DataError(path, f"{error}", "give a coverage or reference of CNVkit") from None
    return BinTable(cells["chromosome"], start, end, cells["gene"], numbers)


def match_reference(sample: BinTable, reference: BinTable, path: Path) -> BinTable:
    """Return the bins of the reference in the order of the sample.

    Raises:
        DataError: a bin of the sample is not in the reference.
    """
    place = {key: i for i, key in enumerate(reference.keys)}
    missing = sum(key not in place for key in sample.keys)
    if missing:
        raise DataError(
            path,
            f"{missing} of {len(sample.chrom)} bins are not in the copy-number reference",
            "build the copy-number reference anew from this assay's targets",
        )
    return reference.take([place[key] for key in sample.keys])


def fix_bins(sample: BinTable, matched: BinTable) -> tuple[BinTable, BinTable]:
    """Return the usable bins of a sample with log2 ratio and weight, and the same bins of the reference.

    Args:
        sample: `log2` and `depth` of the sample.
        matched: bins of the reference in the same order, `log2` and `spread`, perhaps `depth` and `gc`.
    """
    usable = np.flatnonzero(~(_bad(matched.numbers) | np.isnan(sample.numbers["log2"])))
    sample, matched = sample.take(usable), matched.take(usable)
    filled = sample.numbers.get("depth", np.ones(len(usable))) > 0
    log2 = _centred(sample.numbers["log2"], sample.chrom, filled) - matched.numbers["log2"]
    weight = _weights(log2, sample, filled, matched.numbers)
    numbers = {**sample.numbers, "log2": _centred(log2, sample.chrom, filled), "weight": weight}
    return BinTable(sample.chrom, sample.start, sample.end, sample.gene, numbers), matched


def _bad(reference: dict[str, Floats]) -> NDArray[np.bool_]:
    log2, spread = reference["log2"], _spread(reference)
    bad: NDArray[np.bool_] = ~(np.abs(log2) <= -LEAST_LOG2) | ~(spread <= MOST_SPREAD)
    if "depth" in reference:
        bad |= (reference["depth"] == 0) | np.isnan(reference["depth"])
    if "gc" in reference:
        bad |= (reference["gc"] < GC_RANGE[0]) | (reference["gc"] > GC_RANGE[1])
    return bad


def _centred(log2: Floats, chrom: Sequence[str], filled: NDArray[np.bool_]) -> Floats:
    """Subtract the median over the autosomes of each one's median."""
    names = np.array(chrom)
    autosomal = np.array([name.removeprefix("chr").isdigit() for name in chrom], bool)
    used = filled & (log2 >= EMPTY_BELOW)
    if autosomal.any():
        used &= autosomal
    medians = [float(np.median(log2[used & (names == name)])) for name in np.unique(names[used])]
    return log2 - float(np.median(medians)) if medians else log2


def _weights(
    log2: Floats, sample: BinTable, filled: NDArray[np.bool_], reference: dict[str, Floats]
) -> Floats:
    """Return one minus the variance of every bin: by its size in the sample, by its spread in the pool."""
    names, used = np.array(sample.chrom), filled & (log2 >= EMPTY_BELOW)
    groups = [log2[used & (names == name)] for name in dict.fromkeys(sample.chrom)]
    rests = [group - np.median(group) for group in groups if len(group)]
    noise = _biweight_scale(np.concatenate(rests)) ** 2 if rests else np.nan
    size = np.sqrt(sample.end - sample.start)
    weights: Floats = 1 - noise / (size / size.mean()) if len(size) else np.zeros(0)
    spread, level = _spread(reference), reference["log2"]
    if (spread > LEAST_WEIGHT).any() and (np.abs(np.mod(level, 1)) > LEAST_WEIGHT).any():
        weights = SPREAD_SHARE * (1 - spread**2) + (1 - SPREAD_SHARE) * weights
    return np.clip(np.where(np.isnan(weights), LEAST_WEIGHT, weights), LEAST_WEIGHT, 1.0)


def _spread(reference: dict[str, Floats]) -> Floats:
    return reference.get("spread", np.zeros_like(reference["log2"]))


def _biweight_scale(values: Floats) -> float:
    """Return the square root of the biweight midvariance around the biweight location, c = 9.

    Mosteller and Tukey 1977, Data Analysis and Regression; limits as in `cnvlib.descriptives`.
    """
    if len(values) < 2:
        return 0.0
    off = values - _biweight_location(values)
    spread = float(np.median(np.abs(off)))
    scaled = off / max(9.0 * spread, 1e-3)
    near = np.abs(scaled) < 1
    if scaled[near].sum() == 0:
        return MAD_TO_SD * spread
    squares = scaled[near] ** 2
    above = near.sum() * (off[near] ** 2 * (1 - squares) ** 4).sum()
    return float(np.sqrt(above) / abs(((1 - squares) * (1 - 5 * squares)).sum()))


def _biweight_location(values: Floats) -> float:
    """Return the biweight location, c = 6, in at most five steps from the median."""
    centre = float(np.median(values))
    for _ in range(5):
        off = values - centre
        scale = 6.0 * float(np.median(np.abs(off)))
        if scale == 0.0:
            break
        weights = (1 - (off / scale) ** 2) ** 2
        # CNVkit keeps weights below one: points out to 1.4 scales too, and not a point in the centre itself.
        weights = np.where(weights < 1, weights, 0.0)
        step = float((off * weights).sum() / weights.sum()) if weights.sum() else 0.0
        centre += step
        if abs(step) <= 1e-3 * scale:
            break
    return centre
