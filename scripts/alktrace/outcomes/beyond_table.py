"""The columns of `beyond_progression.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class BeyondRow:
    """`beyond_progression.tsv`: lorlatinib and local therapy after progression, by where it progressed."""

    site: str = column("`cns_only`, `oligo`, `systemic`, `unknown` or `all`")
    local_therapy: str = column("`yes`: local therapy for this progression, `no`, or `all`")
    patients: int = column("patients with progression on first-line lorlatinib")
    continued: int = column("of these, given lorlatinib after it")
    share: float | None = column("their share", default=None)
    low: float | None = column("lower end of its exact interval", default=None)
    high: float | None = column("upper end", default=None)
    analysed: int = column("of `continued`, with time at risk from enrolment on")
    stopped: int = column("of `analysed`, lorlatinib stopped since")
    median_days: float | None = column("median days on lorlatinib beyond progression", default=None)
    median_low: float | None = column("lower end of its interval (log-log)", default=None)
    median_high: float | None = column("upper end of its interval", default=None)
