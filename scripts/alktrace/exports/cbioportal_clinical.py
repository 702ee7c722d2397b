"""Patients, samples and timelines as cBioPortal loads them; days since day 0, never dates."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..outcomes.clinical_schema import PatientRecord, Sex
from ..outcomes.cutoff import last_alive
from .cbioportal_names import day, first_day, sample_id, short_id
from .exported import ExportedPatient, confidence_of, fraction_interval

DAYS_PER_MONTH = 365.25 / 12
SEXES = {Sex.FEMALE: "Female", Sex.MALE: "Male"}


class Attribute(NamedTuple):
    """One column of a clinical file: its id, the name shown, what it means, its type."""

    id: str
    name: str
    description: str
    kind: str = "STRING"


PATIENT_ATTRIBUTES = (
    Attribute("PATIENT_ID", "Patient", "Patient id of the sample sheet"),
    Attribute("SEX", "Sex", "Sex"),
    Attribute("AGE", "Age", "Age at diagnosis, years", "NUMBER"),
    Attribute("SMOKING_HISTORY", "Smoking", "never, former or current"),
    Attribute("ECOG", "ECOG", "ECOG performance status at the first dose of lorlatinib", "NUMBER"),
    Attribute("CNS_METASTASES", "CNS metastases", "CNS metastases at the first dose of lorlatinib"),
    Attribute("ALK_FUSION", "ALK fusion", "Fusion known from diagnosis"),
    Attribute("BEST_RESPONSE", "Best response", "Best response to first-line lorlatinib before progression"),
    Attribute("DAYS_TO_PROGRESSION", "Days to progression", "Days to progression on lorlatinib", "NUMBER"),
    Attribute("OS_STATUS", "Overall survival status", "Overall survival status"),
    Attribute("OS_MONTHS", "Overall survival", "Months from the first dose of lorlatinib", "NUMBER"),
)
SAMPLE_ATTRIBUTES = (
    Attribute("SAMPLE_ID", "Sample", "patient.timepoint.specimen"),
    Attribute("PATIENT_ID", "Patient", "Patient id of the sample sheet"),
    Attribute("CANCER_TYPE", "Cancer type", "Cancer type"),
    Attribute("CANCER_TYPE_DETAILED", "Cancer type detailed", "Cancer type in detail"),
    Attribute("TIMEPOINT", "Timepoint", "Timepoint of the sample sheet"),
    Attribute("SETTING", "Setting", "baseline, on_treatment or progression"),
    Attribute("SPECIMEN_TYPE", "Specimen type", "plasma, csf or tissue"),
    Attribute("ASSAY", "Assay", "Assay of the configuration"),
    Attribute("DAY_COLLECTED", "Day collected", "Days from the first dose of lorlatinib", "NUMBER"),
    Attribute("TUMOR_FRACTION", "Tumour fraction", "Share of tumour-derived genomes", "NUMBER"),
    Attribute("TUMOR_FRACTION_LOW", "Tumour fraction, low", "Lower end of its 95 % interval", "NUMBER"),
    Attribute("TUMOR_FRACTION_HIGH", "Tumour fraction, high", "Upper end of its 95 % interval", "NUMBER"),
    Attribute("QC_VERDICT", "QC verdict", "pass, warn or fail"),
    Attribute("CLASSIFICATION", "Classification", "Class of the timepoint"),
    Attribute("MECHANISMS", "Mechanisms", "Mechanisms that carry the class of the timepoint"),
    Attribute("CONFIDENCE", "Confidence", "Confidence of the class"),
    Attribute("TIMING", "Timing", "Primary or acquired resistance"),
)
TIMELINES = {
    "specimen": ("SAMPLE_ID", "SPECIMEN_TYPE", "CLASSIFICATION"),
    "treatment": ("TREATMENT_TYPE", "AGENT", "LINE", "REASON_STOPPED"),
    "status": ("STATUS", "SITE"),
    "pathology": ("HISTOLOGY",),
}
"""Columns of each timeline behind the four that all have."""
TIMELINE_COLUMNS = ("PATIENT_ID", "START_DATE", "STOP_DATE", "EVENT_TYPE")


def head_of(attributes: Sequence[Attribute]) -> list[str]:
    """Return the lines above the header of a clinical file: names, descriptions, types, priorities."""
    lines = [
        [one.name for one in attributes],
        [one.description for one in attributes],
        [one.kind for one in attributes],
        ["1"] * len(attributes),
    ]
    return ["#" + "\t".join(line) for line in lines]


def patient_rows(
    patients: Sequence[ExportedPatient], records: Mapping[str, PatientRecord]
) -> Iterator[Mapping[str, Any]]:
    """Yield one row per patient that has samples; only its id where nothing is known."""
    for patient in patients:
        if not patient.specimens:
            continue
        record, context = records.get(patient.patient), patient.evidence.clinical
        row: dict[str, Any] = {"PATIENT_ID": short_id(patient.patient)}
        if record:
            given = record.patient
            row |= {
                "SEX": SEXES[given.sex] if given.sex else None,
                "AGE": given.age_at_diagnosis,
                "SMOKING_HISTORY": given.smoking,
                "ECOG": given.ecog,
                "CNS_METASTASES": given.cns_metastases,
                "ALK_FUSION": given.alk_fusion,
                **_survival(record, context.lorlatinib_start if context else None),
            }
        if context:
            row |= {
                "BEST_RESPONSE": context.best_response,
                "DAYS_TO_PROGRESSION": day(context.progression, context.lorlatinib_start),
            }
        yield row


def sample_rows(patients: Sequence[ExportedPatient]) -> Iterator[Mapping[str, Any]]:
    """Yield one row per sample of a tumour."""
    for patient in patients:
        for specimen in patient.specimens:
            rows = [row for row in patient.rows if row.timepoint == specimen.timepoint]
            low, high = fraction_interval(specimen)
            carriers = patient.carrying(rows)
            yield {
                "SAMPLE_ID": sample_id(patient, specimen),
                "PATIENT_ID": short_id(patient.patient),
                "CANCER_TYPE": "Non-Small Cell Lung Cancer",
                "CANCER_TYPE_DETAILED": "ALK-positive non-small cell lung cancer",
                "TIMEPOINT": specimen.timepoint,
                "SETTING": specimen.setting,
                "SPECIMEN_TYPE": specimen.specimen_type,
                "ASSAY": specimen.assay,
                "DAY_COLLECTED": day(specimen.collected, first_day(patient)),
                "TUMOR_FRACTION": specimen.tumour_fraction.value,
                "TUMOR_FRACTION_LOW": low,
                "TUMOR_FRACTION_HIGH": high,
                "QC_VERDICT": specimen.verdict,
                "CLASSIFICATION": rows[0].classification if rows else None,
                "MECHANISMS": " + ".join(dict.fromkeys(row.mechanism for row in carriers if row.mechanism)),
                "CONFIDENCE": confidence_of(carriers),
                "TIMING": rows[0].timing if rows else None,
            }


def timeline_rows(
    patients: Sequence[ExportedPatient], records: Mapping[str, PatientRecord]
) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of each timeline by its name; of an empty one none."""
    rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name in TIMELINES}
    for patient in patients:
        if not patient.specimens:
            continue
        first, record = first_day(patient), records.get(patient.patient)
        for name, start, stop, more in [*_samples(patient), *(_events(record) if record else ())]:
            # A date that is not known is no day 0.
            if (begin := day(start, first)) is not None:
                rows[name].append(
                    {
                        "PATIENT_ID": short_id(patient.patient),
                        "START_DATE": begin,
                        "STOP_DATE": day(stop, first),
                        "EVENT_TYPE": name.upper(),
                        **more,
                    }
                )
    return rows


