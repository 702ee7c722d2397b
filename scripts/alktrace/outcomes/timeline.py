"""One patient's way through lorlatinib, progression and the first sequential treatment."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from ..evidence.schema import ClinicalContext
from ..vocabulary.clinical import BestResponse, StopReason
from ..vocabulary.outcomes import RegimenKind
from .clinical_context import LORLATINIB, clinical_context
from .clinical_schema import PatientRecord, PatientRow, TreatmentRow
from .cutoff import cut_off, last_alive


@dataclass(frozen=True)
class SequentialTreatment:
    """First systemic treatment added to or replacing lorlatinib after progression.

    Attributes:
        end: last dose of its last row; None while ongoing.
        drugs: canonical names of all its rows, in order of appearance.
    """

    start: dt.date
    end: dt.date | None
    reason: StopReason
    drugs: tuple[str, ...]
    regimen: str
    kind: RegimenKind


@dataclass(frozen=True)
class Journey:
    """The dates the endpoints are made of; None where it did not happen or is not known.

    Attributes:
        start, stop: first and last dose of the first lorlatinib course; `stop` None while ongoing.
        progression: progression on lorlatinib, as in the classification.
        following: first sequential treatment after it.
        progression_again: first PD after `progression` that is not the same progression seen again.
        last_alive: last date known alive, or of death.
        cut: whether the data cut-off and not the last contact ended observation.
        context: what the classification knew of the same record.
    """

    patient: PatientRow
    record: PatientRecord
    start: dt.date | None
    stop: dt.date | None
    stop_reason: StopReason | None
    first_line: bool
    prior_alk_tki: tuple[str, ...]
    progression: dt.date | None
    following: SequentialTreatment | None
    progression_again: dt.date | None
    death: dt.date | None
    last_alive: dt.date | None
    cut: bool
    context: ClinicalContext


def travel(
    record: PatientRecord,
    *,
    alk_tkis: Collection[str],
    max_gap_days: int,
    repeat_days: int,
    cutoff: dt.date | None = None,
) -> Journey:
    """Return the journey of one patient.

    Args:
        record: clinical tables of the patient, drugs by canonical name.
        alk_tkis: canonical names of the ALK inhibitors.
        max_gap_days: rows of one course lie apart by no more days.
        repeat_days: a PD within these days of the first, and not after the start of the next treatment, is
            the same progression.
        cutoff: what happened later is not used.
    """
    observed = cut_off(record, cutoff) if cutoff else record
    context = clinical_context(observed, alk_tkis=alk_tkis, max_gap_days=max_gap_days)
    first = next((row for row in observed.treatments if LORLATINIB in row.drugs), None)
    following = None
    if context.progression:
        following = _sequential(
            observed, context.lorlatinib_last_dose, context.progression, alk_tkis, max_gap_days
        )
    follow_up = observed.follow_up
    return Journey(
        patient=observed.patient,
        record=observed,
        start=context.lorlatinib_start,
        stop=context.lorlatinib_last_dose,
        stop_reason=context.lorlatinib_stop_reason,
        first_line=first is not None and first.line == 1,
        prior_alk_tki=context.prior_alk_tki,
        progression=context.progression,
        following=following,
        progression_again=_second_progression(observed, context.progression, following, repeat_days),
        death=follow_up.death if follow_up else None,
        last_alive=last_alive(observed),
        cut=cutoff is not None and last_alive(observed) == cutoff,
        context=context,
    )


def _sequential(
    record: PatientRecord,
    stop: dt.date | None,
    progression: dt.date,
    alk_tkis: Collection[str],
    max_gap_days: int,
) -> SequentialTreatment | None:
    """Rows of the first line with another drug that began at progression or later."""
    others = [row for row in record.treatments if set(row.drugs) - {LORLATINIB} and row.start >= progression]
    rows: list[TreatmentRow] = []
    gap = dt.timedelta(days=max_gap_days)
    for row in others:
        ends = [given.end for given in rows if given.end is not None]
        ongoing = len(ends) < len(rows)
        if rows and (row.line != rows[0].line or (not ongoing and row.start > max(ends) + gap)):
            break
        rows.append(row)
    if not rows:
        return None
    last = max(rows, key=lambda row: (row.end is None, row.end or row.start))
    drugs = tuple(dict.fromkeys(drug for row in rows for drug in row.drugs))
    continued = stop is None or stop > rows[0].start + gap
    return SequentialTreatment(
        start=rows[0].start,
        end=last.end,
        reason=last.reason,
        drugs=drugs,
        regimen=rows[0].regimen or "+".join(rows[0].drugs),
        kind=regimen_kind(drugs, alk_tkis, continued=continued),
    )


def regimen_kind(drugs: Collection[str], alk_tkis: Collection[str], *, continued: bool) -> RegimenKind:
    """Return the kind of a treatment.

    Args:
        drugs: canonical names.
        alk_tkis: canonical names of the ALK inhibitors.
        continued: does lorlatinib go on beside it.
    """
    if continued or LORLATINIB in drugs:
        return RegimenKind.LORLATINIB_COMBINATION
    inhibitors = [drug for drug in drugs if drug in alk_tkis]
    if not inhibitors:
        return RegimenKind.NO_ALK_TKI
    return RegimenKind.ALK_TKI if len(inhibitors) == len(drugs) else RegimenKind.ALK_TKI_COMBINATION


def _second_progression(
    record: PatientRecord, first: dt.date | None, following: SequentialTreatment | None, repeat_days: int
) -> dt.date | None:
    if first is None:
        return None
    limit = first + dt.timedelta(days=repeat_days)
    for row in record.assessments:
        if row.response is not BestResponse.PD or row.date <= first:
            continue
        if row.date > limit or (following and row.date > following.start):
            return row.date
    return None
