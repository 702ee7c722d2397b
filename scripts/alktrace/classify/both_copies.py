"""Tumour suppressors: are both copies of a gene hit in the cells of one specimen, as far as DNA shows.

A mutation in every tumour cell that leaves the other copy in place has at most a VAF of
`TF (n - 1) / (TF n + 2 (1 - TF))` with `n` copies of the gene; where its interval lies above that at the
upper end of the tumour fraction, the other copy is lost.
"""

from collections.abc import Sequence
from itertools import combinations

from ..evidence.schema import Observation, SpecimenEvidence
from ..vocabulary.caveats import CaveatCode, codes_of
from ..vocabulary.changes import Origin, VariantType
from ..vocabulary.detection import Detection
from .negative import DIPLOID, copies_of, tumour_copies
from .phase_sets import proven_cis
from .view import SMALL_TYPES, Found, TimepointView, is_somatic_candidate

BOTH_LOST = 0.5
"""Tumour copies below which an estimate means no copy rather than one."""
LEAST_INHERITED = 0.2
"""VAF that an inherited variant exceeds in every specimen, even where the tumour lost that copy."""
INHERITED = frozenset(
    {CaveatCode.GERMLINE_NOT_EXCLUDED, CaveatCode.PROBABLE_GERMLINE, CaveatCode.GERMLINE_SUSPECTED}
)
"""With these half of the molecules may be those of an inherited variant, whatever the tumour lost."""


def asks_for_both(found: Found, view: TimepointView) -> bool:
    """Tell whether a finding is a hit of a gene that acts when both copies are hit."""
    fact = view.knowledge.off_target(found.alteration)
    return fact is not None and fact.both_copies


def one_copy_lost(found: Found, view: TimepointView) -> bool:
    """Tell whether a loss is of one copy: estimates of all specimens that show it leave one."""
    if found.alteration.variant_type is not VariantType.LOSS:
        return False
    told = [copies_of(view.specimen(seen.specimen), found.alteration.gene) for seen in found.seen]
    numbers = [item.tumour_copy_number if item else None for item in told]
    return all(number is not None and number >= BOTH_LOST for number in numbers)


def both_copies_hit(gene: str, view: TimepointView) -> bool:
    """Tell whether one specimen shows that both copies of a gene are hit.

    Two hits, of which one may be the loss of a copy; one mutation whose VAF needs the loss of the other copy;
    or the loss of both. Hits of two specimens may be those of two lesions, with one hit each.
    """
    hits = [
        item
        for item in view.found
        if item.alteration.gene == gene
        and asks_for_both(item, view)
        and is_somatic_candidate(item.alteration)
        and CaveatCode.COPIES_NOT_STATED not in codes_of(item.alteration.flags)
    ]
    return any(_hit_in(specimen, hits, view) for specimen in view.usable)


def _hit_in(specimen: SpecimenEvidence, hits: Sequence[Found], view: TimepointView) -> bool:
    here = [(item, seen) for item in hits for seen in item.seen if seen.specimen == specimen.specimen]
    alone = any(_both_lost(item, specimen) or _needs_loss(item, seen, specimen) for item, seen in here)
    pairs = combinations({item.alteration.key for item, _ in here}, 2)
    # Two hits proven on one molecule are on one copy.
    return alone or any(not proven_cis(pair, view.phase, view.settings.phase) for pair in pairs)


def _both_lost(found: Found, specimen: SpecimenEvidence) -> bool:
    if found.alteration.variant_type is not VariantType.LOSS:
        return False
    copies = copies_of(specimen, found.alteration.gene)
    if copies is None or copies.tumour_copy_number is None:
        # A report that says how many were lost, or that both were.
        return True
    high = copies.tumour_copy_number_high
    return copies.tumour_copy_number < BOTH_LOST and (high is None or high < 1)


def _needs_loss(found: Found, seen: Observation, specimen: SpecimenEvidence) -> bool:
    item, fraction = found.alteration, specimen.tumour_fraction.high
    doubted = item.origin is not Origin.SOMATIC and bool(INHERITED & codes_of(item.flags))
    inherited = doubted and not any(_lacks(one) for one in item.observations)
    if item.variant_type not in SMALL_TYPES or inherited or seen.vaf_low is None or fraction is None:
        return False
    copies = max(DIPLOID, tumour_copies(specimen, item.gene))
    return seen.vaf_low > fraction * (copies - 1) / (fraction * copies + DIPLOID * (1 - fraction))


def _lacks(seen: Observation) -> bool:
    """Tell whether a specimen lacks it so surely that it is in none of the patient's normal cells."""
    limit = seen.vaf_detectable
    return seen.detection is Detection.NOT_DETECTED and limit is not None and limit < LEAST_INHERITED
