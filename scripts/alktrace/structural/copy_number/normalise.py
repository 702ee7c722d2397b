"""Copy-number reference of an assay, and log2 ratios of a sample against it, by CNVkit's definitions.

The reference is a CNVkit reference file (`.cnn`) with further columns `residual_1 ...`: the log2 ratio of
every normal of the pool against it, from which the noise of a whole gene is taken. `cnvkit.py fix` reads it
as well; references made by CNVkit alone are accepted.

CNVkit corrects GC and edge bias with rolling medians over a tenth of the bins. That needs thousands of
bins: with 139 bins of which 20 are MET, a simulated MET at log2 0.68 came out at 0.57 and the noise of a gene
doubled, because the windows are few bins wide and hold much of the changed gene. Small panels therefore go
without these windows, and a robust curve over GC, fitted to the ratios against the reference, takes their
place. What is left of `fix` then is `bins.fix_bins`; a flat reference is the bins with their GC content.
Everything else (pooled references, panels of a thousand bins and more, references made by CNVkit alone) is
CNVkit's own.
"""

import csv
import logging
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...io.atomic import atomic_output
from ...io.bed import read_bed
from ...reference.genome import Genome
from ...reference.targets import join_targets
from .bins import MAD_TO_SD, BinTable, fix_bins, match_reference, read_bins
from .coverage import cut_targets, make_bins

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG = logging.getLogger("alktrace.structural")

RESIDUAL = "residual_"
FLOOR = -5.0
"""log2 ratio to which emptier bins are raised: CNVkit's limit for a usable bin (MIN_REF_COVERAGE)."""
WINDOW_BINS = 1000
"""Bins from which CNVkit's rolling medians are used: a window of a tenth then holds 100 bins."""
CURVE_BINS = 30
FLAT_COLUMNS = ("chromosome", "start", "end", "gene", "log2", "depth", "gc", "rmask", "spread")
TUKEY = 4.685
ROUNDS = 20


@dataclass(frozen=True)
class Ratios:
    """Bins of a sample after normalisation.

    Attributes:
        chrom: list of n names.
        start, end: int64[n], 0-based half-open.
        log2: float64[n], against the reference, centred on the autosomes.
        weight: float64[n], CNVkit's, between 0 and 1.
        residuals: float64[k, n], the same of each normal of the pool; k = 0 for a flat reference. NaN where
            a normal lost the bin.
        spread: float64[n], CNVkit's spread of each bin over the pool, as a standard deviation; 0 if flat.
        kind: `flat` or `pooled`.
        covered: share of the sample's bins that hold molecules.
    """

    chrom: list[str]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    log2: NDArray[np.float64]
    weight: NDArray[np.float64]
    residuals: NDArray[np.float64]
    spread: NDArray[np.float64]
    kind: str
    covered: float = 1.0


def build_copy_number_reference(
    *, coverages: Sequence[Path], fasta: Path, targets: Path, out: Path, bin_size: int, min_normals: int
) -> None:
    """Write the copy-number reference of an assay.

    Args:
        coverages: coverage tables of normals; fewer than `min_normals` give a flat reference, because
            neither the profile nor its noise can be learnt from so few.
        fasta: genome, for the GC correction.
        targets: joined targets of the assay.
        out: reference in CNVkit's format.
        bin_size: average bin size, as for the coverage.
        min_normals: normals that a pooled reference needs.

    Raises:
        DataError: the bins of a coverage table are not those of the targets.
    """
    usable = [path for path in sorted(coverages) if _has_depth(path)]
    for path in sorted(set(coverages) - set(usable)):
        LOG.warning("%s: no covered bin, left out of the copy-number reference", path)
    with atomic_output(out) as (partial,):
        if len(usable) >= min_normals:
            _write_pooled(usable, fasta, partial)
        else:
            LOG.info("%d normals, %d needed: flat copy-number reference", len(usable), min_normals)
            _write_flat(targets, fasta, bin_size, partial)


