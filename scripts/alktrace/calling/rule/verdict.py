"""The verdict on one allele: the rule, its limit, the interval, and the filters that speak against it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...inputs.settings.calling_settings import CallingSettings
from ...stats.intervals import share
from ..noise.molecule_classes import duplex, single
from .caller_filters import Tested, failed, too_little
from .power import Ceilings, Demands, is_detectable, vaf_detectable
from .tail_test import Noise, tail


@dataclass(frozen=True)
class AlterationCounts:
    """One allele in one sample.

    Attributes:
        by_class: int64[2, N_CLASSES], mutant and informative molecules per class.
        alt_molecules, total_molecules: over all classes.
        duplex_alt: mutant molecules seen on both strands.
        strict_alt, strict_total: molecules that pass the strict consensus filter.
        vaf, vaf_low, vaf_high: fraction with its exact 95 % interval; None without molecules.
        vaf_detectable: smallest VAF that the rule calls here with the power of the settings; None without.
        p_noise: noise tail probability of the mutant molecules, at least 1e-30.
        error_rate: false-mutant rate per molecule, mean over the molecules at the site.
        filters: reasons why the rule does not call it; empty: called.
        noise_level: `prior`, `sample` or `position`: what the noise rate rests on.
    """

    by_class: NDArray[np.int64]
    alt_molecules: int
    total_molecules: int
    duplex_alt: int
    strict_alt: int
    strict_total: int
    vaf: float | None
    vaf_low: float | None
    vaf_high: float | None
    vaf_detectable: float | None
    p_noise: float
    error_rate: float
    filters: tuple[str, ...]
    noise_level: str

    @property
    def detected(self) -> bool:
        """Whether the calling rule calls it."""
        return not self.filters

    @property
    def above_noise(self) -> bool:
        """Whether its molecules are enough for a call, whatever else speaks against one."""
        return not too_little(self.filters)

    @property
    def quality(self) -> float:
        """Noise tail probability, phred-scaled, at most 300."""
        # abs: log10(1) would be written as -0.
        return abs(-10 * math.log10(self.p_noise))


def judge(
    alt: NDArray[np.integer],
    total: NDArray[np.integer],
    strict: tuple[int, int],
    noise: tuple[Noise, str],
    *,
    hotspot: bool,
    settings: CallingSettings,
    repeats: int = 0,
) -> AlterationCounts:
    """Apply the rule to the molecules of one allele.

    Args:
        alt: int[N_CLASSES], mutant molecules per class.
        total: int[N_CLASSES], informative molecules per class.
        strict: mutant and informative strict molecules.
        noise: noise of the alternative and the level it rests on.
        hotspot: whether the hotspot tail holds.
        settings: calling section.
        repeats: units beyond the first of the repeat that an insertion or deletion lies in.
    """
    rates, level = noise
    probability = allowed_tail(total, rates, hotspot=hotspot, settings=settings)
    molecules, mutants = int(np.sum(total)), (int(np.sum(alt)), duplex(np.asarray(alt)))
    p_noise = tail(alt, total, rates)
    against = failed(Tested(*mutants, molecules, p_noise, probability, repeats, settings))
    blind = any(one.blind for one in against)
    vaf, low, high = share(mutants[0], molecules)
    return AlterationCounts(
        by_class=np.stack([np.asarray(alt, np.int64), np.asarray(total, np.int64)]),
        alt_molecules=mutants[0],
        total_molecules=molecules,
        duplex_alt=mutants[1],
        strict_alt=strict[0],
        strict_total=strict[1],
        vaf=vaf,
        vaf_low=low,
        vaf_high=high,
        # What is never called has no limit of detection: a number here would be read as an exclusion.
        vaf_detectable=None if blind else limit(total, rates, hotspot=hotspot, settings=settings),
        p_noise=p_noise,
        error_rate=mean_rate(total, rates),
        filters=tuple(one.name for one in against),
        noise_level=level,
    )


def allowed_tail(
    total: NDArray[np.integer], noise: Noise, *, hotspot: bool, settings: CallingSettings
) -> float:
    """Return the noise tail up to which the rule calls an alternative.

    That of hotspots there, but for C>T and G>A where most molecules have no UMI: deamination of either
    strand, as in fixed tissue, passes for a mutation, and the looser tail is what lets it.
    """
    # Of all molecules, not of the mutant ones: the limit of detection must know it before there are any.
    strandless = hotspot and noise.deamination and 2 * single(np.asarray(total)) > int(np.sum(total))
    return settings.hotspot_tail_probability if hotspot and not strandless else settings.tail_probability


def limit(
    total: NDArray[np.integer], noise: Noise, *, hotspot: bool, settings: CallingSettings
) -> float | None:
    """Return the smallest VAF that the rule calls with the power of the settings; None if there is none."""
    return vaf_detectable(total, noise, **_asked(total, noise, hotspot=hotspot, settings=settings))


def worst_limit(
    alleles: Iterable[tuple[NDArray[np.integer], Noise]],
    *,
    hotspot: bool,
    settings: CallingSettings,
    ceilings: Ceilings,
) -> float | None:
    """Return the largest of the limits of some alleles; None if one has none, or there are none.

    Args:
        alleles: informative molecules per class (int[N_CLASSES]) and noise of each.
        hotspot: whether the hotspot tail holds.
        settings: calling section.
        ceilings: of the molecules of these alleles, or of more.
    """
    worst = None
    for total, noise in alleles:
        asked = _asked(total, noise, hotspot=hotspot, settings=settings)
        # Power rises with the VAF: one that reaches it where the worst so far does has no larger limit.
        if worst is not None and is_detectable(total, noise, worst, ceilings, **asked):
            continue
        worst = vaf_detectable(total, noise, **asked)
        if worst is None:
            return None
    return worst


def _asked(total: NDArray[np.integer], noise: Noise, *, hotspot: bool, settings: CallingSettings) -> Demands:
    return {
        "power": settings.power,
        "tail_probability": allowed_tail(total, noise, hotspot=hotspot, settings=settings),
        "min_alt_molecules": settings.min_alt_molecules,
        "min_alt_duplex": settings.min_alt_duplex,
    }


def mean_rate(total: NDArray[np.integer], noise: Noise) -> float:
    """Return the false-mutant rate of a molecule at the site, averaged over its molecules."""
    rates = noise.mixture @ noise.rates
    molecules = float(np.sum(total))
    # Without molecules the worst class: a site that nobody saw must not look clean.
    return float(np.dot(total, rates) / molecules) if molecules else float(rates.max())
