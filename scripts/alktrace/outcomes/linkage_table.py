"""The columns of `linkage.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class LinkageRow:
    """`linkage.tsv`: one patient of the sheet or of the clinical tables, and where he or she is missing."""

    patient: str = column("patient id")
    timepoints: int = column("classified timepoints")
    clinical: bool = column("is the patient in the clinical tables")
    excluded: bool = column("left out by the setting `exclude`")
    missing: str | None = column(
        "`clinical_tables` or `classified_timepoints`, where the patient has none", default=None
    )
