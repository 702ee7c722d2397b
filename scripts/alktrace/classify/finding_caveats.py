"""Caveats of a finding, and how they cap the confidence in it."""

from collections.abc import Iterable, Sequence

from ..evidence.schema import SpecimenEvidence
from ..vocabulary.caveats import Caveat, CaveatCode, codes_of, in_order
from ..vocabulary.changes import Origin, VariantType
from ..vocabulary.copies import Focality
from ..vocabulary.detection import Detection
from ..vocabulary.resistance import Confidence, Emergence, Timing
from ..vocabulary.samples import Setting, SpecimenType, Verdict
from .both_copies import asks_for_both, both_copies_hit
from .emergence import EmergenceReason, EmergenceVerdict, clone_share, excluded_share, largest_clone_share
from .single_criteria import focality, known_mutation, too_frequent
from .view import SMALL_TYPES, Found, TimepointView, specimens_outside

# Each caps the confidence at uncertain too (below): a weak finding must never read as an established one.
WEAKENING = frozenset(
    {
        CaveatCode.GERMLINE_SUSPECTED,
        CaveatCode.TUMOUR_FRACTION_CONTRADICTS,
        CaveatCode.UNCLEAR_JUNCTION,
        CaveatCode.REPORTED_AS_GAIN,
        CaveatCode.COPIES_NOT_STATED,
    }
)
"""Caveats that leave a finding uncertain: it names the class only where nothing better does."""
RANK = {Confidence.ESTABLISHED: 0, Confidence.CANDIDATE: 1, Confidence.UNCERTAIN: 2}
CAPS = {
    CaveatCode.CH_NOT_EXCLUDED: Confidence.CANDIDATE,
    CaveatCode.FOCALITY_UNKNOWN: Confidence.CANDIDATE,
    CaveatCode.OUTSIDE_WINDOW: Confidence.CANDIDATE,
    CaveatCode.PRESENT_AT_BASELINE: Confidence.CANDIDATE,
    CaveatCode.QC_FAIL: Confidence.CANDIDATE,
    CaveatCode.MINOR_CLONE: Confidence.CANDIDATE,
    CaveatCode.FRAME_UNKNOWN: Confidence.CANDIDATE,
    CaveatCode.GERMLINE_NOT_EXCLUDED: Confidence.CANDIDATE,
    CaveatCode.UNVERIFIED_ROLE: Confidence.CANDIDATE,
    CaveatCode.WBC_CONFLICT: Confidence.CANDIDATE,
    CaveatCode.PATHOLOGY_OF_CONFLICTING_SPECIMEN: Confidence.CANDIDATE,
    CaveatCode.BASELINE_HISTOLOGY_UNKNOWN: Confidence.CANDIDATE,
    **dict.fromkeys(WEAKENING, Confidence.UNCERTAIN),
    CaveatCode.ONE_COPY: Confidence.UNCERTAIN,
    CaveatCode.RB1_NOT_SHOWN_NEW: Confidence.UNCERTAIN,
    CaveatCode.HISTOLOGY_OVER_DNA: Confidence.UNCERTAIN,
}
"""The most a mechanism with this caveat can be, whatever the caveat is about."""


def lowest(*values: Confidence) -> Confidence:
    """Return the least sure of several confidences."""
    return max(values, key=RANK.__getitem__)


def capped(confidence: Confidence, flags: Iterable[Caveat]) -> Confidence:
    """Return the confidence after the caps of its caveats."""
    return lowest(confidence, *(CAPS[code] for code in codes_of(flags) if code in CAPS))


def finding_flags(found: Found, verdict: EmergenceVerdict, view: TimepointView) -> tuple[Caveat, ...]:
    """Return the caveats of one finding, in order."""
    specimens = [view.specimen(seen.specimen) for seen in found.seen]
    flags = [*found.alteration.flags, *(flag for item in specimens for flag in item.flags)]
    checks = {
        **_specimen_checks(specimens, view),
        **_finding_checks(found, view),
        **_baseline_checks(verdict, view),
    }
    flags += [Caveat(code) for code, holds in checks.items() if holds]
    if verdict.emergence is Emergence.UNKNOWN and view.setting is not Setting.BASELINE:
        flags.append(Caveat(_WHY_UNKNOWN[verdict.reason]))
    if against := _disagreeing(found, view):
        flags.append(Caveat(CaveatCode.SPECIMENS_DISAGREE, tuple(against)))
    return in_order(flags)


