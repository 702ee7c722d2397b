"""Tumour fraction from truncal markers: a posterior over the share of tumour genomes.

A marker on m of the c copies that a tumour cell has of its locus, beside normal cells with two copies, has

    VAF = TF m / (TF c + 2 (1 - TF)),

which is TF / 2 for a heterozygous marker at two copies. (The usual mixture of tumour and normal genomes, as
in Carter 2012, doi 10.1038/nbt.2203.) Neither m nor c is known as a rule; the copy states of the settings
share the probability. Where several markers are at hand, each may also be subclonal (in any share of the
tumour cells) or unrelated to the tumour (any VAF), though not all of them unrelated. How many are is assumed
while the markers agree, and unknown once they do not: markers that disagree widen the interval instead of
being averaged, and one that the interval cannot carry widens it up to what that marker says by itself. A
single marker is taken at its word: who names it calls it truncal.

ALK mutations are never markers: resistance mutations are subclonal by their nature.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln

from ..inputs.settings.tumour_fraction_settings import CopyState, TumourFractionSettings
from ..stats.intervals import clopper_pearson
from ..vocabulary.copies import TumourFractionStatus
from .copy_number.copy_number_table import CopyNumberRow
from .fusions.fusion_vcf import FusionCall
from .fusions.partners import FusionRole
from .tumour_fraction_table import TumourFractionRow

RESISTANCE_GENE = "ALK"
GRID = np.geomspace(1e-6, 1.0, 8001)
TAIL = 0.025
IMBALANCED_COPIES = 3.0
"""Average copy number above which a marker's own copies cannot be guessed."""
OPEN_SHARES = ((0.4, 0.05), (0.7, 0.05), (0.1, 0.3), (0.3, 0.3), (0.1, 0.6), (0.45, 0.45), (0.85, 0.05))
"""Shares of subclonal and of unrelated markers, any of which may hold where markers disagree."""
WIDENING = 2.0
"""A loss counts if it stays one after its interval is made twice as wide: many genes are looked at."""


class MarkerKind(StrEnum):
    """What a marker is."""

    FUSION = "fusion"
    MUTATION = "mutation"


@dataclass(frozen=True)
class Marker:
    """A truncal alteration counted in one sample.

    Attributes:
        label: name shown, such as `TP53 p.Arg175His` or `fusion EML4-ALK`.
        gene: gene symbol; of a fusion the driver gene.
        alt_molecules, total_molecules: molecules with the alteration, and all informative ones.
        copies: copies with the alteration and all copies in a tumour cell, where known.
        known: named by another sample of the patient; then few or no molecules are informative too.
        reciprocal: molecules of the reciprocal junction of a fusion, and these with the intact ones there.
        unaffected: extra copies of the gene do not enter the counts.
    """

    label: str
    gene: str
    kind: MarkerKind
    alt_molecules: int
    total_molecules: int
    copies: tuple[int, int] | None = None
    known: bool = False
    reciprocal: tuple[int, int] | None = None
    unaffected: bool = False

    @property
    def vaf(self) -> float:
        """Share of the molecules with the alteration."""
        return self.alt_molecules / self.total_molecules if self.total_molecules else 0.0


NOT_ESTIMABLE = TumourFractionRow(TumourFractionStatus.NOT_ESTIMABLE, None, None, None, 0, ())


def estimate_tumour_fraction(
    markers: Sequence[Marker],
    settings: TumourFractionSettings,
    copy_number: Sequence[CopyNumberRow] = (),
) -> TumourFractionRow:
    """Return tumour fraction with interval from truncal markers.

    The value is the mode of the posterior under a flat prior. The upper end of the interval is its 97.5 %
    point; the lower end is the 2.5 % point under the prior 1 / TF. With one marker of known copies both are
    the ends of the Clopper-Pearson interval of the VAF, so neither end is overconfident.

    Args:
        markers: truncal alterations; those of the gene ALK other than the fusion are ignored.
        settings: section `tumour_fraction` of the configuration.
        copy_number: of the same sample: genes with changed copies give no markers, and losses a lower bound
            (all tumour copies lost: C = 2 (1 - TF), so TF >= 1 - C / 2).

    Returns:
        The row; `not_estimable` where no marker is usable.
    """
    used = usable_markers(markers, settings, copy_number)
    if not used:
        return NOT_ESTIMABLE
    log_likelihood = _joint_log_likelihood(used, settings)
    labels = [m.label for m in used]
    bound = loss_bound(copy_number)
    value, low, high = _summary(log_likelihood, any(m.alt_molecules for m in used))
    above = {m.label: top for m in used if (top := _above(m, high, len(used))) is not None}
    high = max([high, *above.values()])
    if bound > value:
        # The markers fall short of what the losses prove: they are not in all tumour cells, or lost.
        value, high = bound, 1.0
        labels.append("copy number")
    elif bound > low:
        low = bound
        labels.append("copy number")
    return TumourFractionRow(
        TumourFractionStatus.ESTIMATED,
        value,
        min(low, value),
        max(high, value),
        len(used),
        tuple(labels),
        tuple(above),
    )


