"""Tables of the cohort page that describe the study itself: how long, how often, for whom."""

from collections.abc import Sequence

from ..outcomes.baseline_table import BaselineRow, MissingRow
from ..outcomes.checklist_table import ChecklistRow
from ..outcomes.clearance_table import ClearanceRow
from ..outcomes.follow_up_table import FollowUpTimeRow
from ..outcomes.progression_table import SiteRow, WayRow
from ..outcomes.safety_table import IntensityRow, SafetyRateRow
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
        "follow-up",
        "Follow-up",
        (),
        "" if lines else NO_PATIENTS,
        caption,
        ("follow_up_times.tsv",),
        (),
        header,
        lines,
    )


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
    "Categories: number and share of those known. Numbers: median (quartiles). No p values: with such groups "
    "they would test nothing that was asked."
)


def _described(name: str, title: str, rows: Sequence[BaselineRow], caption: str) -> Exhibit:
    groups = {row.group: row.patients for row in rows if row.patients}
    cells = {(row.group, row.variable, row.level): row for row in rows}
    lines = []
    for variable in dict.fromkeys(row.variable for row in rows) if groups else ():
        own = [row for row in rows if row.variable == variable]
        # Of what nobody knows there is one line: that it is missing.
        for level in dict.fromkeys(row.level for row in own if any(one.known for one in own)):
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
        "treatment",
        "term",
        "patients with it",
        "rate, first event",
        "all events",
        "rate, all events",
        f"rate, grade ≥ {severe_grade}",
    )
    return Exhibit(
        "safety-rates",
        "Adverse events by time on treatment",
        (),
        missing,
        caption,
        ("safety_rates.tsv",),
        (),
        header,
        lines,
    )


def _rate(row: SafetyRateRow) -> str:
    """Return `12.3 (4.5–27)` per 100 patient-years."""
    if row.rate is None or row.low is None or row.high is None:
        return "–"
    return f"{_digits(row.rate)} ({_digits(row.low)}–{_digits(row.high)})"


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"


def dose_intensity(rows: Sequence[IntensityRow]) -> Exhibit:
    """Return the dose given by the dose of the start."""
    lines = tuple(
        (
            row.treatment.replace("_", " "),
            row.drug,
            f"{row.known} of {row.patients}",
            _median(row.daily_median, row.daily_low, row.daily_high, 1),
            _median(row.relative_median, row.relative_low, row.relative_high, 100),
            say.share(row.below_full, row.below_share, row.below_low, row.below_high),
        )
        for row in rows
        if row.known
    )
    caption = (
        "Patients whose first dose is known (treatments.tsv, dose_mg): mean daily dose from the first to the "
        "last dose, days without a dose counted as 0, and the same by the dose of the start. Median "
        "(quartiles). "
        "The dose of the start is what was prescribed, not what a label says.",
    )
    header = ("treatment", "drug", "dose known", "mg a day", "% of the first dose", "below it")
    missing = "" if lines else "Not known: no row of treatments.tsv has dose_mg."
    source = ("dose_intensity.tsv",)
    return Exhibit("dose-intensity", "Dose intensity", (), missing, caption, source, (), header, lines)


def _median(value: float | None, low: float | None, high: float | None, factor: float) -> str:
    if value is None or low is None or high is None:
        return "–"
    return f"{factor * value:.3g} ({factor * low:.3g}–{factor * high:.3g})"


PROGRESSIONS = {"on_lorlatinib": "on lorlatinib", "next": "the next one"}


def sites(rows: Sequence[SiteRow]) -> Exhibit:
    """Return where patients progressed, by mechanism and next treatment."""
    cells = {(row.progression, row.grouping, row.group, row.site): row for row in rows}
    names = tuple(dict.fromkeys(row.site for row in rows))
    lines = tuple(
        (
            PROGRESSIONS[progression],
            _group(grouping, group),
            str(cells[progression, grouping, group, names[0]].patients),
            *(
                say.share(row.count, row.share, row.low, row.high)
                for row in (cells[progression, grouping, group, name] for name in names)
            ),
        )
        for progression, grouping, group in dict.fromkeys(
            (row.progression, row.grouping, row.group) for row in rows
        )
    )
    caption = (
        "Patients with progression on first-line lorlatinib, and those who progressed again, by "
        "where. Shares "
        "are of those whose site is known, exact intervals in per cent. A patient with components of two "
        "families counts under both.",
        "Only those who progressed are in it: how likely each way is stands in the table of incidences.",
    )
    header = ("progression", "group", "patients", *(group_word(name) for name in names))
    missing = "" if lines else NO_PATIENTS
    return Exhibit(
        "sites",
        "Where patients progress",
        (),
        missing,
        caption,
        ("progression_sites.tsv",),
        (),
        header,
        lines,
    )


