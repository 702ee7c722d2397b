"""The columns of `frequencies.tsv`, `expected.tsv` and `baseline_progression.tsv`; shares are fractions."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.marks import Mark


@dataclass(frozen=True, kw_only=True)
class FrequencyRow:
    """`frequencies.tsv`: how often a finding is seen, of those whose sample could have shown it."""

    setting: str = column("baseline or progression")
    timing: str = column("`all`, or primary / acquired resistance; samples without timing stand in neither")
    category: str = column("class, component, finding or gene")
    name: str = column("the finding")
    patients: int = column("patients with a sample of this setting and timing")
    n_all: int = column("patients with the finding, new or old")
    total_all: int | None = column(
        "patients with it, or in whom it was excluded down to the share or copy number of the settings; "
        "missing where no sample states what it excludes of it (genes without a core locus)"
    )
    share_all: float | None = column("n_all by total_all; missing where blind samples alone lack the finding")
    low_all: float | None = column("lower end of the exact interval")
    high_all: float | None = column("upper end of the exact interval")
    n_emergent: int | None = column(
        "of n_all, patients in whom it emerged; missing at baseline and for a class"
    )
    total_emergent: int | None = column("total_all without patients whose baseline does not tell")
    share_emergent: float | None = column("n_emergent by total_emergent")
    low_emergent: float | None = column("lower end of the exact interval")
    high_emergent: float | None = column("upper end of the exact interval")
    n_pre_existing: int | None = column("of n_all, patients in whom it was there before lorlatinib")
    n_role_unknown: int | None = column("of n_all, patients whose baseline does not tell")
    not_assessable: int = column("patients whose sample was to show it and could not: in no total")
    not_targeted: int = column("patients in whom nobody looked, or no report says so: in no total")
    established: int | None = column("of n_all, with confidence `established`; missing for a class")


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
    n_all: int = column("patients of the cohort with it at progression, as in frequencies.tsv")
    total_all: int | None = column("patients with it, or in whom it was excluded")
    share_all: float | None = column("their share")
    low_all: float | None = column("lower end of the exact interval")
    high_all: float | None = column("upper end of the exact interval")
    n_emergent: int | None = column("of n_all, patients in whom it emerged")
    total_emergent: int | None = column("total_all without patients whose baseline does not tell")
    share_emergent: float | None = column("n_emergent by total_emergent")
    low_emergent: float | None = column("lower end of the exact interval")
    high_emergent: float | None = column("upper end of the exact interval")
    not_assessable: int = column("patients whose sample was to show it and could not")
    not_targeted: int = column("patients in whom nobody looked, or no report says so")
    series: str = column("name of the series")
    line: str = column("`first` or `later` line of lorlatinib")
    material: str = column("plasma or tissue")
    expected_share: float = column("share reported")
    expected_low: float | None = column(
        "lower end of its exact interval, where numbers are known", default=None
    )
    expected_high: float | None = column("upper end of its exact interval", default=None)
    p: float | None = column("Fisher test of n_all against the series, where numbers are known", default=None)
    source: str = column("where the series was read")
    verified: bool = column("was it read there")


@dataclass(frozen=True, kw_only=True)
class PairedRow:
    """`baseline_progression.tsv`: one finding before and after, where both samples could show it."""

    finding: str = column("finding, by the names of frequencies.tsv")
    patients: int = column("patients in whom it was found or excluded at both")
    both: int = column("with it at both")
    gained: int = column("only at progression")
    lost: int = column("only at baseline")
    neither: int = column("at neither")
    not_assessable: int = column("patients with both samples, of which one could not have shown it: left out")
    p: float | None = column("exact McNemar test; missing where nothing changed")
