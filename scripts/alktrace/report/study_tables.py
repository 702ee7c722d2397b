"""Tables of the cohort page that describe the study itself: how long, how often, for whom."""

from collections.abc import Sequence

from ..outcomes.baseline_table import BaselineRow, MissingRow
from ..outcomes.follow_up_table import FollowUpTimeRow
from ..outcomes.safety_table import SafetyRateRow
from ..vocabulary.outcomes import ALL
from . import outcome_words as say
from . import words
from .exhibits import NO_PATIENTS, Exhibit
from .figures.style import group_word

ORIGINS = {
    "enrolment": "enrolment",
    "first_lorlatinib": "first lorlatinib dose",
    "progression": "progression on lorlatinib",
}


def follow_up(rows: Sequence[FollowUpTimeRow]) -> Exhibit:
    """Return how long patients were followed."""
    lines = tuple(
        (
            ORIGINS[row.origin],
            str(row.patients),
            str(row.deaths),
            say.days(row.median_days, row.median_low, row.median_high),
            "–" if row.shortest_alive is None else f"{row.shortest_alive:g}",
            f"{row.longest:g}",
        )
        for row in rows
        if row.patients
    )
    caption = (
        "Patients of the study under observation from enrolment on. Reverse Kaplan-Meier estimate: the end "
        "of follow-up alive is the event, death censors it. Days.",
    )
    header = ("from", "patients", "died", "median follow-up", "shortest, alive", "longest")
    return Exhibit(
        "follow-up", "Follow-up", (), "" if lines else NO_PATIENTS, caption, ("follow_up_times.tsv",),
        (), header, lines,
    )  # fmt: skip


def baseline(rows: Sequence[BaselineRow]) -> Exhibit:
    """Return Table 1: all patients, and by primary and acquired resistance."""
    own = [row for row in rows if row.grouping in (ALL, "timing")]
    return _described("baseline", "Patients at lorlatinib start", own, TIMING_CAPTION)


def baseline_by_class(rows: Sequence[BaselineRow]) -> Exhibit:
    """Return Table 1 by class at progression."""
    own = [row for row in rows if row.grouping == "class"]
    return _described("baseline-class", "Patients by class at progression", own, CLASS_CAPTION)


TIMING_CAPTION = (
    "Patients of the study: first-line lorlatinib, no earlier ALK inhibitor. All of them, then those with "
    "progression by timing of the resistance."
)
CLASS_CAPTION = "Patients with progression on first-line lorlatinib, by class of their first sample of it."
HOW_DESCRIBED = (
    "Categories: number and share of those known. Numbers: median (quartiles). No p values: with these groups "
    "they would test nothing that was asked."
)


def _described(name: str, title: str, rows: Sequence[BaselineRow], caption: str) -> Exhibit:
    groups = {row.group: row.patients for row in rows if row.patients}
    cells = {(row.group, row.variable, row.level): row for row in rows}
    lines = []
    for variable in dict.fromkeys(row.variable for row in rows) if groups else ():
        own = [row for row in rows if row.variable == variable]
        for level in dict.fromkeys(row.level for row in own):
            head = variable if level is None else f"{variable}: {level}"
            lines.append((head, *(_cell(cells[group, variable, level]) for group in groups)))
        if any(row.missing for row in own):
            level = own[0].level
            lines.append(
                (f"{variable}: missing", *(str(cells[group, variable, level].missing) for group in groups))
            )
    header = ("", *(f"{group_word(group)}, n = {patients}" for group, patients in groups.items()))
    missing = "" if lines else NO_PATIENTS
    return Exhibit(
        name, title, (), missing, (caption, HOW_DESCRIBED), ("baseline.tsv",), (), header, tuple(lines)
    )


def _cell(row: BaselineRow) -> str:
    if row.count is not None:
        return str(row.count) if row.share is None else f"{row.count} ({100 * row.share:.0f} %)"
    if row.median is None or row.quartile_low is None or row.quartile_high is None:
        return "–"
    return f"{row.median:.3g} ({row.quartile_low:.3g}–{row.quartile_high:.3g})"


def missing_data(rows: Sequence[MissingRow]) -> Exhibit:
    """Return what is missing, of whom, and what that costs."""
    lines = tuple(
        (
            row.item,
            row.table,
            row.asked_of,
            f"{row.missing} of {row.patients}",
            "–" if row.share is None else words.percent(row.share),
            row.consequence,
        )
        for row in rows
        if row.patients
    )
    caption = (
        "Of the patients who should have each item, how many lack it, and what becomes of them. Nothing is "
        "imputed: who lacks an item is left out where it is needed, and counted there.",
    )
    header = ("item", "table", "of", "missing", "share", "a patient without it")
    missing = "" if lines else NO_PATIENTS
    return Exhibit("missing", "Missing data", (), missing, caption, ("missing_data.tsv",), (), header, lines)


def safety_rates(rows: Sequence[SafetyRateRow], severe_grade: int) -> Exhibit:
    """Return adverse events by time on treatment."""
    severe = {(row.treatment, row.term): row for row in rows if row.relation == ALL and row.grade != "any"}
    own = [row for row in rows if row.relation == ALL and row.grade == "any" and row.observed]
    lines = tuple(
        (
            row.treatment.replace("_", " "),
            row.term,
            f"{row.patients} of {row.at_risk}",
            _rate(row),
            str(row.events),
            "–" if row.event_rate is None else _digits(row.event_rate),
            _rate(severe[row.treatment, row.term]),
        )
        for row in own
    )
    years = {
        row.treatment.replace("_", " "): f"{row.observed} patients, {row.patient_years:.1f}" for row in own
    }
    exposed = "; ".join(f"{name} {text} patient-years" for name, text in years.items())
    caption = (
        f"Time on treatment from enrolment on: {exposed or 'none'}. First events per 100 patient-years until "
        "the first event, exact intervals (Poisson); who had it before enrolment is not at risk. A treatment "
        "given longer has more time for events: the shares above do not say which has more of them per year.",
        "All events: per 100 patient-years, without interval, for the events of one patient depend on each "
        f"other. Severe: CTCAE grade {severe_grade} or above.",
    )
    missing = "" if lines else "No adverse event is on record, or there is no table adverse_events.tsv."
    header = (
        "treatment", "term", "patients with it", "rate, first event", "all events", "rate, all events",
        f"rate, grade ≥ {severe_grade}",
    )  # fmt: skip
    return Exhibit(
        "safety-rates", "Adverse events by time on treatment", (), missing, caption, ("safety_rates.tsv",),
        (), header, lines,
    )  # fmt: skip


def _rate(row: SafetyRateRow) -> str:
    """Return `12.3 (4.5–27)` per 100 patient-years."""
    if row.rate is None or row.low is None or row.high is None:
        return "–"
    return f"{_digits(row.rate)} ({_digits(row.low)}–{_digits(row.high)})"


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"
