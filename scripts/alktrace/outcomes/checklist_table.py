"""The columns of `reporting_checklist.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class ChecklistRow:
    """`reporting_checklist.tsv`: which part of the output answers which item of STROBE and RECORD."""

    guideline: str = column("STROBE (cohort studies), or RECORD (its extension for routine data)")
    item: str = column("number of the item")
    asks: str = column("what it asks for, in our words; the guideline has its own")
    answered: str = column("`output`: here; `partly`; or `authors`: only they can")
    sections: tuple[str, ...] = column("parts of the cohort page, by their anchors", default=())
    tables: tuple[str, ...] = column("tables beside it", default=())
    left: str | None = column("what the authors still have to write", default=None)
