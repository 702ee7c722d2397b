"""The section `cohort`."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import Field

from .section import AtLeastOne, Days, Fault, Level, Months, Section, Share

FIRST_ALK_INHIBITOR = date(2006, 1, 1)
LONGEST_STUDY = 50


class CohortSettings(Section):
    data_cutoff: date | None = Field(
        description="clinical data after this date are not used, patients alive then are censored; null: all"
    )
    plan: str | None = Field(
        description="statistical analysis plan (YAML): fixes endpoints, populations, covariates, "
        "comparisons, settings and cut-off; its digest and every deviation from it are written down; null: "
        "none, and every comparison is exploratory"
    )
    covariates: tuple[str, ...] = Field(
        description="covariates by which next treatments are also compared adjusted (propensity weights), "
        "where there is no plan; their names stand in docs/methods/outcomes.md; []: none"
    )
    confidence: Level = Field(description="level of every interval of the cohort")
    rate_years: tuple[AtLeastOne, ...] = Field(description="years at which rates are stated")
    at_risk_days: AtLeastOne = Field(description="step of the numbers at risk below a curve, days")
    max_enrolled_at_progression: Share = Field(
        description="largest share of patients enrolled at or after progression for which rwTTD1 is estimable"
    )
    min_at_risk: AtLeastOne = Field(
        description="an event among fewer patients at risk while others still enter is flagged"
    )
    treatment_gap_days: Days = Field(
        description="a pause of a treatment no longer than this is no end of it, days, unless another "
        "treatment was given in between; 120 as in the pilot of Friends of Cancer Research on real-world "
        "endpoints (Stewart 2019, doi 10.1200/CCI.18.00155; not checked against the paper: hold it "
        "against your protocol). One line number is one line, however long the pause"
    )
    repeat_progression_days: Days = Field(
        description="a scan or a stop within these days of the scan or the stop of a progression, before or "
        "after, also under the next treatment, is the same progression seen again"
    )
    confirmation_days: AtLeastOne = Field(
        description="days after which a second CR or PR confirms a response"
    )
    ctdna_landmark_days: AtLeastOne = Field(
        description="days after the first lorlatinib dose until which a plasma sample tells whether ctDNA "
        "was cleared; outcomes are compared from then on. 84 (12 weeks) is this project's choice, without a "
        "source: fix your own before you look"
    )
    timing_months: tuple[Months, ...] = Field(
        description="primary and acquired resistance are also compared at these months of stable disease"
    )
    events_per_parameter: AtLeastOne = Field(
        description="events a regression or group test needs per parameter"
    )
    min_group_patients: AtLeastOne = Field(
        description="patients needed in every group that a regression or group test compares; counts, exact "
        "intervals and Fisher's test have no minimum"
    )
    safety_days: Days = Field(
        description="days after the last dose in which an adverse event counts for the treatment"
    )
    severe_grade: Annotated[int, Field(ge=2, le=5)] = Field(
        description="CTCAE grade from which an adverse event is severe"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        if self.data_cutoff and not FIRST_ALK_INHIBITOR <= self.data_cutoff <= date.today():
            what = f"{self.data_cutoff} lies in the future or before the first ALK inhibitor"
            yield Fault("data_cutoff", what, "write the date of the cut-off, or null")
        if any(years > LONGEST_STUDY for years in self.rate_years):
            what = f"{max(self.rate_years)} years"
            yield Fault("rate_years", what, f"write years up to {LONGEST_STUDY}")
