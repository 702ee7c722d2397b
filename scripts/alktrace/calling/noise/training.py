"""The noise of a sample, learned from what its molecules show outside candidates and germline sites.

Training sites have no allele above the training VAF. Of their alternatives those count whose molecules noise
can explain: rates are fitted, alternatives that the rule would find too unlikely are set aside, and rates are
fitted again. Molecules of one alternative are cut off at a cap (one, where noise is rare) and the rate is the
one that explains the capped counts, so a true variant that is still in adds little however many molecules it
has.

The rate that enters the test is an upper credible bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...inputs.settings.calling_settings import CallingSettings, TrainingSettings
from ...vocabulary.variant import Fetch, SmallVariant
from ..candidates.from_pileup import unlikely
from ..molecules.pileup import Pileup
from ..rule.tail_test import tail
from .carried import Haplotypes
from .dispersion import fit_dispersion
from .kinds import (
    CATEGORIES,
    CONTEXTS,
    INDELS,
    N_ROWS,
    N_SUBSTITUTIONS,
    OTHERS,
    REPEAT_BINS,
    TYPES,
    category_rows,
    site_rows,
    variant_row,
)
from .molecule_classes import N_CLASSES, duplex
from .rates import NoiseModel, Prior, prior_noise, read_prior, upper_bound

CONTEXT_STRENGTHS = np.geomspace(3.0, 100.0, 12)
"""Shapes, at most, with which a type's rate binds its trinucleotides; the likeliest is taken."""
ROUNDS = 3
BISECTIONS = 40
MAX_CAP = 256


@dataclass(frozen=True)
class Alternatives:
    """Alternatives of substitutions at sites without a clear variant, each with its molecules.

    Attributes:
        rows: int64[n], rows of the noise table.
        shown: int64[n, N_CLASSES], molecules with the alternative.
        trials: int64[n, N_CLASSES], informative molecules at its site.
    """

    rows: NDArray[np.int64]
    shown: NDArray[np.int64]
    trials: NDArray[np.int64]

    def without(self, left_out: NDArray[np.bool_]) -> "Alternatives":
        """Return the alternatives that are not left out."""
        return Alternatives(self.rows[~left_out], self.shown[~left_out], self.trials[~left_out])


@dataclass(frozen=True)
class _Fit:
    """Gamma posteriors per row and class: shapes and trials (shape / mean), and what has been learned."""

    shapes: NDArray[np.float64]
    trials: NDArray[np.float64]
    learned: NDArray[np.bool_]


def learn_noise(
    pileup: Pileup,
    settings: CallingSettings,
    *,
    positions: Mapping[tuple[str, int, str], float] | None = None,
) -> NoiseModel:
    """Return the noise model of a sample.

    Args:
        pileup: molecules of the sample.
        settings: calling section.
        positions: factors from normals.
    """
    known = read_prior()
    everything = _substitutions(pileup, settings.training.max_vaf)
    training = everything
    model = prior_noise(settings, known)
    carried = Haplotypes.of_sites(pileup, settings.normals.max_vaf)
    for _ in range(ROUNDS):
        fit = _fit(training, pileup, settings.training, known, carried)
        expected = np.einsum("sc,sc->s", training.trials, (fit.shapes / fit.trials)[training.rows])
        shape, scale = fit_dispersion(training.shown.sum(axis=1), expected, known.dispersion)
        upper = upper_bound(fit.shapes, fit.trials, settings.noise_bound)
        # The scale was fitted to substitutions alone; indels keep their rates.
        upper[:N_SUBSTITUTIONS] = np.minimum(upper[:N_SUBSTITUTIONS] * scale, 0.5)
        model = NoiseModel(
            upper, fit.learned, dict(positions or {}), settings.design_vaf, shape, known.dispersion
        )
        suspects = _suspects(everything, model, settings.training)
        if len(training.rows) + int(suspects.sum()) == len(everything.rows):
            break
        # From all, not from the last round: a site set aside on a poor first fit comes back.
        training = everything.without(suspects)
    return model


