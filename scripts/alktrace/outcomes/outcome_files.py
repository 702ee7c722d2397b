"""The outcome tables and their rows, without the libraries that compute them: the rules read their names."""

from collections.abc import Mapping
from typing import Any

from ..vocabulary.outcomes import Endpoint
from .association_table import AssociationRow
from .concordance_table import AgreementRow, ConcordanceRow
from .course_table import FlowRow, OncoprintRow, SwimmerRow
from .curve_table import AtRiskRow, KaplanMeierRow
from .endpoint_table import EndpointPatientRow, EndpointRateRow, EndpointRow
from .frequency_table import ExpectedRow, FrequencyRow, PairedRow
from .linkage_table import LinkageRow
from .mechanism_treatment_table import MechanismTreatmentRow
from .response_table import ResponsePatientRow, ResponseRow
from .safety_table import DoseRow, SafetyRow

Tables = Mapping[str, type[Any]]

MEASURED: Tables = {
    "endpoints.tsv": EndpointRow,
    "endpoint_rates.tsv": EndpointRateRow,
    "endpoint_patients.tsv": EndpointPatientRow,
    **{f"km_{endpoint.value}.tsv": KaplanMeierRow for endpoint in Endpoint},
    "km_at_risk.tsv": AtRiskRow,
    "responses.tsv": ResponseRow,
    "response_patients.tsv": ResponsePatientRow,
    "safety.tsv": SafetyRow,
    "dose_adjustments.tsv": DoseRow,
    "swimmer.tsv": SwimmerRow,
}
"""What clinical tables alone say."""

RELATED: Tables = {
    "frequencies.tsv": FrequencyRow,
    "expected.tsv": ExpectedRow,
    "associations.tsv": AssociationRow,
    "mechanism_treatment.tsv": MechanismTreatmentRow,
    "mechanism_responses.tsv": ResponseRow,
    "baseline_progression.tsv": PairedRow,
    "concordance.tsv": ConcordanceRow,
    "agreement.tsv": AgreementRow,
    "oncoprint.tsv": OncoprintRow,
    "flow.tsv": FlowRow,
    "linkage.tsv": LinkageRow,
    "km_mechanism.tsv": KaplanMeierRow,
    "km_mechanism_at_risk.tsv": AtRiskRow,
}
"""What mechanisms have to do with it."""
