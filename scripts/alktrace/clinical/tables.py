"""The clinical tables: what they hold, read and checked with every problem reported at once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InputProblems, Problem
from ..models import BestResponse, Histology, StopReason
from ..tables import column
from ..user_tables import Numbered, read_user_table

CTCAE_GRADES = range(1, 6)


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class Smoking(StrEnum):
    NEVER = "never"
    FORMER = "former"
    CURRENT = "current"


class ProgressionSite(StrEnum):
    CNS_ONLY = "cns_only"
    OLIGO = "oligo"
    SYSTEMIC = "systemic"


class Relation(StrEnum):
    RELATED = "related"
    UNRELATED = "unrelated"
    UNKNOWN = "unknown"


class DoseReason(StrEnum):
    TOXICITY = "toxicity"
    PATIENT_CHOICE = "patient_choice"
    INTERACTION = "interaction"
    PROGRESSION = "progression"
    OTHER = "other"


@dataclass(frozen=True)
class PatientRow:
    """`patients.tsv`: one patient; every other table names patients of this one."""

    patient: str = column("patient id, as in the sample sheet")
    enrolled: dt.date | None = column("date of enrolment into the study; survival is counted from here on")
    diagnosed: dt.date | None = column("date of diagnosis", default=None)
    sex: Sex | None = column("female or male", default=None)
    age_at_diagnosis: int | None = column("age in years", default=None)
    alk_fusion: str | None = column("fusion known from diagnosis, such as `EML4-ALK`", default=None)
    smoking: Smoking | None = column("never, former or current", default=None)
    cns_metastases: bool | None = column("CNS metastases at lorlatinib start", default=None)


@dataclass(frozen=True)
class TreatmentRow:
    """`treatments.tsv`: one regimen of one line; overlap of different drugs is data."""

    patient: str = column("patient id")
    line: int = column("line of treatment, from 1; a line may have several rows")
    drugs: tuple[str, ...] = column("drugs, `;`-joined; canonical names or synonyms of the knowledge table")
    start: dt.date = column("first dose")
    end: dt.date | None = column("last dose; missing while ongoing")
    reason: StopReason = column("why it ended, or `ongoing`")
    regimen: str | None = column("name of the regimen", default=None)


@dataclass(frozen=True)
class AssessmentRow:
    """`assessments.tsv`: one response assessment."""

    patient: str = column("patient id")
    date: dt.date = column("date of the scan or visit")
    response: BestResponse = column("CR, PR, SD, PD or NE")
    site: ProgressionSite | None = column("where it progressed", default=None)


@dataclass(frozen=True)
class PathologyRow:
    """`pathology.tsv`: one pathology report."""

    patient: str = column("patient id")
    date: dt.date = column("date of the biopsy")
    histology: Histology = column("histology found")
    specimen: str | None = column("specimen id of the sample sheet, if sequenced", default=None)
    neuroendocrine_ihc: bool | None = column("neuroendocrine markers positive", default=None)


@dataclass(frozen=True)
class DoseChangeRow:
    """`dose_changes.tsv`: one change of dose."""

    patient: str = column("patient id")
    drug: str = column("drug")
    date: dt.date = column("date of the change")
    from_mg: float = column("daily dose before, mg")
    to_mg: float = column("daily dose after, mg; 0 for an interruption")
    reason: DoseReason = column("why")


@dataclass(frozen=True)
class AdverseEventRow:
    """`adverse_events.tsv`: one adverse event."""

    patient: str = column("patient id")
    term: str = column("CTCAE term")
    grade: int = column("CTCAE grade, 1 to 5")
    onset: dt.date = column("date of onset")
    relation: Relation = column("related to the treatment or not")


@dataclass(frozen=True)
class FollowUpRow:
    """`follow_up.tsv`: one patient's last contact."""

    patient: str = column("patient id")
    last_contact: dt.date = column("last date known alive, or the date of death")
    death: dt.date | None = column("date of death", default=None)


@dataclass(frozen=True)
class PatientRecord:
    """Everything the clinical tables say about one patient, each list in order of time."""

    patient: PatientRow
    treatments: tuple[TreatmentRow, ...]
    assessments: tuple[AssessmentRow, ...]
    pathology: tuple[PathologyRow, ...]
    dose_changes: tuple[DoseChangeRow, ...]
    adverse_events: tuple[AdverseEventRow, ...]
    follow_up: FollowUpRow | None