def training_alternatives(
    pileup: Pileup, model: NoiseModel, settings: CallingSettings
) -> tuple[Alternatives, NDArray[np.bool_]]:
    """Return the alternatives of the training sites, and which of them do not count.

    Args:
        pileup: molecules of the sample.
        model: what `learn_noise` learned from them.
        settings: calling section.

    Returns:
        The alternatives and bool[n]: those set aside because noise does not explain their molecules.
    """
    everything = _substitutions(pileup, settings.training.max_vaf)
    return everything, _suspects(everything, model, settings.training)


def _substitutions(pileup: Pileup, training_vaf: float) -> Alternatives:
    """Return all alternatives of sites without one above the VAF: germline, or a clear variant."""
    reference = pileup.regions.reference
    rows = site_rows(reference, pileup.regions.offsets)
    molecules = pileup.counts.sum(axis=2, dtype=np.int64)
    total = molecules.sum(axis=1)
    alternatives = molecules.copy()
    known = reference < 4
    alternatives[np.flatnonzero(known), reference[known]] = 0
    # One or two molecules of a shallow site are no evidence of a variant, whatever their share.
    clear = (alternatives > 2) & (alternatives > training_vaf * total[:, None])
    sites, alts = np.nonzero((rows >= 0) & ~clear.any(axis=1)[:, None])
    return Alternatives(
        rows[sites, alts].astype(np.int64),
        pileup.counts[sites, alts].astype(np.int64),
        pileup.totals[sites],
    )


def _suspects(counted: Alternatives, model: NoiseModel, settings: TrainingSettings) -> NDArray[np.bool_]:
    """Return bool[n]: alternatives whose molecules noise does not explain."""
    # Variants that are still in look like sites that differ: the shape is not let fall to explain them.
    model = replace(model, shape=max(model.shape, model.dispersion.shape))
    rates = model.rates[counted.rows]
    looked_at = counted.shown.sum(axis=1) >= settings.min_molecules
    # A quick test with a hundredfold margin: what it lets go the exact one would let go too.
    looked_at[looked_at] = unlikely(
        counted.shown[looked_at],
        counted.trials[looked_at] * rates[looked_at],
        model.shape,
        100 * settings.tail_probability,
    )
    suspects = np.zeros(len(counted.rows), np.bool_)
    for i in np.flatnonzero(looked_at).tolist():
        noise = model.noise(int(counted.rows[i]))
        suspects[i] = tail(counted.shown[i], counted.trials[i], noise) <= settings.tail_probability
    return suspects


def _fit(
    counted: Alternatives, pileup: Pileup, settings: TrainingSettings, prior: Prior, carried: Haplotypes
) -> _Fit:
    """Fit class factors, types and trinucleotides, and the kinds of indels."""
    shown, exposed = np.zeros((len(CATEGORIES), N_CLASSES)), np.zeros((len(CATEGORIES), N_CLASSES))
    by_row, trials_by_row = np.zeros((N_ROWS, N_CLASSES)), np.zeros((N_ROWS, N_CLASSES))
    for kind in range(len(TYPES)):
        mine = np.flatnonzero((counted.rows >= kind * CONTEXTS) & (counted.rows < (kind + 1) * CONTEXTS))
        # Class by class in memory, as they are looked at.
        by_class = (np.ascontiguousarray(all_of[mine].T) for all_of in (counted.shown, counted.trials))
        rows, (all_shown, all_trials) = counted.rows[mine], by_class
        # A class without molecules teaches nothing, and most samples have few of the sixteen.
        for c in np.flatnonzero(all_trials.any(axis=1)).tolist():
            seen, trials = all_shown[c], all_trials[c]
            rate, weight, cap = _capped_rate(seen, trials)
            shown[kind, c], exposed[kind, c] = rate * weight, weight
            effective = trials * (weight / max(1.0, float(trials.sum())))
            # Capped as the rate was: a variant that is still in weighs one molecule, not twenty.
            by_row[:, c] += np.bincount(rows, weights=np.minimum(seen, cap), minlength=N_ROWS)
            trials_by_row[:, c] += np.bincount(rows, weights=effective, minlength=N_ROWS)
    shown[len(TYPES) :], exposed[len(TYPES) :] = _indels(pileup, settings, carried)
    shapes, means = _types(prior, shown, exposed)
    strength = _context_strength(by_row, trials_by_row, means)
    fit = _Fit(
        np.ones((N_ROWS, N_CLASSES)), np.ones((N_ROWS, N_CLASSES)), np.zeros((N_ROWS, N_CLASSES), bool)
    )
    for kind in range(len(CATEGORIES)):
        own = category_rows(kind)
        shape = np.minimum(shapes[kind], strength) if kind < len(TYPES) else shapes[kind]
        fit.shapes[own] = shape + by_row[own]
        fit.trials[own] = shape / means[kind] + trials_by_row[own]
        fit.learned[own] = exposed[kind] * prior.rate[kind] > prior.strength[kind]
    return fit


