"""The swimmer plot: each patient's treatments, responses, samples and milestones from the first dose on."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from ...outcomes.course_table import SwimmerRow
from ...vocabulary.outcomes import IntervalKind
from .style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    LINE,
    ORANGE,
    PURPLE,
    SKY,
    SOFT,
    VERMILION,
    chunks,
    drawing,
    shortened,
    to_svg,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PER_PART = 40
LANE, BELOW = 0.24, 1.05
TICK = 180
"""Days between the marks of the axis."""


@dataclass(frozen=True)
class _Mark:
    label: str
    symbol: str
    colour: str
    size: float = 5.0
    filled: bool = True
    above: bool = False


TREATMENTS = {
    IntervalKind.LORLATINIB: ("lorlatinib", SKY, 0.66),
    IntervalKind.NEXT_TREATMENT: ("first sequential treatment", ORANGE, 0.4),
    IntervalKind.OTHER_TREATMENT: ("other treatment", LINE, 0.4),
}
RESPONSES = {
    "CR": _Mark("CR", "*", GREEN, 7.0),
    "PR": _Mark("PR", "^", GREEN),
    "SD": _Mark("SD", "s", BLUE, 4.0),
    "PD": _Mark("PD", "v", VERMILION),
    "NE": _Mark("NE", "o", SOFT, 4.0, filled=False),
}
POINTS = {
    IntervalKind.LOCAL_THERAPY: _Mark("local therapy", "P", VERMILION, 6.0),
    IntervalKind.SAMPLE: _Mark("sample taken", "d", PURPLE, 4.5, above=True),
    IntervalKind.REPORT: _Mark("sequencing reported", "d", PURPLE, 4.5, filled=False, above=True),
    IntervalKind.ENROLLED: _Mark("enrolled", 2, SOFT, 6.0),  # type: ignore[arg-type]
    IntervalKind.PROGRESSION: _Mark("progression on lorlatinib", "|", VERMILION, 13.0),
    IntervalKind.DEATH: _Mark("death", "X", INK, 6.0),
    IntervalKind.LAST_ALIVE: _Mark("last known alive", ">", INK, 4.5, filled=False),
}


def draw_swimmer(rows: Sequence[SwimmerRow]) -> tuple[str, ...]:
    """Return the swimmer plot in parts of up to 40 patients, none without rows.

    Args:
        rows: `swimmer.tsv`.
    """
    ordered = sorted(rows, key=lambda row: (row.order, row.patient))
    lanes = [list(found) for _, found in groupby(ordered, lambda row: (row.order, row.patient))]
    first = min((row.start_days for row in rows), default=0)
    last = max((row.end_days for row in rows), default=0)
    parts = chunks(lanes, PER_PART) if lanes else []
    return tuple(_part(part, first, last, f"swimmer-{i}") for i, part in enumerate(parts, start=1))


def _part(lanes: Sequence[Sequence[SwimmerRow]], first: int, last: int, name: str) -> str:
    from matplotlib.figure import Figure

    height = 0.15 + LANE * len(lanes) + BELOW
    with drawing(name):
        figure = Figure(figsize=(9.6, height))
        axes = figure.add_axes((0.1, BELOW / height, 0.885, LANE * len(lanes) / height))
        axes.set_ylim(len(lanes) - 0.4, -0.6)
        axes.set_xlim(first - 15, max(last, 1) * 1.02 + 15)
        axes.set_xticks(range(0, last + 1, TICK * max(1, last // (TICK * 14))))
        axes.grid(axis="x", color=FAINT, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.axvline(0, color=SOFT, linewidth=0.8)
        axes.set_xlabel("days after the first lorlatinib dose")
        axes.set_yticks(range(len(lanes)), [shortened(lane[0].patient, 12) for lane in lanes])
        axes.tick_params(axis="y", length=0)
        for y, lane in enumerate(lanes):
            _lane(axes, y, lane)
        figure.legend(handles=_handles(lanes), loc="lower center", ncol=6, columnspacing=1.4)
        return to_svg(figure, "Swimmer plot of treatments, responses and samples")


def _lane(axes: "Axes", y: int, lane: Sequence[SwimmerRow]) -> None:
    kinds = list(TREATMENTS)
    treatments = sorted(
        (row for row in lane if row.kind in TREATMENTS), key=lambda row: kinds.index(row.kind)
    )
    # Lorlatinib lies broad below, so that a drug added to it does not hide it.
    for row in treatments:
        _, colour, thickness = TREATMENTS[row.kind]
        width = max(row.end_days - row.start_days, 1)
        axes.barh(y, width, left=row.start_days, height=thickness, color=colour, linewidth=0)
        if row.ongoing:
            axes.plot([row.end_days + 6], [y], marker=5, color=colour, markersize=6, linestyle="")
    for row in lane:
        mark = RESPONSES.get(row.label) if row.kind is IntervalKind.RESPONSE else POINTS.get(row.kind)
        if mark is not None:
            axes.plot(
                [row.start_days],
                [y - 0.38 if mark.above else y],
                marker=mark.symbol,
                markersize=mark.size,
                markerfacecolor=mark.colour if mark.filled else "white",
                markeredgecolor=mark.colour if not mark.filled or mark.symbol in ("|", 2) else "white",
                markeredgewidth=1.6 if mark.symbol == "|" else 0.8 if not mark.filled else 0.5,
                linestyle="",
                clip_on=False,
            )


def _handles(lanes: Sequence[Sequence[SwimmerRow]]) -> list[object]:
    """Return legend entries of what is there."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    rows = [row for lane in lanes for row in lane]
    kinds = {row.kind for row in rows}
    responses = {row.label for row in rows if row.kind is IntervalKind.RESPONSE}
    marks = [mark for name, mark in RESPONSES.items() if name in responses]
    marks += [mark for kind, mark in POINTS.items() if kind in kinds]
    return [
        *(
            Patch(facecolor=colour, label=label)
            for kind, (label, colour, _) in TREATMENTS.items()
            if kind in kinds
        ),
        *(
            Line2D(
                [],
                [],
                marker=mark.symbol,
                markersize=min(mark.size, 8),
                color=mark.colour,
                markerfacecolor=mark.colour if mark.filled else "white",
                linestyle="",
                label=mark.label,
            )
            for mark in marks
        ),
    ]
