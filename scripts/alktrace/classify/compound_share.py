"""How much of the tumour a compound is: its own molecules, VAF and tumour cells, not those of its members."""

from dataclasses import dataclass

from ..stats.intervals import clopper_pearson
from ..vocabulary.changes import ALK
from .negative import excluded_clone_fraction, tumour_copies
from .phase import PhaseCounts, PhaseVerdict
from .view import TimepointView


@dataclass(frozen=True)
class CompoundShare:
    """A set of mutations on one molecule, in the specimen with most such molecules.

    Attributes:
        molecules: molecules that carry every mutation of the set.
        total: molecules that show every site.
        vaf_low, vaf_high: exact 95 % interval of `vaf`.
        share: tumour cells that carry the set if one copy is concerned; None without tumour fraction.
        largest: the most it can be in any specimen: upper end of the VAF, lower end of the tumour fraction.
        apart: every member stands alone on more molecules than carry the whole set.
    """

    molecules: int
    total: int
    vaf: float
    vaf_low: float
    vaf_high: float
    share: float | None
    largest: float | None
    apart: bool


def compound_share(verdict: PhaseVerdict, view: TimepointView) -> CompoundShare | None:
    """Return how much of the tumour carries a proven set; None where no molecule was counted."""
    counted = sorted(
        (item for item in verdict.specimens if item.doubles), key=lambda item: (-item.doubles, item.specimen)
    )
    if not counted:
        return None
    lead = counted[0]
    low, high = clopper_pearson(lead.doubles, lead.total)
    shares = [_largest(item, view) for item in counted]
    return CompoundShare(
        molecules=lead.doubles,
        total=lead.total,
        vaf=lead.doubles / lead.total,
        vaf_low=low,
        vaf_high=high,
        share=_share(lead.doubles / lead.total, lead, view, low_end=False),
        # As for single findings: where the leading specimen does not tell, the share is open.
        largest=max(share for share in shares if share is not None) if shares[0] is not None else None,
        apart=bool(verdict.singles) and min(verdict.singles) > verdict.doubles,
    )


def _largest(counts: PhaseCounts, view: TimepointView) -> float | None:
    return _share(clopper_pearson(counts.doubles, counts.total)[1], counts, view, low_end=True)


def _share(vaf: float, counts: PhaseCounts, view: TimepointView, *, low_end: bool) -> float | None:
    specimen = next(item for item in view.usable if item.full_name == counts.specimen)
    fraction = specimen.tumour_fraction.low if low_end else specimen.tumour_fraction.value
    if not fraction:
        return None
    return min(1.0, excluded_clone_fraction(vaf, fraction, tumour_copies(specimen, ALK)))
