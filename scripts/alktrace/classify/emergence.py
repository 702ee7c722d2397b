"""New at progression or there before: every alteration against the other samples of the patient.

An alteration is `emergent` only if a baseline sample would have shown it at the share of tumour cells
it has now. A baseline sample that sheds no tumour DNA, or sees only larger clones, leaves it `unknown`.
What the baseline shows is `persistent`, or `expanded` where it was in clearly fewer tumour cells then.
Trends compare molecules of the same kind of specimen.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..evidence.schema import Alteration, Observation, SpecimenEvidence
from ..inputs.settings.resistance_settings import ResistanceSettings
from ..stats.intervals import clopper_pearson
from ..vocabulary.changes import VariantType
from ..vocabulary.copies import CopyNumberCall, TumourFractionStatus
from ..vocabulary.detection import Detection
from ..vocabulary.resistance import Emergence, FindingRole
from ..vocabulary.samples import Setting
from .negative import (
    can_exclude,
    copies_of,
    excluded_clone_fraction,
    largest_if_the_lead_tells,
    share_of_cells,
    tumour_copies,
)
from .view import COPY_TYPES, Found, Patient, TimepointView, is_somatic_candidate, lead_order

NORMAL_95 = 1.959963984540054
MISSED = 0.05
"""Risk that a baseline misses at least one of all the alterations asked for."""


class EmergenceReason(StrEnum):
    """Why the emergence is what it is."""

    NO_REFERENCE = "no_reference_sample"
    UNUSABLE = "reference_unusable"
    AFTER_START = "baseline_after_start"
    DETECTED = "detected_there"
    SUBTHRESHOLD = "subthreshold_there"
    EXCLUDED = "excluded_there"
    POWER_LOW = "reference_power_low"


@dataclass(frozen=True)
class EmergenceVerdict:
    """Emergence of one alteration and what it rests on."""

    emergence: Emergence
    reason: EmergenceReason


class Trend(StrEnum):
    """Course between two samples; `open` where the interval allows more than one."""

    RISING = "rising"
    FALLING = "falling"
    STABLE = "stable"
    OPEN = "open"


@dataclass(frozen=True)
class TrendStep:
    """One alteration from one sample to the next of the same kind.

    Attributes:
        ratio: later over earlier VAF, with its 95 % interval; None without molecule counts.
    """

    key: str
    earlier: str
    later: str
    earlier_vaf: float | None
    later_vaf: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    trend: Trend


def judge_emergence(found: Found, view: TimepointView) -> EmergenceVerdict:
    """Return whether an alteration found here was there at baseline.

    At a baseline timepoint the later samples are the reference: `persistent` if one shows it,
    `baseline_only` if they exclude it. Elsewhere what the baseline shows is `persistent` unless the largest
    share of tumour cells it can have had then lies below the smallest it can have now. A baseline sample
    from after the start of lorlatinib tells nothing of what was there before: clones may have gone or grown
    by then.
    """
    at_baseline = view.setting is Setting.BASELINE
    reference, lacking = _reference(view, at_baseline)
    absent = Emergence.BASELINE_ONLY if at_baseline else Emergence.EMERGENT
    if not reference:
        return EmergenceVerdict(Emergence.UNKNOWN, lacking)
    places = {item.place for item in reference}
    seen = [item for item in found.alteration.observations if item.place in places]
    states = {item.detection for item in seen}
    if Detection.DETECTED in states:
        grown = not at_baseline and _has_grown(found, seen, view)
        state = Emergence.EXPANDED if grown else Emergence.PERSISTENT
        return EmergenceVerdict(state, EmergenceReason.DETECTED)
    # Before exclusion: molecules below the rule are there, whatever the power says of their absence.
    if Detection.SUBTHRESHOLD in states:
        return EmergenceVerdict(Emergence.UNKNOWN, EmergenceReason.SUBTHRESHOLD)
    if any(_excludes(found, item, seen, view) for item in reference):
        return EmergenceVerdict(absent, EmergenceReason.EXCLUDED)
    return EmergenceVerdict(Emergence.UNKNOWN, EmergenceReason.POWER_LOW)


def role_of(verdict: EmergenceVerdict | None, view: TimepointView) -> FindingRole:
    """Return what a finding is to the resistance; at a true baseline all that is found was there before."""
    if view.setting is Setting.BASELINE:
        late = any(item.timepoint == view.timepoint for item in late_baselines(view.patient))
        return FindingRole.UNKNOWN if late else FindingRole.PRE_EXISTING
    return _ROLES.get(verdict.emergence, FindingRole.UNKNOWN) if verdict else FindingRole.UNKNOWN


_ROLES = {
    Emergence.EMERGENT: FindingRole.EMERGENT,
    Emergence.EXPANDED: FindingRole.EMERGENT,
    Emergence.PERSISTENT: FindingRole.PRE_EXISTING,
}


def _has_grown(found: Found, seen: Iterable[Observation], view: TimepointView) -> bool:
    item, usable = found.alteration, view.patient.usable()
    now = [_size(one, view.specimen(one.specimen), item) for one in found.seen]
    then = [_size(one, usable[one.place], item) for one in seen if one.detection is Detection.DETECTED]
    lows = [low for low, _ in now if low is not None]
    # Every sample that showed it then must tell its share: one that does not may have been full of it.
    highs = [high for _, high in then if high is not None]
    return bool(lows) and len(highs) == len(then) and max(highs) < max(lows)


def _size(
    seen: Observation, specimen: SpecimenEvidence, item: Alteration
) -> tuple[float | None, float | None]:
    """Return the interval of the share of tumour cells, or of the copies gained or lost."""
    if item.variant_type in COPY_TYPES:
        copies = copies_of(specimen, item.gene)
        if copies is None:
            return None, None
        low, high = copies.tumour_copy_number_low, copies.tumour_copy_number_high
        if item.variant_type is VariantType.LOSS:
            # Fewer copies are more of a loss.
            return (None if high is None else -high, None if low is None else -low)
        return low, high
    low_share = share_of_cells(seen.vaf_low, specimen.tumour_fraction.high, specimen, item.gene)
    return low_share, _share_high(seen, specimen, item.gene)


def _reference(
    view: TimepointView, at_baseline: bool
) -> tuple[tuple[SpecimenEvidence, ...], EmergenceReason]:
    """Return the samples that tell what is new, and what is wrong where there are none."""
    # A baseline taken under lorlatinib has lost what responded: its absences would all look emergent.
    late = late_baselines(view.patient)
    others = [
        item
        for item in view.patient.specimens
        if item.timepoint != view.timepoint and (item.setting is Setting.BASELINE) is not at_baseline
    ]
    usable = [item for item in others if item.place in view.patient.usable()]
    if at_baseline and any(item.timepoint == view.timepoint for item in late):
        return (), EmergenceReason.AFTER_START
    if usable:
        return tuple(item for item in usable if item not in late), EmergenceReason.AFTER_START
    return (), EmergenceReason.UNUSABLE if others else EmergenceReason.NO_REFERENCE


def reference_specimens(view: TimepointView) -> Sequence[SpecimenEvidence]:
    """Return the samples from before lorlatinib that a later finding is held against."""
    return _reference(view, at_baseline=False)[0]


def late_baselines(patient: Patient) -> tuple[SpecimenEvidence, ...]:
    """Return the baseline samples that were taken after the start of lorlatinib."""
    start = patient.lorlatinib_start
    return tuple(
        item
        for item in patient.specimens
        if item.setting is Setting.BASELINE and start is not None and item.collected > start
    )


def clone_share(seen: Observation, specimen: SpecimenEvidence, gene: str) -> float | None:
    """Return the share of tumour cells that a heterozygous VAF means, at most 1; None if unknown."""
    return share_of_cells(seen.vaf, specimen.tumour_fraction.value, specimen, gene)


def largest_clone_share(found: Found, view: TimepointView) -> float | None:
    """Return the largest share of tumour cells that a finding can stand for; None if that is open.

    Upper end of the VAF over the lower end of the tumour fraction, the largest over the specimens that show
    the finding; open where the leading specimen does not tell, or the change has no VAF.
    """
    shares = [_share_high(seen, view.specimen(seen.specimen), found.alteration.gene) for seen in found.seen]
    return largest_if_the_lead_tells(shares)


def _share_high(seen: Observation, specimen: SpecimenEvidence, gene: str) -> float | None:
    return share_of_cells(seen.vaf_high, specimen.tumour_fraction.low, specimen, gene)


def excluded_share(seen: Observation, specimen: SpecimenEvidence, gene: str, asked: int = 1) -> float | None:
    """Return the smallest share of tumour cells that an absent alteration excludes; None if none.

    A specimen that failed its quality check excludes nothing.

    Args:
        seen: the alteration in the specimen.
        specimen: the specimen.
        gene: its tumour copies count.
        asked: alterations of which none shall be missed, together at 95 %.
    """
    low = specimen.tumour_fraction.low
    if not can_exclude(specimen) or not low:
        return None
    if seen.detection is not Detection.NOT_DETECTED or seen.vaf_detectable is None:
        return None
    return excluded_clone_fraction(_absent_above(seen, asked), low, tumour_copies(specimen, gene))


def _absent_above(seen: Observation, asked: int) -> float:
    """Return the VAF above which an alteration that was not called was missed with a risk of 5 % / `asked`.

    Never below the VAF that is called with 95 % power. Without counts that VAF is stretched as if the
    molecules followed Poisson's law.
    """
    limit = seen.vaf_detectable or 0.0
    missed = MISSED / max(asked, 1)
    if seen.alt_molecules is None or not seen.total_molecules:
        return limit * math.log(missed) / math.log(MISSED)
    if not seen.alt_molecules:
        return max(limit, 1 - math.exp(math.log(missed) / seen.total_molecules))
    return max(limit, clopper_pearson(seen.alt_molecules, seen.total_molecules, 1 - 2 * missed)[1])


def _excludes(
    found: Found, specimen: SpecimenEvidence, seen: Iterable[Observation], view: TimepointView
) -> bool:
    # Without a tumour fraction the sample may hold no tumour DNA at all, however deep it was read.
    unknown = specimen.tumour_fraction.status is TumourFractionStatus.NOT_ESTIMABLE
    if unknown or not can_exclude(specimen):
        return False
    alteration = found.alteration
    if alteration.variant_type in COPY_TYPES:
        return _excludes_copy_number(found, specimen, view)
    now = clone_share(found.lead, view.specimen(found.lead.specimen), alteration.gene)
    limit = view.settings.negative.max_excluded_clone_fraction if now is None else now
    # Of many alterations asked for, some are missed at 95 % power each: those would all look new.
    asked = sum(is_somatic_candidate(item.alteration) for item in view.found)
    shares = [
        excluded_share(item, specimen, alteration.gene, asked)
        for item in seen
        if item.place == specimen.place
    ]
    return any(share is not None and share <= limit for share in shares)


def _excludes_copy_number(found: Found, specimen: SpecimenEvidence, view: TimepointView) -> bool:
    alteration = found.alteration
    then = copies_of(specimen, alteration.gene)
    if then is None or then.call not in (CopyNumberCall.NEUTRAL, CopyNumberCall.GAIN):
        return False
    if alteration.variant_type is VariantType.LOSS:
        # More than one copy at the lower end: neither one copy nor both were lost then.
        return then.tumour_copy_number_low is not None and then.tumour_copy_number_low > 1
    now = tumour_copy_number(found, view)
    limit = view.settings.negative.max_visible_copy_number if now is None else now
    return then.smallest_visible_cn is not None and then.smallest_visible_cn <= limit


def tumour_copy_number(found: Found, view: TimepointView) -> float | None:
    """Return the tumour copy number behind an amplification or loss in its leading specimen."""
    copies = copies_of(view.specimen(found.lead.specimen), found.alteration.gene)
    return copies.tumour_copy_number if copies else None


# --- dynamics --------------------------------------------------------------------------------


def trends(patient: Patient, settings: ResistanceSettings) -> tuple[TrendStep, ...]:
    """Return the course of every alteration over consecutive samples of one kind.

    An alteration is followed where at least one of the two samples detected it.
    """
    usable = patient.usable()
    steps: list[TrendStep] = []
    for alteration in patient.alterations:
        for kind in sorted({item.specimen_type.value for item in usable.values()}):
            samples = [item for item in usable.values() if item.specimen_type.value == kind]
            steps.extend(_steps(alteration, samples, settings))
    return tuple(steps)


def _steps(
    alteration: Alteration, samples: Sequence[SpecimenEvidence], settings: ResistanceSettings
) -> Iterable[TrendStep]:
    counted: dict[str, tuple[SpecimenEvidence, Observation]] = {}
    for sample in sorted(samples, key=lambda item: (item.collected, item.place)):
        here = sorted((o for o in alteration.observations if o.place == sample.place), key=lead_order)
        assessed = [o for o in here if o.detection in _ASSESSED]
        # The first of a kind stands for its timepoint: two samples of one day are no course.
        if assessed and sample.timepoint not in counted:
            counted[sample.timepoint] = (sample, assessed[0])
    points = list(counted.values())
    for (first, early), (second, late) in itertools.pairwise(points):
        if Detection.DETECTED in (early.detection, late.detection):
            yield _step(alteration.key, (first, early), (second, late), settings.timing.stable_fold)


_ASSESSED = (Detection.DETECTED, Detection.SUBTHRESHOLD, Detection.NOT_DETECTED)


def _step(
    key: str,
    earlier: tuple[SpecimenEvidence, Observation],
    later: tuple[SpecimenEvidence, Observation],
    fold: float,
) -> TrendStep:
    (first, early), (second, late) = earlier, later
    interval = vaf_ratio(early, late)
    return TrendStep(
        key=key,
        earlier=first.full_name,
        later=second.full_name,
        earlier_vaf=early.vaf,
        later_vaf=late.vaf,
        ratio=interval[0] if interval else None,
        ratio_low=interval[1] if interval else None,
        ratio_high=interval[2] if interval else None,
        trend=_trend(interval, fold) if interval else _trend_of_intervals(early, late),
    )


def vaf_ratio(early: Observation, late: Observation) -> tuple[float, float, float] | None:
    """Return later over earlier VAF with its 95 % interval, from molecules.

    Log ratio of two binomial shares with half a count added to each (Katz 1978, with the usual correction
    for zeros). None where a count is missing.
    """
    counts = (early.alt_molecules, early.total_molecules, late.alt_molecules, late.total_molecules)
    if any(count is None for count in counts) or not early.total_molecules or not late.total_molecules:
        return None
    a, n, b, m = (float(count or 0) + 0.5 for count in counts)
    log_ratio = math.log(b / m) - math.log(a / n)
    spread = NORMAL_95 * math.sqrt(max(0.0, 1 / a - 1 / n + 1 / b - 1 / m))
    return math.exp(log_ratio), math.exp(log_ratio - spread), math.exp(log_ratio + spread)


def _trend(interval: tuple[float, float, float], fold: float) -> Trend:
    _, low, high = interval
    if low > 1:
        return Trend.RISING
    if high < 1:
        return Trend.FALLING
    return Trend.STABLE if low >= 1 / fold and high <= fold else Trend.OPEN


def _trend_of_intervals(early: Observation, late: Observation) -> Trend:
    """Compare reported intervals; without counts only disjoint intervals say anything."""
    if late.vaf_low is not None and early.vaf_high is not None and late.vaf_low > early.vaf_high:
        return Trend.RISING
    if early.vaf_low is not None and late.vaf_high is not None and late.vaf_high < early.vaf_low:
        return Trend.FALLING
    return Trend.OPEN
