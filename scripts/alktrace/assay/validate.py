"""All tables of a validation study."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..io.tables import write_table
from .claims import Claims, Measures, judge
from .limits import blank_rows, hit_rate_rows, limit_rows
from .measures import (
    agreement_rows,
    carry_over_rows,
    contamination_rows,
    linearity_rows,
    precision_rows,
    stated_power_rows,
    stated_rows,
)
from .read_study import Study
from .validation_table import (
    AgreementRow,
    BlankRow,
    CarryOverRow,
    ContaminationRow,
    HitRateRow,
    JudgementRow,
    LimitRow,
    LinearityRow,
    PrecisionRow,
    StatedPowerRow,
    StatedRow,
)


@dataclass(frozen=True)
class Validation:
    """What a study says of an assay."""

    study: Study
    measures: Measures
    hit_rates: Sequence[HitRateRow]
    stated: Sequence[StatedRow]
    judgements: Sequence[JudgementRow]

    @property
    def tables(self) -> dict[str, tuple[type[Any], Sequence[Any]]]:
        """Rows with their class, by name of the table."""
        return {
            "criteria": (JudgementRow, self.judgements),
            "blanks": (BlankRow, self.measures.blanks),
            "hit_rates": (HitRateRow, self.hit_rates),
            "limits": (LimitRow, self.measures.limits),
            "precision": (PrecisionRow, self.measures.precision),
            "agreement": (AgreementRow, self.measures.agreement),
            "linearity": (LinearityRow, self.measures.linearity),
            "stated": (StatedRow, self.stated),
            "stated_power": (StatedPowerRow, self.measures.stated_power),
            "carry_over": (CarryOverRow, self.measures.carry_over),
            "contamination": (ContaminationRow, self.measures.contamination),
        }


def validate(study: Study, claims: Claims) -> Validation:
    """Return all measures of a study, and what they say of the claims; pure."""
    cases = study.cases
    measures = Measures(
        blanks=blank_rows(cases),
        limits=limit_rows(cases),
        precision=precision_rows(cases),
        agreement=agreement_rows(cases, claims.limits),
        linearity=linearity_rows(cases),
        stated_power=stated_power_rows(cases),
        carry_over=carry_over_rows(cases),
        contamination=contamination_rows(study.contamination),
    )
    return Validation(study, measures, hit_rate_rows(cases), stated_rows(cases), judge(claims, measures))


def write_validation(found: Validation, folder: Path) -> None:
    """Write all tables of a study, as TSV, into a folder that is made if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (row_type, rows) in found.tables.items():
        write_table(folder / f"{name}.tsv", row_type, rows)
