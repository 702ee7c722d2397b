"""Sentences about outcome tables: captions, and why a figure is missing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..clinical.rows import Analysis, AssociationRow, EndpointRateRow, EndpointRow, Status
from . import words

REASONS = {
    "too_few_events": "fewer events than a model needs",
    "one_group_only": "all patients are in one group",
    "no_events_in_a_group": "one of the groups has no event",
    "no_maximum_of_the_likelihood": "the likelihood has no maximum",
    "enrolled_at_progression": (
        "too many patients joined the study only when lorlatinib had failed, and so their time on it is "
        "no sample of all"
    ),
    "no_time_at_risk": "nobody has time at risk",
    "risk_set_emptied": "everybody at risk had the event while others had still to enter",
    "median_not_reached": "the median is not reached",
    "follow_up_too_short": "follow-up is too short",
}
ANALYSES = {
    "group_entry": "Late entry",
    "naive": "Naive",
    "from_treatment": "From treatment",
    "counts": "Counts",
}
HOW_TO_READ = {
    "HR": (
        "Squares: estimate and interval; dashed circles: naive, biased. q: adjusted for the number of "
        "comparisons; PH: test of proportional hazards, small where one ratio does not describe all times."
    ),
    "OR": "Squares: estimate and exact interval. q: adjusted for the number of comparisons.",
}
QUESTIONS = {
    "treatment_outcome": "Next treatment and outcome",
    "mechanism_outcome": "Mechanism and outcome",
    "benefit": "Which mechanism benefits from which treatment",
    "baseline_predictor": "Baseline facts and outcome",
    "primary_vs_acquired": "Primary against acquired resistance",
}


def reason(code: str) -> str:
    """Return a reason in words, with the code and its numbers as they stand in the table."""
    text = REASONS.get(code.partition(":")[0])
    return f"{text} ({code})" if text else code


def not_estimable(codes: Iterable[str]) -> str:
    """Return the refusal that stands where a figure would be."""
    return f"Not estimable because {'; '.join(reason(code) for code in codes)}."


def remarks(rows: Iterable[AssociationRow]) -> list[str]:
    """Return how to read the analyses of some comparisons, one sentence for each."""
    notes = dict.fromkeys((row.analysis, row.note) for row in rows if row.note)
    return [f"{ANALYSES.get(analysis, analysis)}: {note}." for analysis, note in notes]


def group_sizes(rows: Iterable[AssociationRow]) -> str:
    """Return how many patients each group of some comparisons has, of those at risk."""
    parts = [
        f"{row.level} {row.patients}"
        if row.factor == "regimen"
        else f"{row.factor} {row.patients} present, {row.reference_patients} absent"
        for row in rows
        if row.patients + row.reference_patients
    ]
    return "; ".join(parts).replace("_", " ")


def days(value: float | None, low: float | None, high: float | None) -> str:
    """Return `97 days (47–160)`; an end that was not reached is said to be so."""
    if value is None:
        return "not reached"
    ends = [f"{end:g}" if end is not None else "not reached" for end in (low, high)]
    return f"{value:g} days ({ends[0]}–{ends[1]})"


def endpoint_caption(
    row: EndpointRow, rates: Sequence[EndpointRateRow], other: EndpointRow | None
) -> list[str]:
    """Return what a curve shows: population, rule, numbers, median, rates, and the other analysis."""
    parts = [
        f"Population: {row.population}; n = {row.analysed}, {row.events} events.",
        f"Day 0: {row.start_rule}. Event: {row.event_rule}. Censored at: {row.censoring_rule}.",
    ]
    if row.excluded:
        parts.append(f"Left out: {listed(row.excluded)}.")
    if row.status is Status.ESTIMATED:
        parts.append(f"Median {days(row.median_days, row.median_low, row.median_high)}.")
        parts += [_rate(one) for one in rates]
        parts.append("Shaded: log-log interval; ticks: censored patients.")
    if row.analysis is Analysis.ENROLMENT_ENTRY:
        parts.append("Patients count as at risk from enrolment on (left truncation).")
    if other is not None and other.median_days != row.median_days:
        middle = days(other.median_days, other.median_low, other.median_high)
        since = "day 0" if other.analysis is Analysis.AS_DEFINED else "enrolment"
        parts.append(
            f"Counted from {since} on for all, the median would be {middle}"
            + (", which flatters: nobody could have the event before joining." if _flatters(other) else ".")
        )
    return parts


def _flatters(row: EndpointRow) -> bool:
    return any(flag.startswith("immortal_time") for flag in row.flags)


def _rate(row: EndpointRateRow) -> str:
    years = f"{row.years} year{'s' * (row.years > 1)}"
    if row.rate is None:
        return f"At {years}: not given, {reason(row.reason or '')}."
    return f"At {years}: {words.interval(row.rate, row.low, row.high)} without event, {row.at_risk} at risk."


def listed(counted: Iterable[str]) -> str:
    """Return `no_progression=14` and the like as `no progression 14, ...`."""
    return ", ".join(item.replace("_", " ").replace("=", " ") for item in counted)


def refusals(rows: Iterable[AssociationRow]) -> list[str]:
    """Return one sentence per reason without a model, with the comparisons it concerns and their number."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        if row.estimate is None and row.reason:
            analysis = ANALYSES.get(row.analysis, row.analysis).lower()
            found.setdefault(row.reason, Counter())[
                f"{row.endpoint.replace('_treatment', '')} {analysis}"
            ] += 1
    return [
        f"Not estimable because {reason(code)}: "
        + ", ".join(f"{what.replace('_', ' ')} ({number})" for what, number in counts.items())
        + "."
        for code, counts in found.items()
    ]


def share(number: int, value: float | None, low: float | None, high: float | None) -> str:
    """Return `4 (6.7 %, 1.8–16)`: patients, their share and its interval in per cent."""
    if value is None:
        return str(number)
    if low is None or high is None:
        return f"{number} ({100 * value:.0f} %)"
    return f"{number} ({100 * value:.0f} %, {100 * low:.0f}–{100 * high:.0f})"


def caveats(flags: Iterable[str], messages: Mapping[str, str]) -> list[dict[str, str]]:
    """Return flags such as `small_early_risk_set` or `event_on_day_0=2` with their texts."""
    return [{"code": flag, "text": messages.get(flag.partition("=")[0], "")} for flag in flags]