def ways(rows: Sequence[WayRow]) -> Exhibit:
    """Return the incidence of each way of the next progression at the first year stated."""
    first = min((row.years for row in rows), default=0)
    own = [row for row in rows if row.years == first]
    cells = {(row.grouping, row.group, row.way): row for row in own}
    names = tuple(dict.fromkeys(row.way for row in own))
    lines = tuple(
        (
            _group(grouping, group),
            f"{cells[grouping, group, names[0]].patients}",
            *(_incidence(cells[grouping, group, name]) for name in names),
        )
        for grouping, group in dict.fromkeys(
            (row.grouping, row.group) for row in own if row.incidence is not None
        )
    )
    caption = (
        f"Patients given a next treatment: incidence within {first} year{'s' * (first > 1)} of its "
        "first dose, "
        "with log-log interval, the other ways competing (Aalen and Johansen), and events at any "
        "time. At risk "
        "from enrolment on, by mechanism from its report on. Groups that are too small or not followed long "
        "enough stand in the table alone. Groups were not made by lot: no comparison.",
    )
    header = ("group", "patients", *(group_word(name) for name in names))
    missing = "" if lines else "Nothing to show: no group is large enough and followed so long."
    return Exhibit(
        "ways",
        "How the next treatment fails",
        (),
        missing,
        caption,
        ("progression_ways.tsv",),
        (),
        header,
        lines,
    )


def _incidence(row: WayRow) -> str:
    return f"{words.interval(row.incidence, row.low, row.high)}; {row.events}"


def _group(grouping: str, group: str) -> str:
    return ALL if grouping == ALL else f"{grouping.replace('_', ' ')}: {group_word(group)}"


def clearance(rows: Sequence[ClearanceRow], few: int) -> Exhibit:
    """Return events and medians of those whose ctDNA was cleared at the landmark, and of the others."""
    known = any(row.patients for row in rows)
    lines = tuple(
        (
            row.endpoint.replace("_", " "),
            row.group.replace("_", " "),
            say.share(row.patients, row.share, row.low, row.high),
            f"{row.events} of {row.analysed}",
            say.days(row.median_days, row.median_low, row.median_high) if row.analysed >= few else "–",
        )
        for row in rows
        if known
    )
    landmark = max((row.landmark_days for row in rows), default=0)
    caption = [
        f"Patients of the study with plasma before lorlatinib and under it, the second until day {landmark} "
        "(cohort.ctdna_landmark_days). Cleared: none of the alterations found before is left, each of "
        "them in "
        "reach of the second sample. Events and medians (days after the first dose) are of those at "
        "risk after "
        f"the landmark and enrolment; a dash stands for fewer than {few} patients.",
        "Who stopped or died before the landmark is in neither group: counted from the first dose on, "
        "those who "
        "cleared would have lived until their sample by definition.",
    ]
    for row in {row.endpoint: row for row in rows if row.excluded}.values():
        caption.append(f"Left out of {row.endpoint.replace('_', ' ')}: {say.listed(row.excluded)}.")
    header = ("outcome", "ctDNA", "patients", "events", "median")
    missing = (
        "" if lines else "Nothing to show: nobody has plasma before and under lorlatinib by the landmark."
    )
    title, source = "ctDNA clearance under lorlatinib", ("ctdna_clearance.tsv",)
    return Exhibit("clearance", title, (), missing, tuple(caption), source, (), header, lines)


def checklist(rows: Sequence[ChecklistRow]) -> Exhibit:
    """Return which part of the page answers which item of the reporting guidelines."""
    lines = tuple(
        (
            f"{row.guideline} {row.item}",
            row.asks,
            row.answered,
            ", ".join(f"#{name}" for name in row.sections) or "–",
            ", ".join(row.tables) or "–",
            row.left or "–",
        )
        for row in rows
    )
    here = sum(row.answered == "output" for row in rows)
    caption = (
        f"Items of STROBE (cohort studies) and RECORD (routine data of patients), in our words: {here} of "
        f"{len(rows)} are answered by this page and its tables, the others in part or by the authors alone.",
    )
    header = ("item", "asks for", "answered", "on this page", "tables", "left to the authors")
    missing, source = "" if lines else NO_PATIENTS, ("reporting_checklist.tsv",)
    return Exhibit("checklist", "Reporting checklist", (), missing, caption, source, (), header, lines)
