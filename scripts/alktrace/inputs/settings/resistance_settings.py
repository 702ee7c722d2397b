"""The section `resistance`."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from .phase_settings import PhaseSettings
from .section import Days, Fault, Months, Positive, Section, Share

ALK_EXONS, HOTSPOT_EXONS, DIPLOID = 29, frozenset(range(21, 26)), 2


class NegativeSettings(Section):
    max_excluded_clone_fraction: Annotated[float, Field(ge=0, lt=1)] = Field(
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

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        wrong = [exon for exon in self.alk_exons if not 1 <= exon <= ALK_EXONS]
        if wrong or not HOTSPOT_EXONS.intersection(self.alk_exons):
            what = f"ALK has no exon {wrong[0]}" if wrong else "no exon with hotspots of ALK"
            yield Fault("alk_exons", what, f"write exons from 1 to {ALK_EXONS}, such as 21 to 25")
        for key in ("max_visible_copy_number", "amplification_copy_number"):
            if (copies := getattr(self, key)) <= DIPLOID:
                yield Fault(key, f"{copies} copies are no amplification", "write a number above 2, such as 5")
        # Above it every gene would count as surely not amplified.
        yield from self.in_order("amplification_copy_number", "max_visible_copy_number")


class WindowSettings(Section):
    days_before_progression: Days = Field(description="sampling window opens, days before progression")
    days_after_last_dose: Days = Field(description="and closes, days after the last lorlatinib dose")
    histology_days: Days = Field(
        description="days between a pathology report and a sample within which both describe one timepoint"
    )


class TimingSettings(Section):
    acquired_months: Months = Field(description="calendar months of SD that make resistance acquired")
    early_months: Months = Field(description="progression within these months is `early_le_12m`")
    stable_fold: Annotated[float, Field(gt=1)] = Field(
        description="a VAF is stable between two samples if the whole 95 % interval of its ratio lies "
        "within this factor"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        yield from self.in_order("acquired_months", "early_months")


class CloneSettings(Section):
    min_share: Share = Field(
        description="a finding in surely fewer of the tumour cells (upper end, in every specimen that shows "
        "it) is `minor_clone` and at most a candidate; 0.1 is an assumption of this project, no published "
        "limit; 0 turns it off"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        if self.min_share == 1:
            yield Fault("min_share", "1 makes every finding a minor clone", "write some 0.1; 0 turns it off")


class ResistanceSettings(Section):
    phase: PhaseSettings
    negative: NegativeSettings
    clones: CloneSettings
    window: WindowSettings
    timing: TimingSettings
