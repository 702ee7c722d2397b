"""Caveats of a finding, and how they cap the confidence in it."""

from collections.abc import Iterable

from ..vocabulary.changes import Origin, VariantType
from ..vocabulary.copies import Focality
from ..vocabulary.detection import Detection
from ..vocabulary.resistance import Confidence, Emergence, Timing
from ..vocabulary.samples import Setting, SpecimenType, Verdict
from .emergence import EmergenceReason, EmergenceVerdict, clone_share, excluded_share, largest_clone_share
from .single_criteria import COPIES_NOT_STATED, focality, known_mutation, too_frequent
from .view import SMALL_TYPES, Found, TimepointView, place, specimens_outside

GERMLINE_SUSPECTED = "germline_suspected"
UNCLEAR_JUNCTION = "unclear_junction"
REPORTED_GAIN = "reported_as_gain"
MINOR_CLONE = "minor_clone"
BASELINE_AFTER_START = "baseline_after_start"
WEAKENING = frozenset({GERMLINE_SUSPECTED, UNCLEAR_JUNCTION, REPORTED_GAIN, COPIES_NOT_STATED})
"""Caveats with which a finding names the class only where nothing else does."""
RANK = {Confidence.ESTABLISHED: 0, Confidence.CANDIDATE: 1, Confidence.UNCERTAIN: 2}
CAPS = {
    "ch_not_excluded": Confidence.CANDIDATE,
    "focality_unknown": Confidence.CANDIDATE,
    "outside_window": Confidence.CANDIDATE,
    "present_at_baseline": Confidence.CANDIDATE,
    "qc_fail": Confidence.CANDIDATE,
    MINOR_CLONE: Confidence.CANDIDATE,
    "frame_unknown": Confidence.CANDIDATE,
    "germline_not_excluded": Confidence.CANDIDATE,
    "unverified_role": Confidence.CANDIDATE,
    "wbc_conflict": Confidence.CANDIDATE,
    "pathology_of_conflicting_specimen": Confidence.CANDIDATE,
    "baseline_histology_unknown": Confidence.CANDIDATE,
    UNCLEAR_JUNCTION: Confidence.UNCERTAIN,
    REPORTED_GAIN: Confidence.UNCERTAIN,
    COPIES_NOT_STATED: Confidence.UNCERTAIN,
    GERMLINE_SUSPECTED: Confidence.UNCERTAIN,
    "rb1_biallelic_not_shown": Confidence.UNCERTAIN,
    "rb1_not_shown_new": Confidence.UNCERTAIN,
    "histology_over_dna": Confidence.UNCERTAIN,
}
"""The most a mechanism with this caveat can be; the part of a flag before `:` counts."""


def lowest(*values: Confidence) -> Confidence:
    """Return the least sure of several confidences."""
    return max(values, key=RANK.__getitem__)


def capped(confidence: Confidence, flags: Iterable[str]) -> Confidence:
    """Return the confidence after the caps of its caveats."""
    return lowest(confidence, *(CAPS[code] for flag in flags if (code := flag.split(":")[0]) in CAPS))


def finding_flags(found: Found, verdict: EmergenceVerdict, view: TimepointView) -> tuple[str, ...]:
    """Return the caveats of one finding, sorted."""
    specimens = [view.specimen(seen.specimen) for seen in found.seen]
    names = {item.specimen for item in specimens}
    flags = set(found.alteration.flags)
    flags.update(flag for item in specimens for flag in item.flags)
    known = known_mutation(found, view)
    checks = {
        "outside_window": names <= specimens_outside(view),
        "qc_fail": all(item.verdict is Verdict.FAIL for item in specimens),
        "csf_only": {item.specimen_type for item in specimens} == {SpecimenType.CSF},
        "ch_not_excluded": _blood_possible(found, view),
        GERMLINE_SUSPECTED: too_frequent(found, view),
        MINOR_CLONE: _minor(found, view),
        "present_at_baseline": verdict.emergence is Emergence.PERSISTENT
        and view.setting is not Setting.BASELINE
        and view.patient.timing.timing is not Timing.PRIMARY,
        "frame_unknown": found.alteration.variant_type is VariantType.FUSION
        and found.alteration.in_frame is None,
        "unverified_role": known is not None and not known.role_verified,
        "focality_unknown": found.alteration.variant_type is VariantType.AMPLIFICATION
        and focality(found, view) is Focality.NOT_ASSESSABLE,
    }
    flags.update(code for code, holds in checks.items() if holds)
    if verdict.emergence is Emergence.UNKNOWN and view.setting is not Setting.BASELINE:
        flags.update(code for code in (_WHY_UNKNOWN.get(verdict.reason),) if code)
    against = _disagreeing(found, view)
    if against:
        flags.add("specimens_disagree:" + ",".join(against))
    return tuple(sorted(flags))


def of_partner(flag: str, name: str) -> str:
    """Return a caveat of another finding for the row of this one: named, and capping all the same."""
    code, _, about = flag.partition(":")
    return f"{code}:{name}" + (f" ({about})" if about else "")


_WHY_UNKNOWN = {
    EmergenceReason.NO_REFERENCE: "no_reference_sample",
    EmergenceReason.UNUSABLE: "reference_unusable",
    EmergenceReason.AFTER_START: BASELINE_AFTER_START,
    EmergenceReason.POWER_LOW: "reference_power_low",
    EmergenceReason.SUBTHRESHOLD: "subthreshold_at_baseline",
}


def _blood_possible(found: Found, view: TimepointView) -> bool:
    """Can a small variant come from blood: neither white cells nor tissue speak against it."""
    alteration = found.alteration
    if alteration.variant_type not in SMALL_TYPES or alteration.origin is not Origin.UNDECIDED:
        return False
    usable = view.patient.usable()
    tissue = any(
        usable[place(seen)].specimen_type is SpecimenType.TISSUE
        for seen in alteration.observations
        if place(seen) in usable and seen.detection is Detection.DETECTED
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
    limit = view.settings.negative.max_excluded_clone_fraction if now is None else now
    shares = {
        seen.specimen: excluded_share(seen, view.specimen(seen.specimen), gene) for seen in found.absent
    }
    return sorted(name for name, share in shares.items() if share is not None and share <= limit)
