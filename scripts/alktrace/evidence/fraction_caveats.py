"""What the tumour fraction of a specimen says against a finding in it; pure."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ..structural.tumour_fraction import TAIL
from ..vocabulary.caveats import Caveat, CaveatCode, in_order
from ..vocabulary.changes import STRUCTURAL, Origin
from ..vocabulary.detection import Detection
from ..vocabulary.samples import IdentityStatus
from .schema import Observation, PatientEvidence, SpecimenEvidence

DIPLOID = 2.0
UNLIKELY = 0.05
"""Chance below which all mutant molecules on the finding and none on the markers contradict each other."""
OF_TUMOUR = frozenset({Origin.SOMATIC, Origin.UNDECIDED})


@dataclass(frozen=True)
class FractionHere:
    """Tumour fraction of one specimen, and copies of the gene asked about in its tumour cells.

    Attributes:
        value: point estimate; 0 where markers were looked for and none was seen.
        high: upper end of the 95 % interval.
    """

    value: float
    high: float
    copies: float = DIPLOID


def with_fraction_caveats(evidence: PatientEvidence) -> PatientEvidence:
    """Return the evidence of a file of a user with the caveats that the workflow gives."""
    usable = [one for one in evidence.specimens if one.identity is not IdentityStatus.CONFLICT]
    usable = [one for one in usable if not one.problems]
    alterations = []
    for item in evidence.alterations:
        fractions = {one.place: here for one in usable if (here := _fraction_of(one, item.gene)) is not None}
        found = fraction_caveats(item.observations, fractions, item.origin)
        flags = item.flags if item.variant_type in STRUCTURAL else in_order({*item.flags, *found})
        alterations.append(item.model_copy(update={"flags": flags}))
    return evidence.model_copy(update={"alterations": tuple(alterations)})


def _fraction_of(specimen: SpecimenEvidence, gene: str) -> FractionHere | None:
    value, high = specimen.tumour_fraction.value, specimen.tumour_fraction.high
    if value is None or high is None:
        return None
    copies = next((item.tumour_copy_number for item in specimen.copy_number if item.gene == gene), None)
    return FractionHere(value, high, copies or DIPLOID)


def fraction_caveats(
    observations: Iterable[Observation], fractions: Mapping[tuple[str, str], FractionHere], origin: Origin
) -> set[Caveat]:
    """Return the caveats of a small variant that is not carried by the tumour fraction of its specimens.

    Args:
        observations: of one alteration.
        fractions: by timepoint and specimen, where there is one.
        origin: over all specimens; only what may be of the tumour is judged.
    """
    seen = [item for item in observations if item.detection is Detection.DETECTED and item.place in fractions]
    if origin not in OF_TUMOUR:
        return set()
    above = [item for item in seen if _is_above(item, fractions[item.place])]
    against = [
        item for item in seen if origin is Origin.UNDECIDED and is_contradicted(item, fractions[item.place])
    ]
    return {
        *_caveat(CaveatCode.VAF_ABOVE_TUMOUR_FRACTION, above),
        *_caveat(CaveatCode.TUMOUR_FRACTION_CONTRADICTS, against),
    }


def carried_vaf(tumour_fraction: float, copies: float = DIPLOID) -> float:
    """Return the largest VAF that a tumour fraction can carry: all copies of its cells are mutated."""
    mutated = tumour_fraction * copies
    return mutated / (mutated + DIPLOID * (1 - tumour_fraction))


def is_contradicted(seen: Observation, here: FractionHere) -> bool:
    """Tell whether the tumour has left no trace where the finding has several molecules.

    The upper end `high` of a fraction without any marker seen stands for `n` molecules of markers, by
    `(1 - high / 2) ** n = 2.5 %`. Were finding and markers equally frequent, all `k` mutant molecules would
    fall on the `N` of the finding with a probability of `(N / (N + n)) ** k` (conditional exact test).
    """
    if here.value > 0 or not seen.alt_molecules or not seen.total_molecules or not 0 < here.high < 1:
        return False
    markers = math.log(TAIL) / math.log1p(-here.high / 2)
    share = seen.total_molecules / (seen.total_molecules + markers)
    return share**seen.alt_molecules < UNLIKELY


def _is_above(seen: Observation, here: FractionHere) -> bool:
    return seen.vaf_low is not None and seen.vaf_low > carried_vaf(here.high, here.copies)


def _caveat(code: CaveatCode, seen: Collection[Observation]) -> list[Caveat]:
    return [Caveat(code, tuple(sorted(item.full_name for item in seen)))] if seen else []
