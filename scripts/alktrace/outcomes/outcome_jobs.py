"""The jobs of the cohort: clinical tables to endpoints, and with the classification to associations."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..evidence.evidence_table import EvidenceRow
from ..inputs.settings import CohortSettings, ResistanceSettings
from ..io.tables import read_table, write_table
from ..knowledge.load import load_knowledge
from ..vocabulary.samples import Setting
from . import outcome_rows as r
from .clinical_tables import read_clinical
from .comparisons import (
    Comparison,
    Grouping,
    baseline_predictors,
    benefit,
    compare_all,
    component_groupings,
    prepare,
    regimen_grouping,
)
from .concordance import agreement_rows, concordance_rows, read_materials
from .curves import group_curves, overall_curves
from .endpoint_figures import enrolled_at_progression, summarise
from .endpoints import patient_rows
from .frequencies import expected_rows, frequency_rows, paired_rows, primary_against_acquired
from .linkage import linkage_rows
from .mechanism_treatment import mechanism_treatment_rows
from .mechanisms import Finding, findings, with_timing
from .patient_rows import flow_rows, oncoprint_rows, swimmer_rows
from .response import response_rates, response_rows
from .safety import dose_rows, safety_rows
from .timeline import Journey, travel


@dataclass(frozen=True)
class Clinic:
    """Where the clinical data are and how they are read.

    Attributes:
        folder: clinical tables.
        knowledge: folder of the knowledge tables; gives drug names and expected frequencies.
        max_gap_days: rows of one treatment course lie apart by no more days.
        exclude: patients left out.
    """

    folder: Path
    knowledge: Path
    max_gap_days: int
    exclude: Collection[str]


def clinic_of(
    tables: Sequence[str | Path], knowledge: Sequence[str | Path], *, settings: Mapping[str, Any]
) -> Clinic:
    """Return the clinical data of a job.

    Args:
        tables: the clinical tables, all in one folder.
        knowledge: the knowledge tables, all in one folder.
        settings: plain values of the sections `cohort`, `resistance` and `exclude`. A course of treatment is
            the same in the classification and here: both use `resistance.window.days_after_last_dose`.
    """
    return Clinic(
        folder=Path(tables[0]).parent,
        knowledge=Path(knowledge[0]).parent,
        max_gap_days=settings["resistance"]["window"]["days_after_last_dose"],
        exclude=frozenset(settings["exclude"]),
    )


def measure_outcomes(*, clinic: Clinic, settings: CohortSettings, out: Path) -> None:
    """Write the tables `outcome_files.MEASURED`: everything that clinical tables alone say.

    Args:
        clinic: clinical data.
        settings: section `cohort`.
        out: folder of the tables.

    Raises:
        InputProblems: problems of the clinical tables.
    """
    journeys = load_journeys(clinic, settings)
    patients = patient_rows(journeys)
    late = enrolled_at_progression(journeys)
    figures, rates = summarise(patients, settings, enrolled_late=late)
    write_table(out / "endpoints.tsv", r.EndpointRow, figures)
    write_table(out / "endpoint_rates.tsv", r.EndpointRateRow, rates)
    write_table(out / "endpoint_patients.tsv", r.EndpointPatientRow, patients)
    regimen = regimen_grouping(journeys)
    steps, numbers = overall_curves(patients, settings, enrolled_late=late)
    of_groups = group_curves(_compared([regimen], patients, journeys), settings)
    for endpoint in r.Endpoint:
        own = [row for row in (*steps, *of_groups[0]) if row.endpoint is endpoint]
        write_table(out / f"km_{endpoint.value}.tsv", r.KaplanMeierRow, own)
    write_table(out / "km_at_risk.tsv", r.AtRiskRow, [*numbers, *of_groups[1]])
    responses = response_rows(journeys, settings, max_gap_days=clinic.max_gap_days)
    rates_of = response_rates(responses, settings, {regimen.factor: regimen.group_of})
    write_table(out / "responses.tsv", r.ResponseRow, rates_of)
    write_table(out / "response_patients.tsv", r.ResponsePatientRow, responses)
    # Without its table nothing is known; a share of zero would be a statement.
    safety = safety_rows(journeys, settings) if _given(clinic, "adverse_events") else []
    doses = dose_rows(journeys, settings) if _given(clinic, "dose_changes") else []
    write_table(out / "safety.tsv", r.SafetyRow, safety)
    write_table(out / "dose_adjustments.tsv", r.DoseRow, doses)
    write_table(out / "swimmer.tsv", r.SwimmerRow, swimmer_rows(journeys))


def relate_outcomes(
    *,
    clinic: Clinic,
    classification: Path,
    resistance: Path | None,
    evidence: Sequence[Path],
    details: Sequence[Path],
    settings: CohortSettings,
    timing: ResistanceSettings,
    out: Path,
) -> None:
    """Write the tables `outcome_files.RELATED`: mechanisms, and what they mean for what came next.

    Args:
        clinic: clinical data.
        classification: classification.tsv of the cohort.
        resistance: resistance.tsv of the cohort; without it mechanisms are known by component only.
        evidence: evidence.tsv of the patients, for plasma against tissue; may be empty.
        details: resistance.json of the timepoints, for what each specimen could have shown; may be empty.
        settings: section `cohort`.
        timing: section `resistance`, to tell primary and acquired apart at other numbers of months.
        out: folder of the tables.

    Raises:
        InputProblems: problems of the clinical tables.
    """
    journeys = load_journeys(clinic, settings)
    classified = read_table(classification, ClassificationRow)
    mechanisms = read_table(resistance, ResistanceRow) if resistance else []
    before, after = _findings(clinic, journeys, classified, mechanisms)
    patients = patient_rows(journeys)
    responses = response_rows(journeys, settings, max_gap_days=clinic.max_gap_days)
    _write_mechanisms(clinic, before, after, settings, out)
    associations = [
        *_timings(journeys, after, settings, timing),
        *_associations(journeys, patients, after, settings),
    ]
    write_table(out / "associations.tsv", r.AssociationRow, associations)
    rows = mechanism_treatment_rows(after, responses, patients, settings)
    write_table(out / "mechanism_treatment.tsv", r.MechanismTreatmentRow, rows)
    groupings = component_groupings(after)
    by_component = {grouping.factor: grouping.group_of for grouping in groupings}
    rates = [row for row in response_rates(responses, settings, by_component) if row.grouping != "all"]
    write_table(out / "mechanism_responses.tsv", r.ResponseRow, rates)
    observed = [row for path in evidence for row in read_table(path, EvidenceRow)]
    compared = [
        row
        for row in concordance_rows(observed, mechanisms, read_materials(details))
        if row.patient not in clinic.exclude
    ]
    write_table(out / "concordance.tsv", r.ConcordanceRow, compared)
    write_table(out / "agreement.tsv", r.AgreementRow, agreement_rows(compared, settings))
    write_table(out / "linkage.tsv", r.LinkageRow, linkage_rows(classified, journeys, clinic.exclude))
    write_table(out / "oncoprint.tsv", r.OncoprintRow, oncoprint_rows(after.values()))
    write_table(out / "flow.tsv", r.FlowRow, flow_rows(after, journeys, responses))
    steps, numbers = group_curves(_compared(groupings, patients, journeys), settings)
    write_table(out / "km_mechanism.tsv", r.KaplanMeierRow, steps)
    write_table(out / "km_mechanism_at_risk.tsv", r.AtRiskRow, numbers)


def load_journeys(clinic: Clinic, settings: CohortSettings) -> list[Journey]:
    """Read the clinical tables and return the journeys of all patients that are not excluded.

    Raises:
        InputProblems: problems of the clinical tables.
    """
    knowledge = load_knowledge(clinic.knowledge)
    clinical = read_clinical(clinic.folder, knowledge=knowledge, today=dt.date.today())
    return [
        travel(
            record,
            alk_tkis=clinical.drugs.alk_tkis,
            max_gap_days=clinic.max_gap_days,
            repeat_days=settings.repeat_progression_days,
            cutoff=settings.data_cutoff,
        )
        for name, record in clinical.records.items()
        if name not in clinic.exclude
    ]


def _given(clinic: Clinic, table: str) -> bool:
    return (clinic.folder / f"{table}.tsv").is_file()


def _findings(
    clinic: Clinic,
    journeys: Sequence[Journey],
    classified: Sequence[ClassificationRow],
    mechanisms: Sequence[ResistanceRow],
) -> tuple[dict[str, Finding], dict[str, Finding]]:
    own = [row for row in classified if row.patient not in clinic.exclude]
    before = findings(own, mechanisms, journeys, Setting.BASELINE)
    return before, findings(own, mechanisms, journeys, Setting.PROGRESSION)


def _write_mechanisms(
    clinic: Clinic,
    before: Mapping[str, Finding],
    after: Mapping[str, Finding],
    settings: CohortSettings,
    out: Path,
) -> None:
    frequencies = [
        *frequency_rows(before.values(), Setting.BASELINE, settings),
        *frequency_rows(after.values(), Setting.PROGRESSION, settings),
    ]
    write_table(out / "frequencies.tsv", r.FrequencyRow, frequencies)
    series = read_table(clinic.knowledge / "expected_frequencies.tsv", r.ExpectedFrequencyRow)
    write_table(out / "expected.tsv", r.ExpectedRow, expected_rows(after.values(), series, settings))
    write_table(out / "baseline_progression.tsv", r.PairedRow, paired_rows(before, after))


def _associations(
    journeys: Sequence[Journey],
    patients: Sequence[r.EndpointPatientRow],
    after: Mapping[str, Finding],
    settings: CohortSettings,
) -> list[r.AssociationRow]:
    regimen, groupings = regimen_grouping(journeys), component_groupings(after)
    starts = _starts(journeys)
    by_patient = {journey.patient.patient: journey.patient for journey in journeys}
    return [
        *compare_all(patients, [regimen], starts, settings),
        *compare_all(patients, groupings, starts, settings),
        *benefit(patients, regimen, groupings, settings),
        *baseline_predictors(patients, by_patient, settings),
    ]


def _timings(
    journeys: Sequence[Journey],
    after: Mapping[str, Finding],
    settings: CohortSettings,
    timing: ResistanceSettings,
) -> list[r.AssociationRow]:
    rows = primary_against_acquired(after.values(), settings)
    for months in settings.timing_months:
        judged = with_timing(after.values(), journeys, timing, months)
        rows += primary_against_acquired(judged, settings, months=months)
    return rows


def _starts(journeys: Sequence[Journey]) -> dict[str, dt.date]:
    return {j.patient.patient: j.following.start for j in journeys if j.following}


def _compared(
    groupings: Sequence[Grouping], patients: Sequence[r.EndpointPatientRow], journeys: Sequence[Journey]
) -> list[tuple[Grouping, Comparison]]:
    starts = _starts(journeys)
    return [
        (grouping, comparison) for grouping in groupings for comparison in prepare(patients, grouping, starts)
    ]
