"""The clinical tables of one patient, for the page."""

import datetime as dt
from pathlib import Path

from .clinical_schema import PatientRecord
from .clinical_tables import read_clinical
from .cutoff import cut_off
from .drug_names import DrugKnowledge


def load_record(
    folder: Path | None, patient: str, *, knowledge: DrugKnowledge, data_cutoff: dt.date | None = None
) -> PatientRecord | None:
    """Return what the clinical tables say of a patient; None without tables or without the patient.

    Args:
        folder: with the clinical tables; None without.
        patient: id.
        knowledge: drugs by name.
        data_cutoff: what is later is not used; None: all is.

    Raises:
        InputProblems: problems of the tables.
    """
    if folder is None:
        return None
    # Cut as the classification is: a later response would stand beside a class that did not know it.
    record = read_clinical(folder, knowledge=knowledge, today=dt.date.today()).records.get(patient)
    return cut_off(record, data_cutoff) if record and data_cutoff else record
