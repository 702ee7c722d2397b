"""Copy number per gene: interval, focality, tumour copy number and what would have been visible.

The average copy number over all genomes of a sample is C = 2 * 2^log2. With a share TF of tumour genomes the
tumour's own is CN = (C - 2 (1 - TF)) / TF.
"""

import logging
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...inputs.settings.copy_number_settings import CopyNumberSettings
from ...io.tables import column, read_table
from ...reference.gene_models import GeneModels, Transcript
from ...vocabulary.copies import CopyNumberCall, Focality, TumourFractionStatus
from ..tumour_fraction_table import TumourFractionRow
from .bin_statistics import (
    SEX_CHROMOSOMES,
    BinStatistics,
    autosomal_genes,
    between_genes,
    plain_name,
    summarise,
)
from .copy_number_table import CopyNumberRow, RatioRow
from .normalise import Ratios
from .shared_noise import learn_shared_noise

LOG = logging.getLogger("alktrace.structural")

DIPLOID = 2.0
MEDIAN_PENALTY = 1.2533
"""Standard error of a median over that of a mean, normal data: sqrt(pi / 2)."""
ARM_SHARE = 0.5
LEAST_COVERED = 0.5
"""Share of bins with molecules below which a sample has no level to compare with: CNVkit's own limit."""
LEAST_AUTOSOMES = 3
"""The centre is the median over the autosomes: from three on, one that is changed does not move it."""


@dataclass(frozen=True)
class Centromere:
    """`centromeres.grch38.tsv`: where one arm ends and the other begins."""

    chrom: str = column("sequence name with `chr`")
    start: int = column("start of the centromere, 0-based")
    boundary: int = column("border between the short and the long arm")
    end: int = column("end of the centromere, exclusive")
    source: str = column("source of the positions")


def ratio_rows(ratios: Ratios, models: GeneModels) -> list[RatioRow]:
    """Return one row per bin."""
    genes = assign_genes(ratios, models)
    names: dict[int, list[str]] = {}
    for gene, members in genes.items():
        for i in members:
            names.setdefault(int(i), []).append(gene)
    return [
        RatioRow(
            ratios.chrom[i],
            int(ratios.start[i]),
            int(ratios.end[i]),
            ",".join(sorted(names.get(i, []))),
            float(ratios.log2[i]),
            float(ratios.weight[i]),
        )
        for i in range(len(ratios.chrom))
    ]


def read_boundaries(path: Path) -> dict[str, int]:
    """Return the border between the arms by chromosome, without `chr`."""
    return {plain_name(row.chrom): row.boundary for row in read_table(path, Centromere)}


def copy_number_rows(
    ratios: Ratios,
    models: GeneModels,
    boundaries: Mapping[str, int],
    settings: CopyNumberSettings,
    tumour_fraction: TumourFractionRow | None,
) -> list[CopyNumberRow]:
    """Return one row per gene with bins, and one per gene of the settings without any.

    Args:
        ratios: normalised bins.
        models: gene models.
        boundaries: border between the arms by chromosome.
        settings: thresholds.
        tumour_fraction: of this sample; None if unknown.
    """
    genes = assign_genes(ratios, models)
    wanted = set(settings.amplification) | set(settings.loss_genes)
    absent = sorted(wanted - set(models.by_gene))
    if absent:
        LOG.warning("no gene model, copy number not judged: %s", ", ".join(absent))
    for gene in wanted & set(models.by_gene):
        genes.setdefault(gene, np.zeros(0, np.int64))
    known = _has_level(ratios)
    between = between_genes(ratios, genes) if ratios.kind == "flat" else None
    shared = learn_shared_noise(ratios, autosomal_genes(ratios, genes)) if known else None
    rows = []
    for gene, members in genes.items():
        row = _empty_row(models.by_gene[gene], ratios, members)
        autosomal = plain_name(row.chrom) not in SEX_CHROMOSOMES
        if known and autosomal and len(members) >= settings.min_bins:
            statistics = summarise(ratios, members, between=between, shared=shared)
            row = _judge(row, statistics, _arm(row, members, ratios, boundaries), settings)
            row = apply_tumour_fraction(row, statistics, tumour_fraction, settings)
        rows.append(row)
    return sorted(rows, key=lambda r: (len(plain_name(r.chrom)), plain_name(r.chrom), r.start, r.gene))


