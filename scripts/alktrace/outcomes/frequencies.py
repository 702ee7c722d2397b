"""How often each mechanism is found, against published series, by timing, and before against after."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ..inputs.settings.cohort_settings import CohortSettings
from ..stats.intervals import share
from ..stats.proportions import false_discovery, fisher, mcnemar
from ..vocabulary.outcomes import ALL, Question, Refusal, Status
from ..vocabulary.resistance import Component, Timing
from ..vocabulary.samples import Setting
from .association_table import AssociationRow
from .frequency_table import ExpectedFrequencyRow, ExpectedRow, FrequencyRow, PairedRow
from .mechanisms import Finding, features

ALWAYS = tuple(("component", component.value) for component in Component)
"""Named with a zero where nobody has them: absence is a result too."""
Feature = tuple[str, str]


def frequency_rows(
    found: Collection[Finding], setting: Setting, settings: CohortSettings
) -> list[FrequencyRow]:
    """Return how many patients have each feature, over all and by timing, for both denominators."""
    rows: list[FrequencyRow] = []
    timings: list[Timing | None] = [None]
    if setting is Setting.PROGRESSION:
        timings += [Timing.PRIMARY, Timing.ACQUIRED]
    for timing in timings:
        members = [item for item in found if timing in (None, item.timing)]
        for denominator in ("classified", "evaluable"):
            chosen = [item for item in members if denominator == "classified" or item.evaluable]
            # What one timing has, the other names too, with a zero.
            names = _features(item for item in found if denominator == "classified" or item.evaluable)
            head = {"setting": setting.value, "timing": timing.value if timing else ALL}
            rows += _frequencies(chosen, names, denominator, settings, **head)
    return rows


def expected_rows(
    found: Collection[Finding], expected: Iterable[ExpectedFrequencyRow], settings: CohortSettings
) -> list[ExpectedRow]:
    """Return the observed share at progression beside each published one."""
    evaluable = [item for item in found if item.evaluable]
    # Not all classified: what could not be judged is no absence.
    counts = _counts(evaluable)
    total = len(evaluable)
    rows = []
    for item in expected:
        count = sum(number for (_, name), number in counts.items() if name == item.finding)
        known = item.patients is not None and item.total is not None
        series = (item.patients or 0, item.total or 0) if known else (0, 0)
        expected_share = share(*series, settings.confidence)
        observed = share(count, total, settings.confidence)
        test = fisher(count, total, *series, settings.confidence) if known else None
        rows.append(
            ExpectedRow(
                finding=item.finding,
                observed_patients=count,
                observed_total=total,
                observed_share=observed.value,
                observed_low=observed.low,
                observed_high=observed.high,
                series=item.series,
                line=item.line,
                material=item.material,
                expected_share=item.share,
                expected_low=expected_share.low,
                expected_high=expected_share.high,
                p=test.p if test else None,
                source=item.source,
                verified=item.mark.verified,
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
    evaluable = [item for item in found if item.evaluable]
    groups = {
        timing: [item for item in evaluable if item.timing is timing]
        for timing in (Timing.PRIMARY, Timing.ACQUIRED)
    }
    # Timing that is open or not at progression is in neither group.
    primary, acquired = groups[Timing.PRIMARY], groups[Timing.ACQUIRED]
    of_primary, of_acquired = _counts(primary), _counts(acquired)
    names = _features(evaluable)
    tests = [
        fisher(of_primary.get(n, 0), len(primary), of_acquired.get(n, 0), len(acquired), settings.confidence)
        for n in names
    ]
    adjusted = false_discovery([test.p if test else None for test in tests])
    rows = []
    for name, test, q in zip(names, tests, adjusted, strict=True):
        shown = test is not None and test.estimate is not None
        rows.append(
            AssociationRow(
                question=Question.PRIMARY_VS_ACQUIRED,
                endpoint="mechanism",
                analysis="counts" if months is None else f"counts_{months}_months",
                factor=name[0],
                level=name[1],
                reference="acquired",
                patients=len(primary),
                events=of_primary.get(name, 0),
                reference_patients=len(acquired),
                reference_events=of_acquired.get(name, 0),
                method="fisher_exact",
                measure="OR" if shown else None,
                estimate=test.estimate if test else None,
                low=test.low if test else None,
                high=test.high if test else None,
                p=test.p if test else None,
                q=q,
                status=Status.ESTIMATED if test else Status.NOT_ESTIMABLE,
                reason=None if test else Refusal.EMPTY_GROUP.value,
                note="odds of the finding in primary against acquired resistance, evaluable patients",
            )
        )
    return rows


def paired_rows(baseline: Mapping[str, Finding], progression: Mapping[str, Finding]) -> list[PairedRow]:
    """Compare each feature before and after lorlatinib in patients evaluable at both."""
    pairs = [
        (set(features(baseline[name])), set(features(after)))
        for name, after in progression.items()
        if name in baseline and baseline[name].evaluable and after.evaluable
    ]
    rows = []
    # Classes exclude each other: a changed class would count as one lost and one gained.
    seen = {feature for pair in pairs for side in pair for feature in side if feature[0] != "class"}
    for feature in sorted(seen | set(ALWAYS), key=_order):
        seen_at = Counter((feature in before, feature in after) for before, after in pairs)
        gained, lost = seen_at[False, True], seen_at[True, False]
        row = PairedRow(
            finding=feature[1],
            patients=len(pairs),
            both=seen_at[True, True],
            gained=gained,
            lost=lost,
            neither=seen_at[False, False],
            p=mcnemar(gained, lost),
        )
        rows.append(row)
    return rows


def _frequencies(
    found: Sequence[Finding],
    names: Iterable[Feature],
    denominator: str,
    settings: CohortSettings,
    **head: str,
) -> Iterator[FrequencyRow]:
    """Yield a row per name; `head` is setting and timing."""
    counts = _counts(found)
    for feature in names:
        category, name = feature
        states = [features(item)[feature] for item in found if feature in features(item)]
        count = counts[feature]
        # Without rows of mechanisms confidence is unknown; 0 established would be a statement.
        established = None if None in states else sum(bool(state) for state in states)
        observed = share(count, len(found), settings.confidence)
        yield FrequencyRow(
            **head,
            category=category,
            name=name,
            patients=count,
            established=established,
            denominator=denominator,
            total=len(found),
            share=observed.value,
            low=observed.low,
            high=observed.high,
        )


def _counts(found: Iterable[Finding]) -> Counter[Feature]:
    return Counter(feature for item in found for feature in features(item))


def _features(found: Iterable[Finding]) -> list[Feature]:
    return sorted({feature for item in found for feature in features(item)} | set(ALWAYS), key=_order)


def _order(feature: Feature) -> tuple[int, str]:
    return ("component", "class", "finding", "gene").index(feature[0]), feature[1]
