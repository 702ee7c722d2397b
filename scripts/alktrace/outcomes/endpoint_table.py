"""The columns of `endpoints.tsv`, `endpoint_rates.tsv` and `endpoint_patients.tsv`; times are days."""

import datetime as dt
from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.outcomes import Analysis, Exclusion, Status


@dataclass(frozen=True, kw_only=True)
class EndpointPatientRow:
    """`endpoint_patients.tsv`: one patient and endpoint."""

    patient: str = column("patient id")
    centre: str | None = column("where treated; comparisons are within centres", default=None)
    endpoint: str = column("name of the endpoint")
    included: bool = column("does the patient belong to the population")
    exclusion: Exclusion | None = column("why not", default=None)
    start: dt.date | None = column("day 0", default=None)
    end: dt.date | None = column("day of the event or of censoring", default=None)
    event: bool | None = column("did the event happen", default=None)
    event_type: str | None = column(
        "what the event was, such as `progression`, `death`, `toxicity`", default=None
    )
    censoring: str | None = column("rule by which the patient is censored", default=None)
    days: float | None = column("days from start to end; an event on day 0 counts half a day", default=None)
    entry_days: float | None = column(
        "days from start to enrolment, 0 if enrolled before; missing if unknown", default=None
    )
    free_days: float | None = column(
        "days from start to the last assessment without progression, before the event; of endpoints that "
        "are also analysed as interval-censored",
        default=None,
    )
    flags: tuple[str, ...] = column("caveats", default=())


@dataclass(frozen=True, kw_only=True)
class EndpointRow:
    """`endpoints.tsv`: one endpoint in one analysis."""

    endpoint: str = column("name of the endpoint")
    analysis: Analysis = column(
        "`as_defined` from day 0; `enrolment_entry`: at risk from enrolment on; `competing_states`: the "
        "same, by Aalen and Johansen; `interval_censored`: events lie between two assessments, from day 0"
    )
    headline: bool = column("is this the figure to quote")
    population: str = column("who belongs to it")
    start_rule: str = column("what day 0 is")
    event_rule: str = column("what counts as the event")
    censoring_rule: str = column("when a patient without event is censored")
    patients: int = column("patients in the population")
    analysed: int = column("of these, with time at risk in this analysis")
    events: int = column("events among them")
    excluded: tuple[str, ...] = column("patients left out, `reason=number`")
    status: Status = column("estimated, or not estimable for the reason given")
    reason: str | None = column("why not estimable, or why a figure is missing", default=None)
    median_days: float | None = column("median of the analysis", default=None)
    median_low: float | None = column("lower end of its interval (log-log, or bootstrap)", default=None)
    median_high: float | None = column("upper end of its interval", default=None)
    flags: tuple[str, ...] = column("caveats", default=())


@dataclass(frozen=True, kw_only=True)
class EndpointRateRow:
    """`endpoint_rates.tsv`: share without event at one time."""

    endpoint: str = column("name of the endpoint")
    analysis: Analysis = column("as in endpoints.tsv")
    years: int = column("years after day 0")
    rate: float | None = column("share without event", default=None)
    low: float | None = column("lower end of its interval", default=None)
    high: float | None = column("upper end of its interval", default=None)
    at_risk: int = column("patients at risk then")
    method: str | None = column(
        "`log_log`, `exact_at_risk` where nobody had an event before, or `npmle_bootstrap`", default=None
    )
    reason: str | None = column("why a figure is missing", default=None)