def usable_markers(
    markers: Sequence[Marker], settings: TumourFractionSettings, copy_number: Sequence[CopyNumberRow] = ()
) -> list[Marker]:
    """Return the markers that may count, by label; of the same label the one with most molecules."""
    copies = {row.gene: row for row in copy_number}
    best: dict[str, Marker] = {}
    for marker in (settle_gain(marker, settings) for marker in markers):
        if not _informative(marker, settings, copies.get(marker.gene)):
            continue
        known = best.get(marker.label)
        if known is None or marker.total_molecules > known.total_molecules:
            best[marker.label] = marker
    return [best[label] for label in sorted(best)]


def fusion_markers(calls: Sequence[FusionCall]) -> list[Marker]:
    """Return the driver fusions of a sample as markers, with the reciprocal junctions of their events.

    Of several junctions of one pair only the best supported counts: they are not independent.

    Args:
        calls: fusions of the sample; those with filters do not count.
    """
    passed = [call for call in calls if not call.filters]
    found: dict[str, Marker] = {}
    for call in passed:
        if call.role is not FusionRole.DRIVER:
            continue
        others = [c for c in passed if c.event == call.event and c.role is FusionRole.RECIPROCAL]
        reciprocal = max(others, key=lambda c: c.molecules, default=None)
        marker = Marker(
            label=f"fusion {call.five}-{call.three}",
            gene=call.gene,
            kind=MarkerKind.FUSION,
            alt_molecules=call.molecules,
            total_molecules=call.molecules + call.intact,
            reciprocal=None
            if reciprocal is None
            else (reciprocal.molecules, reciprocal.molecules + reciprocal.intact),
        )
        other = found.get(marker.label)
        if other is None or marker.alt_molecules > other.alt_molecules:
            found[marker.label] = marker
    return [found[label] for label in sorted(found)]


def settle_gain(marker: Marker, settings: TumourFractionSettings) -> Marker:
    """Return a fusion counted by its reciprocal junction where its own junction was gained.

    A driver junction with more molecules than the reciprocal one, beyond chance (binomial, even odds), has
    extra copies. Neither the reciprocal junction nor the intact site has them.
    """
    if marker.reciprocal is None:
        return marker
    alt, total = marker.reciprocal
    gained = marker.alt_molecules > alt > 0 and (
        float(betainc(marker.alt_molecules, alt + 1, 0.5)) < settings.fusion_gain_tail
    )
    if not gained:
        return marker
    return replace(marker, alt_molecules=alt, total_molecules=total, reciprocal=None, unaffected=True)


def rests_on_trunk(row: TumourFractionRow) -> bool:
    """Tell whether a tumour fraction was given or rests on a fusion, which all cells of the tumour have."""
    given = row.status is TumourFractionStatus.GIVEN
    return given or any(label.startswith(f"{MarkerKind.FUSION} ") for label in row.markers)


def expected_vaf(
    tumour_fraction: NDArray[np.float64] | float, mutated: int, total: int
) -> NDArray[np.float64]:
    """Return the VAF of a marker on `mutated` of `total` copies in tumour cells."""
    share = np.asarray(tumour_fraction, np.float64)
    vaf: NDArray[np.float64] = share * mutated / (share * total + 2 * (1 - share))
    return vaf


def loss_bound(copy_number: Sequence[CopyNumberRow]) -> float:
    """Return the tumour fraction that losses prove at least; 0 without any."""
    bound = 0.0
    for row in copy_number:
        if row.copy_number is None or row.copy_number_high is None:
            continue
        most = row.copy_number + WIDENING * (row.copy_number_high - row.copy_number)
        bound = max(bound, 1 - most / 2)
    return bound


def _informative(marker: Marker, settings: TumourFractionSettings, copies: CopyNumberRow | None) -> bool:
    if marker.gene == RESISTANCE_GENE and marker.kind is not MarkerKind.FUSION:
        return False
    if marker.total_molecules <= 0 or marker.vaf > settings.max_marker_vaf:
        return False
    if not marker.known and marker.alt_molecules < settings.min_marker_molecules:
        return False
    if marker.copies is not None or marker.unaffected:
        return True
    if copies is None or copies.copy_number_low is None:
        return True
    return copies.copy_number_low < IMBALANCED_COPIES


