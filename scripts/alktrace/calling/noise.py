"""How often a molecule shows an alternative that is not there: rates by kind of change and molecule class.

Levels, each shrunk to the one above (gamma-Poisson, empirical Bayes):

1. the shipped prior, substitution type or kind of indel x class (resources/noise/prior.tsv);
2. the same learned in the sample;
3. substitutions: trinucleotide x class learned in the sample;
4. where a noise model from normals exists: a factor per position and alternative.

Sites of one kind differ besides (`dispersion`): the factor is integrated out in the test.

The rate that enters the test is an upper credible bound. What teaches are sites and alternatives below the
teaching VAF; their molecules are cut off at a cap (one, where noise is rare) and the rate is the one that
explains the capped counts, so a true variant adds little however many molecules it has.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..settings import CallingSettings
from .alleles import Fetch, SmallVariant, shift_length
from .classes import CLASS_NAMES, N_CLASSES
from .dispersion import PRIOR_SHAPE, fit_dispersion, gamma_nodes
from .pileup import Pileup
from .rule import Noise, make_noise

PRIOR = Path(__file__).resolve().parents[3] / "resources" / "noise" / "prior.tsv"

TYPES = ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G")
INDELS = ("indel_0_2", "indel_3_5", "indel_6_8", "indel_9")
OTHERS = (*INDELS, "indel_long", "mnv")
CATEGORIES = TYPES + OTHERS
CONTEXTS = 16
N_SUBSTITUTIONS = len(TYPES) * CONTEXTS
CONTEXT_STRENGTH = 10.0
"""Shape, at most, with which a type's rate binds its trinucleotides."""
LONG_INDEL = 4
SHIFT_BINS = (3, 6, 9)
BISECTIONS = 40
MAX_CAP = 256

LEVEL_PRIOR, LEVEL_SAMPLE, LEVEL_POSITION = "prior", "sample", "position"


@dataclass(frozen=True)
class Prior:
    """Gamma priors per category and class: float64[len(CATEGORIES), N_CLASSES]."""

    rate: NDArray[np.float64]
    strength: NDArray[np.float64]


@dataclass(frozen=True)
class NoiseModel:
    """Rates that enter the test.

    Attributes:
        rates: float64[N_SUBSTITUTIONS + len(OTHERS), N_CLASSES], upper bounds; row type * 16 + 5' base * 4 +
            3' base of the pyrimidine strand, then the other categories.
        learned: bool of the same shape: the sample outweighs the prior.
        positions: factor on the rates of (sequence, 1-based position, alternative).
        design_vaf: of the class weights.
        shape: gamma shape of the factor by which sites of one kind differ.
    """

    rates: NDArray[np.float64]
    learned: NDArray[np.bool_]
    positions: Mapping[tuple[str, int, str], float]
    design_vaf: float
    shape: float

    def noise(self, row: int, factor: float = 1.0) -> Noise:
        """Return the noise of a row of the table, for the rule."""
        factors, shares = _nodes(self.shape)
        return make_noise(
            self.rates[row] * factor, design_vaf=self.design_vaf, multipliers=factors, mixture=shares
        )

    def of_site(self, row: int, chrom: str, pos: int, alt: str) -> tuple[Noise, str]:
        """Return the noise of one alternative of one site and the level it rests on."""
        factor = self.positions.get((chrom, pos, alt))
        if factor is not None:
            return self.noise(row, factor), LEVEL_POSITION
        return self.noise(row), LEVEL_SAMPLE if self.learned[row].any() else LEVEL_PRIOR

    def of_variant(self, variant: SmallVariant, fetch: Fetch) -> tuple[Noise, str]:
        """Return the noise of any small variant and the level it rests on."""
        row = variant_row(variant, fetch)
        return self.of_site(row, variant.chrom, variant.pos, f"{variant.ref}>{variant.alt}")


def read_prior(path: Path = PRIOR) -> Prior:
    """Read the shipped prior.

    Raises:
        DataError: a category or class is missing or unknown.
    """
    shape = (len(CATEGORIES), N_CLASSES)
    rate, strength = np.full(shape, np.nan), np.ones(shape)
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            try:
                at = CATEGORIES.index(row["category"]), CLASS_NAMES.index(row["class"])
            except (KeyError, ValueError):
                raise DataError(path, f"unknown category or class in {row}", "restore the file") from None
            rate[at], strength[at] = float(row["rate"]), float(row["strength"])
    if np.isnan(rate).any():
        raise DataError(path, "a category has no rate for a class", "restore the file")
    return Prior(rate, strength)


