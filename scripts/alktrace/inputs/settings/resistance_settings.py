"""The section `resistance`."""

from typing import Annotated

from pydantic import Field

from .phase_settings import PhaseSettings
from .section import AtLeastOne, Natural, Positive, Section, Share


class NegativeSettings(Section):
    max_excluded_clone_fraction: Share = Field(
        description="largest excluded clone share of an informative negative, of ALK and of bypass loci"
    )
    min_tumour_fraction: Share = Field(description="tumour fraction a NONE_FOUND needs (lower end)")
    alk_exons: tuple[int, ...] = Field(description="exons of ALK whose hotspots a NONE_FOUND must cover")
    max_visible_copy_number: Positive = Field(
        description="a gene whose amplification would show only above this tumour copy number is "
        "listed as not assessable"
    )
    amplification_copy_number: Positive = Field(
        description="a tumour copy number whose upper end lies below this excludes an amplification"
    )


class WindowSettings(Section):
    days_before_progression: Natural = Field(description="sampling window opens, days before progression")
    days_after_last_dose: Natural = Field(description="and closes, days after the last lorlatinib dose")
    histology_days: Natural = Field(
        description="days between a pathology report and a sample within which both describe one timepoint"
    )


class TimingSettings(Section):
    acquired_months: AtLeastOne = Field(description="calendar months of SD that make resistance acquired")
    early_months: AtLeastOne = Field(description="progression within these months is `early_le_12m`")
    stable_fold: Annotated[float, Field(gt=1)] = Field(
        description="a VAF is stable between two samples if the whole 95 % interval of its ratio lies "
        "within this factor"
    )


class CloneSettings(Section):
    min_share: Share = Field(
        description="a finding in surely fewer of the tumour cells (upper end, in every specimen that shows "
        "it) is `minor_clone` and at most a candidate; 0.1 is an assumption of this project, no published "
        "limit; 0 turns it off"
    )


class ResistanceSettings(Section):
    phase: PhaseSettings
    negative: NegativeSettings
    clones: CloneSettings
    window: WindowSettings
    timing: TimingSettings
