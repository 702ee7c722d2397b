"""The columns of `oncoprint.tsv`, `swimmer.tsv` and `flow.tsv`."""

from dataclasses import dataclass

from ..io.tables import column
from ..vocabulary.outcomes import IntervalKind
from ..vocabulary.resistance import Classification, Component, Emergence, Timing


@dataclass(frozen=True, kw_only=True)
class OncoprintRow:
    """`oncoprint.tsv`: one finding of one patient; a patient without any has one row without gene."""

    patient: str = column("patient id")
    order: int = column("place of the patient: by timing, then class")
    timing: Timing | None = column("primary or acquired resistance; `.` without progression on lorlatinib")
    classification: Classification = column("class at progression")
    component: Component | None = column("family of the mechanism", default=None)
    gene: str | None = column("gene symbol", default=None)
    alteration: str | None = column("name shown", default=None)
    variant_type: str | None = column("kind of alteration", default=None)
    emergence: Emergence | None = column("against baseline", default=None)
    confidence: str | None = column("confidence in the mechanism", default=None)


@dataclass(frozen=True, kw_only=True)
class SwimmerRow:
    """`swimmer.tsv`: an interval or a point in a patient's course; day 0 is the first lorlatinib dose."""

    patient: str = column("patient id")
    order: int = column("place of the patient: longest observed first")
    kind: IntervalKind = column("treatment, response, sample ...")
    label: str = column("drugs, response, timepoint ...")
    start_days: int = column("first day")
    end_days: int = column("last day; equals the first for a point")
    ongoing: bool = column("does it go on beyond the last contact")


@dataclass(frozen=True, kw_only=True)
class FlowRow:
    """`flow.tsv`: patients from mechanism to next treatment to best response."""

    classification: Classification = column("class at progression")
    component: str = column("component, `mixed`, `none_found`, `on_target_excluded` or `not_evaluable`")
    next_treatment: str = column("kind of next treatment, `not_yet_started` or `died_untreated`")
    best: str = column("best response; `none` without treatment")
    patients: int = column("patients")
