"""The tables of a run that become workbooks: of the cohort, and of each patient."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..classify.discovery import EmergentUnknownCount
from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..evidence.evidence_table import EvidenceRow
from ..evidence.flat_table import evidence_rows
from ..io.tables import read_table
from ..qc.identity_table import IdentityRow
from ..qc.qc_table import QcRow
from ..qc.unreadable_table import UnreadableRow
from ..vocabulary.caveats import Caveat
from .exported import ExportedPatient, is_inherited
from .workbooks import Sheet, write_workbook

COHORT_TABLES: dict[str, type[Any]] = {
    "classification.tsv": ClassificationRow,
    "resistance.tsv": ResistanceRow,
    "emergent_unknown.tsv": EmergentUnknownCount,
    "qc.tsv": QcRow,
    "identity.tsv": IdentityRow,
    "unreadable.tsv": UnreadableRow,
}
Withheld = frozenset[tuple[str, str, str]]
"""Patient, gene and name of alterations that may not leave."""


def write_workbooks(patients: Sequence[ExportedPatient], tables: Iterable[Path | str], folder: Path) -> None:
    """Write the workbook of the cohort and one of each patient.

    Args:
        patients: what may be exported.
        tables: `COHORT_TABLES` and the outcome tables, by their file names.
        folder: gets `cohort.xlsx`, and `patients/P01.xlsx` for every patient.
    """
    # It loads scipy.
    from ..outcomes.outcome_files import outcome_tables

    kinds = COHORT_TABLES | dict(outcome_tables())
    withheld = withheld_of(patients)
    sheets = [
        Sheet(path.stem, kinds[path.name], may_leave(read_table(path, kinds[path.name]), withheld))
        for path in map(Path, tables)
    ]
    write_workbook(folder / "cohort.xlsx", "alktrace: tables of the cohort", sheets)
    for patient in patients:
        own = [_of_patient(sheet, patient) for sheet in sheets if sheet.row_type in COHORT_TABLES.values()]
        found = Sheet("evidence", EvidenceRow, may_leave(evidence_rows(patient.evidence), withheld))
        title = f"alktrace: tables of {patient.patient}"
        write_workbook(folder / "patients" / f"{patient.patient}.xlsx", title, [*own, found])


def withheld_of(patients: Iterable[ExportedPatient]) -> Withheld:
    """Return the inherited variants that may not leave."""
    return frozenset(
        (patient.patient, item.gene, item.alteration)
        for patient in patients
        if not patient.inherited
        for item in patient.evidence.alterations
        if is_inherited(item)
    )


def may_leave(rows: Iterable[Any], withheld: Withheld) -> list[Any]:
    """Return the rows that are about no alteration that is withheld; caveats of others do not name it."""
    named: dict[str, set[str]] = {}
    for patient, gene, name in withheld:
        named.setdefault(patient, set()).update((name, f"{gene} {name}"))
    return [_unnamed(row, named) for row in rows if _about(row) not in withheld]


def _unnamed(row: Any, named: Mapping[str, Collection[str]]) -> Any:
    names = named.get(getattr(row, "patient", ""), ())
    flags = getattr(row, "flags", ()) if names else ()
    if not any(name in names for flag in flags if isinstance(flag, Caveat) for name in flag.about):
        return row
    kept = (Caveat(flag.code, tuple(name for name in flag.about if name not in names)) for flag in flags)
    return replace(row, flags=tuple(dict.fromkeys(kept)))


def _about(row: Any) -> tuple[Any, Any, Any]:
    name = getattr(row, "alteration", getattr(row, "change", None))
    return getattr(row, "patient", None), getattr(row, "gene", None), name


def _of_patient(sheet: Sheet, patient: ExportedPatient) -> Sheet:
    own = [row for row in sheet.rows if getattr(row, "patient", None) == patient.patient]
    return Sheet(sheet.name, sheet.row_type, own)
