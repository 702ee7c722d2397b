"""The ALK fusion at progression: found, not seen, or lost.

Plasma misses many fusions, so a fusion that is not seen is lost only where the sample excludes it in all but
a stated share of the tumour cells, by the formula that judges negatives.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ..evidence.schema import Alteration, SpecimenEvidence
from ..vocabulary.changes import ALK
from ..vocabulary.detection import Detection, LocusKind
from .emergence import excluded_share
from .negative import can_exclude, excluded_clone_fraction, tumour_copies
from .single_criteria import is_alk_fusion
from .view import TimepointView, is_somatic_candidate


class FusionState(StrEnum):
    """What a timepoint says about the ALK fusion."""

    FOUND = "found"
    LOST = "lost"
    NOT_SEEN = "not_seen"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True)
class Driver:
    """State of the ALK fusion and what links this tumour to earlier samples.

    Attributes:
        excluded: smallest share of tumour cells in which the fusion is excluded; None if not stated.
        shared: alterations found here and in another timepoint, which argue for one tumour.
    """

    state: FusionState
    excluded: float | None
    shared: tuple[str, ...]


def judge_driver(view: TimepointView) -> Driver:
    """Return the state of the ALK fusion at a timepoint."""
    fusions = [item for item in view.patient.alterations if is_alk_fusion(item)]
    shared = tuple(_shared(view))
    if any(is_alk_fusion(found.alteration) for found in view.found):
        return Driver(FusionState.FOUND, None, shared)
    clinical = view.patient.clinical
    detected = [item for item in fusions if any(o.detection is Detection.DETECTED for o in item.observations)]
    # Without a fusion on record there is nothing to lose: an unseen one is then no sign of another tumour.
    if not detected and not (clinical and clinical.known_fusion):
        return Driver(FusionState.NOT_KNOWN, None, shared)
    shares = [share for item in view.usable if (share := _excluded(item, detected, view)) is not None]
    hinted = any(is_alk_fusion(item) for item in view.subthreshold)
    excluded = min(shares, default=None)
    limit = view.settings.negative.max_excluded_clone_fraction
    lost = excluded is not None and excluded <= limit and not hinted
    return Driver(FusionState.LOST if lost else FusionState.NOT_SEEN, excluded, shared)


def _excluded(
    specimen: SpecimenEvidence, detected: Iterable[Alteration], view: TimepointView
) -> float | None:
    """Return the share in which one specimen excludes every known fusion."""
    low = specimen.tumour_fraction.low
    if not low or low < view.settings.negative.min_tumour_fraction or not can_exclude(specimen):
        return None
    # One known junction that was not looked at leaves the fusion open; the introns must answer for it then.
    shares = [_excluded_fusion(item, specimen) for item in detected]
    if not shares or any(share is None for share in shares):
        shares = [_excluded_introns(specimen, low)]
    known = [share for share in shares if share is not None]
    return max(known) if known else None


def _excluded_fusion(fusion: Alteration, specimen: SpecimenEvidence) -> float | None:
    here = [seen for seen in fusion.observations if seen.place == specimen.place]
    shares = [share for seen in here if (share := excluded_share(seen, specimen, ALK)) is not None]
    return min(shares, default=None)


def _excluded_introns(specimen: SpecimenEvidence, low: float) -> float | None:
    """Return the share by the breakpoint introns; all must have been looked at."""
    introns = [
        item for item in specimen.callability if item.gene == ALK and item.kind is LocusKind.FUSION_INTRON
    ]
    if not introns or any(
        item.status is not Detection.NOT_DETECTED or item.vaf_detectable is None for item in introns
    ):
        return None
    copies = tumour_copies(specimen)
    # The worst intron: the breakpoint may lie in any of them.
    return max(excluded_clone_fraction(item.vaf_detectable or 0.0, low, copies) for item in introns)


def _shared(view: TimepointView) -> Iterable[str]:
    usable = view.patient.usable()
    elsewhere = {where for where in usable if where[0] != view.timepoint}
    for found in view.found:
        seen = {o.place for o in found.alteration.observations if o.detection is Detection.DETECTED}
        if is_somatic_candidate(found.alteration) and seen & elsewhere:
            yield found.alteration.key
