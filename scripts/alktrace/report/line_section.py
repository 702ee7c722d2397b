"""Lines of treatment after each other, on the cohort page."""

from collections.abc import Sequence

from ..outcomes.line_table import LineRow, SequenceRow
from . import outcome_words as say
from .exhibits import NO_PATIENTS, Exhibit
from .figures.lines_flow import ENDS, MOST_LINES, draw_lines
from .figures.style import group_word

MOST_SEQUENCES = 15


def lines_flow(rows: Sequence[SequenceRow]) -> Exhibit:
    """Return the flow of patients over the lines."""
    svg = draw_lines(rows)
    begun = sum(row.patients for row in rows if row.level == "kind" and row.line == 1)
    later = max((row.line for row in rows), default=0)
    caption = [
        f"Patients on first-line lorlatinib, n = {begun}; the width of a band is their number. No further "
        "line: stopped and alive at the last contact; ongoing: not stopped. Both may still go on to one "
        "more: with incomplete follow-up, shares of this figure are too low, and the probabilities of the "
        "states are the estimate.",
    ]
    if later > MOST_LINES:
        caption.append(f"Lines after the {MOST_LINES}th stand in the table alone.")
    return Exhibit(
        "lines-flow",
        "From line to line",
        (svg,) if svg else (),
        "" if svg else NO_PATIENTS,
        tuple(caption),
        ("line_sequences.tsv", "line_patients.tsv"),
    )


def lines(rows: Sequence[LineRow], few: int) -> Exhibit:
    """Return response and time on treatment by line; drugs given to enough patients alone."""
    shown = [row for row in rows if row.level != "regimen" or row.treated >= few]
    cells = tuple(
        (
            f"{row.line}",
            f"{'drugs: ' if row.level == 'regimen' else ''}{group_word(row.treatment)}",
            f"{row.treated}, {row.assessed}",
            say.share(row.responders, row.orr, row.orr_low, row.orr_high),
            say.share(row.controlled, row.dcr, row.dcr_low, row.dcr_high),
            f"{row.stopped} of {row.analysed}",
            say.days(row.median_days, row.median_low, row.median_high)
            if row.analysed and row.treated >= few
            else "–",
        )
        for row in shown
    )
    hidden = len(rows) - len(shown)
    caption = [
        "Patients by line of treatment, numbered as they come; best response with exact intervals in per "
        "cent of the treated. Time on treatment counts from the first dose, at risk from enrolment on; a "
        f"dash stands for fewer than {few} patients. Later lines are of those who lived to have them; "
        "lines are not compared with each other.",
    ]
    if hidden:
        caption.append(f"{hidden} combinations of drugs given to fewer than {few} patients: lines.tsv.")
    header = ("line", "treatment", "treated, assessed", "response", "control", "stopped", "median on it")
    return Exhibit(
        "lines",
        "Response and time on treatment by line",
        (),
        "" if cells else NO_PATIENTS,
        tuple(caption),
        ("lines.tsv",),
        (),
        header,
        cells,
    )


def sequences(rows: Sequence[SequenceRow]) -> Exhibit:
    """Return which drugs followed which, the most frequent ones."""
    own = [row for row in rows if row.level == "regimen" and row.next_step not in ENDS]
    own.sort(key=lambda row: (-row.patients, row.line, row.treatment, row.next_step))
    cells = tuple(
        (
            f"{row.line} to {row.line + 1}",
            row.treatment,
            row.next_step,
            f"{row.patients} of {row.total}",
            "–" if row.wait_days is None else f"{row.wait_days:g}",
            f"{row.responders} of {row.patients}",
            "–"
            if row.next_median is None and row.next_low is None
            else say.days(row.next_median, row.next_low, row.next_high),
        )
        for row in own[:MOST_SEQUENCES]
    )
    caption = [
        "Patients who were given the second treatment in the line after the first, of all given the first in "
        "its line; days between the two (median; below 0: the first went on), best response and "
        "time on the second.",
    ]
    if len(own) > MOST_SEQUENCES:
        caption.append(f"Shown are the {MOST_SEQUENCES} most frequent of {len(own)} sequences.")
    header = ("lines", "drugs", "then", "patients", "days between", "CR or PR", "median on it")
    return Exhibit(
        "sequences",
        "Which drug after which",
        (),
        "" if cells else NO_PATIENTS,
        tuple(caption),
        ("line_sequences.tsv",),
        (),
        header,
        cells,
    )


def all_lines(treated: Sequence[LineRow], after: Sequence[SequenceRow], few: int) -> list[Exhibit]:
    """Return the three exhibits of the lines."""
    return [lines_flow(after), lines(treated, few), sequences(after)]
