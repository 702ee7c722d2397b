"""What the samples of the synthetic cohort exclude, beside what they show."""

from collections.abc import Collection

import numpy as np

from ..vocabulary.negatives import Exclusion, ExclusionStatus, NegativeKind
from ..vocabulary.resistance import Classification

BLIND_SHARE = 0.3
"""Samples with findings in which amplifications could not be judged and no fusion was looked for."""
HISTOLOGY_SHARE = 0.6
"""Patients with a biopsy that shows the histology of before."""
COPY_KINDS = (
    NegativeKind.ALK_AMPLIFICATION,
    NegativeKind.MET_AMPLIFICATION,
    NegativeKind.BYPASS_AMPLIFICATION,
)


def draw_limits(
    found: Classification, kinds: Collection[NegativeKind], rng: np.random.Generator
) -> tuple[Exclusion, ...]:
    """Return what one sample excludes, one entry per kind.

    Args:
        found: its class; `NOT_EVALUABLE` excludes nothing, `NONE_FOUND` all that DNA shows.
        kinds: of which something was found.
        rng: a stream of its own, so that what samples exclude changes no other draw.
    """
    blind, biopsied = rng.random() < BLIND_SHARE, rng.random() < HISTOLOGY_SHARE
    if found is Classification.NOT_EVALUABLE:
        return tuple(Exclusion(kind, ExclusionStatus.NOT_ASSESSABLE) for kind in NegativeKind)
    if found in (Classification.NONE_FOUND, Classification.ON_TARGET_EXCLUDED):
        blind = found is Classification.ON_TARGET_EXCLUDED
    return tuple(
        Exclusion(kind, ExclusionStatus.FOUND) if kind in kinds else _silent(kind, blind, biopsied, rng)
        for kind in NegativeKind
    )


def _silent(kind: NegativeKind, blind: bool, biopsied: bool, rng: np.random.Generator) -> Exclusion:
    limit = float(rng.uniform(0.05, 0.19))
    if kind is NegativeKind.HISTOLOGY:
        return Exclusion(kind, ExclusionStatus.EXCLUDED if biopsied else ExclusionStatus.NOT_EXAMINED)
    if kind is NegativeKind.BYPASS_FUSION and blind:
        return Exclusion(kind, ExclusionStatus.NOT_TARGETED)
    if kind in COPY_KINDS:
        if blind:
            return Exclusion(kind, ExclusionStatus.NOT_ASSESSABLE)
        limit = float(rng.uniform(2.5, 4.5))
    return Exclusion(kind, ExclusionStatus.EXCLUDED, limit)
