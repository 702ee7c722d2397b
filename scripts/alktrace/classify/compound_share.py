"""How much of the tumour a compound is: its own molecules, VAF and tumour cells, not those of its members."""

from dataclasses import dataclass

from ..evidence.schema import SpecimenEvidence
from ..stats.intervals import clopper_pearson
from ..vocabulary.changes import ALK
from .negative import largest_if_the_lead_tells, share_of_cells
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
    specimen = _specimen(lead, view)
    vaf = lead.doubles / lead.total
    low, high = clopper_pearson(lead.doubles, lead.total)
    return CompoundShare(
        molecules=lead.doubles,
        total=lead.total,
        vaf=vaf,
        vaf_low=low,
        vaf_high=high,
        share=share_of_cells(vaf, specimen.tumour_fraction.value, specimen, ALK),
        largest=largest_if_the_lead_tells([_largest(item, view) for item in counted]),
        apart=min(verdict.singles) > verdict.doubles,
    )


def _largest(counts: PhaseCounts, view: TimepointView) -> float | None:
    specimen = _specimen(counts, view)
    high = clopper_pearson(counts.doubles, counts.total)[1]
    return share_of_cells(high, specimen.tumour_fraction.low, specimen, ALK)


def _specimen(counts: PhaseCounts, view: TimepointView) -> SpecimenEvidence:
    return next(item for item in view.usable if item.full_name == counts.specimen)
