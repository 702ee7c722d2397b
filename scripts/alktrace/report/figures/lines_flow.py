"""The flow of patients over the lines of treatment, from first-line lorlatinib on."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...outcomes.line_table import SequenceRow
from ...vocabulary.outcomes import RegimenKind
from .flow import band
from .style import INK, LINE, SERIES, SOFT, canvas, drawing, group_word, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, TOP, GAP, BAR, LEFT, RIGHT = 10.5, 4.4, 0.45, 0.15, 0.14, 1.15, 1.95
MOST_LINES = 5
"""Columns drawn: what comes later stands in the table."""
ENDS = ("ongoing", "no_further_line", "died")
GREYS = {"ongoing": LINE, "no_further_line": SOFT, "died": INK}
COLOURS = {"lorlatinib": SERIES[0]} | dict(
    zip(
        (
            RegimenKind.NO_ALK_TKI,
            RegimenKind.ALK_TKI,
            RegimenKind.LORLATINIB_COMBINATION,
            RegimenKind.ALK_TKI_COMBINATION,
            RegimenKind.LORLATINIB_RECHALLENGE,
        ),
        SERIES[1:],
        strict=True,
    )
)
Span = tuple[float, float]


def draw_lines(rows: Sequence[SequenceRow]) -> str | None:
    """Return the flow as bands whose width is the number of patients; None without any.

    Args:
        rows: `line_sequences.tsv`; those of kinds are drawn.
    """
    steps = [row for row in rows if row.level == "kind" and row.line < MOST_LINES]
    if not steps:
        return None
    first, last = min(row.line for row in steps), max(row.line for row in steps)
    columns = [_counts(steps, line) for line in range(first, last + 2)]
    most = max(len(column) for column in columns)
    scale = (HEIGHT - TOP - 0.15 - GAP * (most - 1)) / sum(columns[0].values())
    places = [LEFT + (WIDTH - LEFT - RIGHT) * i / (len(columns) - 1) for i in range(len(columns))]
    spans = [_spans(column, scale) for column in columns]
    with drawing("lines"):
        figure, plane = canvas(WIDTH, HEIGHT)
        for i, line in enumerate(range(first, last + 1)):
            own = [row for row in steps if row.line == line]
            _bands(plane, own, (places[i] + BAR, places[i + 1]), (spans[i], spans[i + 1]), scale)
        for i, column in enumerate(columns):
            head = f"line {first + i}" if set(column) - set(ENDS) else "then"
            plane.text(places[i] + BAR / 2, TOP - 0.15, head, ha="center", va="bottom", color=SOFT)
            _nodes(plane, places[i], column, spans[i], first=i == 0)
        return to_svg(figure, "Flow of patients over the lines of treatment")


def _counts(steps: Sequence[SequenceRow], line: int) -> Counter[str]:
    """Return how many patients are in each treatment of a line, or ended before it."""
    found: Counter[str] = Counter()
    for row in steps:
        if row.line == line - 1:
            found[row.next_step] += row.patients
    if not found:
        for row in steps:
            if row.line == line:
                found[row.treatment] += row.patients
    return found


def _rank(name: str) -> tuple[int, str]:
    order = (*COLOURS, *ENDS)
    return (order.index(name) if name in order else len(order), name)


def _spans(column: Counter[str], scale: float) -> dict[str, Span]:
    top, spans = TOP, {}
    for name in sorted(column, key=_rank):
        spans[name] = (top, top + column[name] * scale)
        top = spans[name][1] + GAP
    return spans


def _bands(
    plane: "Axes",
    own: Sequence[SequenceRow],
    across: Span,
    spans: tuple[dict[str, Span], dict[str, Span]],
    scale: float,
) -> None:
    tops = [{name: span[0] for name, span in side.items()} for side in spans]
    # Bands leave and reach a node in the order of the nodes on the other side.
    for row in sorted(own, key=lambda row: (_rank(row.treatment), _rank(row.next_step))):
        width = row.patients * scale
        start, end = tops[0][row.treatment], tops[1][row.next_step]
        band(plane, across, (start, end), width, COLOURS.get(row.treatment, LINE))
        tops[0][row.treatment], tops[1][row.next_step] = start + width, end + width


def _nodes(plane: "Axes", place: float, column: Counter[str], spans: dict[str, Span], *, first: bool) -> None:
    from matplotlib.patches import Rectangle

    for name, (top, bottom) in spans.items():
        colour = GREYS.get(name) or COLOURS.get(name, LINE)
        plane.add_patch(
            Rectangle((place, top), BAR, bottom - top, facecolor=colour, edgecolor=SOFT, linewidth=0.5)
        )
        plane.text(
            place - 0.07 if first else place + BAR + 0.07,
            (top + bottom) / 2,
            f"{group_word(name)} ({column[name]})",
            ha="right" if first else "left",
            va="center",
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.2},
        )
