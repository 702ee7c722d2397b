"""Sentences about outcome tables: captions, and why a figure is missing."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..outcomes.association_table import EXPLORATORY, AssociationRow
from ..outcomes.endpoint_table import EndpointRateRow, EndpointRow
from ..outcomes.state_table import StateTimeRow
from ..vocabulary.outcomes import PREDICTOR, REGIMEN, Analysis, Question, Status
from . import words
from .figures.style import comparison_words, group_word

HOW_TO_READ = {
    "HR": (
        "Squares: estimate and interval; dashed circles: naive, biased; open diamonds: too few for an "
        "ordinary model, penalised (Firth) with profile interval. q: adjusted for the number of "
        "comparisons; PH: test of proportional hazards, small where one ratio does not describe all times."
    ),
    "OR": "Squares: estimate and exact interval. q: adjusted for the number of comparisons.",
}
NARROW = 1.5
"""Factor of an interval that tells a ratio of 0.67 from 1."""
CROSSED = (
    "rwPFS2, patients at risk from the later of report and treatment start. Each model has three terms: the "
    "treatment against others where the mechanism is absent, the mechanism under other treatments, and their "
    "interaction, which alone speaks of benefit."
)
QUESTIONS = {
    Question.TREATMENT_OUTCOME: "Next treatment and outcome",
    Question.MECHANISM_OUTCOME: "Mechanism and outcome",
    Question.BENEFIT: "Which mechanism benefits from which treatment",
    Question.PREDICTOR: "Predictors of benefit from the next treatment",
    Question.EARLY_PROGRESSION: "Predictors of early progression on lorlatinib",
    Question.DRUG_OUTCOME: "Drug, class of drugs and outcome",
    Question.ALTERATION_OUTCOME: "Alteration and outcome",
    Question.CLEARANCE: "ctDNA under lorlatinib and outcome, from the landmark on",
    Question.PRIMARY_VS_ACQUIRED: "Primary against acquired resistance",
}

NAMED_BY_LEVEL = (Question.PRIMARY_VS_ACQUIRED, Question.DRUG_OUTCOME, Question.ALTERATION_OUTCOME)


def reason(code: str, messages: Mapping[str, str]) -> str:
    """Return why there is no figure, with the code and its numbers as they stand in the table."""
    return f"{sentence(code, messages)} ({code})".lstrip()


def sentence(code: str, messages: Mapping[str, str]) -> str:
    """Return the text of a code without its last full stop; empty without a text."""
    return messages.get(code.partition(":")[0], "").rstrip(".。")


def not_estimable(code: str, messages: Mapping[str, str]) -> str:
    """Return the refusal that stands where a figure would be."""
    return f"Not estimable. {reason(code, messages)}."


def remarks(rows: Iterable[AssociationRow]) -> list[str]:
    """Return how to read the analyses of some comparisons, one sentence for each."""
    notes = dict.fromkeys((row.analysis, row.note) for row in rows if row.note)
    return [f"{comparison_words('', analysis)[1].capitalize()}: {note}." for analysis, note in notes]


def group_sizes(rows: Iterable[AssociationRow]) -> str:
    """Return how many patients each group of some comparisons has, of those at risk."""
    parts = [
        f"{group_word(row.level)} {row.patients}"
        if row.factor == REGIMEN
        else f"{group_word(row.factor)} {row.patients} present, {row.reference_patients} absent"
        for row in rows
        if row.patients + row.reference_patients
    ]
    return "; ".join(parts)


def precision(rows: Iterable[AssociationRow]) -> list[str]:
    """Return how wide intervals are by events and group sizes, and how many events would make them narrow."""
    known = [row for row in rows if row.interval_factor and row.analysis != Analysis.NAIVE.value]
    if not known:
        return []
    factors = sorted(row.interval_factor or 0.0 for row in known)
    # Events go with the inverse square of the logarithm of the factor, groups of these sizes given.
    widest = max(known, key=lambda row: row.interval_factor or 0.0)
    events = widest.events + widest.reference_events
    more = math.ceil(events * (math.log(factors[-1]) / math.log(NARROW)) ** 2)
    return [
        f"Precision, by events and group sizes alone: intervals from ×/÷ {factors[0]:.1f} to ×/÷ "
        f"{factors[-1]:.1f}. For ×/÷ {NARROW:g} the widest would need {more} events instead of {events}."
    ]


def declared(rows: Iterable[AssociationRow]) -> list[str]:
    """Return which comparisons the analysis plan declares; the others are exploratory."""
    names = dict.fromkeys(row.plan for row in rows if row.plan != EXPLORATORY)
    return [f"In the analysis plan: {', '.join(names)}; the others are exploratory."] if names else []


def days(value: float | None, low: float | None, high: float | None) -> str:
    """Return `97 days (47–160)`; an end that was not reached is said to be so."""
    if value is None:
        return "not reached"
    ends = [f"{end:g}" if end is not None else "not reached" for end in (low, high)]
    return f"{value:g} days ({ends[0]}–{ends[1]})"


def endpoint_caption(
    row: EndpointRow,
    rates: Sequence[EndpointRateRow],
    other: EndpointRow | None,
    messages: Mapping[str, str],
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
        parts += [_rate(one, messages) for one in rates]
        parts.append("Shaded: log-log interval; ticks: censored patients.")
    if row.analysis is not Analysis.AS_DEFINED:
        parts.append("Patients count as at risk from enrolment on (left truncation).")
    if other is not None and other.median_days != row.median_days:
        middle = days(other.median_days, other.median_low, other.median_high)
        since = "day 0" if other.analysis is Analysis.AS_DEFINED else "enrolment"
        parts.append(
            f"Counted from {since} on for all, the median would be {middle}"
            + (", which flatters: nobody could have the event before joining." if _flatters(other) else ".")
        )
    return parts


def state_caption(states: Mapping[str, str], model: str, times: Iterable[StateTimeRow]) -> list[str]:
    """Return what the states are, and how probable each is at some years, with the expected days in it."""
    meanings = "; ".join(f"{group_word(name)}: {text}" for name, text in states.items())
    parts = [f"{meanings[:1].upper()}{meanings[1:]}."]
    own = [row for row in times if row.model == model and row.probability is not None]
    for years in dict.fromkeys(row.years for row in own):
        shares = "; ".join(_share_and_days(row) for row in own if row.years == years)
        parts.append(
            f"At {years} year{'s' * (years > 1)}, probability and expected days until then: {shares}."
        )
    return parts


def _share_and_days(row: StateTimeRow) -> str:
    share = words.interval(row.probability, row.probability_low, row.probability_high)
    return f"{group_word(row.state)} {share}, {row.expected_days:.0f} days ({row.low:.0f}–{row.high:.0f})"


def _flatters(row: EndpointRow) -> bool:
    return any(flag.startswith("immortal_time") for flag in row.flags)


def _rate(row: EndpointRateRow, messages: Mapping[str, str]) -> str:
    years = f"{row.years} year{'s' * (row.years > 1)}"
    why = sentence(row.reason or "", messages)
    if row.rate is None:
        return f"At {years}: not given. {why}."
    found = f"At {years}: {words.interval(row.rate, row.low, row.high)} without event, {row.at_risk} at risk."
    return f"{found} {why}." if why else found


def listed(counted: Iterable[str]) -> str:
    """Return `no_progression=14` and the like as `no progression 14, ...`."""
    return ", ".join(item.replace("_", " ").replace("=", " ") for item in counted)


def refusals(rows: Iterable[AssociationRow], messages: Mapping[str, str]) -> list[str]:
    """Return one text per kind of reason without a model, with the comparisons it concerns."""
    found: dict[str, dict[tuple[str, str], list[str]]] = {}
    for row in rows:
        if row.estimate is None and row.p is None and row.reason:
            code, _, numbers = row.reason.partition(": ")
            what = " ".join(comparison_words(row.endpoint, row.analysis))
            found.setdefault(code, {}).setdefault((_compared(row), numbers), []).append(what)
    return [
        f"Not estimable: {reason(code, messages)}. {'; '.join(_concerned(concerned))}."
        for code, concerned in found.items()
    ]


def small_groups(rows: Iterable[AssociationRow], few: int) -> list[str]:
    """Return one text with the comparisons that are not drawn because a group is small."""
    named: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        what = " ".join(comparison_words(row.endpoint, row.analysis))
        named.setdefault((_compared(row), ""), []).append(what)
    if not named:
        return []
    needed = f"Not drawn: a group of fewer than {few} patients (cohort.min_group_patients)"
    return [f"{needed}; associations.tsv has the numbers. {'; '.join(_concerned(named))}."]


def _compared(row: AssociationRow) -> str:
    # What these rows are told apart by is their level; their factor is a category of many.
    by_level = row.factor in (REGIMEN, PREDICTOR) or row.question in NAMED_BY_LEVEL
    return group_word(row.level if by_level else row.factor)


def _concerned(whats: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[str]:
    """Yield comparisons with the same numbers and analyses together: `a, b (numbers): rwPFS2 naive`."""
    alike: dict[tuple[str, str], list[str]] = {}
    for (name, numbers), listed_whats in whats.items():
        key = (numbers, ", ".join(dict.fromkeys(listed_whats)))
        alike.setdefault(key, []).append(name)
    for (numbers, analyses), names in alike.items():
        yield f"{', '.join(names)}{f' ({numbers})' if numbers else ''}: {analyses}"


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
