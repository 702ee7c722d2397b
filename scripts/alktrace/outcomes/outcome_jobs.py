"""The jobs of the cohort: clinical tables to endpoints, and with the classification to associations."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..classify.resistance_table import ClassificationRow, ResistanceRow
from ..evidence.evidence_table import EvidenceRow
from ..inputs.cells import table_path
from ..inputs.knowledge_files import KnowledgeFiles
from ..inputs.settings.cohort_settings import CohortSettings
from ..inputs.settings.resistance_settings import ResistanceSettings
from ..io.tables import read_table, write_table
from ..knowledge.load import load_knowledge
from ..vocabulary.outcomes import ALL
from ..vocabulary.samples import Setting
from .absence import silences_of
from .accounts import Key, Sampled, read_accounts, sampled
from .analysis_plan import AnalysisPlan, read_plan
from .association_table import AssociationRow
from .baseline import baseline_rows, missing_rows
from .beyond import beyond_rows
from .centres import centres_of, effect_rows, share_rows
from .checklist import checklist_rows
from .clearance import clearance_comparisons, clearance_rows
from .clinical_tables import read_clinical
from .comparisons import (
    benefit,
    compare_all,
    component_groupings,
    mechanism_groupings,
    regimen_grouping,
)
from .concordance import agreement_rows, concordance_rows, read_materials
from .courses import flow_rows, oncoprint_rows, swimmer_rows
from .curves import group_curves, overall_curves
from .deviations import Ran, deviations, plan_rows
from .dose_intensity import intensity_rows
from .endpoint_figures import analyse, enrolled_at_progression, figure, rates
from .endpoint_table import EndpointRow
from .endpoints import ENDPOINTS, STATE_MODELS, patient_rows
from .estimands import estimand_rows
from .finer_groups import detail_comparisons, detail_rows
from .follow_up import follow_up_rows
from .frequencies import expected_rows, frequency_rows, paired_rows, primary_against_acquired
from .frequency_table import ExpectedFrequencyRow
from .linkage import linkage_rows
from .mechanism_treatment import mechanism_treatment_rows
from .mechanisms import Finding, findings, with_timing
from .outcome_files import Tables, measured_tables, related_tables
from .planned_comparisons import Patients, adjusted_comparisons, declared, named
from .prediction import predictor_rows
from .predictors import cases_of
from .progression_sites import site_rows, way_rows
from .response import response_rates, response_rows
from .safety import dose_rows, safety_rows
from .safety_rates import safety_rate_rows
from .state_estimates import fit_states, state_rows, state_time_rows
from .states import paths_of
from .timeline import Timeline, timeline_of
from .treatment_lines import line_patients, line_rows, sequence_rows


@dataclass(frozen=True)
class Clinic:
    """Where the clinical data are and how they are read.

    Attributes:
        folder: clinical tables.
        knowledge: the knowledge tables; gives drug names and expected frequencies.
        days_after_last_dose: so long after the last dose a progression still belongs to a treatment.
        exclude: patients left out.
    """

    folder: Path
    knowledge: KnowledgeFiles
    days_after_last_dose: int
    exclude: Collection[str]


@dataclass(frozen=True)
class PlanFiles:
    """The analysis plan, and `endpoints.tsv` as `measure_outcomes` wrote it, which is held against it."""

    file: Path
    endpoints: Path


def clinic_of(
    tables: Sequence[str | Path], knowledge: KnowledgeFiles, *, settings: Mapping[str, Any]
) -> Clinic:
    """Return the clinical data of a job.

    Args:
        tables: the clinical tables, all in one folder.
        knowledge: the knowledge tables.
        settings: plain values of the sections `cohort`, `resistance` and `exclude`. A progression on
            lorlatinib is the same in the classification and here: both use
            `resistance.window.days_after_last_dose`.
    """
    return Clinic(
        folder=Path(tables[0]).parent,
        knowledge=knowledge,
        days_after_last_dose=settings["resistance"]["window"]["days_after_last_dose"],
        exclude=frozenset(settings["exclude"]),
    )


def measure_outcomes(*, clinic: Clinic, settings: CohortSettings, out: Path) -> None:
    """Write the `measured_tables`: everything that clinical tables alone say.

    Args:
        clinic: clinical data.
        settings: section `cohort`.
        out: folder of the tables.

    Raises:
        InputProblems: problems of the clinical tables.
    """
    timelines = load_timelines(clinic, settings)
    patients = patient_rows(timelines)
    late = enrolled_at_progression(timelines)
    paths = [row for model in STATE_MODELS for row in paths_of(model, timelines)]
    fitted = [fit_states(model, paths, settings) for model in STATE_MODELS]
    analysed = list(analyse(patients, settings, enrolled_late=late, paths=paths))
    regimen = regimen_grouping(timelines)
    steps, numbers = overall_curves(analysed, settings)
    more_steps, more_numbers = group_curves(patients, [regimen], settings)
    responses = response_rows(timelines, settings, days_after_last_dose=clinic.days_after_last_dose)
    lines = line_patients(timelines, days_after_last_dose=clinic.days_after_last_dose)
    recorded = _given(clinic, "adverse_events")
    rows: dict[str, Sequence[Any]] = {
        "endpoints.tsv": [figure(item, settings) for item in analysed],
        "endpoint_rates.tsv": [row for item in analysed for row in rates(item, settings)],
        "endpoint_patients.tsv": patients,
        "estimands.tsv": estimand_rows(),
        "state_paths.tsv": paths,
        "state_probabilities.tsv": [row for model in fitted for row in state_rows(model, settings)],
        "state_times.tsv": [row for model in fitted for row in state_time_rows(model, settings)],
        "km_at_risk.tsv": [*numbers, *more_numbers],
        "beyond_progression.tsv": beyond_rows(timelines, patients, settings),
        "line_patients.tsv": lines,
        "lines.tsv": line_rows(lines, settings),
        "line_sequences.tsv": sequence_rows(lines, settings),
        "responses.tsv": response_rates(responses, settings, {regimen.factor: regimen.group_of}),
        "response_patients.tsv": responses,
        "follow_up_times.tsv": follow_up_rows(patients, settings),
        # Without its table nothing is known; a share of zero would be a statement.
        "safety.tsv": safety_rows(timelines, settings) if recorded else [],
        "safety_rates.tsv": safety_rate_rows(timelines, settings) if recorded else [],
        "dose_adjustments.tsv": dose_rows(timelines, settings) if _given(clinic, "dose_changes") else [],
        "dose_intensity.tsv": intensity_rows(timelines, settings),
        "swimmer.tsv": swimmer_rows(timelines),
        "reporting_checklist.tsv": checklist_rows(),
    }
    for endpoint in ENDPOINTS.values():
        own = [row for row in (*steps, *more_steps) if row.endpoint == endpoint.name]
        rows[endpoint.curve_file] = own
    _write(out, measured_tables(), rows)


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
    plan: PlanFiles | None = None,
) -> None:
    """Write the `related_tables`: mechanisms, and what they mean for what came next.

    Args:
        clinic: clinical data.
        classification: classification.tsv of the cohort.
        resistance: resistance.tsv of the cohort; without it mechanisms are known by component only.
        evidence: evidence.tsv of the patients, for plasma against tissue; may be empty.
        details: resistance.json of the timepoints, for what each specimen could have shown; may be empty.
        settings: section `cohort`.
        timing: section `resistance`: what counts as excluded, as early, and as primary or acquired.
        out: folder of the tables.
        plan: the analysis plan; None without one.

    Raises:
        InputProblems: problems of the clinical tables or of the plan.
    """
    timelines = load_timelines(clinic, settings)
    classified = read_table(classification, ClassificationRow)
    mechanisms = read_table(resistance, ResistanceRow) if resistance else []
    # Excluded patients have a class too, and would be counted among the findings.
    own = [row for row in classified if row.patient not in clinic.exclude]
    accounts = read_accounts(details, sampled)
    too_late = _after_cutoff(clinic, settings, accounts)
    own = [row for row in own if (row.patient, row.timepoint) not in too_late]
    known = load_knowledge(clinic.knowledge)
    silences = silences_of(own, details, known.core_loci, timing.negative)
    before = findings(own, mechanisms, timelines, Setting.BASELINE, silences)
    after = findings(own, mechanisms, timelines, Setting.PROGRESSION, silences)
    patients = patient_rows(timelines)
    responses = response_rows(timelines, settings, days_after_last_dose=clinic.days_after_last_dose)
    regimen, families = regimen_grouping(timelines), component_groupings(after)
    groupings = [*families, *mechanism_groupings(after, settings)]
    by_component = {grouping.factor: grouping.group_of for grouping in groupings}
    by_group = [row for row in response_rates(responses, settings, by_component) if row.grouping != ALL]
    observed = [
        row
        for path in evidence
        for row in read_table(path, EvidenceRow)
        if (row.patient, row.timepoint) not in too_late
    ]
    compared = [
        row
        for row in concordance_rows(observed, mechanisms, read_materials(details))
        if row.patient not in clinic.exclude and (row.patient, row.timepoint) not in too_late
    ]
    measured = {key: item for key, item in accounts.items() if key not in too_late}
    cases = cases_of(timelines, before, after, measured, observed)
    associations = [
        *_timings(timelines, after, settings, timing),
        *compare_all(patients, [regimen, *groupings], settings),
        *benefit(patients, regimen, families, settings),
        *predictor_rows(patients, cases, settings, timing),
        *clearance_comparisons(cases, patients, settings),
        *detail_comparisons(after, timelines, patients, known.drugs, settings),
    ]
    series = clinic.knowledge.bare_rows("expected_frequencies", ExpectedFrequencyRow)
    steps, numbers = group_curves(patients, groupings, settings)
    rows: dict[str, Sequence[Any]] = {
        "baseline.tsv": baseline_rows(cases),
        "missing_data.tsv": missing_rows(cases),
        "frequencies.tsv": [
            *frequency_rows(before.values(), Setting.BASELINE, settings),
            *frequency_rows(after.values(), Setting.PROGRESSION, settings),
        ],
        "expected.tsv": expected_rows(after.values(), series, settings),
        **_as_planned(
            read_plan(plan.file) if plan else None,
            Patients(patients, cases, regimen),
            associations,
            read_table(plan.endpoints, EndpointRow) if plan else [],
            settings,
        ),
        "mechanism_treatment.tsv": mechanism_treatment_rows(after, responses, patients, settings),
        "treatment_detail.tsv": detail_rows(after, timelines, responses, patients, known.drugs, settings),
        "progression_sites.tsv": site_rows(timelines, after, settings),
        "progression_ways.tsv": way_rows(timelines, after, patients, settings),
        "ctdna_clearance.tsv": clearance_rows(cases, patients, settings),
        "mechanism_responses.tsv": by_group,
        "baseline_progression.tsv": paired_rows(before, after),
        "concordance.tsv": compared,
        "agreement.tsv": agreement_rows(compared, settings),
        "oncoprint.tsv": oncoprint_rows(after.values()),
        "flow.tsv": flow_rows(after, timelines, responses),
        "linkage.tsv": linkage_rows(classified, timelines, clinic.exclude),
        "centre_effects.tsv": effect_rows(patients, [regimen, *groupings], settings),
        "centre_shares.tsv": share_rows(after, centres_of(timelines), settings),
        "km_mechanism.tsv": steps,
        "km_mechanism_at_risk.tsv": numbers,
    }
    _write(out, related_tables(), rows)


def load_timelines(clinic: Clinic, settings: CohortSettings) -> list[Timeline]:
    """Read the clinical tables and return the timelines of all patients that are not excluded.

    Raises:
        InputProblems: problems of the clinical tables.
    """
    knowledge = load_knowledge(clinic.knowledge)
    clinical = read_clinical(clinic.folder, knowledge=knowledge, today=dt.date.today())
    # Today only bounds typing errors; nothing is counted up to it, so results do not change by the day.
    return [
        timeline_of(
            record,
            alk_tkis=clinical.drugs.alk_tkis,
            days_after_last_dose=clinic.days_after_last_dose,
            treatment_gap_days=settings.treatment_gap_days,
            repeat_days=settings.repeat_progression_days,
            cutoff=settings.data_cutoff,
        )
        for name, record in clinical.records.items()
        if name not in clinic.exclude
    ]


def _after_cutoff(clinic: Clinic, settings: CohortSettings, accounts: Mapping[Key, Sampled]) -> set[Key]:
    """Return the timepoints that nobody knew of on the day of the data cut-off."""
    if settings.data_cutoff is None:
        return set()
    known = load_knowledge(clinic.knowledge)
    records = read_clinical(clinic.folder, knowledge=known, today=dt.date.today()).records.values()
    days = {key: item.collected for key, item in accounts.items() if item.collected}
    # A sample taken before the cut-off and reported after it was not known either.
    days |= {(row.patient, row.timepoint): row.reported for record in records for row in record.reports}
    return {key for key, day in days.items() if day > settings.data_cutoff}


def _as_planned(
    plan: AnalysisPlan | None,
    patients: Patients,
    associations: Sequence[AssociationRow],
    endpoints: Sequence[EndpointRow],
    settings: CohortSettings,
) -> dict[str, Sequence[Any]]:
    """Return the tables of comparisons, with what the plan declares and how far it was followed."""
    found = adjusted_comparisons(plan, patients, settings)
    adjusted = [item.row for item in found]
    balances = [row for item in found for row in item.balances]
    named_rows = named(plan, associations)
    planned = declared(plan, patients, adjusted, named_rows, settings) if plan else []
    ran = Ran(endpoints, planned, named_rows, adjusted, balances)
    return {
        "associations.tsv": named_rows,
        "adjusted_comparisons.tsv": adjusted,
        "balance.tsv": balances,
        "propensities.tsv": [row for item in found for row in item.propensities],
        "analysis_plan.tsv": plan_rows(plan) if plan else [],
        "planned_comparisons.tsv": planned,
        "plan_deviations.tsv": deviations(plan, settings, ran) if plan else [],
    }


def _given(clinic: Clinic, table: str) -> bool:
    return table_path(clinic.folder, table).is_file()


def _write(out: Path, tables: Tables, rows: Mapping[str, Sequence[Any]]) -> None:
    for name, row_type in tables.items():
        write_table(out / name, row_type, rows[name])


def _timings(
    timelines: Sequence[Timeline],
    after: Mapping[str, Finding],
    settings: CohortSettings,
    timing: ResistanceSettings,
) -> list[AssociationRow]:
    # Primary and acquired depend on a threshold in months: the answer must not hang on one choice.
    rows = primary_against_acquired(after.values(), settings)
    for months in settings.timing_months:
        judged = with_timing(after.values(), timelines, timing, months)
        rows += primary_against_acquired(judged, settings, months=months)
    return rows
