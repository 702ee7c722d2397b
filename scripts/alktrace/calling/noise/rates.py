"""How often a molecule shows an alternative that is not there: rates by kind of change and molecule class.

Levels, each shrunk to the one above (gamma-Poisson, empirical Bayes; `learning` fits them in the sample):

1. the shipped prior, substitution type or kind of indel x class (resources/noise/prior.tsv);
2. a factor per class: how good the molecules of this sample are, of either support and near ends or not;
3. the type or kind x class;
4. substitutions: trinucleotide x class;
5. where a noise model from normals exists: a factor per position and alternative.

Sites of one kind differ besides (`dispersion`): that factor is integrated out in the test. The rate that
enters the test is an upper credible bound.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ...inputs.settings.calling_settings import CallingSettings
from ...io.resources import resource
from ...vocabulary.variant import Fetch, SmallVariant
from ..rule.tail_test import Noise, make_noise
from .dispersion import Dispersion, gamma_nodes
from .kinds import CATEGORIES, N_ROWS, category_rows, other_row, variant_row
from .molecule_classes import CLASS_NAMES, N_CLASSES, TO_END

PRIOR = resource("noise/prior.tsv")
DISPERSION = resource("noise/dispersion.tsv")
HIGHEST = 0.5
LEVEL_PRIOR, LEVEL_SAMPLE, LEVEL_POSITION = "prior", "sample", "position"
DEAMINATION = category_rows(CATEGORIES.index("C>T"))
"""Rows of what deamination shows."""
LONG_REPEATS = frozenset(other_row(name) for name in ("indel_6_8", "indel_9_11", "indel_12"))
"""Rows of indels in long homopolymers and short tandem repeats."""


@dataclass(frozen=True)
class Prior:
    """What is taken before a sample is seen.

    Attributes:
        rate, strength: gamma priors per category and class; float64[len(CATEGORIES), N_CLASSES].
        dispersion: how much sites of one kind differ.
    """

    rate: NDArray[np.float64]
    strength: NDArray[np.float64]
    dispersion: Dispersion


@dataclass(frozen=True)
class NoiseModel:
    """Rates that enter the test.

    Attributes:
        rates: float64[N_ROWS, N_CLASSES], upper bounds; row type * 16 + 5' base * 4 + 3' base of the
            pyrimidine strand, then the other categories.
        learned: bool of the same shape: the sample outweighs the prior.
        positions: factor on the rates of (sequence, 1-based position, alternative).
        design_vaf: of the class weights.
        shape: gamma shape of the factor by which sites of one kind differ, in this sample.
        dispersion: the prior of that shape, and its bound in long repeats.
    """

    rates: NDArray[np.float64]
    learned: NDArray[np.bool_]
    positions: Mapping[tuple[str, int, str], float]
    design_vaf: float
    shape: float
    dispersion: Dispersion
    # Not of the constructor: `replace` makes a model with other rates, which must not find these.
    _made: dict[int, Noise] = field(default_factory=dict, init=False, repr=False, compare=False)

    def noise(self, row: int, factor: float = 1.0) -> Noise:
        """Return the noise of a row of the table, for the rule."""
        if factor != 1.0:
            # Not kept: normals give one for every position and change of a panel.
            return self._noise(row, factor)
        if row not in self._made:
            self._made[row] = self._noise(row, 1.0)
        return self._made[row]

    def _noise(self, row: int, factor: float) -> Noise:
        # Long repeats differ more than their length tells: a sample with few must not take them for equal.
        factors, shares = _nodes(
            min(self.shape, self.dispersion.repeat_shape) if row in LONG_REPEATS else self.shape
        )
        return make_noise(
            self.rates[row] * factor,
            design_vaf=self.design_vaf,
            multipliers=factors,
            mixture=shares,
            deamination=DEAMINATION.start <= row < DEAMINATION.stop,
        )

    def of_site(self, row: int, chrom: str, pos: int, alt: str) -> tuple[Noise, str]:
        """Return the noise of one alternative of one site and the level it rests on."""
        noise = self.noise_at(row, chrom, pos, alt)
        if (chrom, pos, alt) in self.positions:
            return noise, LEVEL_POSITION
        return noise, LEVEL_SAMPLE if self.learned[row].any() else LEVEL_PRIOR

    def noise_at(self, row: int, chrom: str, pos: int, alt: str) -> Noise:
        """Return the noise of one alternative of one site; that of sites without a factor is one object."""
        return self.noise(row, self.positions.get((chrom, pos, alt), 1.0))

    def of_variant(
        self, variant: SmallVariant, fetch: Fetch, form: tuple[SmallVariant, Fetch] | None = None
    ) -> tuple[Noise, str]:
        """Return the noise of any small variant and the level it rests on.

        Args:
            variant: the variant.
            fetch: bases of the reference.
            form: the variant on the haplotype whose noise it has, if that is not the reference.
        """
        row = variant_row(*(form or (variant, fetch)))
        return self.of_site(row, variant.chrom, variant.pos, f"{variant.ref}>{variant.alt}")


def read_prior() -> Prior:
    """Read the shipped prior and the dispersion beside it.

    Raises:
        DataError: a category or class is missing or unknown.
    """
    shape = (len(CATEGORIES), N_CLASSES)
    rate, strength = np.full(shape, np.nan), np.ones(shape)
    with PRIOR.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            try:
                kind, c = CATEGORIES.index(row["category"]), CLASS_NAMES.index(row["class"])
            except (KeyError, ValueError):
                raise DataError(PRIOR, f"unknown category or class in {row}", "restore the file") from None
            rate[kind, c] = float(row["rate"])
            # c is odd in the table: the class one below is the same support near an end.
            rate[kind, c - TO_END] = min(HIGHEST, rate[kind, c] * float(row["end_factor"]))
            strength[kind, [c, c - TO_END]] = float(row["strength"])
    if np.isnan(rate).any():
        raise DataError(PRIOR, "a category has no rate for a class", "restore the file")
    return Prior(rate, strength, _read_dispersion())


def _read_dispersion() -> Dispersion:
    with DISPERSION.open(encoding="utf-8", newline="") as stream:
        values = {row["parameter"]: float(row["value"]) for row in csv.DictReader(stream, delimiter="\t")}
    try:
        return Dispersion(**values)
    except TypeError as error:
        raise DataError(DISPERSION, f"is not complete ({error})", "restore the file") from None


@lru_cache(maxsize=64)
def _nodes(shape: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    factors, shares = gamma_nodes(shape)
    return tuple(factors.tolist()), tuple(shares.tolist())


def prior_noise(settings: CallingSettings, prior: Prior | None = None) -> NoiseModel:
    """Return the noise model of the prior alone."""
    known = prior or read_prior()
    shapes, means = np.ones((N_ROWS, N_CLASSES)), np.ones((N_ROWS, N_CLASSES))
    for category in range(len(CATEGORIES)):
        shapes[category_rows(category)] = known.strength[category]
        means[category_rows(category)] = known.rate[category]
    # A gamma of shape a and mean m counts as a / m trials.
    upper = upper_bound(shapes, shapes / means, settings.noise_bound)
    return NoiseModel(
        upper,
        np.zeros(upper.shape, np.bool_),
        {},
        settings.design_vaf,
        known.dispersion.shape,
        known.dispersion,
    )


def upper_bound(
    shapes: NDArray[np.float64], trials: NDArray[np.float64], bound: float
) -> NDArray[np.float64]:
    """Return the quantile of gamma distributions, at most `HIGHEST`."""
    from scipy.special import gammaincinv

    upper: NDArray[np.float64] = gammaincinv(shapes, bound) / trials
    return np.asarray(np.minimum(upper, HIGHEST), dtype=np.float64)