def _baseline_checks(verdict: EmergenceVerdict, view: TimepointView) -> dict[CaveatCode, bool]:
    after = view.setting is not Setting.BASELINE
    there = verdict.emergence is Emergence.PERSISTENT and after
    # What never responded may be carried by what was there all along; what came later may not.
    primary = view.timing is Timing.PRIMARY
    return {
        CaveatCode.PRESENT_AT_BASELINE: there and not primary,
        CaveatCode.CARRIED_BY_PRE_EXISTING: there and primary,
        CaveatCode.EXPANDED_SINCE_BASELINE: verdict.emergence is Emergence.EXPANDED,
    }


def _specimen_checks(specimens: Sequence[SpecimenEvidence], view: TimepointView) -> dict[CaveatCode, bool]:
    # All of them, not any: one good specimen that shows the finding is enough for it.
    return {
        CaveatCode.OUTSIDE_WINDOW: {item.specimen for item in specimens} <= specimens_outside(view),
        CaveatCode.QC_FAIL: all(item.verdict is Verdict.FAIL for item in specimens),
        CaveatCode.CSF_ONLY: {item.specimen_type for item in specimens} == {SpecimenType.CSF},
    }


def _finding_checks(found: Found, view: TimepointView) -> dict[CaveatCode, bool]:
    alteration, known = found.alteration, known_mutation(found.alteration, view)
    return {
        CaveatCode.CH_NOT_EXCLUDED: _blood_possible(found, view),
        CaveatCode.GERMLINE_SUSPECTED: too_frequent(found, view),
        CaveatCode.MINOR_CLONE: _minor(found, view),
        CaveatCode.ONE_COPY: asks_for_both(found, view) and not both_copies_hit(alteration.gene, view),
        CaveatCode.FRAME_UNKNOWN: alteration.variant_type is VariantType.FUSION
        and alteration.in_frame is None,
        CaveatCode.UNVERIFIED_ROLE: known is not None and not known.role_verified,
        CaveatCode.FOCALITY_UNKNOWN: alteration.variant_type is VariantType.AMPLIFICATION
        and focality(found, view) is Focality.NOT_ASSESSABLE,
    }


def of_partner(flag: Caveat, name: str) -> Caveat:
    """Return a caveat of another finding for the row of this one: named, and capping all the same."""
    return Caveat(flag.code, (name + (f" ({','.join(flag.about)})" if flag.about else ""),))


_WHY_UNKNOWN = {
    EmergenceReason.NO_REFERENCE: CaveatCode.NO_REFERENCE_SAMPLE,
    EmergenceReason.UNUSABLE: CaveatCode.REFERENCE_UNUSABLE,
    EmergenceReason.AFTER_START: CaveatCode.BASELINE_AFTER_START,
    EmergenceReason.POWER_LOW: CaveatCode.REFERENCE_POWER_LOW,
    EmergenceReason.SUBTHRESHOLD: CaveatCode.SUBTHRESHOLD_AT_BASELINE,
}


def _blood_possible(found: Found, view: TimepointView) -> bool:
    """Can a small variant come from blood: neither white cells nor tissue speak against it."""
    alteration = found.alteration
    if alteration.variant_type not in SMALL_TYPES or alteration.origin is not Origin.UNDECIDED:
        return False
    usable = view.patient.usable()
    tissue = any(
        usable[seen.place].specimen_type is SpecimenType.TISSUE
        for seen in alteration.observations
        if seen.place in usable and seen.detection is Detection.DETECTED
    )
    return alteration.gene in view.knowledge.blood_genes and not tissue


def _minor(found: Found, view: TimepointView) -> bool:
    """Is the finding surely in few of the tumour cells: most of the tumour stays unexplained."""
    share = largest_clone_share(found, view)
    return share is not None and share < view.settings.clones.min_share


def _disagreeing(found: Found, view: TimepointView) -> list[str]:
    """Specimens that would have shown the finding at its share of tumour cells, and did not."""
    gene = found.alteration.gene
    now = clone_share(found.lead, view.specimen(found.lead.specimen), gene)
    # Without a share of its own the finding may be in few cells: the limit of negatives stands in.
    limit = view.settings.negative.max_excluded_clone_fraction if now is None else now
    shares = {
        seen.specimen: excluded_share(seen, view.specimen(seen.specimen), gene) for seen in found.absent
    }
    return sorted(name for name, share in shares.items() if share is not None and share <= limit)
