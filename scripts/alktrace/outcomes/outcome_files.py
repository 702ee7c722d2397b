"""Names of the outcome tables, without the libraries that compute them: the rules read these."""

from .outcome_rows import Endpoint

MEASURED = (
    "endpoints.tsv", "endpoint_rates.tsv", "endpoint_patients.tsv",
    *(f"km_{endpoint.value}.tsv" for endpoint in Endpoint), "km_at_risk.tsv",
    "responses.tsv", "response_patients.tsv", "safety.tsv", "dose_adjustments.tsv", "swimmer.tsv",
)  # fmt: skip
RELATED = (
    "frequencies.tsv", "expected.tsv", "associations.tsv", "mechanism_treatment.tsv",
    "mechanism_responses.tsv", "baseline_progression.tsv", "concordance.tsv", "agreement.tsv",
    "oncoprint.tsv", "flow.tsv", "linkage.tsv", "km_mechanism.tsv", "km_mechanism_at_risk.tsv",
)  # fmt: skip
