"""Progressions after the one on lorlatinib: what is a new one, and what the same seen again.

A scan and the stop of the drug are two signs of one progression, weeks apart in either order, and the new
treatment may begin between them.
"""

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from ..vocabulary.clinical import BestResponse, StopReason
from .clinical_schema import PatientRecord, TreatmentRow


class Progression(NamedTuple):
    """Day of a progression, and whether a scan showed it: else the drug was stopped for it."""

    day: dt.date
    by_scan: bool


def later_progressions(
    record: PatientRecord, first: dt.date, later_treatments: Collection[TreatmentRow], repeat_days: int
) -> list[Progression]:
    """Return every sign of progression after the first that is not the first one seen again.

    Args:
        record: clinical tables of the patient.
        first: progression on lorlatinib.
        later_treatments: rows of treatments that began then or later; a stop of any other row may be that of
            the first progression.
        repeat_days: signs within these days of its scan or its stop belong to it.
    """
    window = dt.timedelta(days=repeat_days)
    scans = sorted({row.date for row in record.assessments if row.response is BestResponse.PD})
    stops = [row for row in record.treatments if row.reason is StopReason.PROGRESSION and row.end]
    of_lorlatinib = {row.end for row in stops if row.end and row not in later_treatments}

    # Its own scan and stop, no further: a chain of monthly scans would hide every later progression.
    own = {first, *(day for day in of_lorlatinib if abs(day - first) <= window)}
    if first not in scans:
        own |= set([day for day in scans if abs(day - first) <= window][:1])

    def is_new(day: dt.date) -> bool:
        return day > first and all(abs(day - sign) > window for sign in own)

    # By scan first: a stop on the day of a scan is that scan's progression, not a clinical one.
    found = [Progression(day, True) for day in scans if is_new(day)]
    found += [Progression(day, False) for day in of_lorlatinib if is_new(day) and day not in scans]
    # A later treatment that is stopped for progression has failed, however soon after the first.
    later = {row.end for row in stops if row.end and row.end > first and row in later_treatments}
    found += [Progression(day, day in scans) for day in sorted(later)]
    return found
