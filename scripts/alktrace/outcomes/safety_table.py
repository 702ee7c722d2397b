"""The columns of `safety.tsv` and `dose_adjustments.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True, kw_only=True)
class SafetyRow:
    """`safety.tsv`: one adverse event under one treatment, patients counted once with their worst grade."""

    treatment: str = column("`lorlatinib` or `next_treatment`")
    term: str = column("CTCAE term; `any` for all of them")
    relation: str = column("`all`, or `related` to the treatment")
    treated: int = column("patients treated")
    any_grade: int = column("patients with any grade")
    any_share: float | None = column("their share")
    any_low: float | None = column("lower end of the exact interval")
    any_high: float | None = column("upper end of the exact interval")
    severe: int = column("patients with a severe grade (setting `severe_grade`, 3 and above by default)")
    severe_share: float | None = column("their share")
    severe_low: float | None = column("lower end of the exact interval")
    severe_high: float | None = column("upper end of the exact interval")
    worst_grade: int = column("worst grade seen")


@dataclass(frozen=True, kw_only=True)
class DoseRow:
    """`dose_adjustments.tsv`: how many patients had their dose changed, and why."""

    drug: str = column("canonical name")
    change: str = column("`any`, `reduction`, `interruption` or `increase`")
    reason: str = column("`any` or the reason given")
    patients: int = column("patients with at least one such change")
    treated: int = column("patients treated with the drug")
    share: float | None = column("their share")
    low: float | None = column("lower end of the exact interval")
    high: float | None = column("upper end of the exact interval")
    changes: int = column("such changes, a patient may have several")


@dataclass(frozen=True, kw_only=True)
class IntensityRow:
    """`dose_intensity.tsv`: dose given of a drug, of patients whose first dose is known."""

    treatment: str = column("`lorlatinib`, first line, or `next_treatment`")
    drug: str = column("canonical name")
    patients: int = column("patients given the drug")
    known: int = column("of these, with `dose_mg` of the first dose in treatments.tsv")
    daily_median: float | None = column(
        "mean daily dose of a patient, mg, pauses in it: median", default=None
    )
    daily_low: float | None = column("first quartile", default=None)
    daily_high: float | None = column("third quartile", default=None)
    relative_median: float | None = column(
        "the same by the dose of the start (relative dose intensity): median", default=None
    )
    relative_low: float | None = column("first quartile", default=None)
    relative_high: float | None = column("third quartile", default=None)
    below_full: int = column("of `known`, with less than the dose of the start over the whole course")
    below_share: float | None = column("their share", default=None)
    below_low: float | None = column("lower end of its exact interval", default=None)
    below_high: float | None = column("upper end of it", default=None)


@dataclass(frozen=True, kw_only=True)
class SafetyRateRow:
    """`safety_rates.tsv`: adverse events by time on treatment, from enrolment on."""

    treatment: str = column("`lorlatinib` or `next_treatment`")
    term: str = column("CTCAE term; `any` for all of them")
    relation: str = column("`all`, or `related` to the treatment")
    grade: str = column("`any`, or `severe` (setting `severe_grade`)")
    observed: int = column("patients with time on treatment after enrolment")
    patient_years: float = column("their time on treatment and `safety_days` after it, years")
    at_risk: int = column("of these, without such an event on the treatment before enrolment")
    patients: int = column("of `at_risk`, with such an event")
    years_at_risk: float = column("time of `at_risk` until their first such event, years")
    rate: float | None = column("first events per 100 patient-years: `patients` by `years_at_risk`")
    low: float | None = column("lower end of its exact interval (Poisson)")
    high: float | None = column("upper end of it")
    events: int = column("all such events of `observed` after enrolment")
    event_rate: float | None = column(
        "all events per 100 patient-years: `events` by `patient_years`; without interval, for the events of "
        "one patient depend on each other"
    )