FILES: dict[str, type[Any]] = {
    "patients": PatientRow,
    "treatments": TreatmentRow,
    "assessments": AssessmentRow,
    "pathology": PathologyRow,
    "dose_changes": DoseChangeRow,
    "adverse_events": AdverseEventRow,
    "follow_up": FollowUpRow,
}

T = TypeVar("T")
Rows = dict[str, list[Numbered[Any]]]


def read_clinical(
    folder: Path, *, drug_name: Callable[[str], str | None], today: dt.date
) -> dict[str, PatientRecord]:
    """Read the clinical tables of a folder.

    Args:
        folder: holds `patients.tsv` and any of the other tables.
        drug_name: canonical name of a drug or synonym, None if unknown.
        today: dates after it are errors.

    Returns:
        Records by patient, in file order.

    Raises:
        InputProblems: every problem of all tables.
    """
    if not (folder / "patients.tsv").is_file():
        problem = Problem(str(folder / "patients.tsv"), 0, "", "no such file", "it is the one table needed")
        raise InputProblems([problem])
    rows: Rows = {}
    problems: list[Problem] = []
    for name, row_type in FILES.items():
        path = folder / f"{name}.tsv"
        rows[name], wrong = read_user_table(path, row_type) if path.is_file() else ([], [])
        problems += wrong
    check = _Checks(folder, rows, drug_name, today)
    problems += check.all()
    if problems:
        raise InputProblems(sorted(problems))
    return _records(rows, drug_name)


def _records(rows: Rows, drug_name: Callable[[str], str | None]) -> dict[str, PatientRecord]:
    per_patient: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for name, numbered in rows.items():
        for item in numbered:
            per_patient[item.row.patient][name].append(item.row)

    def ordered(patient: str, name: str, key: str) -> tuple[Any, ...]:
        return tuple(sorted(per_patient[patient][name], key=lambda row: (getattr(row, key), repr(row))))

    records = {}
    for item in rows["patients"]:
        name = item.row.patient
        treatments = [
            TreatmentRow(**{**vars(row), "drugs": tuple(drug_name(drug) or drug for drug in row.drugs)})
            for row in ordered(name, "treatments", "start")
        ]
        follow_up = per_patient[name]["follow_up"]
        records[name] = PatientRecord(
            item.row,
            tuple(treatments),
            ordered(name, "assessments", "date"),
            ordered(name, "pathology", "date"),
            ordered(name, "dose_changes", "date"),
            ordered(name, "adverse_events", "onset"),
            follow_up[0] if follow_up else None,
        )
    return records


