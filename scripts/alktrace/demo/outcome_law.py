"""The hazards and shares behind the synthetic cohort: the truth that the analysis should find."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..vocabulary.changes import VariantType
from ..vocabulary.negatives import NegativeKind
from ..vocabulary.resistance import Classification, Component

COMPONENTS: Mapping[Classification, tuple[Component, ...]] = {
    Classification.ON_TARGET_SINGLE: (Component.ON_TARGET,),
    Classification.ON_TARGET_COMPOUND_CIS: (Component.ON_TARGET,),
    Classification.BYPASS: (Component.BYPASS,),
    Classification.TRANSFORMATION_CONFIRMED: (Component.TRANSFORMATION,),
    Classification.MIXED: (Component.ON_TARGET, Component.BYPASS),
    Classification.NONE_FOUND: (),
    Classification.ON_TARGET_EXCLUDED: (),
    Classification.NOT_EVALUABLE: (),
}
ALTERATIONS: Mapping[Component, tuple[tuple[str, str, VariantType], ...]] = {
    Component.ON_TARGET: (
        ("ALK", "G1202R", VariantType.SNV),
        ("ALK", "L1196M", VariantType.SNV),
        ("ALK", "I1171N", VariantType.SNV),
    ),
    Component.BYPASS: (
        ("MET", "amplification", VariantType.AMPLIFICATION),
        ("KRAS", "G12D", VariantType.SNV),
        ("NRAS", "Q61K", VariantType.SNV),
    ),
    Component.TRANSFORMATION: (("RB1", "loss", VariantType.LOSS),),
}
KINDS: Mapping[str, NegativeKind] = {
    "ALK": NegativeKind.ALK_MUTATION,
    "MET": NegativeKind.MET_AMPLIFICATION,
    "KRAS": NegativeKind.BYPASS_MUTATION,
    "NRAS": NegativeKind.BYPASS_MUTATION,
    "RB1": NegativeKind.HISTOLOGY,
}
"""Kind of the alterations of each gene."""


@dataclass(frozen=True)
class Regimen:
    """A next treatment: its drugs, the mean days until it starts, its hazard of progression or death."""

    kind: str
    drugs: tuple[str, ...]
    share: float
    mean_wait: float
    hazard: float
    response: float


@dataclass(frozen=True)
class Law:
    """The hazards behind the cohort, per day.

    Attributes:
        primary: share of patients with primary resistance.
        early, late: hazard of progression on lorlatinib in primary and in acquired resistance; nobody
            progresses before `first_scan`.
        untreated: hazard of death between progression and the next treatment.
        ratios: hazard ratio by component and kind of regimen, 1 where not named.
        doses: daily dose at the start, mg, of what is given alone.
        third, third_share: drugs of a third line, and how many of those alive after the second get one.
        local_share: of those with few places of progression, how many are treated locally.
        followed: share with plasma before and under lorlatinib, if they are on it then.
        cleared: share of these whose ctDNA is gone, in primary and in acquired resistance.
        after: hazard of death after the second progression.
        mechanisms: share of each class at progression.
    """

    primary: float = 0.25
    early: float = 1 / 60
    late: float = 1 / 450
    first_scan: int = 28
    untreated: float = 1 / 150
    after: float = 1 / 250
    death_share: float = 0.15
    late_enrolment: float = 0.1
    local_share: float = 0.7
    regimens: tuple[Regimen, ...] = (
        Regimen("no_alk_tki", ("pemetrexed", "carboplatin"), 0.45, 14, 1 / 150, 0.3),
        Regimen("alk_tki", ("neladalkib",), 0.3, 60, 1 / 150, 0.4),
        Regimen("lorlatinib_combination", ("lorlatinib", "pemetrexed"), 0.25, 21, 1 / 200, 0.35),
    )
    third: tuple[tuple[str, ...], ...] = (("docetaxel",), ("lorlatinib",), ("pemetrexed", "bevacizumab"))
    doses: Mapping[str, float] = field(default_factory=lambda: {"lorlatinib": 100, "neladalkib": 150})
    third_share: float = 0.6
    followed: float = 0.8
    cleared: tuple[float, float] = (0.3, 0.75)
    ratios: Mapping[tuple[str, str], float] = field(
        default_factory=lambda: {("on_target", "alk_tki"): 0.4, ("bypass", "alk_tki"): 1.6}
    )
    mechanisms: Mapping[Classification, float] = field(
        default_factory=lambda: {
            Classification.ON_TARGET_SINGLE: 0.15,
            Classification.ON_TARGET_COMPOUND_CIS: 0.07,
            Classification.BYPASS: 0.28,
            Classification.TRANSFORMATION_CONFIRMED: 0.04,
            Classification.MIXED: 0.04,
            Classification.NONE_FOUND: 0.19,
            Classification.ON_TARGET_EXCLUDED: 0.07,
            Classification.NOT_EVALUABLE: 0.16,
        }
    )
