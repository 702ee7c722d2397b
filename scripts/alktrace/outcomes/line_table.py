"""The columns of `line_patients.tsv`, `lines.tsv` and `line_sequences.tsv`."""

import datetime as dt
from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.clinical import BestResponse, StopReason


@dataclass(frozen=True, kw_only=True)
class LinePatientRow:
    """`line_patients.tsv`: one line of treatment of one patient, from first-line lorlatinib on."""

    patient: str = column("patient id")
    line: int = column("1: lorlatinib; then 2, 3 ... as they come")
    kind: str = column("`lorlatinib`, or the kind of treatment")
    regimen: str = column("name or drugs of the treatment")
    start: dt.date = column("first dose")
    start_days: int = column("days from the first lorlatinib dose to it")
    wait_days: int | None = column(
        "days from the last dose of the line before; below 0: it still went on", default=None
    )
    days: float = column("days from first to last dose, or to the last contact")
    entry_days: float | None = column("days from first dose to enrolment, at least 0", default=None)
    stopped: bool = column("has it ended")
    reason: StopReason = column("why, or `ongoing`")
    best: BestResponse = column("best response on it; NE if none was evaluable")
    next_step: str = column("kind of the next line, or `died`, `no_further_line` (alive) or `ongoing`")


@dataclass(frozen=True, kw_only=True)
class LineRow:
    """`lines.tsv`: response and time on treatment by line and treatment."""

    line: int = column("as in line_patients.tsv")
    level: str = column("`all`, `kind` or `regimen`")
    treatment: str = column("`all`, kind of treatment, or its drugs")
    treated: int = column("patients who began it")
    assessed: int = column("of these, with an evaluable assessment")
    responders: int = column("patients with CR or PR")
    orr: float | None = column("their share of the treated", default=None)
    orr_low: float | None = column("lower end of the exact interval", default=None)
    orr_high: float | None = column("upper end of the exact interval", default=None)
    controlled: int = column("patients with CR, PR or SD")
    dcr: float | None = column("their share of the treated", default=None)
    dcr_low: float | None = column("lower end of the exact interval", default=None)
    dcr_high: float | None = column("upper end of the exact interval", default=None)
    analysed: int = column("patients with time on it after enrolment")
    stopped: int = column("of `analysed`, stopped for any reason")
    median_days: float | None = column(
        "median days on it (Kaplan-Meier, at risk from enrolment on); of drugs given to `min_group_patients` "
        "or more",
        default=None,
    )
    median_low: float | None = column("lower end of its interval (log-log)", default=None)
    median_high: float | None = column("upper end of its interval", default=None)


@dataclass(frozen=True, kw_only=True)
class SequenceRow:
    """`line_sequences.tsv`: what followed which treatment."""

    line: int = column("line before")
    level: str = column("`kind` or `regimen`")
    treatment: str = column("treatment of that line")
    next_step: str = column("treatment of the next line, or `died`, `no_further_line` (alive) or `ongoing`")
    patients: int = column("patients who went this way")
    total: int = column("patients given `treatment` in that line")
    wait_days: float | None = column("median days between the two", default=None)
    responders: int | None = column("of `patients`, with CR or PR on the next line", default=None)
    next_median: float | None = column(
        "median days on the next line (Kaplan-Meier, at risk from enrolment on); of groups with "
        "`min_group_patients` or more",
        default=None,
    )
    next_low: float | None = column("lower end of its interval (log-log)", default=None)
    next_high: float | None = column("upper end of its interval", default=None)
