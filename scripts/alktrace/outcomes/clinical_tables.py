"""The clinical tables, read and checked with every problem reported at once."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import InputProblems, Problem
from ..inputs.cells import table_path
from ..inputs.user_tables import Numbered, read_user_table
from .clinical_checks import check_drugs, check_rows
from .clinical_schema import DRUGS, FILES, PatientRecord
from .drug_names import DrugKnowledge, DrugNames, all_drugs

Rows = dict[str, list[Numbered[Any]]]


@dataclass(frozen=True)
class Clinical:
    """What the clinical tables of a folder say.

    Attributes:
        records: by patient, in file order; drugs by their canonical names.
        drugs: names known in this folder.
    """

    records: dict[str, PatientRecord]
    drugs: DrugNames


def read_clinical(folder: Path, *, knowledge: DrugKnowledge, today: dt.date) -> Clinical:
    """Read the clinical tables of a folder.

    Args:
        folder: holds `patients.tsv` and any of the other tables.
        knowledge: drugs of the knowledge table; `drugs.tsv` of the folder adds to them.
        today: dates after it are errors.

    Raises:
        InputProblems: every problem of all tables.
    """
    patients = table_path(folder, "patients")
    if not patients.is_file():
        raise InputProblems([Problem(str(patients), 0, "", "no such file", "it is the one table needed")])
    rows: Rows = {}
    problems: list[Problem] = []
    for name, row_type in FILES.items():
        path = table_path(folder, name)
        rows[name], wrong = read_user_table(path, row_type) if path.is_file() else ([], [])
        problems += wrong
    own = rows.pop(DRUGS)
    problems += check_drugs(folder, own, knowledge)
    drugs = all_drugs(knowledge, [item.row for item in own])
    broken = {Path(problem.file).stem for problem in problems}
    problems += check_rows(folder, rows, drugs, today, broken=broken)
    if problems:
        raise InputProblems(sorted(problems))
    return Clinical(_records(rows, drugs), drugs)


def _records(rows: Rows, drugs: DrugNames) -> dict[str, PatientRecord]:
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
            replace(row, drugs=tuple(drugs.canonical(drug) or drug for drug in row.drugs))
            for row in ordered(name, "treatments", "start")
        ]
        doses = [
            replace(row, drug=drugs.canonical(row.drug) or row.drug)
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
            ordered(name, "local_therapy", "start"),
        )
    return records