class _Checks:
    """Checks across rows and tables; each method yields problems."""

    def __init__(
        self, folder: Path, rows: Rows, drug_name: Callable[[str], str | None], today: dt.date
    ) -> None:
        self.folder = folder
        self.rows = rows
        self.drug_name = drug_name
        self.today = today

    def all(self) -> list[Problem]:
        """Return the problems of every check."""
        problems: list[Problem] = []
        checks = (
            self._patients, self._dates, self._treatments, self._overlaps, self._grades, self._deaths,
            self._assessments, self._repeats,
        )  # fmt: skip
        for check in checks:
            problems += check()
        return problems

    def _problem(self, name: str, line: int, column_name: str, what: str, remedy: str) -> Problem:
        return Problem(str(self.folder / f"{name}.tsv"), line, column_name, what, remedy)

    def _patients(self) -> list[Problem]:
        known = {item.row.patient for item in self.rows["patients"]}
        return [
            self._problem(
                name,
                item.line,
                "patient",
                f"patient {item.row.patient!r}",
                "list the patient in patients.tsv",
            )
            for name, items in self.rows.items()
            for item in items
            if item.row.patient not in known
        ]

    def _repeats(self) -> list[Problem]:
        problems = []
        for name in ("patients", "follow_up"):
            first: dict[str, int] = {}
            for item in self.rows[name]:
                line = first.setdefault(item.row.patient, item.line)
                if line != item.line:
                    what = f"patient {item.row.patient!r} stands already in line {line}"
                    problems.append(self._problem(name, item.line, "patient", what, "keep one row"))
        return problems

    def _dates(self) -> list[Problem]:
        problems = []
        for name, items in self.rows.items():
            for item in items:
                for key, value in vars(item.row).items():
                    if isinstance(value, dt.date) and value > self.today:
                        what = f"{value.isoformat()} lies in the future"
                        problems.append(self._problem(name, item.line, key, what, "correct the date"))
        return problems

    def _treatments(self) -> list[Problem]:
        problems = []
        for item in self.rows["treatments"]:
            row, line = item.row, item.line
            if row.line < 1:
                problems.append(self._problem("treatments", line, "line", f"line {row.line}", "count from 1"))
            if row.end and row.end < row.start:
                what = f"ends {row.end} before it starts {row.start}"
                problems.append(self._problem("treatments", line, "end", what, "correct the dates"))
            if (row.end is None) != (row.reason is StopReason.ONGOING):
                what = f"end {row.end or 'missing'} with reason {row.reason.value!r}"
                remedy = "`ongoing` goes without an end, every other reason with one"
                problems.append(self._problem("treatments", line, "reason", what, remedy))
            for drug in row.drugs:
                if self.drug_name(drug) is None:
                    remedy = "write a name or synonym of resources/knowledge/drugs.tsv"
                    problems.append(
                        self._problem("treatments", line, "drugs", f"unknown drug {drug!r}", remedy)
                    )
        return problems

    def _overlaps(self) -> list[Problem]:
        """Two rows of one drug at one time; different drugs may overlap."""
        problems = []
        courses: dict[tuple[str, str], list[Numbered[TreatmentRow]]] = defaultdict(list)
        for item in self.rows["treatments"]:
            for drug in item.row.drugs:
                courses[item.row.patient, self.drug_name(drug) or drug].append(item)
        for (_, drug), items in courses.items():
            items.sort(key=lambda item: item.row.start)
            for before, after in pairwise(items):
                if before.row.end is None or after.row.start < before.row.end:
                    what = f"{drug} given already in line {before.line} until {before.row.end or 'now'}"
                    problems.append(
                        self._problem("treatments", after.line, "start", what, "end the earlier row before")
                    )
        return problems

    def _grades(self) -> list[Problem]:
        return [
            self._problem("adverse_events", item.line, "grade", f"grade {item.row.grade}", "write 1 to 5")
            for item in self.rows["adverse_events"]
            if item.row.grade not in CTCAE_GRADES
        ]

    def _deaths(self) -> list[Problem]:
        problems = []
        deaths: dict[str, dt.date] = {}
        for item in self.rows["follow_up"]:
            row = item.row
            if row.death is None:
                continue
            deaths[row.patient] = row.death
            if row.death != row.last_contact:
                what = f"last contact {row.last_contact} and death {row.death}"
                remedy = "the last contact of a dead patient is the date of death"
                problems.append(self._problem("follow_up", item.line, "death", what, remedy))
        for name, key in (("treatments", "start"), ("assessments", "date"), ("adverse_events", "onset")):
            for item in self.rows[name]:
                death, value = deaths.get(item.row.patient), getattr(item.row, key)
                if death and value > death:
                    what = f"{value} lies after the death of {death}"
                    problems.append(self._problem(name, item.line, key, what, "correct one of the dates"))
        return problems

    def _assessments(self) -> list[Problem]:
        """A progression before any treatment belongs to no line."""
        starts: dict[str, dt.date] = {}
        for item in self.rows["treatments"]:
            first = starts.get(item.row.patient)
            starts[item.row.patient] = min(first, item.row.start) if first else item.row.start
        return [
            self._problem(
                "assessments",
                item.line,
                "date",
                f"PD on {item.row.date}, before the first treatment of {starts[item.row.patient]}",
                "correct the date or add the treatment",
            )
            for item in self.rows["assessments"]
            if item.row.response is BestResponse.PD
            and item.row.patient in starts
            and item.row.date < starts[item.row.patient]
        ]


def known_patients(records: Collection[str], patients: Sequence[str], folder: Path) -> list[Problem]:
    """Return a problem for each patient of the sheet that the clinical tables do not know."""
    return [
        Problem(str(folder / "patients.tsv"), 0, "patient", f"no row for patient {name!r}", "add the patient")
        for name in patients
        if name not in records
    ]
