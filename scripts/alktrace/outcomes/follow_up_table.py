"""The columns of `follow_up_times.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class FollowUpTimeRow:
    """`follow_up_times.tsv`: how long patients were followed, by the reverse Kaplan-Meier estimate."""

    origin: str = column("day 0: `enrolment`, `first_lorlatinib` or `progression` on lorlatinib")
    patients: int = column("patients under observation")
    deaths: int = column("of these, dead: their follow-up was cut short, and is censored")
    median_days: float | None = column("median follow-up, days", default=None)
    median_low: float | None = column("lower end of its interval (log-log)", default=None)
    median_high: float | None = column("upper end of its interval", default=None)
    shortest_alive: float | None = column("shortest follow-up of a patient alive at its end", default=None)
    longest: float | None = column("longest follow-up of all", default=None)
    reason: str | None = column("why there is no median", default=None)
