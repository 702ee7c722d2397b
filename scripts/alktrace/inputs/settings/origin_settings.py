"""The section `origin`."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from .section import Fault, Level, Section, Share, Tail

HETEROZYGOUS = 0.5


class OriginSettings(Section):
    germline_vaf_low: Share = Field(description="lower end of the germline VAF band in white cells")
    germline_vaf_high: Share = Field(description="upper end of the heterozygous band")
    carry_over_ratio: Annotated[float, Field(gt=1)] = Field(
        description="plasma VAF over wbc VAF from which wbc shows carry-over"
    )
    population_frequency: Annotated[float, Field(ge=0, le=0.5)] = Field(
        description="population frequency from which a variant is germline"
    )
    power: Level = Field(description="power that makes a white-cell sample informative")
    alpha: Tail = Field(
        description="noise tail probability below which molecules of white cells show a variant"
    )
    white_cell_noise: Annotated[float, Field(gt=0, le=0.01)] = Field(
        description="false-mutant molecules per molecule of white cells"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        low, high = self.germline_vaf_low, self.germline_vaf_high
        if not low < HETEROZYGOUS < high:
            what = f"germline VAFs from {low} to {high} leave out one half"
            yield Fault("", what, "write germline_vaf_low and germline_vaf_high around 0.5")
        if self.population_frequency == 0:
            yield Fault("population_frequency", "0 makes every known variant germline", "write some 0.001")