# --- what kind of change ----------------------------------------------------------------------


@lru_cache(maxsize=1)
def substitution_rows() -> NDArray[np.int16]:
    """Return int16[4, 4, 4, 4]: row of 5' base, base, 3' base, alternative; -1 without change."""
    rows = np.full((4, 4, 4, 4), -1, np.int16)
    for before in range(4):
        for base in range(4):
            for after in range(4):
                for alt in range(4):
                    if alt != base:
                        rows[before, base, after, alt] = _substitution_row(before, base, after, alt)
    return rows


def _substitution_row(before: int, base: int, after: int, alt: int) -> int:
    if base in (0, 2):  # A or G: read the other strand
        before, base, after, alt = 3 - after, 3 - base, 3 - before, 3 - alt
    kind = TYPES.index(f"{'ACGT'[base]}>{'ACGT'[alt]}")
    return kind * CONTEXTS + before * 4 + after


def site_rows(reference: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return int16[sites, 4]: the row of every alternative, -1 for the reference base and unknown bases.

    Args:
        reference: uint8[sites], 0-3, 4 unknown.
        offsets: int64[regions + 1], first site of every region; its end sites lack a neighbour.
    """
    padded = np.concatenate([[4], reference, [4]]).astype(np.int64)
    before, base, after = padded[:-2].copy(), padded[1:-1], padded[2:].copy()
    before[offsets[:-1][offsets[:-1] < len(reference)]] = 4
    after[offsets[1:][offsets[1:] > 0] - 1] = 4
    rows = np.full((len(reference), 4), -1, np.int16)
    # A base at a border takes its missing neighbour from itself: one context of the right type.
    known = base < 4
    left, right = np.where(before < 4, before, base), np.where(after < 4, after, base)
    rows[known] = substitution_rows()[left[known], base[known], right[known]]
    return rows


def variant_row(variant: SmallVariant, fetch: Fetch) -> int:
    """Return the row of the rate table for a normalised variant."""
    kind = variant.kind
    if kind == "snv":
        return _snv_row(variant, fetch)
    if kind == "mnv":
        return _other_row("mnv")
    if kind == "delins":
        return _other_row("indel_long")
    length = abs(len(variant.ref) - len(variant.alt))
    shift = shift_length(variant, fetch)
    if length >= LONG_INDEL and shift < length:
        return _other_row("indel_long")
    return _other_row(INDELS[int(np.searchsorted(SHIFT_BINS, shift, side="right"))])


def _snv_row(variant: SmallVariant, fetch: Fetch) -> int:
    start = variant.start
    text = fetch(variant.chrom, max(0, start - 1), start + 2)
    if start == 0:
        text = variant.ref + text
    codes = ["ACGT".find(base) for base in text.ljust(3, variant.ref)]
    middle = codes[1]
    before, after = (code if code >= 0 else middle for code in (codes[0], codes[2]))
    if middle < 0:
        raise ValueError(f"{variant}: the reference base is not A, C, G or T")
    return int(substitution_rows()[before, middle, after, "ACGT".index(variant.alt)])


def _other_row(category: str) -> int:
    return N_SUBSTITUTIONS + OTHERS.index(category)


# --- learning ---------------------------------------------------------------------------------


def learn_noise(
    pileup: Pileup,
    settings: CallingSettings,
    *,
    prior: Prior | None = None,
    positions: Mapping[tuple[str, int, str], float] | None = None,
) -> NoiseModel:
    """Return the noise model of a sample.

    Args:
        pileup: molecules of the sample.
        settings: calling section.
        prior: the shipped one if None.
        positions: factors from normals.
    """
    known = prior or read_prior()
    shape = (N_SUBSTITUTIONS + len(OTHERS), N_CLASSES)
    seen, exposed, typed = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    shapes, rates = np.ones(shape), np.ones(shape)
    rows, teaching = _teaching(pileup, settings.teaching_vaf)
    totals = pileup.totals
    for kind in range(len(TYPES)):
        sites, alts = np.nonzero(teaching & (rows >= kind * CONTEXTS) & (rows < (kind + 1) * CONTEXTS))
        own = slice(kind * CONTEXTS, (kind + 1) * CONTEXTS)
        at = rows[sites, alts]
        for c in range(N_CLASSES):
            shown, trials = pileup.counts[sites, alts, c].astype(np.int64), totals[sites, c]
            rate, weight, cap = _capped_rate(shown, trials)
            shape_, mean = _posterior(known, kind, c, rate * weight, weight)
            taken, effective = np.minimum(shown, cap), _effective(trials, weight)
            seen[:, c] += np.bincount(at, weights=taken, minlength=len(seen))
            exposed[:, c] += np.bincount(at, weights=effective, minlength=len(seen))
            bound = min(shape_, CONTEXT_STRENGTH)
            shapes[own, c], rates[own, c] = bound, mean
            typed[own, c] = weight * known.rate[kind, c] > known.strength[kind, c]
    _teach_indels(pileup, settings.teaching_vaf, known, shapes=shapes, rates=rates, learned=typed)
    trials = shapes / rates + exposed
    sites, alts = np.nonzero(teaching)
    expected = np.einsum("sc,sc->s", totals[sites], ((shapes + seen) / trials)[rows[sites, alts]])
    molecules = pileup.counts[sites, alts].sum(axis=1, dtype=np.int64)
    shape_of_sites, scale = fit_dispersion(molecules, expected)
    upper = _upper(shapes + seen, trials, settings.noise_bound)
    upper[:N_SUBSTITUTIONS] *= scale
    return NoiseModel(
        np.minimum(upper, 0.5), typed > 0, dict(positions or {}), settings.design_vaf, shape_of_sites
    )


@lru_cache(maxsize=64)
def _nodes(shape: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    factors, shares = gamma_nodes(shape)
    return tuple(factors.tolist()), tuple(shares.tolist())


def prior_noise(settings: CallingSettings, prior: Prior | None = None) -> NoiseModel:
    """Return the noise model of the prior alone."""
    known = prior or read_prior()
    expand = np.concatenate(
        [np.repeat(np.arange(len(TYPES)), CONTEXTS), np.arange(len(TYPES), len(CATEGORIES))]
    )
    shapes = known.strength[expand]
    upper = _upper(shapes, shapes / known.rate[expand], settings.noise_bound)
    return NoiseModel(upper, np.zeros(upper.shape, np.bool_), {}, settings.design_vaf, PRIOR_SHAPE)


def _teaching(pileup: Pileup, teaching_vaf: float) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Return the row of every alternative and whether it teaches: known, not the base, below the VAF.

    A site with any alternative above the VAF (germline, a clear variant) teaches nothing.
    """
    reference = pileup.regions.reference
    rows = site_rows(reference, pileup.regions.offsets)
    molecules = pileup.counts.sum(axis=2, dtype=np.int64)
    total = molecules.sum(axis=1)
    alternatives = molecules.copy()
    known = reference < 4
    alternatives[np.flatnonzero(known), reference[known]] = 0
    # One or two molecules of a shallow site are no evidence of a variant, whatever their share.
    clear = (alternatives > 2) & (alternatives > teaching_vaf * total[:, None])
    return rows, (rows >= 0) & ~clear.any(axis=1)[:, None]


def _capped_rate(shown: NDArray[np.int64], trials: NDArray[np.int64]) -> tuple[float, float, int]:
    """Return rate, effective trials and cap from counts cut off at a cap, so that variants weigh little.

    Solves sum(E min(X, cap)) = sum(min(x, cap)) for Poisson X. The cap is 1 (is it there at all?) where noise
    is rare and grows with the expected count where every alternative has molecules.
    """
    from scipy.special import gammainc

    total = float(trials.sum())
    if total == 0 or not shown.any():
        return 0.0, total, 1
    values, numbers = _binned(trials)
    cap, rate = 1, 0.0
    while True:
        observed = float(np.minimum(shown, cap).sum())
        steps = np.arange(1, cap + 1)[:, None]
        low, high = 0.0, min(0.5, 4.0 * (cap + 1) / float(values.min()))
        for _ in range(BISECTIONS):
            rate = 0.5 * (low + high)
            forecast = float((gammainc(steps, values * rate).sum(axis=0) * numbers).sum())
            low, high = (rate, high) if forecast < observed else (low, rate)
        if cap >= 2 * rate * total / len(trials) or cap >= MAX_CAP:
            return rate, observed / rate, cap
        cap *= 2


def _binned(trials: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return mean trials and their number in bins of two per cent."""
    used = trials[trials > 0]
    _, where, numbers = np.unique(np.rint(np.log(used) * 50), return_inverse=True, return_counts=True)
    mean: NDArray[np.float64] = np.bincount(where, weights=used) / numbers
    return mean, numbers


def _effective(trials: NDArray[np.int64], weight: float) -> NDArray[np.float64]:
    """Return the effective trials of each alternative: its share of the sum."""
    total = float(trials.sum())
    return np.asarray(trials * (weight / total if total else 1.0), dtype=np.float64)


def _posterior(prior: Prior, category: int, c: int, seen: float, exposed: float) -> tuple[float, float]:
    """Return shape and mean of the gamma posterior of a category."""
    shape = float(prior.strength[category, c])
    trials = shape / float(prior.rate[category, c])
    return shape + seen, (shape + seen) / (trials + exposed)


def _upper(shapes: NDArray[np.float64], trials: NDArray[np.float64], bound: float) -> NDArray[np.float64]:
    from scipy.special import gammaincinv

    upper: NDArray[np.float64] = gammaincinv(shapes, bound) / trials
    return np.asarray(np.minimum(upper, 0.5), dtype=np.float64)


def _teach_indels(
    pileup: Pileup,
    teaching_vaf: float,
    prior: Prior,
    *,
    shapes: NDArray[np.float64],
    rates: NDArray[np.float64],
    learned: NDArray[np.float64],
) -> None:
    """Fill the rows of indels and neighbouring substitutions."""
    exposed, seen = _indel_exposure(pileup), _indel_presence(pileup, teaching_vaf)
    for i in range(len(OTHERS)):
        row, category = N_SUBSTITUTIONS + i, len(TYPES) + i
        for c in range(N_CLASSES):
            shape, mean = _posterior(prior, category, c, seen[i, c], exposed[i, c])
            shapes[row, c], rates[row, c] = shape, mean
            learned[row, c] = exposed[i, c] * prior.rate[category, c] > prior.strength[category, c]


def _indel_exposure(pileup: Pileup) -> NDArray[np.float64]:
    """Return float64[len(OTHERS), N_CLASSES]: molecules times places where such a change could be.

    A run of one base is one place; long indels and neighbouring substitutions can be at every base.
    """
    reference, totals = pileup.regions.reference, pileup.totals
    out = np.zeros((len(OTHERS), N_CLASSES))
    if not len(reference):
        return out
    begins = np.ones(len(reference), np.bool_)
    begins[1:] = reference[1:] != reference[:-1]
    begins[pileup.regions.offsets[:-1]] = True
    first = np.flatnonzero(begins)
    lengths = np.diff(np.append(first, len(reference)))
    bins = np.searchsorted(SHIFT_BINS, lengths - 1, side="right")
    for i in range(len(INDELS)):
        out[i] = totals[first[bins == i]].sum(axis=0)
    out[len(INDELS) :] = totals.sum(axis=0)
    return out


def _indel_presence(pileup: Pileup, teaching_vaf: float) -> NDArray[np.float64]:
    """Return float64[len(OTHERS), N_CLASSES]: distinct changes seen below the teaching VAF."""
    seen = np.zeros((len(OTHERS), N_CLASSES))
    regions = pileup.regions
    depth = pileup.totals.sum(axis=1)
    names = dict(zip(regions.ref_ids.tolist(), regions.chroms, strict=True))
    for events, is_indel in ((pileup.indels, True), (pileup.clusters, False)):
        together: dict[tuple[int, int, int, str], NDArray[np.int64]] = {}
        for (tid, start, length, bases, c), count in events.items():
            key = (tid, start, length, bases)
            together.setdefault(key, np.zeros(N_CLASSES, np.int64))[c] += count
        for (tid, start, length, bases), counts in together.items():
            site = regions.site(names[tid], max(0, start - 1)) if tid in names else None
            if site is None or (counts.sum() > 2 and counts.sum() > teaching_vaf * depth[site]):
                continue
            seen[_event_category(regions.reference, site, length, bases, is_indel)] += counts > 0
    return seen


def _event_category(reference: NDArray[np.uint8], site: int, length: int, bases: str, is_indel: bool) -> int:
    if not is_indel:
        return OTHERS.index("mnv")
    change = abs(length - len(bases))
    if change >= LONG_INDEL or (length and bases):
        return OTHERS.index("indel_long")
    run, at = 0, site + 1
    while at < len(reference) and reference[at] == reference[site + 1]:
        run, at = run + 1, at + 1
    return int(np.searchsorted(SHIFT_BINS, run - 1, side="right"))
