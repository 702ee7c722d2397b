"""What one alteration can mean: criteria on single alterations, in order, the first that holds decides.

Each criterion is one function with a stable code. It gets a finding and its timepoint and
returns the explanation, or None if it does not hold.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ..evidence.schema import Alteration
from ..knowledge.bypass_rules import OffTargetKind
from ..knowledge.entries import AlkMutation, AlkRole
from ..vocabulary.caveats import CaveatCode, codes_of
from ..vocabulary.changes import ALK, Consequence, Origin, VariantType
from ..vocabulary.copies import Focality
from ..vocabulary.samples import SpecimenType
from .both_copies import one_copy_lost
from .negative import tumour_copies
from .view import COPY_TYPES, SMALL_TYPES, Found, TimepointView

TRUNCATING = frozenset(
    {
        Consequence.STOP_GAINED,
        Consequence.FRAMESHIFT,
        Consequence.START_LOST,
        Consequence.STOP_LOST,
        Consequence.SPLICE_SITE,
    }
)
SILENT = frozenset(
    {
        Consequence.SYNONYMOUS,
        Consequence.INTRON,
        Consequence.UTR,
        Consequence.INTERGENIC,
        Consequence.SPLICE_REGION,
    }
)


LIQUID = frozenset({SpecimenType.PLASMA, SpecimenType.CSF})
NOT_DRIVING = frozenset({CaveatCode.RECIPROCAL_JUNCTION, CaveatCode.OTHER_JUNCTION})
"""Caveats of junctions that put no kinase domain behind a partner."""


class Effect(StrEnum):
    """What a criterion makes of an alteration."""

    EXCLUDED = "excluded"
    DRIVER = "driver"
    ON_TARGET = "on_target"
    VUS = "vus"
    LISTED_VUS = "listed_vus"
    AMPLIFICATION = "amplification"
    BYPASS = "bypass"
    LINEAGE_MARKER = "lineage_marker"
    CO_ALTERATION = "co_alteration"
    LISTED = "listed"


@dataclass(frozen=True)
class AlterationCriterion:
    """One criterion on a single alteration."""

    code: str
    effect: Effect
    description: str
    holds: Callable[[Found, TimepointView], str | None]


@dataclass(frozen=True)
class Role:
    """The criterion that decided over a finding."""

    found: Found
    code: str
    effect: Effect
    explanation: str


def focality(found: Found, view: TimepointView) -> Focality:
    """Return whether a copy-number change is confined to the gene; any focal specimen decides."""
    values = {
        item.focal
        for seen in found.seen
        for item in view.specimen(seen.specimen).copy_number
        if item.gene == found.alteration.gene
    }
    # A focal gain in any specimen is one; not assessable comes last, it says nothing against.
    order = (Focality.YES, Focality.ARM)
    return next((value for value in order if value in values), Focality.NOT_ASSESSABLE)


def assign_role(found: Found, view: TimepointView) -> Role:
    """Return the first criterion that holds for a finding."""
    for criterion in ALTERATION_CRITERIA:
        explanation = criterion.holds(found, view)
        if explanation is not None:
            return Role(found, criterion.code, criterion.effect, explanation)
    raise AssertionError("the last criterion holds for everything")


def too_frequent(found: Found, view: TimepointView) -> bool:
    """Return whether the VAF is higher than tumour DNA could make it, even on every tumour copy."""
    if found.alteration.origin is not Origin.UNDECIDED:
        return False
    for seen in found.seen:
        specimen = view.specimen(seen.specimen)
        high = specimen.tumour_fraction.high
        # Plasma and CSF alone: the purity of tissue is often an estimate by eye, and too low a bound accuses.
        if specimen.specimen_type not in LIQUID or high is None or seen.vaf_low is None:
            continue
        copies = high * tumour_copies(specimen, found.alteration.gene)
        if seen.vaf_low > copies / (copies + 2 * (1 - high)):
            return True
    return False


def is_alk_fusion(item: Alteration) -> bool:
    """Return whether an alteration is a fusion of ALK."""
    return item.variant_type is VariantType.FUSION and ALK in (item.gene, item.partner)


def known_mutation(item: Alteration, view: TimepointView) -> AlkMutation | None:
    """Return what the tables say about an ALK mutation."""
    if item.gene != ALK or item.hgvs_p is None:
        return None
    return view.knowledge.mutation(item.hgvs_p)


def _alk_role(found: Found, view: TimepointView) -> AlkRole | None:
    known = known_mutation(found.alteration, view)
    return known.role if known else None


def _germline(found: Found, _: TimepointView) -> str | None:
    inherited = found.alteration.origin is Origin.GERMLINE
    return _with_reason("germline variant", found.alteration) if inherited else None


def _haematopoiesis(found: Found, _: TimepointView) -> str | None:
    blood = found.alteration.origin is Origin.CLONAL_HAEMATOPOIESIS
    return _with_reason("from clonal haematopoiesis", found.alteration) if blood else None


def _probable_germline(found: Found, _: TimepointView) -> str | None:
    item = found.alteration
    probable = item.origin is Origin.UNDECIDED and CaveatCode.PROBABLE_GERMLINE in codes_of(item.flags)
    return _with_reason("probably inherited", item) if probable else None


def _with_reason(words: str, alteration: Alteration) -> str:
    return f"{words}: {alteration.origin_reason}" if alteration.origin_reason else words


def _alk_neutral(found: Found, view: TimepointView) -> str | None:
    return "no effect on ALK when tested" if _alk_role(found, view) is AlkRole.NEUTRAL else None


def _alk_fusion(found: Found, _: TimepointView) -> str | None:
    return "the ALK fusion that drives the tumour" if is_alk_fusion(found.alteration) else None


def _not_focal(found: Found, view: TimepointView) -> str | None:
    gain = found.alteration.variant_type is VariantType.AMPLIFICATION
    return "the whole arm is gained" if gain and focality(found, view) is Focality.ARM else None


def _alk_amplified(found: Found, _: TimepointView) -> str | None:
    gain = found.alteration.variant_type is VariantType.AMPLIFICATION
    return "ALK is amplified" if gain and found.alteration.gene == ALK else None


def _alk_resistance(found: Found, view: TimepointView) -> str | None:
    known = _alk_role(found, view) is AlkRole.RESISTANCE
    return "reported with resistance to ALK inhibitors" if known else None


def _alk_activating(found: Found, view: TimepointView) -> str | None:
    return "activates ALK" if _alk_role(found, view) is AlkRole.ACTIVATING else None


def _small_alk(found: Found) -> bool:
    return found.alteration.gene == ALK and found.alteration.variant_type in SMALL_TYPES


def _in_domain(found: Found, view: TimepointView) -> bool:
    codon = found.alteration.codon
    return codon is not None and view.knowledge.in_kinase_domain(codon)


def _alk_unplaced(found: Found, _: TimepointView) -> str | None:
    item = found.alteration
    # A codon that was read places it; "ALK exon 23 mutation" has none and may be any hotspot.
    unread = item.codon is None and item.consequence is Consequence.UNKNOWN
    return "the report's words could not be placed" if _small_alk(found) and unread else None


def _not_driving(found: Found, _: TimepointView) -> str | None:
    fusion = found.alteration.variant_type is VariantType.FUSION
    other_end = NOT_DRIVING & codes_of(found.alteration.flags)
    return "a junction without the kinase behind it" if fusion and other_end else None


def _alk_truncating(found: Found, view: TimepointView) -> str | None:
    cut = _small_alk(found) and found.alteration.consequence in TRUNCATING
    return "ends or breaks the kinase" if cut and _in_domain(found, view) else None


def _alk_unknown(found: Found, view: TimepointView) -> str | None:
    # Not "missense only": in-frame insertions (T1151dup) resist too, and unknown consequences may.
    if not _small_alk(found) or found.alteration.consequence in SILENT | TRUNCATING:
        return None
    if not _in_domain(found, view):
        return None
    known = _alk_role(found, view) is AlkRole.UNKNOWN
    return "reported, effect unknown" if known else "kinase-domain change without any report"


def _alk_unknown_inherited(found: Found, view: TimepointView) -> str | None:
    """An unknown change that fills more than the tumour could is a polymorphism, and no second hit."""
    unknown = _alk_unknown(found, view) is not None and too_frequent(found, view)
    return "more frequent than the tumour could make it: probably inherited" if unknown else None


def _alk_other(found: Found, _: TimepointView) -> str | None:
    return "ALK change without meaning for resistance" if found.alteration.gene == ALK else None


def _off_target(kind: OffTargetKind) -> Callable[[Found, TimepointView], str | None]:
    def holds(found: Found, view: TimepointView) -> str | None:
        fact = view.knowledge.off_target(found.alteration)
        return fact.mechanism if fact is not None and fact.kind is kind else None

    return holds


def _unread(found: Found, _: TimepointView) -> str | None:
    unread = CaveatCode.NOT_READ in codes_of(found.alteration.flags)
    return "the report's words could not be read" if unread else None


def _one_copy_lost(found: Found, view: TimepointView) -> str | None:
    return "one copy is lost: it counts beside a hit of the other" if one_copy_lost(found, view) else None


def _anything(found: Found, _: TimepointView) -> str | None:
    copies = found.alteration.variant_type in COPY_TYPES
    return "copy number without known meaning" if copies else "no known meaning"


# First that holds decides: origin goes before effect, or a germline G1202R would name the class.
ALTERATION_CRITERIA = (
    AlterationCriterion("GERMLINE", Effect.EXCLUDED, "Origin is germline.", _germline),
    AlterationCriterion(
        "HAEMATOPOIESIS", Effect.EXCLUDED, "Origin is clonal haematopoiesis.", _haematopoiesis
    ),
    AlterationCriterion(
        "PROBABLE_GERMLINE",
        Effect.EXCLUDED,
        "Origin is open, and the VAF is that of an inherited variant.",
        _probable_germline,
    ),
    AlterationCriterion("ALK_NEUTRAL", Effect.EXCLUDED, "ALK variant tested without effect.", _alk_neutral),
    AlterationCriterion("ALK_FUSION", Effect.DRIVER, "The ALK fusion itself.", _alk_fusion),
    AlterationCriterion(
        "COPY_NUMBER_ARM", Effect.LISTED, "Gain of the whole arm or chromosome: polysomy.", _not_focal
    ),
    AlterationCriterion("ALK_AMPLIFIED", Effect.AMPLIFICATION, "Amplification of ALK.", _alk_amplified),
    AlterationCriterion(
        "ALK_RESISTANCE", Effect.ON_TARGET, "ALK mutation reported with resistance.", _alk_resistance
    ),
    AlterationCriterion(
        "ALK_ACTIVATING", Effect.ON_TARGET, "ALK mutation that activates the kinase.", _alk_activating
    ),
    # Before the VUS, which would make a polymorphism the partner of every mutation beside it.
    AlterationCriterion(
        "ALK_VUS_TOO_FREQUENT",
        Effect.LISTED_VUS,
        "Change of unknown effect, too frequent for the tumour: shown, carries no class.",
        _alk_unknown_inherited,
    ),
    AlterationCriterion("ALK_VUS", Effect.VUS, "ALK kinase-domain change of unknown effect.", _alk_unknown),
    AlterationCriterion(
        "ALK_TRUNCATING",
        Effect.LISTED_VUS,
        "Truncating change in the ALK kinase domain: shown, carries no class.",
        _alk_truncating,
    ),
    AlterationCriterion(
        "ALK_UNPLACED",
        Effect.LISTED_VUS,
        "Reported ALK alteration that could not be placed: shown, and no negative beside it counts.",
        _alk_unplaced,
    ),
    AlterationCriterion(
        "ALK_OTHER", Effect.LISTED, "ALK change that is silent or outside the kinase domain.", _alk_other
    ),
    # Before bypass: most tumours have lost one copy of some suppressor, and none of them resists for it.
    AlterationCriterion("ONE_COPY_LOST", Effect.LISTED, "Loss of one copy.", _one_copy_lost),
    # Before bypass: the reciprocal junction of RET names RET too and carries no kinase.
    AlterationCriterion("FUSION_NOT_DRIVING", Effect.LISTED, "Junction that drives no kinase.", _not_driving),
    AlterationCriterion(
        "BYPASS", Effect.BYPASS, "Listed off-target mechanism.", _off_target(OffTargetKind.BYPASS)
    ),
    AlterationCriterion(
        "LINEAGE_MARKER",
        Effect.LINEAGE_MARKER,
        "Marker of a change of lineage; carries a suspicion only with its partner.",
        _off_target(OffTargetKind.LINEAGE_MARKER),
    ),
    AlterationCriterion(
        "CO_ALTERATION",
        Effect.CO_ALTERATION,
        "Co-alteration that never carries a class.",
        _off_target(OffTargetKind.CO_ALTERATION),
    ),
    AlterationCriterion(
        "UNREAD",
        Effect.LISTED,
        "Line of a report on another gene that could not be read; where the gene can bypass ALK, or none is "
        "named, no negative beside it counts.",
        _unread,
    ),
    AlterationCriterion("NO_KNOWN_EFFECT", Effect.LISTED, "Anything else.", _anything),
)