def _has_level(ratios: Ratios) -> bool:
    """Tell whether two copies have a known level; without one no gene can be judged, and the log says why."""
    autosomes = {name for name in ratios.chrom if plain_name(name) not in SEX_CHROMOSOMES}
    if ratios.covered < LEAST_COVERED:
        LOG.warning("copy number not judged: %.0f %% of the bins hold molecules", 100 * ratios.covered)
    elif len(autosomes) < LEAST_AUTOSOMES:
        LOG.warning("copy number not judged: usable bins on %d autosomes only", len(autosomes))
    else:
        return True
    return False


def assign_genes(ratios: Ratios, models: GeneModels) -> dict[str, NDArray[np.int64]]:
    """Return the indices of the bins that overlap each gene; genes without bins are left out."""
    chroms: dict[str, list[int]] = {}
    for i, name in enumerate(ratios.chrom):
        chroms.setdefault(name, []).append(i)
    found = {}
    for gene, transcript in models.by_gene.items():
        own = chroms.get(transcript.chrom, [])
        first = bisect_left(own, transcript.start, key=lambda i: int(ratios.end[i]) - 1)
        members = []
        for i in own[first:]:
            if ratios.start[i] >= transcript.end:
                break
            members.append(i)
        if members:
            found[gene] = np.array(members, np.int64)
    return found


def apply_tumour_fraction(
    row: CopyNumberRow,
    statistics: BinStatistics,
    tumour_fraction: TumourFractionRow | None,
    settings: CopyNumberSettings,
) -> CopyNumberRow:
    """Return the row with tumour copy number, what was visible, and the verdict."""
    known = tumour_fraction is not None and tumour_fraction.status is not TumourFractionStatus.NOT_ESTIMABLE
    if known and tumour_fraction is not None:
        row = _with_tumour(row, tumour_fraction)
        visible = smallest_visible(statistics, tumour_fraction.low or 0.0, row.gene, settings)
        row = replace(row, smallest_visible_cn=visible)
    share = tumour_fraction.value if known and tumour_fraction is not None else None
    return replace(row, call=_verdict(row, statistics, share, settings))


def tumour_copy_number(copy_number: float, tumour_fraction: float) -> float:
    """Return (C - 2 (1 - TF)) / TF, not below zero."""
    return max(0.0, (copy_number - DIPLOID * (1 - tumour_fraction)) / tumour_fraction)


def smallest_visible(
    statistics: BinStatistics, tumour_fraction: float, gene: str, settings: CopyNumberSettings
) -> float | None:
    """Return the smallest tumour copy number that would have been called a gain, with the power asked for.

    Args:
        statistics: of the gene.
        tumour_fraction: lower end of its interval.
        gene: gene symbol; with an amplification threshold the answer is never below it.
        settings: thresholds.

    Returns:
        A copy number; None where the tumour fraction may be zero.
    """
    if tumour_fraction <= 0:
        return None
    needed = statistics.bound(settings.tail_probability) + statistics.bound(1 - settings.power)
    visible = DIPLOID + (DIPLOID * 2**needed - DIPLOID) / tumour_fraction
    return max(visible, settings.amplification.get(gene, visible))


def _judge(
    row: CopyNumberRow, statistics: BinStatistics, arm: BinStatistics | None, settings: CopyNumberSettings
) -> CopyNumberRow:
    half = statistics.bound(0.025)
    low, high = statistics.log2 - half, statistics.log2 + half
    return replace(
        row,
        log2=statistics.log2,
        log2_low=low,
        log2_high=high,
        copy_number=DIPLOID * 2**statistics.log2,
        copy_number_low=DIPLOID * 2**low,
        copy_number_high=DIPLOID * 2**high,
        focal=focality(statistics, arm, settings),
    )


def focality(gene: BinStatistics, arm: BinStatistics | None, settings: CopyNumberSettings) -> Focality:
    """Say whether a change is the gene's alone: the arm elsewhere has less than half of it."""
    if arm is None or arm.bins < settings.min_arm_bins:
        return Focality.NOT_ASSESSABLE
    if abs(gene.log2) > gene.bound(settings.tail_probability):
        share = (2**arm.log2 - 1) / (2**gene.log2 - 1)
        return Focality.ARM if share >= ARM_SHARE else Focality.YES
    return Focality.ARM if abs(arm.log2) > arm.bound(settings.tail_probability) else Focality.YES