Event = tuple[str, dt.date | None, dt.date | None, dict[str, Any]]


def _samples(patient: ExportedPatient) -> Iterator[Event]:
    for one in patient.specimens:
        told = [row.classification for row in patient.rows if row.timepoint == one.timepoint]
        more = {
            "SAMPLE_ID": sample_id(patient, one),
            "SPECIMEN_TYPE": one.specimen_type,
            "CLASSIFICATION": told[0] if told else None,
        }
        yield "specimen", one.collected, None, more


def _events(record: PatientRecord) -> Iterator[Event]:
    for row in record.treatments:
        for drug in row.drugs:
            more = {
                "TREATMENT_TYPE": "Medical Therapy",
                "AGENT": drug,
                "LINE": row.line,
                "REASON_STOPPED": row.reason,
            }
            yield "treatment", row.start, row.end, more
    for therapy in record.local_therapies:
        more = {"TREATMENT_TYPE": "Local Therapy", "AGENT": f"{therapy.kind} {therapy.site}"}
        yield "treatment", therapy.start, therapy.end, more
    for seen in record.assessments:
        yield "status", seen.date, None, {"STATUS": seen.response, "SITE": seen.site}
    for found in record.pathology:
        yield "pathology", found.date, None, {"HISTOLOGY": found.histology}


def _survival(record: PatientRecord, start: dt.date | None) -> dict[str, Any]:
    end = last_alive(record)
    days = day(end, start)
    if days is None or days < 0:
        return {}
    dead = record.follow_up is not None and record.follow_up.death is not None
    status = "1:DECEASED" if dead else "0:LIVING"
    return {"OS_STATUS": status, "OS_MONTHS": days / DAYS_PER_MONTH}


def listed(patients: Sequence[ExportedPatient], *, copies: bool) -> list[str]:
    """Return the samples of a case list, which may not be empty: all, or those with copy numbers if any."""
    specimens = [(patient, one) for patient in patients for one in patient.specimens]
    with_copies = [(patient, one) for patient, one in specimens if one.copy_number] if copies else []
    return [sample_id(patient, one) for patient, one in with_copies or specimens]
