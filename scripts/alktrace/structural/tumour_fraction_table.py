"""The columns of `tumour_fraction.tsv`, of a sample and of a patient."""

from dataclasses import dataclass
from datetime import date

from ..io.tables import column
from ..vocabulary.copies import TumourFractionStatus
from ..vocabulary.samples import SpecimenType


@dataclass(frozen=True)
class TumourFractionRow:
    """`tumour_fraction.tsv`: exactly one row."""

    status: TumourFractionStatus = column("estimated, given or not estimable")
    value: float | None = column("tumour-derived share of the genomes")
    low: float | None = column("lower end of the 95 % interval")
    high: float | None = column("upper end of the 95 % interval")
    truncal_markers: int = column("independent truncal markers other than ALK mutations")
    markers: tuple[str, ...] = column("the markers used")
    above: tuple[str, ...] = column(
        "markers that the others' fraction cannot carry: they widen it", default=()
    )


@dataclass(frozen=True)
class SampleTumourFractionRow:
    """`tumour_fraction.tsv` of a patient: one sample, with markers known from all samples of the patient."""

    timepoint: str = column("timepoint id")
    specimen: str = column("specimen id")
    specimen_type: SpecimenType = column("plasma, csf or tissue")
    collected: date = column("day of collection")
    status: TumourFractionStatus = column("estimated, given or not estimable")
    value: float | None = column("tumour-derived share of the genomes")
    low: float | None = column("lower end of the 95 % interval")
    high: float | None = column("upper end of the 95 % interval")
    truncal_markers: int = column("independent truncal markers other than ALK mutations")
    markers: tuple[str, ...] = column("the markers used")
    above: tuple[str, ...] = column(
        "markers that the others' fraction cannot carry: they widen it", default=()
    )
