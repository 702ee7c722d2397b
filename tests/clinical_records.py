"""Clinical records made in code, for tests of the outcomes: days instead of dates."""

import datetime as dt
from dataclasses import replace
from typing import Any

from alktrace.outcomes.clinical_schema import (
    AdverseEventRow,
    AssessmentRow,
    DoseChangeRow,
    DoseReason,
    FollowUpRow,
    LocalTherapyRow,
    PatientRecord,
    PatientRow,
    Relation,
    ReportRow,
    TreatmentRow,
)
from alktrace.outcomes.timeline import Timeline, timeline_of
from alktrace.vocabulary.clinical import (
    BestResponse,
    LocalSite,
    LocalTherapyKind,
    ProgressionSite,
    StopReason,
)

DAY_0 = dt.date(2021, 1, 1)
TKIS = frozenset({"lorlatinib", "alectinib", "neladalkib"})


def on(day: int) -> dt.date:
    return DAY_0 + dt.timedelta(days=day)


class Records:
    """Builds one patient's record; days count from the first of January 2021."""

    def __init__(self, patient: str = "P1", *, enrolled: int | None = 0, **facts: Any) -> None:
        enrolment = None if enrolled is None else on(enrolled)
        self.record = PatientRecord(
            PatientRow(patient=patient, enrolled=enrolment, **facts), (), (), (), (), (), None
        )
        self.patient = patient

    def _add(self, table: str, row: Any, key: str) -> "Records":
        rows = sorted((*getattr(self.record, table), row), key=lambda item: getattr(item, key))
        changed: dict[str, Any] = {table: tuple(rows)}
        self.record = replace(self.record, **changed)
        return self

    def treat(
        self,
        drugs: str,
        start: int,
        end: int | None = None,
        reason: str = "ongoing",
        line: int = 1,
        mg: float | None = None,
    ) -> "Records":
        row = TreatmentRow(
            patient=self.patient, line=line, drugs=tuple(drugs.split("+")), start=on(start),
            end=None if end is None else on(end), reason=StopReason(reason), dose_mg=mg,
        )  # fmt: skip
        return self._add("treatments", row, "start")

    def local(self, kind: str, site: str, start: int, end: int | None = None) -> "Records":
        row = LocalTherapyRow(
            patient=self.patient, site=LocalSite(site), kind=LocalTherapyKind(kind), start=on(start),
            end=None if end is None else on(end),
        )  # fmt: skip
        return self._add("local_therapies", row, "start")

    def scan(self, day: int, response: str, site: str | None = None) -> "Records":
        row = AssessmentRow(
            patient=self.patient,
            date=on(day),
            response=BestResponse(response),
            site=ProgressionSite(site) if site else None,
        )
        return self._add("assessments", row, "date")

    def event(self, term: str, grade: int, day: int, relation: str = "related") -> "Records":
        row = AdverseEventRow(
            patient=self.patient, term=term, grade=grade, onset=on(day), relation=Relation(relation)
        )
        return self._add("adverse_events", row, "onset")

    def dose(self, drug: str, day: int, before: float, after: float, reason: str = "toxicity") -> "Records":
        row = DoseChangeRow(
            patient=self.patient, drug=drug, date=on(day), from_mg=before, to_mg=after,
            reason=DoseReason(reason),
        )  # fmt: skip
        return self._add("dose_changes", row, "date")

    def report(self, timepoint: str, collected: int, reported: int) -> "Records":
        row = ReportRow(
            patient=self.patient, timepoint=timepoint, collected=on(collected), reported=on(reported)
        )
        return self._add("reports", row, "reported")

    def alive(self, day: int) -> "Records":
        row = FollowUpRow(patient=self.patient, last_contact=on(day))
        self.record = replace(self.record, follow_up=row)
        return self

    def died(self, day: int) -> "Records":
        row = FollowUpRow(patient=self.patient, last_contact=on(day), death=on(day))
        self.record = replace(self.record, follow_up=row)
        return self

    def timeline(self, *, cutoff: int | None = None) -> Timeline:
        return timeline_of(
            self.record,
            alk_tkis=TKIS,
            days_after_last_dose=30,
            treatment_gap_days=120,
            repeat_days=28,
            cutoff=None if cutoff is None else on(cutoff),
        )


def switched(patient: str = "P1", **facts: Any) -> Records:
    """Lorlatinib from day 0, progression on day 100, pemetrexed from day 120."""
    return (
        Records(patient, **facts)
        .treat("lorlatinib", 0, 110, "progression")
        .scan(100, "PD")
        .treat("pemetrexed", 120, line=2)
    )
