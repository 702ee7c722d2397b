"""The clinical tables, read and checked with every problem reported at once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import InputProblems, Problem
from ..user_tables import Numbered, read_user_table
from .checks import check_rows
from .schema import (
    FILES,
    AdverseEventRow,
    AssessmentRow,
    DoseChangeRow,
    DoseReason,
    FollowUpRow,
    PathologyRow,
    PatientRecord,
    PatientRow,
    ProgressionSite,
    Relation,
    ReportRow,
    Sex,
    Smoking,
    TreatmentRow,
)

__all__ = [
    "FILES",
    "AdverseEventRow",
    "AssessmentRow",
    "DoseChangeRow",
    "DoseReason",
    "FollowUpRow",
    "PathologyRow",
    "PatientRecord",
    "PatientRow",
    "ProgressionSite",
    "Relation",
    "ReportRow",
    "Sex",
    "Smoking",
    "TreatmentRow",
    "read_clinical",
]

Rows = dict[str, list[Numbered[Any]]]
DrugName = Callable[[str], str | None]


def read_clinical(folder: Path, *, drug_name: DrugName, today: dt.date) -> dict[str, PatientRecord]:
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
    problems += check_rows(folder, rows, drug_name, today)
    if problems:
        raise InputProblems(sorted(problems))
    return _records(rows, drug_name)


def _records(rows: Rows, drug_name: DrugName) -> dict[str, PatientRecord]:
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
            replace(row, drugs=tuple(drug_name(drug) or drug for drug in row.drugs))
            for row in ordered(name, "treatments", "start")
        ]
        doses = [
            replace(row, drug=drug_name(row.drug) or row.drug)
            for row in ordered(name, "dose_changes", "date")
        ]
        follow_up = per_patient[name]["follow_up"]
        records[name] = PatientRecord(
            item.row,
            tuple(treatments),
            ordered(name, "assessments", "date"),
            ordered(name, "pathology", "date"),
            tuple(doses),
            ordered(name, "adverse_events", "onset"),
            follow_up[0] if follow_up else None,
            ordered(name, "reports", "reported"),
        )
    return records
