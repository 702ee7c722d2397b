"""The columns of `response_patients.tsv`, `responses.tsv` and `mechanism_responses.tsv`."""

import datetime as dt
from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.clinical import BestResponse
from ..vocabulary.outcomes import Exclusion, RegimenKind


@dataclass(frozen=True, kw_only=True)
class ResponsePatientRow:
    """`response_patients.tsv`: best response of one patient to the first sequential treatment."""

    patient: str = column("patient id")
    included: bool = column("was the first sequential treatment started after progression on lorlatinib")
    exclusion: Exclusion | None = column("why not", default=None)
    regimen: str | None = column("name or drugs of the treatment", default=None)
    regimen_kind: RegimenKind | None = column("kind of treatment", default=None)
    start: dt.date | None = column("first dose", default=None)
    assessments: int = column("assessments on it, those not evaluable included")
    best: BestResponse | None = column("best response; NE if none was evaluable", default=None)
    confirmed: bool | None = column(
        "is a CR or PR confirmed by a later one; missing without CR or PR", default=None
    )


@dataclass(frozen=True, kw_only=True)
class ResponseRow:
    """`responses.tsv`: a response rate with its exact interval."""

    measure: str = column("rwORR2, rwORR2_confirmed or rwDCR2")
    grouping: str = column("`all`, `regimen` or a component such as `on_target`")
    group: str = column("group")
    denominator: str = column("`treated`: all; `assessed`: with at least one evaluable assessment")
    responders: int = column("patients with the response")
    patients: int = column("patients in the denominator")
    rate: float | None = column("share; missing without patients")
    low: float | None = column("lower end of the exact binomial interval")
    high: float | None = column("upper end of the exact binomial interval")