def read_ratios(coverage: Path, reference: Path) -> Ratios:
    """Return the normalised bins of a sample.

    Args:
        coverage: coverage table of the sample.
        reference: copy-number reference of the assay.

    Raises:
        DataError: reference and sample have no or not the same bins.
    """
    sample, pool = read_bins(coverage), read_bins(reference)
    residuals = [name for name in pool.numbers if name.startswith(RESIDUAL)]
    spread = pool.numbers.get("spread", np.zeros(1))
    kind = "pooled" if residuals or bool((spread > 0).any()) else "flat"
    if has_windows(pool):
        fixed = _windowed(coverage, reference)
        matched = match_reference(fixed, pool, coverage)
    else:
        fixed, matched = _fixed(sample, pool, coverage)
    none = np.zeros(len(fixed.chrom))
    return Ratios(
        chrom=fixed.chrom,
        start=fixed.start,
        end=fixed.end,
        log2=np.maximum(fixed.numbers["log2"], FLOOR),
        weight=fixed.numbers["weight"],
        residuals=np.array([matched.numbers[name] for name in residuals]).reshape(len(residuals), len(none)),
        spread=matched.numbers.get("spread", none),
        kind=kind,
        covered=float((sample.numbers["depth"] > 0).mean()) if len(sample.chrom) else 0.0,
    )


def has_windows(reference: BinTable) -> bool:
    """Tell whether samples go through CNVkit's own `fix`: large panels, and pools of CNVkit's own making.

    Such a pool has CNVkit's windows inside: the sample needs them too.
    """
    foreign = not any(name.startswith(RESIDUAL) for name in reference.numbers)
    spread = reference.numbers.get("spread", np.zeros(1))
    return len(reference.chrom) >= WINDOW_BINS or (foreign and bool((spread > 0).any()))


def asks_for_cnvkit(*, reference: str | None, targets: Path, bin_size: int, pooled: bool) -> bool:
    """Tell, before work starts, whether an assay's copy number will import CNVkit.

    Args:
        reference: the one that was given, else None.
        targets: targets as the laboratory gives them.
        bin_size: average bin size.
        pooled: a reference is pooled from normals.

    Raises:
        DataError: the given reference cannot be read.
    """
    if reference is not None:
        return has_windows(read_bins(Path(reference)))
    given, _ = read_bed(targets)
    return pooled or len(cut_targets(join_targets(given.values()), bin_size)) >= WINDOW_BINS


