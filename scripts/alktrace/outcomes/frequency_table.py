"""The columns of `frequencies.tsv`, `expected.tsv` and `baseline_progression.tsv`; shares are fractions."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.marks import Mark


@dataclass(frozen=True, kw_only=True)
class FrequencyRow:
    """`frequencies.tsv`: how often a finding is seen at one setting, beside what series expect."""

    setting: str = column("baseline or progression")
    timing: str = column("`all`, or primary / acquired resistance")
    category: str = column("class, component or mechanism")
    name: str = column("the finding")
    patients: int = column("patients with it")
    established: int | None = column("of these, with confidence `established`; missing for a class")
    denominator: str = column("`classified`: all with a sample; `evaluable`: without NOT_EVALUABLE")
    total: int = column("patients in the denominator")
    share: float | None = column("their share")
    low: float | None = column("lower end of the exact interval")
    high: float | None = column("upper end of the exact interval")


@dataclass(frozen=True, kw_only=True)
class ExpectedFrequencyRow:
    """`resources/knowledge/expected_frequencies.tsv`: what a published series found."""

    series: str = column("name of the series")
    line: str = column("`first` or `later` line of lorlatinib")
    material: str = column("plasma or tissue")
    finding: str = column("finding, by the names of frequencies.tsv")
    patients: int | None = column("patients with it; missing where only a share was read", default=None)
    total: int | None = column("patients examined", default=None)
    share: float = column("share reported")
    source: str = column("where it was read")
    mark: Mark = column("how well the share is known")


@dataclass(frozen=True, kw_only=True)
class ExpectedRow:
    """`expected.tsv`: the observed share of a finding beside a published one."""

    finding: str = column("finding, by the names of frequencies.tsv")
    observed_patients: int = column("patients of the cohort with it, at progression")
    observed_total: int = column("evaluable patients")
    observed_share: float | None = column("their share")
    observed_low: float | None = column("lower end of the exact interval")
    observed_high: float | None = column("upper end of the exact interval")
    series: str = column("name of the series")
    line: str = column("`first` or `later` line of lorlatinib")
    material: str = column("plasma or tissue")
    expected_share: float = column("share reported")
    expected_low: float | None = column(
        "lower end of its exact interval, where numbers are known", default=None
    )
    expected_high: float | None = column("upper end of its exact interval", default=None)
    p: float | None = column("Fisher test of cohort against series, where numbers are known", default=None)
    source: str = column("where the series was read")
    verified: bool = column("was it read there")


@dataclass(frozen=True, kw_only=True)
class PairedRow:
    """`baseline_progression.tsv`: one finding before and after, in patients evaluable at both."""

    finding: str = column("finding, by the names of frequencies.tsv")
    patients: int = column("patients evaluable at both")
    both: int = column("with it at both")
    gained: int = column("only at progression")
    lost: int = column("only at baseline")
    neither: int = column("at neither")
    p: float | None = column("exact McNemar test; missing where nothing changed")
