"""How often molecules show a base that is not there, measured against the reference.

Counted are the alternatives of the training sites of the noise model, in the targets and their margin: sites
with an allele above the training VAF, germline or clearly a variant, are left out, and alternatives that
noise does not explain are set aside. True variants below detection stay in, of foreign DNA too, and so do
lone mismatches of misaligned ends: in this respect rates are upper estimates. A place that errs far more
often than its kind is set aside like a variant; the molecules are stated, so that they can be added.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...inputs.settings.calling_settings import CallingSettings
from ...stats.intervals import share
from ...vocabulary.detection import MoleculeGroup
from ..molecules.pileup import Pileup
from .error_rate_table import ErrorRateRow
from .kinds import CONTEXTS, TYPES, site_rows
from .molecule_classes import duplex, simplex, single
from .rates import NoiseModel
from .training import Alternatives, training_alternatives

GROUPS: dict[MoleculeGroup, Callable[[NDArray[np.integer]], int]] = {
    MoleculeGroup.SINGLE: single,
    MoleculeGroup.SIMPLEX: simplex,
    MoleculeGroup.DUPLEX: duplex,
}


def measure_error_rates(pileup: Pileup, noise: NoiseModel, settings: CallingSettings) -> list[ErrorRateRow]:
    """Return the errors per base of every group of molecules and substitution type.

    A base of the reference and its complement are one type, named by the pyrimidine: G>T is C>A. Every
    informative molecule at a site that could show a type is one base looked at.

    Args:
        pileup: molecules of the sample.
        noise: what was learned from them.
        settings: calling section.

    Returns:
        One row per group and type, with or without molecules.
    """
    # The same sites for every group: a variant that duplex molecules show is no error of single ones either.
    counted, set_aside = training_alternatives(pileup, noise, settings)
    sites = _sites_by_type(pileup)
    # Rows of one type follow each other, sixteen trinucleotides each.
    types = counted.rows // CONTEXTS
    by_type = [
        (_sum(counted, (types == kind) & ~set_aside), _sum(counted, (types == kind) & set_aside))
        for kind in range(len(TYPES))
    ]
    return [
        _row(group, kind, training, aside, int(sites[kind]))
        for group in GROUPS
        for kind, (training, aside) in enumerate(by_type)
    ]


def _sites_by_type(pileup: Pileup) -> NDArray[np.int64]:
    """Return int64[len(TYPES)]: sites whose base could show each type."""
    # A site of A or C could show three types each; unknown bases none (-1).
    rows = site_rows(pileup.regions.reference, pileup.regions.offsets)
    return np.bincount(rows[rows >= 0] // CONTEXTS, minlength=len(TYPES))


class _Sum(NamedTuple):
    """Alternatives added up: their number, and molecules with them and at their sites (int64[N_CLASSES])."""

    number: int
    shown: NDArray[np.int64]
    trials: NDArray[np.int64]


def _sum(counted: Alternatives, chosen: NDArray[np.bool_]) -> _Sum:
    places = np.flatnonzero(chosen)
    return _Sum(len(places), counted.shown[places].sum(axis=0), counted.trials[places].sum(axis=0))


def _row(group: MoleculeGroup, kind: int, training: _Sum, aside: _Sum, sites: int) -> ErrorRateRow:
    count = GROUPS[group]
    errors, bases = count(training.shown), count(training.trials)
    found = share(errors, bases)
    return ErrorRateRow(
        molecules=group,
        substitution=TYPES[kind],
        errors=errors,
        bases=bases,
        rate=found.value,
        low=found.low,
        high=found.high,
        set_aside=aside.number,
        set_aside_molecules=count(aside.shown),
        sites_left_out=sites - training.number - aside.number,
    )
