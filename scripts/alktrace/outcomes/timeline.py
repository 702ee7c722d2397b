"""One patient's way through lorlatinib, progression and the first sequential treatment."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..evidence.schema import ClinicalContext
from ..vocabulary.clinical import StopReason
from ..vocabulary.outcomes import RegimenKind
from .clinical_context import clinical_context
from .clinical_schema import PatientRecord, TreatmentRow
from .cutoff import cut_off, last_alive
from .drug_names import LORLATINIB
from .progressions import Progression, later_progressions
from .regimens import begun, last_row, others, regimens


@dataclass(frozen=True)
class Course:
    """A course of treatment, from the first to the last dose; `end` is None while it goes on."""

    start: dt.date
    end: dt.date | None
    reason: StopReason


@dataclass(frozen=True)
class NextTreatment(Course):
    """First systemic treatment added to or replacing lorlatinib after progression.

    Attributes:
        drugs: canonical names of all its rows, in order of appearance.
    """

    drugs: tuple[str, ...]
    regimen: str
    kind: RegimenKind


@dataclass(frozen=True)
class Line(NextTreatment):
    """A line of treatment after the first, numbered 2, 3 ... as they come."""

    number: int


@dataclass(frozen=True)
class Timeline:
    """The dates the endpoints are made of; None where it did not happen or is not known.

    Attributes:
        record: clinical tables of the patient, as known on the day of the cut-off.
        lorlatinib: the first course of it.
        progression: progression on lorlatinib, as in the classification.
        next_treatment: first sequential treatment after it.
        later_lines: all lines after first-line lorlatinib, also those that began before a progression.
        second_progression: first progression after it that is not the same one seen again, by scan or stop.
        second_scan: the same by scans alone.
        last_alive: last date known alive, or of death.
        cutoff: data cut-off; None without one.
        cut: whether the data cut-off and not the last contact ended observation.
        context: what the classification knew of the same record.
    """

    record: PatientRecord
    lorlatinib: Course | None
    first_line: bool
    prior_alk_tki: tuple[str, ...]
    progression: dt.date | None
    next_treatment: NextTreatment | None
    later_lines: tuple[Line, ...]
    second_progression: dt.date | None
    second_scan: dt.date | None
    death: dt.date | None
    last_alive: dt.date | None
    cutoff: dt.date | None
    cut: bool
    context: ClinicalContext

    @property
    def patient(self) -> str:
        """Id of the patient."""
        return self.record.patient.patient

    @property
    def enrolled(self) -> dt.date | None:
        """Date of enrolment."""
        return self.record.patient.enrolled


def timeline_of(
    record: PatientRecord,
    *,
    alk_tkis: Collection[str],
    days_after_last_dose: int,
    treatment_gap_days: int,
    repeat_days: int,
    cutoff: dt.date | None = None,
) -> Timeline:
    """Return the timeline of one patient.

    Args:
        record: clinical tables of the patient, drugs by canonical name.
        alk_tkis: canonical names of the ALK inhibitors.
        days_after_last_dose: as in `clinical_context`; given longer beside a new drug, lorlatinib is part
            of a combination.
        treatment_gap_days: as in `clinical_context`.
        repeat_days: a scan or stop within these days of the first is the same progression.
        cutoff: what happened later is not used.
    """
    observed = cut_off(record, cutoff) if cutoff else record
    context = clinical_context(
        observed,
        alk_tkis=alk_tkis,
        days_after_last_dose=days_after_last_dose,
        treatment_gap_days=treatment_gap_days,
    )
    start, stop, reason = (
        context.lorlatinib_start,
        context.lorlatinib_last_dose,
        context.lorlatinib_stop_reason,
    )
    # The line of the first row: lorlatinib goes on into later lines.
    first = next((row for row in observed.treatments if LORLATINIB in row.drugs), None)
    given = regimens(observed.treatments, start, treatment_gap_days) if start else []

    def kind_of(rows: Sequence[TreatmentRow]) -> NextTreatment:
        return _treatment(rows, stop, alk_tkis, days_after_last_dose)

    following: list[Sequence[TreatmentRow]] = []
    later: list[Progression] = []
    if context.progression:
        # Not after progression: the switch is often made on the day of the scan.
        following = [rows for one in given if (rows := begun(one, context.progression))]
        rows_after = [row for rows in following for row in rows]
        later = later_progressions(observed, context.progression, rows_after, repeat_days)
    seen = last_alive(observed)
    return Timeline(
        record=observed,
        lorlatinib=Course(start, stop, reason) if start and reason else None,
        first_line=first is not None and first.line == 1,
        prior_alk_tki=context.prior_alk_tki,
        progression=context.progression,
        next_treatment=kind_of(min(following, key=lambda rows: rows[0].start)) if following else None,
        later_lines=tuple(
            Line(**vars(kind_of(rows)), number=number)
            for number, rows in enumerate(_later_lines(observed, start, stop, given), start=2)
        ),
        second_progression=min((one.day for one in later), default=None),
        second_scan=min((one.day for one in later if one.by_scan), default=None),
        death=observed.follow_up.death if observed.follow_up else None,
        last_alive=seen,
        cutoff=cutoff,
        cut=cutoff is not None and seen == cutoff,
        context=context,
    )


def _treatment(
    rows: Sequence[TreatmentRow],
    stop: dt.date | None,
    alk_tkis: Collection[str],
    days_after_last_dose: int,
) -> NextTreatment:
    """Return the rows of one line as a treatment; `stop` is the last dose of the first lorlatinib course."""
    last = last_row(rows)
    drugs = tuple(dict.fromkeys(drug for row in rows for drug in row.drugs))
    # Overlap of a switch is no combination; lorlatinib beyond the gap is.
    continued = stop is None or stop > rows[0].start + dt.timedelta(days=days_after_last_dose)
    return NextTreatment(
        start=rows[0].start,
        end=last.end,
        reason=last.reason,
        drugs=drugs,
        regimen=rows[0].regimen or "+".join(rows[0].drugs),
        kind=regimen_kind(drugs, alk_tkis, continued=continued),
    )


def _later_lines(
    record: PatientRecord,
    start: dt.date | None,
    stop: dt.date | None,
    given: Collection[Sequence[TreatmentRow]],
) -> list[list[TreatmentRow]]:
    """Rows of each line after lorlatinib, in order of their first dose."""
    if start is None:
        return []
    lines = [list(rows) for one in given if (rows := begun(one, start + dt.timedelta(days=1)))]
    for row in record.treatments:
        # Lorlatinib alone is a line where it comes back after the first course; before, it is that course.
        if others(row) or stop is None or row.start <= stop or row.line == 1:
            continue
        own = next((rows for rows in lines if any(one.line == row.line for one in rows)), None)
        if own is None:
            lines.append([row])
        else:
            own.append(row)
            own.sort(key=lambda one: one.start)
    return sorted(lines, key=lambda rows: rows[0].start)


def regimen_kind(drugs: Collection[str], alk_tkis: Collection[str], *, continued: bool) -> RegimenKind:
    """Return the kind of a treatment.

    Args:
        drugs: canonical names.
        alk_tkis: canonical names of the ALK inhibitors.
        continued: does lorlatinib go on beside it.
    """
    if set(drugs) == {LORLATINIB}:
        return RegimenKind.LORLATINIB_RECHALLENGE
    if continued or LORLATINIB in drugs:
        return RegimenKind.LORLATINIB_COMBINATION
    inhibitors = [drug for drug in drugs if drug in alk_tkis]
    if not inhibitors:
        return RegimenKind.NO_ALK_TKI
    return RegimenKind.ALK_TKI if len(inhibitors) == len(drugs) else RegimenKind.ALK_TKI_COMBINATION
