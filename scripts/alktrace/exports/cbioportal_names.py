"""Names and days of a cBioPortal study."""

import datetime as dt
import hashlib

from ..evidence.schema import SpecimenEvidence
from .exported import ExportedPatient

LONGEST_ID = 63
"""Letters of a patient or sample id that cBioPortal keeps."""
DIGEST = 8


def short_id(name: str) -> str:
    """Return an id that cBioPortal can keep: a long one is cut, with a digest so that no two become one."""
    if len(name) <= LONGEST_ID:
        return name
    return f"{name[: LONGEST_ID - DIGEST - 1]}-{hashlib.sha256(name.encode()).hexdigest()[:DIGEST]}"


def sample_id(patient: ExportedPatient, specimen: SpecimenEvidence) -> str:
    """Return the id of a sample."""
    return short_id(patient.sample(specimen))


def first_day(patient: ExportedPatient) -> dt.date | None:
    """Return day 0 of a patient: the first dose of lorlatinib, else the first sample; no date is exported."""
    context = patient.evidence.clinical
    if context and context.lorlatinib_start:
        return context.lorlatinib_start
    return min((one.collected for one in patient.specimens), default=None)


def day(date: dt.date | None, first: dt.date | None) -> int | None:
    """Return the days since day 0; negative before it."""
    return (date - first).days if date and first else None
