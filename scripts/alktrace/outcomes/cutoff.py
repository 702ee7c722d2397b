"""What was known of a patient on the day of the data cut-off, and the last day seen alive."""

import datetime as dt
from dataclasses import replace
from itertools import chain

from ..vocabulary.clinical import StopReason
from .clinical_schema import PatientRecord


def last_alive(record: PatientRecord) -> dt.date | None:
    """Return the last date on which a patient was seen alive, or of death.

    A treatment, local therapy, assessment, dose change or adverse event after the last contact on file
    proves life then.
    """
    # Reports and pathology prove nothing: both may come after death.
    dates = chain(
        [record.follow_up.last_contact] if record.follow_up else [],
        (row.start for row in record.treatments),
        (row.end for row in record.treatments if row.end),
        (row.end or row.start for row in record.local_therapies),
        (row.date for row in record.assessments),
        (row.date for row in record.dose_changes),
        (row.onset for row in record.adverse_events),
    )
    return max(dates, default=None)


def cut_off(record: PatientRecord, cutoff: dt.date) -> PatientRecord:
    """Return the record as it was known on the day of the data cut-off."""
    # Who stopped later was on treatment that day: the end is unknown then, and so is its reason.
    treatments = tuple(
        replace(row, end=None, reason=StopReason.ONGOING) if row.end and row.end > cutoff else row
        for row in record.treatments
        if row.start <= cutoff
    )
    # Alive at the cut-off, even if dead today: a death after it is no event.
    follow_up = record.follow_up
    if follow_up and follow_up.last_contact > cutoff:
        follow_up = replace(follow_up, last_contact=cutoff, death=None)
    return replace(
        record,
        treatments=treatments,
        local_therapies=tuple(
            replace(row, end=None) if row.end and row.end > cutoff else row
            for row in record.local_therapies
            if row.start <= cutoff
        ),
        assessments=tuple(row for row in record.assessments if row.date <= cutoff),
        pathology=tuple(row for row in record.pathology if row.date <= cutoff),
        dose_changes=tuple(row for row in record.dose_changes if row.date <= cutoff),
        adverse_events=tuple(row for row in record.adverse_events if row.onset <= cutoff),
        follow_up=follow_up,
        reports=tuple(row for row in record.reports if row.reported <= cutoff),
    )
