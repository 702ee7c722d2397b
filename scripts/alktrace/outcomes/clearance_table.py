"""The columns of `ctdna_clearance.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class ClearanceRow:
    """`ctdna_clearance.tsv`: ctDNA under lorlatinib at the landmark, and what came after it."""

    endpoint: str = column("outcome: rwTTD1 or OS_lorlatinib")
    landmark_days: int = column("setting `ctdna_landmark_days`: days after the first lorlatinib dose")
    group: str = column("`cleared`: no baseline finding is left that could be seen; `not_cleared`")
    patients: int = column("patients with such a sample until the landmark, event or not")
    share: float | None = column("their share of both groups", default=None)
    low: float | None = column("lower end of its exact interval", default=None)
    high: float | None = column("upper end of it", default=None)
    analysed: int = column("of these, at risk after the landmark and enrolment")
    events: int = column("of `analysed`, with the event")
    median_days: float | None = column(
        "median days after the first dose, of those at risk after the landmark", default=None
    )
    median_low: float | None = column("lower end of its interval (log-log)", default=None)
    median_high: float | None = column("upper end of its interval", default=None)
    excluded: tuple[str, ...] = column(
        "patients of the endpoint left out, `reason=number`, of both groups together", default=()
    )
