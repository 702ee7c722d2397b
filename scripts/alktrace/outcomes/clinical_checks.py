"""What cannot be true of the clinical tables; each check yields every problem it finds."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import Problem
from ..inputs.cells import table_path
from ..inputs.user_tables import Numbered
from ..vocabulary.clinical import BestResponse, StopReason
from .clinical_schema import DRUGS, DoseChangeRow, DrugRow, LocalTherapyRow, TreatmentRow
from .drug_names import DrugKnowledge, DrugNames, fold

Rows = Mapping[str, Sequence[Numbered[Any]]]
EARLIEST = dt.date(1990, 1, 1)
AFTER_DEATH = (
    ("patients", "enrolled"),
    ("treatments", "start"),
    ("treatments", "end"),
    ("local_therapy", "start"),
    ("local_therapy", "end"),
    ("assessments", "date"),
    ("dose_changes", "date"),
    ("adverse_events", "onset"),
)
"""Dates that cannot lie after death; a pathology report may (autopsy), and so may a sequencing report."""
LOCAL_WORDS = re.compile(
    r"\b(sbrt|sabr|srs|srt|wbrt|rt|radio(therapy|surgery|therapie)|(ir)?radiation|gamma ?knife|cyber ?knife"
    r"|surgery|(metastas)?ectomy|resection|(radiofrequency |cryo)?ablation|rfa)\b",
    re.IGNORECASE,
)
"""Words for what is done to a place; as a drug it would begin a line and end the one before."""
NOT_SYSTEMIC = "local therapy is no line of treatment: write it into local_therapy.tsv"


def check_rows(
    folder: Path, rows: Rows, drugs: DrugNames, today: dt.date, *, broken: Collection[str]
) -> list[Problem]:
    """Return the problems across rows and tables.

    Args:
        folder: named in the messages.
        rows: rows by table name, those of `drugs` left out.
        drugs: names that are known.
        today: dates after it are errors.
        broken: tables with rows that could not be read; nothing is said to be missing from them.
    """
    return list(_Checks(folder, rows, drugs, today, broken).all())


def check_drugs(folder: Path, own: Sequence[Numbered[DrugRow]], knowledge: DrugKnowledge) -> list[Problem]:
    """Return the names of a site's `drugs.tsv` that the knowledge table or another row already has."""
    file = str(table_path(folder, DRUGS))
    problems = []
    # A name with two meanings would put patients under the wrong kind of treatment.
    first: dict[str, int] = {}
    for item in own:
        for place, names in (("drug", [item.row.drug]), ("synonyms", item.row.synonyms)):
            for name in names:
                known = knowledge.drug_names.get(fold(name))
                line = first.setdefault(fold(name), item.line)
                if is_local(name):
                    what = f"{name!r} is no drug"
                    problems.append(Problem(file, item.line, place, what, NOT_SYSTEMIC))
                elif known:
                    what = f"{name!r} is {known} of resources/knowledge/drugs.tsv"
                    problems.append(Problem(file, item.line, place, what, "remove the name; it is known"))
                elif line != item.line:
                    what = f"{name!r} stands already in line {line}"
                    problems.append(Problem(file, item.line, place, what, "keep it with one drug"))
    return problems


def is_local(name: str) -> bool:
    """Return whether a name of a drug says local therapy: `SBRT`, `radiotherapy brain`."""
    return LOCAL_WORDS.search(name) is not None


