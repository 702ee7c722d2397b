"""The columns of `baseline.tsv` and `missing_data.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class BaselineRow:
    """`baseline.tsv`: what patients were like at lorlatinib start, over all and by group (Table 1)."""

    grouping: str = column("`all`, `timing` of the resistance, or `class` at progression")
    group: str = column("group; `no_sample` without a classified sample of the progression")
    variable: str = column("what is described")
    level: str | None = column("category counted; missing for numbers", default=None)
    patients: int = column("patients of the group")
    known: int = column("of these, with a value")
    missing: int = column("of these, without")
    count: int | None = column("of `known`, with the category", default=None)
    share: float | None = column("their share of `known`", default=None)
    median: float | None = column("median of a number", default=None)
    quartile_low: float | None = column("first quartile", default=None)
    quartile_high: float | None = column("third quartile", default=None)


@dataclass(frozen=True, kw_only=True)
class MissingRow:
    """`missing_data.tsv`: how often each item is missing, of those who should have it."""

    item: str = column("what may be missing")
    table: str = column("clinical table or result that has it")
    asked_of: str = column("who should have it")
    patients: int = column("these patients")
    missing: int = column("of these, without it")
    share: float | None = column("their share", default=None)
    consequence: str = column("what becomes of a patient without it")
