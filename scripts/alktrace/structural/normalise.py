"""CNVkit as a library: reference from normals, and log2 ratios of a sample against it.

The reference is a CNVkit reference file (`.cnn`) with further columns `residual_1 ...`: the log2 ratio of
every normal of the pool against it, from which the noise of a whole gene is taken. `cnvkit.py fix` reads it
as well; references made by CNVkit alone are accepted.
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
        kind: `flat` or `pooled`.
    """

    chrom: list[str]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    log2: NDArray[np.float64]
    weight: NDArray[np.float64]
    residuals: NDArray[np.float64]
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
    """Return the normalised bins of a sample: CNVkit's `fix` with its GC and edge corrections.

    Args:
        coverage: coverage table of the sample.
        reference: copy-number reference of the assay.

    Raises:
        DataError: reference and sample have no or not the same bins.
    """
    with _quiet():
        pool = _read(reference)
        sample = _read(coverage)
        fixed = _fix(sample, pool, coverage)
    columns = [name for name in pool.data.columns if name.startswith(RESIDUAL)]
    data = fixed.data
    keyed = pool.data.set_index(["chromosome", "start", "end"])
    matched = keyed.loc[list(zip(data["chromosome"], data["start"], data["end"], strict=True))]
    spread = pool.data["spread"].to_numpy() if "spread" in pool.data else np.zeros(1)
    return Ratios(
        chrom=[str(name) for name in data["chromosome"]],
        start=data["start"].to_numpy(np.int64),
        end=data["end"].to_numpy(np.int64),
        log2=np.maximum(data["log2"].to_numpy(np.float64), FLOOR),
        weight=data["weight"].to_numpy(np.float64),
        residuals=matched[columns].to_numpy(np.float64).T,
        kind="pooled" if columns or bool((spread > 0).any()) else "flat",
    )


def _pooled(coverages: Sequence[Path], fasta: Path) -> Any:
    from cnvlib.reference import do_reference

    try:
        # All as female: the sex chromosomes are not called, so they need no model.
        reference = do_reference(
            [str(path) for path in coverages], fa_fname=str(fasta), female_samples=True, do_rmask=False
        )
    except RuntimeError as error:
        raise DataError(coverages[0], str(error), "measure the coverage of all normals anew") from None
    keys = list(reference.coords())
    residuals = {}
    for i, path in enumerate(coverages, start=1):
        fixed = _fix(_read(path), reference, path)
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


def _fix(sample: Any, reference: Any, path: Path) -> Any:
    from cnvlib.fix import do_fix

    columns = [name for name in reference.data.columns if not name.startswith(RESIDUAL)]
    try:
        return do_fix(sample, sample[:0], reference.keep_columns(columns), do_rmask=False)
    except ValueError as error:
        raise DataError(
            path, f"{error}", "build the copy-number reference anew from this assay's targets"
        ) from None


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
