"""The section `origin`."""

from pydantic import Field

from .section import Positive, Probability, Section, Share


class OriginSettings(Section):
    germline_vaf_low: Share = Field(description="lower end of the germline VAF band in white cells")
    germline_vaf_high: Share = Field(description="upper end of the heterozygous band")
    carry_over_ratio: Positive = Field(description="plasma VAF over wbc VAF from which wbc shows carry-over")
    population_frequency: Share = Field(description="population frequency from which a variant is germline")
    power: Probability = Field(description="power that makes a white-cell sample informative")
    alpha: Probability = Field(
        description="noise tail probability below which molecules of white cells show a variant"
    )
    white_cell_noise: Probability = Field(description="false-mutant molecules per molecule of white cells")
