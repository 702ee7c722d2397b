"""Criteria on a whole timepoint: one small function per code, each gives flags and an explanation."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..evidence.schema import Alteration
from ..vocabulary.caveats import Caveat, CaveatCode, codes_of
from ..vocabulary.changes import ALK, VariantType
from ..vocabulary.negatives import NegativeKind
from ..vocabulary.resistance import Component, NotEvaluableReason
from ..vocabulary.samples import Setting, SpecimenType, Verdict
from .discovery import EmergentUnknownRow
from .driver import Driver, FusionState
from .emergence import late_baselines
from .exclusions import BYPASS_KINDS, KindExclusion, bypass_not_excluded
from .hidden_hits import subthreshold_hotspots
from .lineage import Lineage, LineageDna
from .mechanism import Mechanism
from .negative import unusable_reasons
from .single_criteria import TRUNCATING, Effect, Role
from .timing import TimingReason
from .view import TimepointView, specimens_outside
from .window import WindowStatus


@dataclass(frozen=True)
class Draft:
    """A timepoint with its mechanisms, before it gets a class."""

    view: TimepointView
    roles: tuple[Role, ...]
    mechanisms: tuple[Mechanism, ...]
    families: frozenset[Component]
    lineage: Lineage
    lineage_dna: LineageDna | None
    driver: Driver
    discovered: tuple[EmergentUnknownRow, ...]
    exclusions: tuple[KindExclusion, ...]


@dataclass(frozen=True)
class Fired:
    """A criterion that holds.

    Attributes:
        subject: alteration, specimen or other thing it holds for; empty for the whole timepoint.
        flags: caveats it adds to every row of the timepoint.
    """

    code: str
    subject: str
    explanation: str
    flags: tuple[Caveat, ...] = ()


@dataclass(frozen=True)
class TimepointCriterion:
    """One criterion on a timepoint."""

    code: str
    description: str
    find: Callable[[Draft], Iterable[tuple[str, str, tuple[Caveat, ...]]]]


Finding = tuple[str, str, tuple[Caveat, ...]]
"""Subject, explanation, flags."""


def fire(draft: Draft) -> tuple[Fired, ...]:
    """Return every timepoint criterion that holds, in the order of the table."""
    return tuple(
        Fired(criterion.code, *finding)
        for criterion in TIMEPOINT_CRITERIA
        for finding in criterion.find(draft)
    )


def _if(holds: bool, explanation: str, *codes: CaveatCode) -> list[Finding]:
    return [("", explanation, tuple(Caveat(code) for code in codes))] if holds else []


def _about(code: CaveatCode, name: str) -> tuple[Caveat, ...]:
    return (Caveat(code, (name,)),)


def _of_role(role: Role, code: CaveatCode) -> Finding:
    return role.found.name, role.explanation, _about(code, role.found.name)


def _unusable(draft: Draft) -> Iterable[Finding]:
    for item in draft.view.specimens:
        reasons = unusable_reasons(item)
        if reasons:
            words = ", ".join(dict.fromkeys([*(reason.value for reason in reasons), *item.problems]))
            yield item.specimen, words, _about(CaveatCode.UNUSABLE_SPECIMEN, item.specimen)


def _quality(draft: Draft) -> Iterable[Finding]:
    for item in draft.view.usable:
        if item.verdict is Verdict.FAIL:
            words = "failed the quality thresholds of its assay"
            yield item.specimen, words, _about(CaveatCode.QC_FAIL, item.specimen)


def _outside(draft: Draft) -> Iterable[Finding]:
    outside = specimens_outside(draft.view)
    for item in draft.view.usable:
        if item.specimen in outside:
            explanation = draft.view.windows[item.specimen].explanation
            yield item.specimen, explanation, _about(CaveatCode.SPECIMEN_OUTSIDE_WINDOW, item.specimen)


def _found_outside(draft: Draft) -> Iterable[Finding]:
    for item in draft.mechanisms:
        if item.outside:
            yield item.mechanism, "found outside the sampling window only: listed, names no class", ()


def _window_unknown(draft: Draft) -> Iterable[Finding]:
    windows = [draft.view.windows[item.specimen] for item in draft.view.usable]
    unknown = [window for window in windows if window.status is WindowStatus.UNKNOWN]
    # Once, whatever the number of samples: dates of the clinic are those of the patient.
    for window in unknown[:1]:
        yield "", window.explanation, (Caveat(CaveatCode.WINDOW_UNKNOWN),)


def _baseline_late(draft: Draft) -> Iterable[Finding]:
    names = {item.specimen for item in late_baselines(draft.view.patient) if item in draft.view.specimens}
    for name in sorted(names):
        yield name, "taken after the start of lorlatinib", _about(CaveatCode.BASELINE_AFTER_START, name)


def _early(draft: Draft) -> Iterable[Finding]:
    return _if(
        draft.view.patient.timing.early is True, "progression soon after the start", CaveatCode.EARLY_LE_12M
    )


def _dates_conflict(draft: Draft) -> Iterable[Finding]:
    conflict = draft.view.patient.timing.reason is TimingReason.DATES_CONFLICT
    return _if(conflict, "the clinical dates contradict each other", CaveatCode.DATES_CONFLICT)


def _fusion_lost(draft: Draft) -> Iterable[Finding]:
    lost = draft.driver.state is FusionState.LOST
    return _if(
        lost, f"excluded above a share of {draft.driver.excluded or 0:.2g}", CaveatCode.ALK_FUSION_LOST
    )


def _fusion_not_seen(draft: Draft) -> Iterable[Finding]:
    # Not seen is not lost: plasma misses many fusions, and a lost driver changes the treatment.
    unseen = draft.driver.state is FusionState.NOT_SEEN
    return _if(unseen, "not seen, and not excluded either", CaveatCode.FUSION_NOT_SEEN)


def _fusion_not_documented(draft: Draft) -> Iterable[Finding]:
    unknown = draft.driver.state is FusionState.NOT_KNOWN
    return _if(
        unknown, "no sample shows one, the clinical table names none", CaveatCode.ALK_FUSION_NOT_DOCUMENTED
    )


def _switched(draft: Draft) -> bool:
    return draft.driver.state is FusionState.LOST and any(_drives(*item) for item in _bypasses(draft))


def _bypasses(draft: Draft) -> list[tuple[Mechanism, Alteration]]:
    return [
        (item, item.found.alteration)
        for item in draft.mechanisms
        if item.component is Component.BYPASS and item.carries and item.found is not None
    ]


def _drives(mechanism: Mechanism, alteration: Alteration) -> bool:
    """Can a bypass be the driver instead of ALK: an activation, surely of the tumour, not of few cells."""
    # A loss drives nothing by itself: NF2 gone beside a fusion that was not seen is no other driver.
    lost = alteration.variant_type is VariantType.LOSS or alteration.consequence in TRUNCATING
    doubted = {CaveatCode.CH_NOT_EXCLUDED, CaveatCode.MINOR_CLONE} & codes_of(mechanism.flags)
    return not lost and not doubted


def _driver_switch(draft: Draft) -> Iterable[Finding]:
    return _if(_switched(draft), "another driver without the ALK fusion", CaveatCode.DRIVER_SWITCH)


def _second_primary(draft: Draft) -> Iterable[Finding]:
    # Only with a lost fusion: few shared markers alone are what a small panel gives.
    apart = _switched(draft) and not draft.driver.shared
    return _if(apart, "nothing links this tumour to the earlier samples", CaveatCode.SECOND_PRIMARY_POSSIBLE)


def _several_bypass(draft: Draft) -> Iterable[Finding]:
    # By gene: two KRAS mutations are two clones of one bypass.
    found = _bypasses(draft)
    firm = [item for item in found if not item[0].weak]
    # One hit of NF2 beside EGFR L858R is no second bypass.
    genes = sorted({alteration.gene for _, alteration in firm or found})
    return _if(len(genes) > 1, "bypass by " + ", ".join(genes), CaveatCode.SEVERAL_BYPASS)


def _polysomy(draft: Draft) -> Iterable[Finding]:
    for role in draft.roles:
        if role.code == "COPY_NUMBER_ARM":
            caveats = _about(CaveatCode.POLYSOMY, role.found.alteration.gene)
            yield role.found.name, role.explanation, caveats


def _co_alterations(draft: Draft) -> Iterable[Finding]:
    for role in draft.roles:
        if role.effect is Effect.CO_ALTERATION:
            yield _of_role(role, CaveatCode.CO_ALTERATION)


def _lineage_marker(draft: Draft) -> Iterable[Finding]:
    # With its partner the marker has a row of its own and needs no caveat.
    shown = {mechanism.key for mechanism in draft.mechanisms}
    for role in draft.roles:
        if role.effect is Effect.LINEAGE_MARKER and role.found.alteration.key not in shown:
            yield _of_role(role, CaveatCode.LINEAGE_MARKER)


def _neutral(draft: Draft) -> Iterable[Finding]:
    for role in draft.roles:
        if role.code == "ALK_NEUTRAL":
            yield role.found.name, role.explanation, ()


def _germline_alk(draft: Draft) -> Iterable[Finding]:
    for role in draft.roles:
        alteration = role.found.alteration
        # What changes no residue can be no second hit, and needs no caveat.
        if role.code == "GERMLINE" and alteration.gene == ALK and alteration.codon is not None:
            yield _of_role(role, CaveatCode.GERMLINE)


def _haematopoiesis(draft: Draft) -> Iterable[Finding]:
    yield from _not_of_the_tumour(draft, "HAEMATOPOIESIS", CaveatCode.CLONAL_HAEMATOPOIESIS)


def _probable_germline(draft: Draft) -> Iterable[Finding]:
    yield from _not_of_the_tumour(draft, "PROBABLE_GERMLINE", CaveatCode.PROBABLE_GERMLINE)


def _not_of_the_tumour(draft: Draft, code: str, caveat: CaveatCode) -> Iterable[Finding]:
    """List what would have been a finding, had it been of the tumour; the others are of no concern here."""
    for role in draft.roles:
        alteration = role.found.alteration
        matters = alteration.codon is not None if alteration.gene == ALK else _off_target(draft, role)
        if role.code == code and matters:
            yield _of_role(role, caveat)


def _off_target(draft: Draft, role: Role) -> bool:
    return draft.view.knowledge.off_target(role.found.alteration) is not None


def _subthreshold(draft: Draft) -> Iterable[Finding]:
    for item in subthreshold_hotspots(draft.view):
        name = item.full_name
        yield name, "mutant molecules below the calling rule", _about(CaveatCode.SUBTHRESHOLD, name)


def _given_before(draft: Draft) -> tuple[str, ...]:
    clinical = draft.view.patient.clinical
    return clinical.prior_alk_tki if clinical else ()


def _prior_tki(draft: Draft) -> Iterable[Finding]:
    given = _given_before(draft)
    return _if(bool(given), "before lorlatinib: " + ", ".join(sorted(given)), CaveatCode.PRIOR_ALK_TKI)


def _check_prior_tki(draft: Draft) -> Iterable[Finding]:
    # Not at baseline: an ALK mutation from before lorlatinib is no resistance to it.
    on_target = Component.ON_TARGET in draft.families
    return _if(
        on_target and not _given_before(draft) and draft.view.setting is not Setting.BASELINE,
        "ALK mutations are rare after first-line lorlatinib",
        CaveatCode.CHECK_PRIOR_ALK_TKI,
    )


def _histology_over_dna(draft: Draft) -> Iterable[Finding]:
    overruled = draft.lineage_dna is not None and draft.lineage.overrules_dna
    return _if(
        overruled, "histology of this timepoint shows no transformation", CaveatCode.HISTOLOGY_OVER_DNA
    )


def _histology_as_before(draft: Draft) -> Iterable[Finding]:
    if draft.view.setting is Setting.BASELINE:
        return []
    known = draft.view.knowledge.transformed_histologies
    same = any(report.histology in known for report in draft.lineage.unchanged)
    return _if(same, "the histology was there before lorlatinib", CaveatCode.HISTOLOGY_AS_BASELINE)


def _histology_unknown(draft: Draft) -> Iterable[Finding]:
    known = draft.lineage.transformed or draft.lineage.unchanged
    return _if(
        not known, "without histology a change of lineage cannot be excluded", CaveatCode.HISTOLOGY_UNKNOWN
    )


def _transformed_earlier(draft: Draft) -> Iterable[Finding]:
    for name in draft.lineage.earlier:
        yield name, "pathology showed another histology there", _about(CaveatCode.TRANSFORMED_EARLIER, name)


def _emergent_unknown(draft: Draft) -> Iterable[Finding]:
    for row in draft.discovered:
        name = f"{row.gene} {row.change}"
        explanation = f"new in {row.clone_share:.2g} of the tumour cells, and in no table of mechanisms"
        yield name, explanation, _about(CaveatCode.EMERGENT_UNKNOWN_ROLE, name)


def _weak_component(draft: Draft) -> Iterable[Finding]:
    shown = {m.component for m in draft.mechanisms if m.carries} - draft.families
    for component in sorted(shown):
        words = "only weak findings of this family, beside firm ones of another"
        yield component.value, words, _about(CaveatCode.WEAK_COMPONENT, component.value)


def _on_target_open(draft: Draft) -> Iterable[Finding]:
    # A bypass explains the progression only as far as ALK itself was looked at.
    found = bool(draft.families) and Component.ON_TARGET not in draft.families
    judged = [item for item in draft.exclusions if item.kind is NegativeKind.ALK_MUTATION]
    open_ = found and not all(item.informative for item in judged)
    reasons = ", ".join(draft.view.negative.reasons) or "a line of a report was not understood"
    return _if(open_, f"an ALK mutation is not excluded: {reasons}", CaveatCode.ON_TARGET_NOT_EXCLUDED)


def _bypass_informative(draft: Draft) -> Iterable[Finding]:
    """ALK amplification too: `NONE_FOUND` is said only where everything that DNA shows was looked at."""
    asked = [
        item for item in draft.exclusions if item.kind in (*BYPASS_KINDS, NegativeKind.ALK_AMPLIFICATION)
    ]
    return _if(
        all(item.informative for item in asked), "every core bypass locus and all copies could be judged"
    )


def _bypass_open(draft: Draft) -> Iterable[Finding]:
    # The other way round: an ALK mutation explains the progression only as far as a bypass was looked for.
    kinds = tuple(sorted(bypass_not_excluded(draft.exclusions)))
    if not draft.families or Component.BYPASS in draft.families or not kinds:
        return []
    caveat = Caveat(CaveatCode.BYPASS_NOT_EXCLUDED, kinds)
    return [("", f"a bypass is not excluded: {', '.join(kinds)}", (caveat,))]


def _further_alk_open(draft: Draft) -> Iterable[Finding]:
    """A window that was missed leaves what the sample could see; any other reason leaves a gap."""
    seen = [
        item
        for item in draft.view.negative.specimens
        if set(item.reasons) <= {NotEvaluableReason.OUTSIDE_WINDOW}
    ]
    open_ = Component.ON_TARGET in draft.families and not seen
    reasons = ", ".join(draft.view.negative.reasons)
    return _if(
        open_, f"a further ALK mutation is not excluded: {reasons}", CaveatCode.FURTHER_ALK_NOT_EXCLUDED
    )


def _unplaced(draft: Draft) -> Iterable[Finding]:
    for role in draft.roles:
        if role.code in ("ALK_UNPLACED", "UNREAD"):
            yield _of_role(role, CaveatCode.NOT_INTERPRETED)


def _hides_mechanism(role: Role, draft: Draft) -> bool:
    """Can a line that nobody could read be a mechanism of resistance."""
    item = role.found.alteration
    bypass = CaveatCode.GENE_NOT_NAMED in codes_of(item.flags) or draft.view.knowledge.carries_bypass(
        item.gene
    )
    return role.code == "ALK_UNPLACED" or (role.code == "UNREAD" and bypass)


def _negative_informative(draft: Draft) -> Iterable[Finding]:
    # A line that nobody could read may be the mechanism: beside it nothing was excluded. And silence of one
    # sample says nothing against what another of the timepoint showed too early or too late.
    negative = draft.view.negative
    hidden = any(_hides_mechanism(role, draft) for role in draft.roles)
    return _if(
        negative.informative and not hidden and not any(item.outside for item in draft.mechanisms),
        f"{negative.best_specimen}: an ALK hotspot mutation in more than {negative.excluded or 0:.2g} of the "
        "tumour cells would have been called",
    )


def _negative_reasons(draft: Draft) -> Iterable[Finding]:
    for item in draft.view.negative.specimens:
        for reason in item.reasons:
            yield item.specimen, reason.value, ()


def _negative_compartment(draft: Draft) -> Iterable[Finding]:
    """A negative that rests on CSF or one biopsy says little about the rest of the body."""
    names = {item.full_name: item.specimen_type for item in draft.view.usable}
    kinds = {names[item.specimen] for item in draft.view.negative.specimens if item.informative}
    if draft.families or not kinds or SpecimenType.PLASMA in kinds:
        return []
    words = tuple(sorted(kinds))
    caveat = Caveat(CaveatCode.NEGATIVE_FROM, words)
    return [("", f"the negative rests on {','.join(words)} alone", (caveat,))]


TIMEPOINT_CRITERIA = (
    TimepointCriterion("SPECIMEN_UNUSABLE", "A specimen gives no findings.", _unusable),
    TimepointCriterion("SPECIMEN_QC_FAIL", "A specimen failed its quality check.", _quality),
    TimepointCriterion("WINDOW_OUTSIDE", "A specimen lies outside the sampling window.", _outside),
    TimepointCriterion(
        "FOUND_OUTSIDE_WINDOW", "A mechanism was found outside the sampling window only.", _found_outside
    ),
    TimepointCriterion("WINDOW_UNKNOWN", "Dates of the sampling window are missing.", _window_unknown),
    TimepointCriterion("BASELINE_AFTER_START", "A baseline sample from after the start.", _baseline_late),
    TimepointCriterion("EARLY_PROGRESSION", "Progression within the early months.", _early),
    TimepointCriterion("DATES_CONFLICT", "Clinical dates contradict each other.", _dates_conflict),
    TimepointCriterion("FUSION_LOST", "The known ALK fusion is excluded.", _fusion_lost),
    TimepointCriterion(
        "FUSION_NOT_SEEN", "The known ALK fusion is neither seen nor excluded.", _fusion_not_seen
    ),
    TimepointCriterion("FUSION_NOT_DOCUMENTED", "No ALK fusion on record.", _fusion_not_documented),
    TimepointCriterion("DRIVER_SWITCH", "Fusion lost, another driver found.", _driver_switch),
    TimepointCriterion("SECOND_PRIMARY", "Driver switch without shared markers.", _second_primary),
    TimepointCriterion("SEVERAL_BYPASS", "More than one gene bypasses ALK.", _several_bypass),
    TimepointCriterion("POLYSOMY", "Copy gain of a whole arm.", _polysomy),
    TimepointCriterion("CO_ALTERATION_FOUND", "Co-alteration, listed only.", _co_alterations),
    TimepointCriterion("LINEAGE_MARKER_ALONE", "Lineage marker without its partner.", _lineage_marker),
    TimepointCriterion("NEUTRAL_FOUND", "Neutral ALK variant, listed only.", _neutral),
    TimepointCriterion("GERMLINE_ALK", "Germline ALK variant, listed only.", _germline_alk),
    TimepointCriterion(
        "HAEMATOPOIESIS_FOUND", "Variant of clonal haematopoiesis, listed only.", _haematopoiesis
    ),
    TimepointCriterion(
        "PROBABLE_GERMLINE_FOUND", "Probable inherited variant, listed only.", _probable_germline
    ),
    TimepointCriterion("SUBTHRESHOLD_HOTSPOT", "Hotspot below the calling rule.", _subthreshold),
    TimepointCriterion("PRIOR_ALK_TKI", "ALK inhibitor before lorlatinib.", _prior_tki),
    TimepointCriterion(
        "CHECK_PRIOR_ALK_TKI", "ALK mutation without a recorded prior ALK inhibitor.", _check_prior_tki
    ),
    TimepointCriterion("HISTOLOGY_OVER_DNA", "Histology speaks against DNA.", _histology_over_dna),
    TimepointCriterion("HISTOLOGY_AS_BASELINE", "No change of histology.", _histology_as_before),
    TimepointCriterion("HISTOLOGY_UNKNOWN", "No pathology at this timepoint.", _histology_unknown),
    TimepointCriterion("TRANSFORMED_EARLIER", "Transformed at an earlier timepoint.", _transformed_earlier),
    TimepointCriterion(
        "EMERGENT_UNKNOWN_ROLE", "An alteration of unknown role is new and clonal.", _emergent_unknown
    ),
    TimepointCriterion("WEAK_COMPONENT", "A family with weak findings only.", _weak_component),
    TimepointCriterion("ON_TARGET_NOT_EXCLUDED", "ALK mutations are not excluded.", _on_target_open),
    TimepointCriterion("BYPASS_NOT_EXCLUDED", "A bypass beside the finding is not excluded.", _bypass_open),
    TimepointCriterion(
        "BYPASS_INFORMATIVE",
        "Every core bypass locus, and the copies of ALK, could be judged.",
        _bypass_informative,
    ),
    TimepointCriterion(
        "FURTHER_ALK_NOT_EXCLUDED", "Further ALK mutations are not excluded.", _further_alk_open
    ),
    TimepointCriterion("NOT_INTERPRETED", "A line of a report was not understood.", _unplaced),
    TimepointCriterion("NEGATIVE_INFORMATIVE", "A negative counts.", _negative_informative),
    TimepointCriterion(
        "NEGATIVE_UNINFORMATIVE", "Why a specimen's negative does not count.", _negative_reasons
    ),
    TimepointCriterion("NEGATIVE_COMPARTMENT", "A negative without plasma.", _negative_compartment),
)
