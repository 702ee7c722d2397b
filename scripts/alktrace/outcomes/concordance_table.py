"""The columns of `concordance.tsv` and `agreement.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class ConcordanceRow:
    """`concordance.tsv`: plasma and tissue of one timepoint: each alteration, each family, and the class."""

    level: str = column("`alteration` (of all junctions of two genes), `family` (on_target, bypass), `class`")
    patient: str = column("patient id")
    timepoint: str = column("timepoint id")
    gene: str | None = column("gene symbol, of an alteration", default=None)
    alteration: str = column("name shown; name of the family; `mechanism class`")
    plasma: str = column(
        "detected, not_detected, not_assessable; of a family also not_seen: what tissue showed was looked "
        "for and not found, but the sample cannot exclude the family; of the class its families, `none` "
        "where both are not_detected, else not_assessable or not_seen"
    )
    tissue: str = column("as plasma")
    verdict: str = column(
        "both, plasma_only, tissue_only, neither or not_comparable; of the class concordant, discordant or "
        "not_comparable"
    )


@dataclass(frozen=True, kw_only=True)
class AgreementRow:
    """`agreement.tsv`: plasma against tissue over the cohort."""

    level: str = column("as in concordance.tsv")
    name: str = column("`all` alterations, a family, or `mechanism class`")
    measure: str = column("what share is given; positive and negative agreement take tissue as the reference")
    agreeing: int = column("alterations or timepoints that agree")
    total: int = column("alterations or timepoints compared")
    not_comparable: int = column("left out, because one side could not have shown it")
    share: float | None = column("their share; missing where nothing can be compared")
    low: float | None = column("lower end of the exact interval")
    high: float | None = column("upper end of the exact interval")
    note: str | None = column("how to read it")