def _types(
    prior: Prior, shown: NDArray[np.float64], exposed: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return shapes and means of the gamma posteriors per category and class.

    The prior of a substitution type is the shipped rate times the factor of its class, which all types of
    the sample show together. Half of the prior's spread is that of the class, half that of the type in it.
    Indels keep the shipped prior.
    """
    kinds = slice(0, len(TYPES))
    strength, centre = prior.strength.copy(), prior.rate.copy()
    half = 2 * prior.strength[kinds]
    in_class = half.mean(axis=0) + shown[kinds].sum(axis=0)
    centre[kinds] *= in_class / (half.mean(axis=0) + (prior.rate[kinds] * exposed[kinds]).sum(axis=0))
    strength[kinds] = 1 / (1 / in_class + 1 / half)
    shapes = strength + shown
    return shapes, shapes / (strength / centre + exposed)


def _context_strength(
    shown: NDArray[np.float64], trials: NDArray[np.float64], means: NDArray[np.float64]
) -> float:
    """Return the shape that best describes how trinucleotides of one type differ (negative binomial)."""
    from scipy.special import gammaln

    own = slice(0, N_SUBSTITUTIONS)
    expected = np.repeat(means[: len(TYPES)], CONTEXTS, axis=0) * trials[own]
    seen = shown[own].sum(axis=1)
    mean = expected.sum(axis=1)
    seen, mean = seen[mean > 0], mean[mean > 0]

    def likelihood(shape: float) -> float:
        terms = gammaln(seen + shape) - gammaln(shape) - seen * np.log1p(shape / mean)
        return float((terms - shape * np.log1p(mean / shape)).sum())

    return (
        float(max(CONTEXT_STRENGTHS.tolist(), key=likelihood)) if len(seen) else float(CONTEXT_STRENGTHS[0])
    )


def _capped_rate(shown: NDArray[np.int64], trials: NDArray[np.int64]) -> tuple[float, float, int]:
    """Return rate, effective trials and cap from counts cut off at a cap, so that variants weigh little.

    Solves sum(E min(X, cap)) = sum(min(x, cap)) for Poisson X. The cap is 1 (is it there at all?) where noise
    is rare and grows with the expected count where every alternative has molecules.
    """
    from scipy.special import gammainc

    total = float(trials.sum())
    if total == 0 or not shown.any():
        return 0.0, total, 1
    values, numbers = binned(trials)
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


def binned(trials: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return mean trials and their number in bins of two per cent; those above 0 count."""
    # Of every number once: most alternatives share theirs with many.
    used, times = np.unique_counts(trials[trials > 0])
    _, where = np.unique(np.rint(np.log(used) * 50), return_inverse=True)
    numbers = np.bincount(where, weights=times).astype(np.int64)
    mean: NDArray[np.float64] = np.bincount(where, weights=used * times) / numbers
    return mean, numbers


# --- indels -----------------------------------------------------------------------------------


def _indels(
    pileup: Pileup, settings: TrainingSettings, carried: Haplotypes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return molecules and exposed molecules per kind of indel (and MNV) and class.

    Slips in homopolymers and short tandem repeats happen often enough at one place to be counted one by one;
    elsewhere a change counts once, however many molecules have it. A slip in a repeat that a carried
    substitution makes is left out: no place of that length is among those looked at.
    """
    seen = np.zeros((len(OTHERS), N_CLASSES))
    regions, totals = pileup.regions, pileup.totals
    names = dict(zip(regions.ref_ids.tolist(), regions.chroms, strict=True))
    for events, is_indel in ((pileup.indels, True), (pileup.clusters, False)):
        together: dict[tuple[int, int, int, str], NDArray[np.int64]] = {}
        for (tid, start, length, bases, c), count in events.items():
            key = (tid, start, length, bases)
            together.setdefault(key, np.zeros(N_CLASSES, np.int64))[c] += count
        for (tid, start, length, bases), counts in together.items():
            site = regions.site(names[tid], start) if tid in names else None
            if site is None:
                continue
            kind = OTHERS.index("mnv")
            if is_indel:
                variant = _event_variant(carried.fetch, site, length, bases)
                kind = _event_kind(variant, carried.fetch)
                if carried.longest(variant)[0] != variant:
                    continue
            slips = INDELS.index("indel_6_8") <= kind < len(INDELS)
            long = slips and kind > INDELS.index("indel_6_8")
            highest = settings.max_repeat_vaf if long else settings.max_vaf
            if counts.sum() <= 2 or _share(counts, totals[site], settings.min_duplex) <= highest:
                seen[kind] += counts if slips else counts > 0
    return seen, _indel_exposure(pileup)


def _share(counts: NDArray[np.int64], totals: NDArray[np.int64], min_duplex: int) -> float:
    """Return the share of molecules with an allele, of duplex ones where they are enough: they slip less."""
    if duplex(totals) >= min_duplex:
        return duplex(counts) / duplex(totals)
    return float(counts.sum() / max(1, totals.sum()))


def _indel_exposure(pileup: Pileup) -> NDArray[np.float64]:
    """Return float64[len(OTHERS), N_CLASSES]: molecules times places where such a change could be.

    A homopolymer is one place; long indels and neighbouring substitutions can be at every base.
    """
    reference, totals = pileup.regions.reference, pileup.totals
    out = np.zeros((len(OTHERS), N_CLASSES))
    if not len(reference):
        return out
    begins = np.ones(len(reference), np.bool_)
    # At the border of a region a run may be longer than it looks; it counts by what lies inside.
    begins[1:] = reference[1:] != reference[:-1]
    begins[pileup.regions.offsets[:-1]] = True
    first = np.flatnonzero(begins)
    lengths = np.diff(np.append(first, len(reference)))
    # Units beyond the first, as `indel_kind` counts them.
    bins = np.searchsorted(REPEAT_BINS, lengths - 1, side="right")
    for i in range(len(INDELS)):
        out[i] = totals[first[bins == i]].sum(axis=0)
    out[len(INDELS) :] = totals.sum(axis=0)
    return out


def _event_variant(fetch: Fetch, site: int, length: int, bases: str) -> SmallVariant:
    """Return an indel as aligned in its normal form, wherever in its repeat the aligner put it.

    Args:
        fetch: reference bases of all regions side by side.
        site: place of its first base there.
        length: reference bases that it takes the place of.
        bases: what stands there instead.
    """
    return SmallVariant("", site + 1, fetch("", site, site + length), bases).normalised(fetch)


def _event_kind(variant: SmallVariant, fetch: Fetch) -> int:
    """Return the place in OTHERS of the kind of an indel."""
    if variant.is_substitution:
        return OTHERS.index("indel_long")
    return variant_row(variant, fetch) - N_SUBSTITUTIONS
