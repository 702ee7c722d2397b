"""The outcome tables and their rows, without the libraries that compute them: the rules read their names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..io.tables import read_table
from .adjusted_table import AdjustedRow, BalanceRow, PropensityRow
from .association_table import AssociationRow
from .baseline_table import BaselineRow, MissingRow
from .beyond_table import BeyondRow
from .centre_table import CentreEffectRow, CentreShareRow
from .checklist_table import ChecklistRow
from .clearance_table import ClearanceRow
from .concordance_table import AgreementRow, ConcordanceRow
from .course_table import FlowRow, OncoprintRow, SwimmerRow
from .curve_table import AtRiskRow, KaplanMeierRow
from .endpoint_table import EndpointPatientRow, EndpointRateRow, EndpointRow
from .endpoints import ENDPOINTS
from .estimand_table import EstimandRow
from .follow_up_table import FollowUpTimeRow
from .frequency_table import ExpectedRow, FrequencyRow, PairedRow
from .line_table import LinePatientRow, LineRow, SequenceRow
from .linkage_table import LinkageRow
from .mechanism_treatment_table import MechanismTreatmentRow, TreatmentDetailRow
from .plan_table import DeviationRow, PlannedRow, PlanRow
from .progression_table import SiteRow, WayRow
from .response_table import ResponsePatientRow, ResponseRow
from .safety_table import DoseRow, IntensityRow, SafetyRateRow, SafetyRow
from .state_table import PathRow, StateRow, StateTimeRow

Tables = Mapping[str, type[Any]]


def measured_tables() -> Tables:
    """Return the tables of what clinical tables alone say."""
    return {
        "endpoints.tsv": EndpointRow,
        "endpoint_rates.tsv": EndpointRateRow,
        "endpoint_patients.tsv": EndpointPatientRow,
        "estimands.tsv": EstimandRow,
        # A call, not a constant: endpoints may be registered after this module was imported.
        **{endpoint.curve_file: KaplanMeierRow for endpoint in ENDPOINTS.values()},
        "km_at_risk.tsv": AtRiskRow,
        "state_paths.tsv": PathRow,
        "state_probabilities.tsv": StateRow,
        "state_times.tsv": StateTimeRow,
        "beyond_progression.tsv": BeyondRow,
        "line_patients.tsv": LinePatientRow,
        "lines.tsv": LineRow,
        "line_sequences.tsv": SequenceRow,
        "responses.tsv": ResponseRow,
        "response_patients.tsv": ResponsePatientRow,
        "follow_up_times.tsv": FollowUpTimeRow,
        "safety.tsv": SafetyRow,
        "safety_rates.tsv": SafetyRateRow,
        "dose_adjustments.tsv": DoseRow,
        "dose_intensity.tsv": IntensityRow,
        "swimmer.tsv": SwimmerRow,
        "reporting_checklist.tsv": ChecklistRow,
    }


def related_tables() -> Tables:
    """Return the tables of what mechanisms have to do with it."""
    return {
        "baseline.tsv": BaselineRow,
        "missing_data.tsv": MissingRow,
        "frequencies.tsv": FrequencyRow,
        "expected.tsv": ExpectedRow,
        "associations.tsv": AssociationRow,
        "adjusted_comparisons.tsv": AdjustedRow,
        "balance.tsv": BalanceRow,
        "propensities.tsv": PropensityRow,
        "analysis_plan.tsv": PlanRow,
        "planned_comparisons.tsv": PlannedRow,
        "plan_deviations.tsv": DeviationRow,
        "mechanism_treatment.tsv": MechanismTreatmentRow,
        "treatment_detail.tsv": TreatmentDetailRow,
        "progression_sites.tsv": SiteRow,
        "progression_ways.tsv": WayRow,
        "ctdna_clearance.tsv": ClearanceRow,
        "mechanism_responses.tsv": ResponseRow,
        "baseline_progression.tsv": PairedRow,
        "concordance.tsv": ConcordanceRow,
        "agreement.tsv": AgreementRow,
        "oncoprint.tsv": OncoprintRow,
        "flow.tsv": FlowRow,
        "linkage.tsv": LinkageRow,
        "centre_effects.tsv": CentreEffectRow,
        "centre_shares.tsv": CentreShareRow,
        "km_mechanism.tsv": KaplanMeierRow,
        "km_mechanism_at_risk.tsv": AtRiskRow,
    }


def outcome_tables() -> Tables:
    """Return all of them."""
    return {**measured_tables(), **related_tables()}


def read_outcomes(folder: Path) -> dict[str, list[Any]]:
    """Return the rows of all of them by file name."""
    return {name: read_table(folder / name, row_type) for name, row_type in outcome_tables().items()}
