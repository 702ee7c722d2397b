"""Which rows of the treatment table are one treatment: a drug paused and given again begins nothing."""

import datetime as dt
from collections.abc import Collection, Sequence

from ..vocabulary.clinical import StopReason
from .clinical_schema import TreatmentRow
from .drug_names import LORLATINIB


def regimens(
    treatments: Sequence[TreatmentRow], start: dt.date, treatment_gap_days: int
) -> list[list[TreatmentRow]]:
    """Return the rows with another drug than lorlatinib, one list for each treatment.

    Rows of one line number are one treatment, and so are rows of the same drugs with a pause between them
    no longer than the gap, unless it was a stop for progression or another treatment was given in it.

    Args:
        treatments: of one patient, in order of their start.
        start: of lorlatinib; what ended before is left out.
        treatment_gap_days: as in `clinical_context`.
    """
    found: list[list[TreatmentRow]] = []
    for row in treatments:
        if not others(row) or (row.end is not None and row.end < start):
            continue
        same_line = (rows for rows in found if any(one.line == row.line for one in rows))
        resumed = (rows for rows in found if _resumes(row, rows, treatments, treatment_gap_days))
        own = next(same_line, None) or next(resumed, None)
        if own is None:
            found.append([row])
        else:
            own.append(row)
    return found


def begun(rows: Sequence[TreatmentRow], day: dt.date) -> Sequence[TreatmentRow]:
    """Return the rows of a treatment from the first that began something on that day or later.

    Of a treatment that began before, only a drug that it did not have begins something: maintenance, and a
    drug given again, do not. Empty: nothing began.
    """
    had: set[str] = set()
    for place, row in enumerate(rows):
        if row.start >= day and (place == 0 or others(row) - had):
            return rows[place:]
        had |= others(row)
    return ()


def others(row: TreatmentRow) -> set[str]:
    """Return the drugs of a row that are not lorlatinib."""
    return set(row.drugs) - {LORLATINIB}


def last_row(rows: Collection[TreatmentRow]) -> TreatmentRow:
    """Return the row that ends last, not the one that starts last: one drug may go on alone."""
    return max(rows, key=lambda row: (row.end is None, row.end or row.start))


def _resumes(
    row: TreatmentRow, rows: Collection[TreatmentRow], treatments: Collection[TreatmentRow], gap: int
) -> bool:
    last = last_row(rows)
    if last.end is None or last.reason is StopReason.PROGRESSION or others(row) - others(last):
        return False
    replaced = any(
        others(other) - others(last)
        and last.start < other.start < row.start
        and (other.end is None or other.end > last.end)
        for other in treatments
    )
    return not replaced and row.start <= last.end + dt.timedelta(days=gap)
