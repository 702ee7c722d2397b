"""From a patient's clinical tables to the dates and responses that the classification needs."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from pathlib import Path

from ..evidence.schema import ClinicalContext, DrugCourse, HistologyFinding
from ..vocabulary.clinical import BestResponse, StopReason
from .clinical_schema import AssessmentRow, PatientRecord, TreatmentRow
from .clinical_tables import read_clinical
from .cutoff import cut_off
from .drug_names import LORLATINIB, DrugKnowledge
from .regimens import begun, last_row, regimens

RANKED = (BestResponse.CR, BestResponse.PR, BestResponse.SD, BestResponse.PD, BestResponse.NE)


def load_context(
    folder: Path | None,
    patient: str,
    *,
    knowledge: DrugKnowledge,
    data_cutoff: date | None,
    days_after_last_dose: int,
    treatment_gap_days: int,
) -> ClinicalContext | None:
    """Return the context of one patient from the clinical tables; None without tables or without the patient.

    Args:
        folder: with the clinical tables, None without.
        patient: id.
        knowledge: drugs by name.
        data_cutoff: what is later is not used; None: all is.
        days_after_last_dose: as in `clinical_context`.
        treatment_gap_days: as in `clinical_context`.

    Raises:
        InputProblems: problems of the tables.
    """
    if folder is None:
        return None
    clinical = read_clinical(folder, knowledge=knowledge, today=date.today())
    record = clinical.records.get(patient)
    if record is None:
        return None
    if data_cutoff:
        record = cut_off(record, data_cutoff)
    return clinical_context(
        record,
        alk_tkis=clinical.drugs.alk_tkis,
        days_after_last_dose=days_after_last_dose,
        treatment_gap_days=treatment_gap_days,
    )


def clinical_context(
    record: PatientRecord, *, alk_tkis: Collection[str], days_after_last_dose: int, treatment_gap_days: int
) -> ClinicalContext:
    """Return what the classification needs of one patient.

    Args:
        record: the patient's clinical tables, drugs by canonical name.
        alk_tkis: canonical names of the ALK inhibitors.
        days_after_last_dose: so long after the last dose a progression still counts as one on lorlatinib
            (Jackman 2010, PMID 19949011, asks for progression within 30 days of continuous treatment).
        treatment_gap_days: a pause no longer than this, without another treatment in it, is no end.

    Returns:
        The context; without lorlatinib in the tables only enrolment, fusion and pathology are filled.
    """
    course = _course(record.treatments, days_after_last_dose, treatment_gap_days)
    histology = tuple(
        HistologyFinding(
            date=row.date,
            histology=row.histology,
            specimen=row.specimen,
            neuroendocrine_ihc=row.neuroendocrine_ihc,
        )
        for row in record.pathology
    )
    known = {
        "enrolled": record.patient.enrolled,
        "known_fusion": record.patient.alk_fusion,
        "histology": histology,
        "courses": tuple(
            DrugCourse(drug=drug, start=row.start, end=row.end)
            for row in record.treatments
            for drug in row.drugs
        ),
    }
    if not course:
        return ClinicalContext.model_validate(known)
    start, last_dose = course[0].start, course[-1].end
    given = regimens(record.treatments, start, treatment_gap_days)
    following = _following(given, start)
    progression = _progression(record, course, given, days_after_last_dose)
    # Not after progression: a response to the next treatment is none to lorlatinib.
    responses = [
        row for row in record.assessments if row.date > start and (not progression or row.date <= progression)
    ]
    return ClinicalContext.model_validate(
        known
        | {
            "lorlatinib_start": start,
            "lorlatinib_last_dose": last_dose,
            "lorlatinib_stop_reason": course[-1].reason,
            "progression": progression,
            "best_response": _best(responses),
            "first_cr_pr": _first_cr_pr(responses),
            "next_systemic_start": following.start if following else None,
            "next_systemic_regimen": _regimen(following) if following else None,
            "prior_alk_tki": _prior(record.treatments, start, alk_tkis),
        }
    )


def _course(
    treatments: Collection[TreatmentRow], days_after_last_dose: int, treatment_gap_days: int
) -> list[TreatmentRow]:
    """Rows of the first lorlatinib course; lorlatinib with an added drug continues it."""
    course: list[TreatmentRow] = []
    for row in treatments:
        if LORLATINIB not in row.drugs:
            continue
        if course and not _goes_on(course[-1], row, treatments, days_after_last_dose, treatment_gap_days):
            break
        course.append(row)
    return course


def _goes_on(
    last: TreatmentRow,
    row: TreatmentRow,
    treatments: Collection[TreatmentRow],
    days_after_last_dose: int,
    treatment_gap_days: int,
) -> bool:
    """Whether lorlatinib given again is the same course: a pause is no end, a return to it is another one."""
    if last.end is None or row.line == last.line:
        return True
    replaced = any(
        LORLATINIB not in other.drugs
        and last.start < other.start < row.start
        and (other.end is None or other.end > last.end)
        for other in treatments
    )
    # Beside another drug lorlatinib is soon given again, as a combination; after it, that is a rechallenge.
    longest = days_after_last_dose if replaced else treatment_gap_days
    return row.start <= last.end + timedelta(days=longest)


def _following(given: Collection[Sequence[TreatmentRow]], start: date) -> TreatmentRow | None:
    """First added or replacing systemic drug after lorlatinib start; a dose change is none."""
    first = (rows[0] for one in given if (rows := begun(one, start + timedelta(days=1))))
    return min(first, key=lambda row: row.start, default=None)


def _progression(
    record: PatientRecord,
    course: list[TreatmentRow],
    given: Collection[Sequence[TreatmentRow]],
    days_after_last_dose: int,
) -> date | None:
    """First PD on lorlatinib, or the stop for progression where no assessment says PD."""
    start, end = course[0].start, course[-1].end
    # A PD long after the last dose, or under the next treatment, is no progression on lorlatinib.
    limits = [end + timedelta(days=days_after_last_dose)] if end else []
    following = _following(given, start)
    limits += [following.start] if following else []
    limit = min(limits, default=None)
    for row in record.assessments:
        if row.response is BestResponse.PD and row.date > start and (limit is None or row.date <= limit):
            return row.date
    # Clinical progression without a scan is written as the reason of the stop only.
    stop = next((row.end for row in course if row.reason is StopReason.PROGRESSION and row.end), None)
    if stop is None:
        return None
    # Given on for some days beside its successor, lorlatinib had failed when that began.
    earliest = max(start + timedelta(days=1), stop - timedelta(days=days_after_last_dose))
    successors = (
        rows[0].start
        for one in given
        if (rows := begun(one, earliest)) and ((last := last_row(rows).end) is None or last > stop)
    )
    return min((stop, *successors))


def _best(rows: Collection[AssessmentRow]) -> BestResponse | None:
    return min((row.response for row in rows), key=RANKED.index, default=None)


def _first_cr_pr(rows: Collection[AssessmentRow]) -> date | None:
    return next((row.date for row in rows if row.response in (BestResponse.CR, BestResponse.PR)), None)


def _prior(treatments: Collection[TreatmentRow], start: date, alk_tkis: Collection[str]) -> tuple[str, ...]:
    given = (drug for row in treatments if row.start < start for drug in row.drugs)
    return tuple(dict.fromkeys(drug for drug in given if drug in alk_tkis))


def _regimen(row: TreatmentRow) -> str:
    return row.regimen or "+".join(row.drugs)