class _Checks:
    def __init__(
        self, folder: Path, rows: Rows, drugs: DrugNames, today: dt.date, broken: Collection[str]
    ) -> None:
        self.folder = folder
        self.rows = rows
        self.drugs = drugs
        self.today = today
        self.broken = broken
        self.deaths = {i.row.patient: i.row.death for i in rows["follow_up"] if i.row.death}

    def all(self) -> Iterator[Problem]:
        checks = (
            self._patients, self._repeats, self._future, self._diagnosis, self._treatments, self._drugs,
            self._lines, self._overlaps, self._local_therapies, self._doses, self._first_doses,
            self._follow_up, self._deaths, self._last_treatment, self._progressions, self._reports,
        )  # fmt: skip
        for check in checks:
            yield from check()

    def _problem(self, name: str, line: int, column_name: str, what: str, remedy: str) -> Problem:
        return Problem(str(table_path(self.folder, name)), line, column_name, what, remedy)

    def _patients(self) -> Iterator[Problem]:
        known = {item.row.patient for item in self.rows["patients"]}
        # With a row of patients.tsv unread, its patient would be missing from every other table too.
        for name, items in self.rows.items() if "patients" not in self.broken else ():
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
                    if isinstance(value, dt.date) and not EARLIEST <= value <= self.today:
                        place = "in the future" if value > self.today else f"before {EARLIEST.year}"
                        what = f"{value.isoformat()} lies {place}"
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
            # An end left out by mistake would read as still on treatment, and censor an event.
            if (row.end is None) != (row.reason is StopReason.ONGOING):
                what = f"end {row.end or 'missing'} with reason {row.reason.value!r}"
                remedy = "`ongoing` goes without an end, every other reason with one"
                yield self._problem("treatments", line, "reason", what, remedy)

    def _drugs(self) -> Iterator[Problem]:
        for item in self.rows["treatments"]:
            if not item.row.drugs:
                remedy = "write a name or synonym of resources/knowledge/drugs.tsv"
                yield self._problem("treatments", item.line, "drugs", "no drug", remedy)
            for drug in item.row.drugs:
                if self.drugs.canonical(drug) is None:
                    yield self._unknown_drug("treatments", item.line, "drugs", drug)
        for item in self.rows["dose_changes"]:
            if self.drugs.canonical(item.row.drug) is None:
                yield self._unknown_drug("dose_changes", item.line, "drug", item.row.drug)

    def _unknown_drug(self, name: str, line: int, column_name: str, drug: str) -> Problem:
        """Guessing would put a patient under the wrong kind of treatment: the site must say what it is."""
        if is_local(drug):
            return self._problem(name, line, column_name, f"{drug!r} is no drug", NOT_SYSTEMIC)
        close = self.drugs.closest(drug)
        suggestion = f"did you mean {close!r}? Else " if close else ""
        remedy = (
            f"{suggestion}declare it in {self.folder / DRUGS}.tsv (columns drug, alk_tki, synonyms), or "
            "write a name of resources/knowledge/drugs.tsv"
        )
        return self._problem(name, line, column_name, f"unknown drug {drug!r}", remedy)

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
                courses[item.row.patient, self.drugs.canonical(drug) or drug].append(item)
        for (_, drug), items in courses.items():
            items.sort(key=lambda item: item.row.start)
            # Not the row before: a short row may lie inside a long one that overlaps the next too.
            longest = items[0]
            for after in items[1:]:
                last = longest.row.end
                # The next row may start on the day of the last dose: so are changes of dose written.
                if last is None or after.row.start < last:
                    what = f"{drug} given already in line {longest.line} until {last or 'now'}"
                    yield self._problem("treatments", after.line, "start", what, "end the earlier row before")
                if last is not None and (after.row.end is None or after.row.end > last):
                    longest = after

    def _local_therapies(self) -> Iterator[Problem]:
        """One place is treated in one way at a time: a course written twice would count twice."""
        courses: dict[tuple[str, str, str], list[Numbered[LocalTherapyRow]]] = defaultdict(list)
        for item in self.rows["local_therapy"]:
            row = item.row
            if row.end and row.end < row.start:
                what = f"ends {row.end} before it starts {row.start}"
                yield self._problem("local_therapy", item.line, "end", what, "correct the dates")
            courses[row.patient, row.site, row.kind].append(item)
        for (_, site, kind), items in courses.items():
            items.sort(key=lambda item: item.row.start)
            longest = items[0]
            for after in items[1:]:
                last = longest.row.end or longest.row.start
                if after.row.start <= last:
                    what = (
                        f"{kind} of {site} on {after.row.start} overlaps line {longest.line} (until {last})"
                    )
                    remedy = "make them one row, or correct the dates"
                    yield self._problem("local_therapy", after.line, "start", what, remedy)
                if (after.row.end or after.row.start) > last:
                    longest = after

    def _doses(self) -> Iterator[Problem]:
        for item in self.rows["dose_changes"]:
            row = item.row
            if row.from_mg == row.to_mg:
                what = f"from {row.from_mg:g} to {row.to_mg:g} mg"
                yield self._problem("dose_changes", item.line, "to_mg", what, "a change changes the dose")
            if "treatments" not in self.broken and self.drugs.canonical(row.drug) and not self._given(row):
                what = f"{row.drug} was not given on {row.date}"
                remedy = "correct the date or add the treatment"
                yield self._problem("dose_changes", item.line, "date", what, remedy)

    def _first_doses(self) -> Iterator[Problem]:
        """A dose belongs to one drug, and goes on until it is changed."""
        for item in self.rows["treatments"]:
            row = item.row
            if row.dose_mg is None or not row.drugs:
                continue
            if len(row.drugs) > 1 or row.dose_mg == 0:
                what = f"{row.dose_mg:g} mg of {' and '.join(row.drugs)}"
                remedy = "give the dose of a row with one drug, above 0, or leave it out"
                yield self._problem("treatments", item.line, "dose_mg", what, remedy)
                continue
            changes = [
                change.row
                for change in self.rows["dose_changes"]
                if change.row.patient == row.patient
                and self.drugs.canonical(change.row.drug) == self.drugs.canonical(row.drugs[0])
                and row.start < change.row.date
                and (row.end is None or change.row.date <= row.end)
            ]
            first = min(changes, key=lambda change: change.date, default=None)
            # Two tables that tell different doses: a dose intensity from either would be wrong.
            if first is not None and first.from_mg != row.dose_mg:
                what = f"{row.dose_mg:g} mg, but dose_changes.tsv has {first.from_mg:g} mg until {first.date}"
                yield self._problem("treatments", item.line, "dose_mg", what, "correct one of the doses")

    def _follow_up(self) -> Iterator[Problem]:
        for item in self.rows["follow_up"]:
            row = item.row
            # A contact after death, or one before it, makes survival end on two days.
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
            if not death and reason is StopReason.DEATH and "follow_up" not in self.broken:
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
        name = self.drugs.canonical(change.drug)
        return any(
            name in {self.drugs.canonical(drug) for drug in item.row.drugs}
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
        items = self._by_patient("treatments").items() if "treatments" not in self.broken else ()
        return {patient: min(item.row.start for item in rows) for patient, rows in items}
