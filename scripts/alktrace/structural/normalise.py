"""CNVkit as a library: reference from normals, and log2 ratios of a sample against it.

The reference is a CNVkit reference file (`.cnn`) with further columns `residual_1 ...`: the log2 ratio of
every normal of the pool against it, from which the noise of a whole gene is taken. `cnvkit.py fix` reads it
as well; references made by CNVkit alone are accepted.

CNVkit corrects GC and edge bias with rolling medians over a tenth of the bins. That needs thousands of
bins: with 139 bins of which 20 are MET, a simulated MET at log2 0.68 came out at 0.57 and the noise of a gene
doubled, because the windows are few bins wide and hold much of the changed gene. Small panels therefore go
through CNVkit without these windows, and a robust curve over GC, fitted to the ratios against the reference,
takes their place.
"""

import logging
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..job import atomic_output
from .coverage import make_bins

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG = logging.getLogger("alktrace.structural")

RESIDUAL = "residual_"
FLOOR = -5.0
"""log2 ratio to which emptier bins are raised: CNVkit's limit for a usable bin (MIN_REF_COVERAGE)."""
WINDOW_BINS = 1000
"""Bins from which CNVkit's rolling medians are used: a window of a tenth then holds 100 bins."""
CURVE_BINS = 30
TUKEY = 4.685
MAD_TO_SD = 1.4826
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
    """

    chrom: list[str]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    log2: NDArray[np.float64]
    weight: NDArray[np.float64]
    residuals: NDArray[np.float64]
    spread: NDArray[np.float64]
    kind: str


def build_copy_number_reference(
    *, coverages: Sequence[Path], fasta: Path, targets: Path, out: Path, bin_size: int, min_normals: int
) -> None:
    """Write the copy-number reference of an assay.

    Args:
        coverages: coverage tables of normals; fewer than `min_normals` give a flat reference, because
            neither the profile nor its noise can be learnt from so few.
        fasta: genome, for the GC correction.
        targets: BED of the assay.
        out: reference in CNVkit's format.
        bin_size: average bin size, as for the coverage.
        min_normals: normals that a pooled reference needs.

    Raises:
        DataError: the bins of a coverage table are not those of the targets.
    """
    usable = [path for path in sorted(coverages) if _has_depth(path)]
    for path in sorted(set(coverages) - set(usable)):
        LOG.warning("%s: no covered bin, left out of the copy-number reference", path)
    with _quiet():
        if len(usable) >= min_normals:
            reference = _pooled(usable, fasta)
        else:
            LOG.info("%d normals, %d needed: flat copy-number reference", len(usable), min_normals)
            reference = _flat(targets, fasta, bin_size)
        with atomic_output(out) as (partial,):
            reference.data.to_csv(partial, sep="\t", index=False, float_format="%.6g")


def read_ratios(coverage: Path, reference: Path) -> Ratios:
    """Return the normalised bins of a sample.

    Args:
        coverage: coverage table of the sample.
        reference: copy-number reference of the assay.

    Raises:
        DataError: reference and sample have no or not the same bins.
    """
    with _quiet():
        pool = _read(reference)
        columns = [name for name in pool.data.columns if name.startswith(RESIDUAL)]
        spread = pool.data["spread"].to_numpy() if "spread" in pool.data else np.zeros(1)
        kind = "pooled" if columns or bool((spread > 0).any()) else "flat"
        # A pooled reference of CNVkit's own making has its windows inside: the sample needs them too.
        foreign = kind == "pooled" and not columns
        fixed = _fix(_read(coverage), pool, coverage, windows=foreign or len(pool) >= WINDOW_BINS)
    data = fixed.data
    keyed = pool.data.set_index(["chromosome", "start", "end"])
    matched = keyed.loc[list(zip(data["chromosome"], data["start"], data["end"], strict=True))]
    return Ratios(
        chrom=[str(name) for name in data["chromosome"]],
        start=data["start"].to_numpy(np.int64),
        end=data["end"].to_numpy(np.int64),
        log2=np.maximum(data["log2"].to_numpy(np.float64), FLOOR),
        weight=data["weight"].to_numpy(np.float64),
        residuals=matched[columns].to_numpy(np.float64).T,
        spread=matched["spread"].to_numpy(np.float64) if "spread" in matched else np.zeros(len(data)),
        kind=kind,
    )


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


def _pooled(coverages: Sequence[Path], fasta: Path) -> Any:
    from cnvlib.reference import do_reference, get_fasta_stats

    windows = len(_read(coverages[0])) >= WINDOW_BINS
    try:
        # All as female: the sex chromosomes are not called, so they need no model.
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
        gc, _ = get_fasta_stats(reference, str(fasta))
        reference = reference.add_columns(gc=gc)
    keys = list(reference.coords())
    residuals = {}
    for i, path in enumerate(coverages, start=1):
        fixed = _fix(_read(path), reference, path, windows=windows)
        values = dict(zip(fixed.coords(), fixed.data["log2"], strict=True))
        residuals[f"{RESIDUAL}{i}"] = [values.get(key, np.nan) for key in keys]
    return reference.add_columns(**residuals)


def _flat(targets: Path, fasta: Path, bin_size: int) -> Any:
    from cnvlib.reference import do_reference_flat

    with TemporaryDirectory() as folder:
        bed = Path(folder) / "bins.bed"
        bins = make_bins(targets, bin_size)
        bed.write_text("".join(f"{b.chrom}\t{b.start}\t{b.end}\t{b.name}\n" for b in bins))
        return do_reference_flat(str(bed), fa_fname=str(fasta))


def _fix(sample: Any, reference: Any, path: Path, *, windows: bool) -> Any:
    from cnvlib.fix import do_fix

    columns = [name for name in reference.data.columns if not name.startswith(RESIDUAL)]
    try:
        fixed = do_fix(
            sample,
            sample[:0],
            reference.keep_columns(columns),
            do_gc=windows,
            do_edge=windows,
            do_rmask=False,
        )
    except ValueError as error:
        raise DataError(
            path, f"{error}", "build the copy-number reference anew from this assay's targets"
        ) from None
    if not windows and "gc" in reference and len(fixed):
        content = dict(zip(reference.coords(), reference.data["gc"], strict=True))
        gc = np.array([content[key] for key in fixed.coords()], np.float64)
        log2 = fixed.data["log2"].to_numpy(np.float64)
        fixed["log2"] = log2 - gc_curve(log2, gc)
    return fixed


def _read(path: Path) -> Any:
    from cnvlib.cmdutil import read_cna

    return read_cna(str(path))


def _has_depth(path: Path) -> bool:
    return bool((_read(path).data["depth"] > 0).any())


@contextmanager
def _quiet() -> "Iterator[None]":
    """Keep the warnings of CNVkit's own arithmetic out of the log: masked bins are reported as such."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