def _verdict(
    row: CopyNumberRow, statistics: BinStatistics, share: float | None, settings: CopyNumberSettings
) -> CopyNumberCall:
    bound = statistics.bound(settings.tail_probability)
    threshold = settings.amplification.get(row.gene)
    if statistics.log2 > bound:
        levels = [level for level in (row.copy_number, row.tumour_copy_number) if level is not None]
        high = threshold is not None and max(levels, default=0.0) >= threshold
        return CopyNumberCall.AMPLIFICATION if high and row.focal is not Focality.ARM else CopyNumberCall.GAIN
    loss_gene = row.gene in settings.loss_genes
    pure = share is not None and share >= settings.min_loss_tumour_fraction
    # Asked of few genes, and one copy less moves a gene by less than a copy more: a bound of its own.
    lost = statistics.log2 < -statistics.bound(settings.loss_tail_probability)
    if loss_gene and pure and lost and (row.tumour_copy_number or 0.0) < settings.loss:
        return CopyNumberCall.LOSS
    seen = row.smallest_visible_cn
    limit = threshold or max(settings.amplification.values(), default=0.0)
    visible = seen is not None and seen <= limit
    if loss_gene and threshold is None:
        # What matters in this gene is a loss of both copies; it must have been visible.
        visible = pure and share is not None and (share >= 1 or np.log2(1 - share) < -bound)
    return CopyNumberCall.NEUTRAL if visible else CopyNumberCall.NOT_ASSESSABLE


def _with_tumour(row: CopyNumberRow, fraction: TumourFractionRow) -> CopyNumberRow:
    numbers = (row.copy_number, row.copy_number_low, row.copy_number_high, fraction.value)
    middle, low, high, value = numbers
    if middle is None or low is None or high is None or not value:
        return row
    least, most = fraction.low or 0.0, fraction.high or value
    # CN - 2 = (C - 2) / TF: the extreme lies at the tumour fraction that stretches the deviation.
    lowest = most if low >= DIPLOID else least
    highest = least if high >= DIPLOID else most
    return replace(
        row,
        tumour_copy_number=tumour_copy_number(middle, value),
        tumour_copy_number_low=tumour_copy_number(low, lowest) if lowest > 0 else 0.0,
        tumour_copy_number_high=tumour_copy_number(high, highest) if highest > 0 else None,
    )


def _empty_row(transcript: Transcript, ratios: Ratios, members: NDArray[np.int64]) -> CopyNumberRow:
    start = int(ratios.start[members].min()) if len(members) else transcript.start
    end = int(ratios.end[members].max()) if len(members) else transcript.end
    return CopyNumberRow(
        gene=transcript.gene,
        chrom=transcript.chrom,
        start=start,
        end=end,
        bins=len(members),
        log2=None,
        log2_low=None,
        log2_high=None,
        copy_number=None,
        copy_number_low=None,
        copy_number_high=None,
        tumour_copy_number=None,
        tumour_copy_number_low=None,
        tumour_copy_number_high=None,
        smallest_visible_cn=None,
        focal=Focality.NOT_ASSESSABLE,
        call=CopyNumberCall.NOT_ASSESSABLE,
        reference=ratios.kind,
    )


def _arm(
    row: CopyNumberRow, members: NDArray[np.int64], ratios: Ratios, boundaries: Mapping[str, int]
) -> BinStatistics | None:
    """Return the median of the other bins on the arm of a gene; None if the arm is unknown or bare."""
    boundary = boundaries.get(plain_name(row.chrom))
    if boundary is None:
        return None
    short = row.start < boundary
    own = set(members.tolist())
    others: Sequence[int] = [
        i
        for i, name in enumerate(ratios.chrom)
        if name == row.chrom and i not in own and (ratios.start[i] < boundary) == short
    ]
    if len(others) < 2:
        return None
    values = ratios.log2[list(others)]
    error = MEDIAN_PENALTY * float(values.std(ddof=1)) / np.sqrt(len(values))
    return BinStatistics(len(values), float(np.median(values)), float(error), len(values) - 1)