def gc_curve(log2: NDArray[np.float64], gc: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the part of log2 ratios that follows GC content: a robust parabola, zero in the median.

    Fitted by iteratively reweighted least squares with Tukey's biweight, so that bins of a changed gene lose
    their say.

    Args:
        log2: float64[n] ratios against the reference.
        gc: float64[n] GC share; NaN where unknown. Fewer than 30 known bins give a curve of zeros.
    """
    known = np.isfinite(gc) & np.isfinite(log2)
    if known.sum() < CURVE_BINS or float(np.ptp(gc[known])) == 0.0:
        return np.zeros(len(log2))
    centred = np.where(known, gc - np.median(gc[known]), 0.0)
    design = np.stack([np.ones(len(gc)), centred, centred**2], axis=1)
    fit = np.full(len(log2), np.median(log2[known]))
    for _ in range(ROUNDS):
        off = log2 - fit
        scale = MAD_TO_SD * float(np.median(np.abs(off[known])))
        if scale == 0.0:
            break
        weights = np.where(known, np.maximum(0.0, 1 - (off / (TUKEY * scale)) ** 2), 0.0)
        terms, *_ = np.linalg.lstsq(
            design * weights[:, None], np.where(known, log2, 0.0) * weights, rcond=None
        )
        fit = design @ terms
    curve: NDArray[np.float64] = fit - np.median(fit[known])
    return curve


def _fixed(sample: BinTable, reference: BinTable, path: Path) -> tuple[BinTable, BinTable]:
    """Return usable bins with ratio and weight, without the part that follows GC, and their reference."""
    fixed, matched = fix_bins(sample, match_reference(sample, reference, path))
    if "gc" in matched.numbers and len(fixed.chrom):
        log2 = fixed.numbers["log2"]
        fixed.numbers["log2"] = log2 - gc_curve(log2, matched.numbers["gc"])
    return fixed, matched


def _write_flat(targets: Path, fasta: Path, bin_size: int, out: Path) -> None:
    """Write what `cnvkit.py reference` writes without normals: level bins with their GC content."""
    with Genome(fasta) as genome, out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(FLAT_COLUMNS)
        for item in make_bins(targets, bin_size):
            bases = genome.fetch(item.chrom, item.start, item.end)
            known = sum(map(bases.count, "ACGT"))
            gc = sum(map(bases.count, "GC")) / known if known else 0.0
            # One copy of Y stands beside two of X and of the autosomes.
            log2 = -1 if item.chrom.removeprefix("chr") == "Y" else 0
            cells = (log2, f"{2.0**log2:g}", f"{gc:.6g}", 0, 0)
            writer.writerow((item.chrom, item.start, item.end, item.name, *cells))


def _write_pooled(coverages: Sequence[Path], fasta: Path, out: Path) -> None:
    """Write CNVkit's reference with the log2 ratios of every normal against it as further columns."""
    from cnvlib.reference import do_reference, get_fasta_stats

    tables = [read_bins(path) for path in coverages]
    windows = len(tables[0].chrom) >= WINDOW_BINS
    try:
        # All as female: the sex chromosomes are not called, so they need no model.
        with _quiet():
            reference = do_reference(
                [str(path) for path in coverages],
                fa_fname=str(fasta),
                female_samples=True,
                do_gc=windows,
                do_edge=windows,
                do_rmask=False,
            )
    except RuntimeError as error:
        raise DataError(coverages[0], str(error), "measure the coverage of all normals anew") from None
    if "gc" not in reference:
        reference = reference.add_columns(gc=get_fasta_stats(reference, str(fasta))[0])
    reference.data.to_csv(out, sep="\t", index=False, float_format="%.6g")
    pool = read_bins(out)
    columns = {}
    for i, (path, table) in enumerate(zip(coverages, tables, strict=True), start=1):
        fixed = _windowed(path, out) if windows else _fixed(table, pool, path)[0]
        values = dict(zip(fixed.keys, fixed.numbers["log2"].tolist(), strict=True))
        columns[f"{RESIDUAL}{i}"] = [values.get(key, np.nan) for key in pool.keys]
    reference.add_columns(**columns).data.to_csv(out, sep="\t", index=False, float_format="%.6g")


def _windowed(coverage: Path, reference: Path) -> BinTable:
    """Return the bins of a sample after CNVkit's own `fix`, with its rolling medians over GC and edges.

    Raises:
        DataError: reference and sample have no or not the same bins.
    """
    from cnvlib.cmdutil import read_cna
    from cnvlib.fix import do_fix

    sample, pool = read_cna(str(coverage)), read_cna(str(reference))
    columns = [name for name in pool.data.columns if not name.startswith(RESIDUAL)]
    try:
        with _quiet():
            data = do_fix(sample, sample[:0], pool.keep_columns(columns), do_rmask=False).data
    except ValueError as error:
        raise DataError(
            coverage, f"{error}", "build the copy-number reference anew from this assay's targets"
        ) from None
    return BinTable(
        [str(name) for name in data["chromosome"]],
        data["start"].to_numpy(np.int64),
        data["end"].to_numpy(np.int64),
        [str(name) for name in data["gene"]],
        {name: data[name].to_numpy(np.float64) for name in ("log2", "depth", "weight")},
    )


def _has_depth(path: Path) -> bool:
    return bool((read_bins(path).numbers["depth"] > 0).any())


@contextmanager
def _quiet() -> "Iterator[None]":
    """Keep the warnings of CNVkit's own arithmetic out of the log: masked bins are reported as such."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
