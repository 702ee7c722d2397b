"""What cannot be true of the clinical tables; each check yields every problem it finds."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import Problem
from ..models import BestResponse, StopReason
from ..user_tables import Numbered
from .schema import DoseChangeRow, TreatmentRow

Rows = Mapping[str, Sequence[Numbered[Any]]]
AFTER_DEATH = (
    ("patients", "enrolled"),
    ("treatments", "start"),
    ("treatments", "end"),
    ("assessments", "date"),
    ("dose_changes", "date"),
    ("adverse_events", "onset"),
)
"""Dates that cannot lie after death; a pathology report may (autopsy), and so may a sequencing report."""


def check_rows(
    folder: Path, rows: Rows, drug_name: Callable[[str], str | None], today: dt.date
) -> list[Problem]:
    """Return the problems across rows and tables.

    Args:
        folder: named in the messages.
        rows: rows by table name.
        drug_name: canonical name of a drug or synonym, None if unknown.
        today: dates after it are errors.
    """
    return list(_Checks(folder, rows, drug_name, today).all())


class _Checks:
    def __init__(
        self, folder: Path, rows: Rows, drug_name: Callable[[str], str | None], today: dt.date
    ) -> None:
        self.folder = folder
        self.rows = rows
        self.drug_name = drug_name
        self.today = today
        self.deaths = {i.row.patient: i.row.death for i in rows["follow_up"] if i.row.death}

    def all(self) -> Iterator[Problem]:
        checks = (
            self._patients, self._repeats, self._future, self._diagnosis, self._treatments, self._drugs,
            self._lines, self._overlaps, self._doses, self._follow_up, self._deaths, self._last_treatment,
            self._progressions, self._reports,
        )  # fmt: skip
        for check in checks:
            yield from check()

    def _problem(self, name: str, line: int, column_name: str, what: str, remedy: str) -> Problem:
        return Problem(str(self.folder / f"{name}.tsv"), line, column_name, what, remedy)

    def _patients(self) -> Iterator[Problem]:
        known = {item.row.patient for item in self.rows["patients"]}
        for name, items in self.rows.items():
            for item in items:
                if item.row.patient not in known:
                    what, remedy = f"patient {item.row.patient!r}", "list the patient in patients.tsv"
                    yield self._problem(name, item.line, "patient", what, remedy)

    def _repeats(self) -> Iterator[Problem]:
        keys = {"patients": ("patient",), "follow_up": ("patient",), "reports": ("patient", "timepoint")}
        for name, key in keys.items():
            first: dict[tuple[str, ...], int] = {}
            for item in self.rows[name]:
                value = tuple(getattr(item.row, part) for part in key)
                line = first.setdefault(value, item.line)
                if line != item.line:
                    shown = " ".join(f"{part} {text!r}" for part, text in zip(key, value, strict=True))
                    what = f"{shown} stands already in line {line}"
                    yield self._problem(name, item.line, "patient", what, "keep one row")

    def _future(self) -> Iterator[Problem]:
        for name, items in self.rows.items():
            for item in items:
                for key, value in vars(item.row).items():
                    if isinstance(value, dt.date) and value > self.today:
                        what = f"{value.isoformat()} lies in the future"
                        yield self._problem(name, item.line, key, what, "correct the date")

    def _diagnosis(self) -> Iterator[Problem]:
        starts = self._first_treatments()
        for item in self.rows["patients"]:
            diagnosed, start = item.row.diagnosed, starts.get(item.row.patient)
            for what, other in (("first treatment", start), ("enrolment", item.row.enrolled)):
                if diagnosed and other and diagnosed > other:
                    text = f"diagnosed {diagnosed}, after the {what} of {other}"
                    yield self._problem("patients", item.line, "diagnosed", text, "correct one of the dates")

    def _treatments(self) -> Iterator[Problem]:
        for item in self.rows["treatments"]:
            row, line = item.row, item.line
            if row.end and row.end < row.start:
                what = f"ends {row.end} before it starts {row.start}"
                yield self._problem("treatments", line, "end", what, "correct the dates")
            if (row.end is None) != (row.reason is StopReason.ONGOING):
                what = f"end {row.end or 'missing'} with reason {row.reason.value!r}"
                remedy = "`ongoing` goes without an end, every other reason with one"
                yield self._problem("treatments", line, "reason", what, remedy)

    def _drugs(self) -> Iterator[Problem]:
        remedy = "write a name or synonym of resources/knowledge/drugs.tsv"
        for item in self.rows["treatments"]:
            if not item.row.drugs:
                yield self._problem("treatments", item.line, "drugs", "no drug", remedy)
            for drug in item.row.drugs:
                if self.drug_name(drug) is None:
                    yield self._problem("treatments", item.line, "drugs", f"unknown drug {drug!r}", remedy)
        for item in self.rows["dose_changes"]:
            if self.drug_name(item.row.drug) is None:
                what = f"unknown drug {item.row.drug!r}"
                yield self._problem("dose_changes", item.line, "drug", what, remedy)

    def _lines(self) -> Iterator[Problem]:
        """A later line cannot start before an earlier one."""
        for items in self._by_patient("treatments").values():
            ordered = sorted(items, key=lambda item: (item.row.start, item.row.line))
            for before, after in pairwise(ordered):
                if after.row.line < before.row.line:
                    what = (
                        f"line {after.row.line} of treatment starts {after.row.start}, after line "
                        f"{before.row.line} of {before.row.start}"
                    )
                    yield self._problem("treatments", after.line, "line", what, "number lines in time")

    def _overlaps(self) -> Iterator[Problem]:
        """Two rows of one drug at one time; different drugs may overlap."""
        courses: dict[tuple[str, str], list[Numbered[TreatmentRow]]] = defaultdict(list)
        for item in self.rows["treatments"]:
            for drug in item.row.drugs:
                courses[item.row.patient, self.drug_name(drug) or drug].append(item)
        for (_, drug), items in courses.items():
            items.sort(key=lambda item: item.row.start)
            for before, after in pairwise(items):
                if before.row.end is None or after.row.start < before.row.end:
                    what = f"{drug} given already in line {before.line} until {before.row.end or 'now'}"
                    yield self._problem("treatments", after.line, "start", what, "end the earlier row before")

    def _doses(self) -> Iterator[Problem]:
        for item in self.rows["dose_changes"]:
            row = item.row
            if row.from_mg == row.to_mg:
                what = f"from {row.from_mg:g} to {row.to_mg:g} mg"
                yield self._problem("dose_changes", item.line, "to_mg", what, "a change changes the dose")
            if self.drug_name(row.drug) and not self._given(row):
                what = f"{row.drug} was not given on {row.date}"
                remedy = "correct the date or add the treatment"
                yield self._problem("dose_changes", item.line, "date", what, remedy)

    def _follow_up(self) -> Iterator[Problem]:
        for item in self.rows["follow_up"]:
            row = item.row
            if row.death and row.death != row.last_contact:
                what = f"last contact {row.last_contact} and death {row.death}"
                remedy = "the last contact of a dead patient is the date of death"
                yield self._problem("follow_up", item.line, "death", what, remedy)

    def _deaths(self) -> Iterator[Problem]:
        for name, key in AFTER_DEATH:
            for item in self.rows[name]:
                death, value = self.deaths.get(item.row.patient), getattr(item.row, key)
                if death and value and value > death:
                    what = f"{value} lies after the death of {death}"
                    yield self._problem(name, item.line, key, what, "correct one of the dates")

    def _last_treatment(self) -> Iterator[Problem]:
        """Treatment ends with life, and only the dead stop for death."""
        for item in self.rows["treatments"]:
            death, reason = self.deaths.get(item.row.patient), item.row.reason
            if death and reason is StopReason.ONGOING:
                what, remedy = f"ongoing, but the patient died on {death}", "write the last dose and a reason"
                yield self._problem("treatments", item.line, "reason", what, remedy)
            if not death and reason is StopReason.DEATH:
                what = "stopped for death, but follow_up.tsv has no death"
                yield self._problem("treatments", item.line, "reason", what, "add the date of death there")

    def _progressions(self) -> Iterator[Problem]:
        """A progression before any treatment belongs to no line."""
        starts = self._first_treatments()
        for item in self.rows["assessments"]:
            start = starts.get(item.row.patient)
            if item.row.response is BestResponse.PD and start and item.row.date < start:
                what = f"PD on {item.row.date}, before the first treatment of {start}"
                remedy = "correct the date or add the treatment"
                yield self._problem("assessments", item.line, "date", what, remedy)

    def _reports(self) -> Iterator[Problem]:
        for item in self.rows["reports"]:
            if item.row.reported < item.row.collected:
                what = f"reported {item.row.reported} before sampling on {item.row.collected}"
                yield self._problem("reports", item.line, "reported", what, "correct one of the dates")

    def _given(self, change: DoseChangeRow) -> bool:
        """Whether the drug was under way; the day of the last dose counts."""
        name = self.drug_name(change.drug)
        return any(
            name in {self.drug_name(drug) for drug in item.row.drugs}
            and item.row.start <= change.date
            and (item.row.end is None or change.date <= item.row.end)
            for item in self.rows["treatments"]
            if item.row.patient == change.patient
        )

    def _by_patient(self, name: str) -> dict[str, list[Numbered[Any]]]:
        found: dict[str, list[Numbered[Any]]] = defaultdict(list)
        for item in self.rows[name]:
            found[item.row.patient].append(item)
        return found

    def _first_treatments(self) -> dict[str, dt.date]:
        items = self._by_patient("treatments").items()
        return {patient: min(item.row.start for item in rows) for patient, rows in items}
