"""The flow of patients: from mechanism to next treatment to best response."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...outcomes.course_table import FlowRow
from .style import COLOURS, HATCH, INK, LINE, SOFT, canvas, drawing, group_word, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, TOP, GAP, BAR = 9.5, 4.6, 0.45, 0.16, 0.16
PLACES = (1.75, 4.6, 7.55)
HEADS = ("mechanism at progression", "next treatment", "best response")
ORDERS = (
    ("on_target", "bypass", "transformation", "mixed", "none_found", "on_target_excluded",
     "not_evaluable"),
    ("lorlatinib_combination", "alk_tki", "alk_tki_combination", "no_alk_tki", "not_yet_started",
     "died_untreated"),
    ("CR", "PR", "SD", "PD", "NE", "none"),
)  # fmt: skip
STAGES: tuple[Callable[[FlowRow], str], ...] = (
    lambda row: row.component,
    lambda row: row.next_treatment,
    lambda row: row.best,
)
Spans = dict[str, tuple[float, float]]


def draw_flow(rows: Sequence[FlowRow]) -> str | None:
    """Return the flow as bands whose width is the number of patients; None without patients.

    Args:
        rows: `flow.tsv`.
    """
    total = sum(row.patients for row in rows)
    if not total:
        return None
    ordered = sorted(rows, key=lambda row: tuple(_rank(i, stage(row)) for i, stage in enumerate(STAGES)))
    most = max(len({stage(row) for row in rows}) for stage in STAGES)
    scale = (HEIGHT - TOP - 0.2 - GAP * (most - 1)) / total
    spans = [_spans(ordered, i, scale) for i in range(len(STAGES))]
    with drawing("flow"):
        figure, plane = canvas(WIDTH, HEIGHT)
        for i in (0, 1):
            _bands(plane, ordered, i, spans, scale)
        for i, own in enumerate(spans):
            _nodes(plane, i, own, scale)
        return to_svg(figure, "Flow of patients from mechanism to next treatment to best response")


def _rank(i: int, value: str) -> tuple[int, str]:
    order = ORDERS[i]
    return (order.index(value) if value in order else len(order), value)


def _spans(rows: Sequence[FlowRow], i: int, scale: float) -> Spans:
    """Return top and bottom of each node of a column, inches."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts[STAGES[i](row)] += row.patients
    top, spans = TOP, {}
    for value in sorted(counts, key=lambda value: _rank(i, value)):
        spans[value] = (top, top + counts[value] * scale)
        top = spans[value][1] + GAP
    return spans


def _bands(plane: "Axes", rows: Sequence[FlowRow], i: int, spans: Sequence[Spans], scale: float) -> None:
    """Draw the bands from one column to the next, coloured by mechanism."""
    widths: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        widths[STAGES[i](row), STAGES[i + 1](row), row.component] += row.patients
    # The bands leave and reach a node in the order of the nodes on the other side.
    leaving = sorted(widths, key=lambda k: (_rank(i, k[0]), _rank(0, k[2]), _rank(i + 1, k[1])))
    reaching = sorted(widths, key=lambda k: (_rank(i + 1, k[1]), _rank(0, k[2]), _rank(i, k[0])))
    starts = _stacked(leaving, 0, widths, spans[i], scale)
    ends = _stacked(reaching, 1, widths, spans[i + 1], scale)
    for key in leaving:
        component = key[2]
        blind = component == "not_evaluable"
        band(
            plane,
            (PLACES[i] + BAR, PLACES[i + 1]),
            (starts[key], ends[key]),
            widths[key] * scale,
            None if blind else COLOURS.get(component, LINE),
        )


def _stacked(
    keys: Sequence[tuple[str, str, str]],
    side: int,
    widths: Counter[tuple[str, str, str]],
    spans: Spans,
    scale: float,
) -> dict[tuple[str, str, str], float]:
    used = {value: span[0] for value, span in spans.items()}
    tops = {}
    for key in keys:
        tops[key] = used[key[side]]
        used[key[side]] += widths[key] * scale
    return tops


def band(
    plane: "Axes", across: tuple[float, float], tops: tuple[float, float], width: float, colour: str | None
) -> None:
    """Draw one band from left to right; hatched where it has no colour.

    Args:
        plane: to draw on, inches.
        across: left and right end.
        tops: upper edge at both ends.
        width: of the band.
        colour: of it.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (left, right), (start, end) = across, tops
    middle = (left + right) / 2
    vertices = [
        (left, start), (middle, start), (middle, end), (right, end),
        (right, end + width), (middle, end + width), (middle, start + width), (left, start + width),
        (left, start),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    plane.add_patch(
        PathPatch(
            Path(vertices, codes),
            facecolor=colour or "none",
            edgecolor="white" if colour else LINE,
            alpha=0.55 if colour else None,
            hatch=None if colour else HATCH,
            linewidth=0.4,
        )
    )


def _nodes(plane: "Axes", i: int, spans: Spans, scale: float) -> None:
    from matplotlib.patches import Rectangle

    plane.text(PLACES[i] + BAR / 2, TOP - 0.15, HEADS[i], ha="center", va="bottom", color=SOFT)
    for value, (top, bottom) in spans.items():
        blind = value == "not_evaluable"
        plane.add_patch(
            Rectangle(
                (PLACES[i], top),
                BAR,
                bottom - top,
                facecolor=COLOURS.get(value, INK) if i == 0 else INK,
                edgecolor=SOFT,
                hatch=HATCH if blind else None,
                linewidth=0.5,
            )
        )
        patients = round((bottom - top) / scale)
        word = f"{group_word(value)} ({patients})"
        left = i == 0
        plane.text(
            PLACES[i] - 0.07 if left else PLACES[i] + BAR + 0.07,
            (top + bottom) / 2,
            word,
            ha="right" if left else "left",
            va="center",
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.2},
        )
