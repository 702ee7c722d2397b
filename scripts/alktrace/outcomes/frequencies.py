"""How often each mechanism is found, against published series, by timing, and before against after.

Every finding has a denominator of its own: patients who have it, and those in whom it was excluded. Who could
not have shown it is counted apart: a MET amplification in 1 of 17 is one in 2 where 15 samples were blind.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..stats.proportions import false_discovery, fisher, mcnemar
from ..vocabulary.outcomes import ALL, Exclusion, Question, Refusal
from ..vocabulary.resistance import Component, FindingRole, Timing
from ..vocabulary.samples import Setting
from .absence import Absence
from .association_table import AssociationRow, odds_columns
from .endpoint_figures import counted
from .frequency_table import ExpectedFrequencyRow, ExpectedRow, FrequencyRow, PairedRow
from .mechanisms import Feature, Finding, Seen, absence, all_features, features

ALWAYS = tuple(("component", component.value) for component in Component)
"""Named with a zero where nobody has them: absence is a result too."""


@dataclass(frozen=True)
class Tally:
    """Who has a feature, in whom it is excluded, and who could not have shown it.

    Attributes:
        seen: how each patient with it has it.
        absent: what its absence means in the others; None where no sample states it.
    """

    seen: tuple[Seen, ...]
    absent: tuple[Absence | None, ...]

    @property
    def total(self) -> int | None:
        """Patients who could have shown it; None where nobody states what is excluded of it."""
        return None if None in self.absent else len(self.seen) + self.number(Absence.EXCLUDED)

    def number(self, state: Absence) -> int:
        """Return in how many patients the absence means this."""
        return sum(item is state for item in self.absent)

    def of_role(self, role: FindingRole) -> int:
        """Return how many have it in this role."""
        return sum((item.role or FindingRole.UNKNOWN) is role for item in self.seen)

    @property
    def has_share(self) -> bool:
        """Whether the total means anything: without one negative among the blind every share would be 1."""
        return self.total is not None and (not self.absent or self.number(Absence.EXCLUDED) > 0)

    @property
    def established(self) -> int | None:
        """How many have it established; None where confidence is unknown: 0 would be a statement."""
        states = [item.established for item in self.seen]
        return None if None in states else sum(bool(state) for state in states)


def tally(
    found: Iterable[Finding],
    feature: Feature,
    has: Callable[[Finding], Mapping[Feature, Seen]] = all_features,
) -> Tally:
    """Return who has a feature, by default new or old."""
    seen, absent = [], []
    for item in found:
        own = has(item)
        if feature in own:
            seen.append(own[feature])
        else:
            absent.append(absence(item, feature))
    return Tally(tuple(seen), tuple(absent))


def frequency_rows(
    found: Collection[Finding], setting: Setting, settings: CohortSettings
) -> list[FrequencyRow]:
    """Return how many patients have each feature, over all and by timing."""
    rows: list[FrequencyRow] = []
    timings: list[Timing | None] = [None]
    if setting is Setting.PROGRESSION:
        timings += [Timing.PRIMARY, Timing.ACQUIRED]
    standing = [item for item in found if item.stands]
    # What one timing has, the other names too, with a zero.
    names = feature_names(standing)
    for timing in timings:
        members = [item for item in standing if timing in (None, item.timing)]
        for feature in names:
            own = tally(members, feature)
            roles = setting is Setting.PROGRESSION and feature[0] != "class"
            row = FrequencyRow(
                setting=setting.value,
                timing=timing.value if timing else ALL,
                category=feature[0],
                name=feature[1],
                patients=len(members),
                n_pre_existing=own.of_role(FindingRole.PRE_EXISTING) if roles else None,
                n_role_unknown=own.of_role(FindingRole.UNKNOWN) if roles else None,
                established=own.established,
                **_shares(own, settings, roles=roles),
            )
            rows.append(row)
    return rows


def _shares(own: Tally, settings: CohortSettings, *, roles: bool) -> dict[str, Any]:
    """Return the columns that `frequencies.tsv` and `expected.tsv` share; without roles none on emergence."""
    emergent = own.of_role(FindingRole.EMERGENT) if roles else None
    # Who has it and no baseline to tell may be either: counted as not emergent, the share would be too low.
    unknown = own.of_role(FindingRole.UNKNOWN)
    total = None if own.total is None or not roles else own.total - unknown
    columns: dict[str, Any] = {
        "not_assessable": own.number(Absence.NOT_ASSESSABLE),
        "not_targeted": own.number(Absence.NOT_TARGETED),
    }
    for which, count, of in (("all", len(own.seen), own.total), ("emergent", emergent, total)):
        observed = share(count or 0, of, settings.confidence) if of and own.has_share else share(0, 0)
        columns |= {f"n_{which}": count, f"total_{which}": of}
        columns |= {f"share_{which}": observed.value, f"low_{which}": observed.low}
        columns |= {f"high_{which}": observed.high}
    return columns


def expected_rows(
    found: Collection[Finding], expected: Iterable[ExpectedFrequencyRow], settings: CohortSettings
) -> list[ExpectedRow]:
    """Return the observed share at progression beside each published one."""
    standing = [item for item in found if item.stands]
    names = {name: (category, name) for category, name in (*feature_names(standing), *ALWAYS)}
    rows = []
    for item in expected:
        own = tally(standing, names.get(item.finding, ("finding", item.finding)))
        known = item.patients is not None and item.total is not None
        series = (item.patients or 0, item.total or 0) if known else (0, 0)
        expected_share = share(*series, settings.confidence)
        # Fisher's test gives nothing where a total is 0.
        total = own.total if own.has_share and own.total else 0
        test = fisher(len(own.seen), total, *series, settings.confidence) if known else None
        rows.append(
            ExpectedRow(
                finding=item.finding,
                series=item.series,
                line=item.line,
                material=item.material,
                expected_share=item.share,
                expected_low=expected_share.low,
                expected_high=expected_share.high,
                p=test.p if test else None,
                source=item.source,
                verified=item.mark.verified,
                **_shares(own, settings, roles=True),
            )
        )
    return rows


def primary_against_acquired(
    found: Collection[Finding], settings: CohortSettings, *, months: int | None = None
) -> list[AssociationRow]:
    """Compare each feature between primary and acquired resistance: Fisher's test, false discovery rate.

    Args:
        found: findings at progression.
        settings: section `cohort`.
        months: number of months at which timing was judged anew; None for the classification's own.
    """
    standing = [item for item in found if item.stands]
    # Timing that is open or not at progression is in neither group.
    groups = [[item for item in standing if item.timing is timing] for timing in COMPARED]
    names = feature_names(standing)
    # What was there before and carries no class is no resistance.
    sides = [[tally(members, name, features) for members in groups] for name in names]
    tests = [
        fisher(*_count(one), *_count(other), settings.confidence) if _told(one, other) else None
        for one, other in sides
    ]
    adjusted = false_discovery([test.p if test else None for test in tests])
    rows = []
    for name, (one, other), test, q in zip(names, sides, tests, adjusted, strict=True):
        (events, patients), (other_events, other_patients) = _count(one), _count(other)
        refusal = Refusal.EMPTY_GROUP if _told(one, other) else Refusal.NOTHING_EXCLUDED
        blind = len(one.absent) + len(other.absent) - (patients - events) - (other_patients - other_events)
        rows.append(
            AssociationRow(
                question=Question.PRIMARY_VS_ACQUIRED,
                endpoint="mechanism",
                analysis="counts" if months is None else f"counts_{months}_months",
                factor=name[0],
                level=name[1],
                reference="acquired",
                **odds_columns(_count(one), _count(other), test, refusal),
                q=q,
                excluded=counted({Exclusion.MECHANISM_NOT_EXCLUDED: blind}),
                note="odds in primary against acquired resistance, of patients who have it or exclude it",
            )
        )
    return rows


COMPARED = (Timing.PRIMARY, Timing.ACQUIRED)


def _count(own: Tally) -> tuple[int, int]:
    """Patients with it, and those who have it or exclude it."""
    return len(own.seen), len(own.seen) + own.number(Absence.EXCLUDED)


def _told(one: Tally, other: Tally) -> bool:
    return one.has_share and other.has_share


def paired_rows(baseline: Mapping[str, Finding], progression: Mapping[str, Finding]) -> list[PairedRow]:
    """Compare each feature before and after lorlatinib in patients in whom both samples could show it."""
    pairs = [
        (baseline[name], after) for name, after in progression.items() if name in baseline and after.stands
    ]
    # Classes exclude each other: a changed class would count as one lost and one gained.
    named = [name for name in feature_names(item for pair in pairs for item in pair) if name[0] != "class"]
    rows = []
    for feature in named:
        states = [(_state(before, feature), _state(after, feature)) for before, after in pairs]
        seen_at = Counter(pair for pair in states if None not in pair)
        gained, lost = seen_at[False, True], seen_at[True, False]
        row = PairedRow(
            finding=feature[1],
            patients=sum(seen_at.values()),
            both=seen_at[True, True],
            gained=gained,
            lost=lost,
            neither=seen_at[False, False],
            not_assessable=len(pairs) - sum(seen_at.values()),
            p=mcnemar(gained, lost),
        )
        rows.append(row)
    return rows


def _state(finding: Finding, feature: Feature) -> bool | None:
    """Whether a finding has a feature; None where its sample could not have shown it."""
    if feature in all_features(finding):
        return True
    return False if absence(finding, feature) is Absence.EXCLUDED else None


def feature_names(found: Iterable[Finding]) -> list[Feature]:
    """Return what some patients have, and the families also where nobody has one, in the order of tables."""
    return sorted({feature for item in found for feature in all_features(item)} | set(ALWAYS), key=_order)


def _order(feature: Feature) -> tuple[int, str]:
    return ("component", "class", "finding", "gene").index(feature[0]), feature[1]