def _joint_log_likelihood(markers: Sequence[Marker], settings: TumourFractionSettings) -> NDArray[np.float64]:
    if len(markers) == 1:
        return _logs(_clonal(markers[0], settings))
    parts = [_Likelihoods.of(marker, settings) for marker in markers]
    usual = (settings.subclonal, settings.unrelated)
    joint = _mixture(parts, *usual)
    if _agree(markers, joint):
        return joint
    # Markers that disagree show that the usual shares do not hold here: they are unknown then.
    open_shares = [_mixture(parts, *shares) for shares in (usual, *OPEN_SHARES)]
    result: NDArray[np.float64] = np.logaddexp.reduce(open_shares)
    return result


@dataclass(frozen=True)
class _Likelihoods:
    """Likelihood of one marker over the grid if it is clonal or subclonal, and if it is unrelated."""

    clonal: NDArray[np.float64]
    subclonal: NDArray[np.float64]
    unrelated: float

    @classmethod
    def of(cls, marker: Marker, settings: TumourFractionSettings) -> "_Likelihoods":
        alt, total = marker.alt_molecules, marker.total_molecules
        # Over all clone shares: the integral of the binomial up to the VAF of a truncal marker, over it.
        full = expected_vaf(GRID, 1, 2)
        subclonal = betainc(alt + 1, total - alt + 1, full) / ((total + 1) * full)
        return cls(_clonal(marker, settings), subclonal, 1 / (total + 1))


def _mixture(parts: Sequence[_Likelihoods], subclonal: float, unrelated: float) -> NDArray[np.float64]:
    """Return the joint log likelihood with these shares; not all markers are unrelated."""
    joint, strays = np.zeros(len(GRID)), 0.0
    for part in parts:
        stray = unrelated * part.unrelated
        joint += _logs((1 - subclonal - unrelated) * part.clonal + subclonal * part.subclonal + stray)
        strays += float(np.log(max(stray, 1e-300)))
    # At least one of them is what it is said to be.
    return joint + _logs(-np.expm1(np.minimum(strays - joint, 0.0)))


def _above(marker: Marker, high: float, markers: int) -> float | None:
    """Return the tumour fraction that a marker above the interval says at most; None for any other."""
    low, top = clopper_pearson(marker.alt_molecules, marker.total_molecules, 1 - 2 * TAIL / markers)
    # Mutated on all copies of all tumour cells, it has the tumour fraction as VAF.
    return min(1.0, 2 * top) if low > high else None


def _agree(markers: Sequence[Marker], joint: NDArray[np.float64]) -> bool:
    """Tell whether every marker may lie in all cells of the tumour at the most likely tumour fraction."""
    best = float(GRID[int(joint.argmax())])
    confidence = 1 - 2 * TAIL / len(markers)
    for marker in markers:
        low, high = clopper_pearson(marker.alt_molecules, marker.total_molecules, confidence)
        if low > best or high < best / 2:
            return False
    return True


def _clonal(marker: Marker, settings: TumourFractionSettings) -> NDArray[np.float64]:
    """Return the likelihood of a marker in all tumour cells, over its copy states."""
    states: Sequence[CopyState] = settings.copy_states
    if marker.copies is not None:
        states = (CopyState(mutated=marker.copies[0], total=marker.copies[1], weight=1.0),)
    weight = sum(state.weight for state in states)
    likelihood = np.zeros(len(GRID))
    for state in states:
        vaf = np.clip(expected_vaf(GRID, state.mutated, state.total), 1e-300, 1.0)
        chance = _binomial(marker.alt_molecules, marker.total_molecules, vaf)
        likelihood += state.weight / weight * chance
    return likelihood


def _logs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.log(np.maximum(values, 1e-300))
    return logs


def _binomial(alt: int, total: int, vaf: NDArray[np.float64]) -> NDArray[np.float64]:
    choose = gammaln(total + 1) - gammaln(alt + 1) - gammaln(total - alt + 1)
    logs = choose + alt * np.log(vaf)
    if total > alt:
        with np.errstate(divide="ignore"):
            logs = logs + (total - alt) * np.log1p(-vaf)
    result: NDArray[np.float64] = np.exp(logs)
    return result


def _summary(log_likelihood: NDArray[np.float64], seen: bool) -> tuple[float, float, float]:
    """Return mode, lower and upper end; the grid is even in log TF, so a flat prior weighs by TF."""
    likelihood = np.exp(log_likelihood - log_likelihood.max())
    value = float(GRID[int(log_likelihood.argmax())]) if seen else 0.0
    high = _quantile(likelihood * GRID, 1 - TAIL)
    low = _quantile(likelihood, TAIL) if seen else 0.0
    return value, low, high


def _quantile(density: NDArray[np.float64], probability: float) -> float:
    cumulative = np.cumsum(density)
    return float(np.interp(probability, cumulative / cumulative[-1], GRID))
