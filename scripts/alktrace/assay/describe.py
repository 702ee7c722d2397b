"""What normals say of a panel: targets, loci, limits, copy number, and how far so many normals reach."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from ..calling.callability_table import CallabilityRow
from ..calling.noise.error_rate_table import ErrorRateRow
from ..inputs.settings.calling_settings import CallingSettings
from ..inputs.settings.copy_number_settings import CopyNumberSettings
from ..io.bed import Target, read_targets
from ..io.tables import read_table, write_table
from ..reference.gene_models import GeneModels
from ..structural.copy_number.bin_statistics import BinStatistics, autosomal_genes, joined
from ..structural.copy_number.bins import BinTable, read_bins
from ..structural.copy_number.gene_copies import assign_genes
from ..structural.copy_number.normalise import Ratios, read_ratios
from ..structural.copy_number.shared_noise import SharedNoise, learn_shared_noise
from ..vocabulary.detection import MoleculeGroup
from ..vocabulary.panels import LocusState, Readiness, TargetState
from .panel_table import CopyLimitRow, LocusLimitRow, NormalRow, ReachRow, TargetQcRow

LOW, UNEVEN = 0.2, 0.3
ADVISED_FOR_NOISE = 20
"""Normals from which on a position shows its own rate: at a tenth of them seen, two normals show it."""
ADVISED_FOR_COPIES = 10
"""Normals from which on the error of the reference no longer matters: a twentieth of the standard error."""
NUMBERS = (3, 4, 6, 10, 20)
FRACTIONS = (0.05, 0.1, 0.2, 0.4)
DIPLOID = 2.0


@dataclass(frozen=True)
class Normal:
    """Files of one normal that could be read."""

    name: str
    callability: Sequence[CallabilityRow]
    error_rates: Sequence[ErrorRateRow]
    coverage: Path


@dataclass(frozen=True)
class PanelTables:
    """All that is said."""

    reach: Sequence[ReachRow]
    normals: Sequence[NormalRow]
    targets: Sequence[TargetQcRow]
    limits: Sequence[LocusLimitRow]
    copies: Sequence[CopyLimitRow]

    def write(self, folder: Path) -> None:
        """Write the tables into a folder."""
        write_table(folder / "reach.tsv", ReachRow, self.reach)
        write_table(folder / "normals.tsv", NormalRow, self.normals)
        write_table(folder / "targets.tsv", TargetQcRow, self.targets)
        write_table(folder / "limits.tsv", LocusLimitRow, self.limits)
        write_table(folder / "copy_number.tsv", CopyLimitRow, self.copies)


def read_normal(name: str, callability: Path, error_rates: Path, coverage: Path) -> Normal:
    """Read the tables of a normal."""
    return Normal(
        name, read_table(callability, CallabilityRow), read_table(error_rates, ErrorRateRow), coverage
    )


def describe(
    *,
    normals: Sequence[Normal],
    targets: Path,
    reference: Path,
    gene_models: Path,
    calling: CallingSettings,
    copy_number: CopyNumberSettings,
) -> PanelTables:
    """Return what the normals of an assay say.

    Args:
        normals: those that could be read, at least one.
        targets: joined targets.
        reference: copy-number reference made of these normals, pooled or flat.
        gene_models: JSON of `GeneModels`.
        calling: section of the configuration.
        copy_number: likewise.
    """
    bins = [read_bins(normal.coverage) for normal in normals]
    copies = list(copy_rows(normals, reference, GeneModels.load(gene_models), copy_number))
    return PanelTables(
        reach=reach_rows(len(normals), calling, copy_number, pooled=bool(copies)),
        normals=[_normal(normal, table) for normal, table in zip(normals, bins, strict=True)],
        targets=target_rows(read_targets(targets), bins),
        limits=locus_rows([normal.callability for normal in normals]),
        copies=copies,
    )


def reach_rows(
    number: int, calling: CallingSettings, copy_number: CopyNumberSettings, *, pooled: bool
) -> list[ReachRow]:
    """Return what so many normals are enough for; limits that few normals have are named, not hidden."""
    several = number >= copy_number.min_normals
    copies = several and pooled
    return [
        ReachRow(
            "detection_limits",
            number,
            copy_number.min_normals,
            Readiness.FULL if several else Readiness.LIMITED,
            "limits per locus from the depths of these normals; every sample states its own"
            + ("" if number > 1 else "; of one normal: nothing is known of how they differ"),
        ),
        ReachRow(
            "position_noise",
            number,
            ADVISED_FOR_NOISE,
            _state(number, ADVISED_FOR_NOISE) if number >= calling.normals.clear_normals else Readiness.NONE,
            "positions that err more often than their kind are known"
            if number >= ADVISED_FOR_NOISE
            else f"positions that err in {calling.normals.clear_normals} normals or more stand out; one that "
            "errs now and then is judged by the rates of its kind",
        ),
        ReachRow(
            "copy_number",
            number,
            ADVISED_FOR_COPIES,
            _state(number, ADVISED_FOR_COPIES) if copies else Readiness.NONE,
            "copy_number.tsv says from how many copies on a gain is called, and what more normals would show"
            if copies
            else f"flat reference, {copy_number.min_normals} normals are needed: genes differ by their "
            "probes, and few gains are seen",
        ),
    ]


def _state(number: int, advised: int) -> Readiness:
    return Readiness.FULL if number >= advised else Readiness.LIMITED


def _normal(normal: Normal, bins: BinTable) -> NormalRow:
    molecules = [row.molecules for row in normal.callability] or [0]
    duplex = sum(row.duplex for row in normal.callability)
    depth = bins.numbers["depth"]
    return NormalRow(
        normal.name,
        float(median(molecules)),
        duplex / sum(molecules) if sum(molecules) else None,
        _error_rate(normal.error_rates),
        float((depth > 0).mean()) if len(depth) else 0.0,
        float(np.median(depth)) if len(depth) else 0.0,
    )


def _error_rate(rows: Sequence[ErrorRateRow]) -> float | None:
    for group in (MoleculeGroup.DUPLEX, MoleculeGroup.SIMPLEX, MoleculeGroup.SINGLE):
        own = [row for row in rows if row.molecules is group]
        if bases := sum(row.bases for row in own):
            return sum(row.errors for row in own) / bases
    return None


def target_rows(targets: Sequence[Target], tables: Sequence[BinTable]) -> list[TargetQcRow]:
    """Return one row per target, its depth over the middle of all targets of the same normal."""
    places = [(table.chrom, table.start, table.end, table.numbers["depth"]) for table in tables]
    depths = np.array([[_depth_of(target, place) for target in targets] for place in places])
    middles = np.median(depths, axis=1, keepdims=True)
    relative = depths / np.where(middles > 0, middles, np.inf)
    rows = []
    for target, values in zip(targets, relative.T, strict=True):
        mean = float(values.mean())
        spread = float(values.std(ddof=1)) / mean if len(values) > 1 and mean > 0 else None
        middle = float(np.median(values))
        if middle == 0:
            state = TargetState.EMPTY
        elif middle < LOW:
            state = TargetState.LOW
        else:
            state = TargetState.UNEVEN if spread is not None and spread > UNEVEN else TargetState.OK
        place = target.chrom, target.start, target.end, target.name
        rows.append(TargetQcRow(*place, middle, float(values.min()), spread, state))
    return rows


def _depth_of(target: Target, table: tuple[Sequence[str], np.ndarray, np.ndarray, np.ndarray]) -> float:
    """Return the mean depth of the bins of a target, by their length."""
    chrom, start, end, depth = table
    inside = (np.array(chrom) == target.chrom) & (start >= target.start) & (end <= target.end)
    length = (end - start)[inside]
    return float((depth[inside] * length).sum() / length.sum()) if inside.any() else 0.0


def locus_rows(tables: Sequence[Sequence[CallabilityRow]]) -> list[LocusLimitRow]:
    """Return one row per locus; limits over the normals that have one, and the worst only where all have."""
    places: dict[tuple[str, str, str], list[CallabilityRow]] = {}
    for table in tables:
        for row in table:
            places.setdefault((row.gene, row.locus, row.kind), []).append(row)
    return [_locus(rows) for rows in places.values()]


def _locus(rows: Sequence[CallabilityRow]) -> LocusLimitRow:
    seen = sum(row.molecules > 0 for row in rows)
    first = rows[0]
    substitution = _limits([row.vaf_detectable for row in rows])
    indel = _limits([row.vaf_detectable_indel for row in rows])
    state = LocusState.COVERED if seen == len(rows) else LocusState.PARTLY if seen else LocusState.NOT_COVERED
    molecules = float(median(row.molecules for row in rows))
    return LocusLimitRow(first.gene, first.locus, first.kind, state, molecules, *substitution, *indel)


def _limits(values: Sequence[float | None]) -> tuple[float | None, float | None]:
    known = [value for value in values if value is not None]
    return median(known) if known else None, max(known) if known and len(known) == len(values) else None


def copy_rows(
    normals: Sequence[Normal], reference: Path, models: GeneModels, settings: CopyNumberSettings
) -> Iterator[CopyLimitRow]:
    """Yield per gene and number of normals from how many copies on a gain is called; nothing if flat."""
    samples = [read_ratios(normal.coverage, reference) for normal in normals]
    if not samples or not len(samples[0].residuals):
        return
    genes = assign_genes(samples[0], models)
    noises = [_noise(ratios, assign_genes(ratios, models)) for ratios in samples]
    known = [noise for noise in noises if noise is not None]
    if not known:
        return
    # Of the normals the one in the middle: the error of bins differs from sample to sample.
    noise = sorted(known, key=lambda one: one.bins.variance)[len(known) // 2]
    autosomal = autosomal_genes(samples[0], genes)
    own = {gene: members for gene, members in genes.items() if any(members is one for one in autosomal)}
    present = len(samples[0].residuals)
    for gene, members in sorted(own.items()):
        if len(members) < settings.min_bins:
            continue
        weight = float(samples[0].weight[members].sum())
        for number in sorted({*NUMBERS, present}):
            error = joined(len(members), 0.0, noise.forecast(len(members), weight, number))
            yield _copy_limit(gene, number, error, settings, present)


def _noise(ratios: Ratios, genes: Mapping[str, np.ndarray]) -> SharedNoise | None:
    return learn_shared_noise(ratios, autosomal_genes(ratios, genes))


def _copy_limit(
    gene: str, normals: int, error: BinStatistics, settings: CopyNumberSettings, present: int
) -> CopyLimitRow:
    needed = error.bound(settings.tail_probability) + error.bound(1 - settings.power)
    copies = DIPLOID * 2**needed
    of_tumour = [DIPLOID + (copies - DIPLOID) / share for share in FRACTIONS]
    return CopyLimitRow(gene, error.bins, normals, normals == present, copies, *of_tumour)
