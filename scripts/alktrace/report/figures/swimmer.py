"""The swimmer plot: each patient's treatments, responses, samples and milestones from the first dose on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from ...outcomes.course_table import SwimmerRow
from ...vocabulary.outcomes import IntervalKind
from .. import svg
from .style import BLUE, FAINT, GREEN, INK, LINE, ORANGE, PURPLE, SKY, SOFT, VERMILION, chunks, shortened

PER_PART = 40
WIDTH, LEFT, RIGHT, TOP, LANE, LETTER = 960, 100, 22, 8, 20, 6.4
TICK = 180
"""Days between the marks of the axis."""
MOST_TICKS = 14
GOES_ON = "m0-4.5l5.5 4.5-5.5 4.5z"


@dataclass(frozen=True)
class _Mark:
    """A sign: its outline around a place, as steps of an SVG path."""

    label: str
    shape: str
    colour: str
    filled: bool = True
    above: bool = False


DIAMOND = "m0-4.5l3 4.5-3 4.5-3-4.5z"
TREATMENTS = {
    IntervalKind.LORLATINIB: ("lorlatinib", SKY, 14),
    IntervalKind.NEXT_TREATMENT: ("first sequential treatment", ORANGE, 8),
    IntervalKind.OTHER_TREATMENT: ("other treatment", LINE, 8),
}
RESPONSES = {
    "CR": _Mark("CR", "m0-5.5l1.4 3.9h4.1l-3.3 2.5 1.2 4-3.4-2.4-3.4 2.4 1.2-4-3.3-2.5h4.1z", GREEN),
    "PR": _Mark("PR", "m0-4.5l4.2 7.5h-8.4z", GREEN),
    "SD": _Mark("SD", "m-3-3h6v6h-6z", BLUE),
    "PD": _Mark("PD", "m0 4.5l4.2-7.5h-8.4z", VERMILION),
    "NE": _Mark("NE", "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z", SOFT, filled=False),
}
POINTS = {
    IntervalKind.LOCAL_THERAPY: _Mark("local therapy", "m-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z", VERMILION),
    IntervalKind.SAMPLE: _Mark("sample taken", DIAMOND, PURPLE, above=True),
    IntervalKind.REPORT: _Mark("sequencing reported", DIAMOND, PURPLE, filled=False, above=True),
    IntervalKind.ENROLLED: _Mark("enrolled", "m-1-8h2v8h-2z", SOFT),
    IntervalKind.PROGRESSION: _Mark("progression on lorlatinib", "m-1.3-9h2.6v18h-2.6z", VERMILION),
    IntervalKind.DEATH: _Mark(
        "death",
        "m-4.5-2.3l2.2-2.2 2.3 2.3 2.3-2.3 2.2 2.2-2.3 2.3 2.3 2.3-2.2 2.2-2.3-2.3-2.3 2.3-2.2-2.2 2.3-2.3z",
        INK,
    ),
    IntervalKind.LAST_ALIVE: _Mark("last known alive", "m-3-4l7 4-7 4z", INK, filled=False),
}
# Lorlatinib lies broad below, so that a drug added to it does not hide it; marks lie above in this order.
LAYERS = (*TREATMENTS, *RESPONSES, *POINTS)


def draw_swimmer(rows: Sequence[SwimmerRow]) -> tuple[str, ...]:
    """Return the swimmer plot in parts of up to 40 patients, none without rows.

    Args:
        rows: `swimmer.tsv`.
    """
    ordered = sorted(rows, key=lambda row: (row.order, row.patient))
    lanes = [list(found) for _, found in groupby(ordered, lambda row: (row.order, row.patient))]
    first = min((row.start_days for row in rows), default=0)
    last = max((row.end_days for row in rows), default=0)
    return tuple(_part(part, first, last) for part in (chunks(lanes, PER_PART) if lanes else []))


def _part(lanes: Sequence[Sequence[SwimmerRow]], first: int, last: int) -> str:
    """Draw some patients: one path per kind of bar or mark, since a cohort has thousands of them."""
    span = max(last - first, 1)
    bottom = TOP + LANE * len(lanes)

    def place(days: int) -> float:
        return LEFT + 12 + (days - first) / span * (WIDTH - LEFT - RIGHT - 24)

    parts = _axis(place, last, bottom)
    paths: dict[str, list[str]] = {}
    for i, lane in enumerate(lanes):
        y = TOP + LANE * (i + 0.5)
        name = shortened(lane[0].patient, 13)
        parts.append(svg.text(LEFT - 6, y + 4, name, anchor="end"))
        for row in lane:
            for key, step in _steps(row, y, place):
                paths.setdefault(key, []).append(step)
    for key in LAYERS:
        parts += _layer(str(key), paths)
    legend, height = _legend(paths, bottom + 44)
    days = f"the longest observed for {last} days" if last else "no follow-up"
    return svg.drawing(
        WIDTH,
        height,
        f"Treatments, responses and samples of {len(lanes)} patients, {days}",
        [*parts, *legend],
    )


def _axis(place: Callable[[int], float], last: int, bottom: float) -> list[str]:
    ticks = range(0, last + 1, TICK * max(1, last // (TICK * MOST_TICKS)))
    parts = []
    for tick in ticks:
        parts.append(svg.line((place(tick), TOP), (place(tick), bottom), FAINT if tick else SOFT))
        parts.append(svg.text(place(tick), bottom + 14, str(tick), anchor="middle"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*parts, svg.text(middle, bottom + 30, "days after the first lorlatinib dose", anchor="middle")]


def _steps(row: SwimmerRow, y: float, place: Callable[[int], float]) -> list[tuple[str, str]]:
    """Return the steps of paths that draw a row, with the layers they belong to."""
    x = place(row.start_days)
    if row.kind in TREATMENTS:
        _, _, height = TREATMENTS[row.kind]
        width = max(place(row.end_days) - x, 1)
        bar = f"M{x:.1f} {y - height / 2:.0f}h{width:.1f}v{height}h-{width:.1f}z"
        beyond = f"M{x + width + 2:.1f} {y:.0f}{GOES_ON}" if row.ongoing else ""
        return [(str(row.kind), bar + beyond)]
    key = row.label if row.kind is IntervalKind.RESPONSE else str(row.kind)
    mark = _mark(key)
    return [(key, f"M{x:.1f} {y - 8 * mark.above:.0f}{mark.shape}")] if mark else []


def _mark(key: str) -> _Mark | None:
    return RESPONSES.get(key) or next((mark for kind, mark in POINTS.items() if str(kind) == key), None)


def _layer(key: str, paths: dict[str, list[str]]) -> list[str]:
    if key not in paths:
        return []
    steps = "".join(paths[key])
    colour = next((colour for kind, (_, colour, _) in TREATMENTS.items() if str(kind) == key), None)
    if colour:
        return [f'<path d="{steps}" fill="{colour}"/>']
    mark = _mark(key)
    return [f'<path d="{steps}" {_style(mark)}/>'] if mark else []


def _style(mark: _Mark) -> str:
    fill, edge = (mark.colour, "#ffffff") if mark.filled else ("#ffffff", mark.colour)
    return f'fill="{fill}" stroke="{edge}" stroke-width="{0.6 if mark.filled else 1.2}"'


def _legend(paths: dict[str, list[str]], y: float) -> tuple[list[str], float]:
    """Return what the signs mean, of those that are there, and where it ends."""
    parts, x = [], float(LEFT)
    for key in map(str, LAYERS):
        if key not in paths:
            continue
        treatment = next((found for kind, found in TREATMENTS.items() if str(kind) == key), None)
        mark = _mark(key)
        label = treatment[0] if treatment else mark.label if mark else key
        if x + 26 + LETTER * len(label) > WIDTH - RIGHT:
            x, y = float(LEFT), y + 18
        if treatment:
            parts.append(svg.box(x, y - 9, 14, 9, treatment[1]))
        elif mark:
            parts.append(f'<path d="M{x + 7:.0f} {y - 5:.0f}{mark.shape}" {_style(mark)}/>')
        parts.append(svg.text(x + 20, y, label))
        x += 38 + LETTER * len(label)
    return parts, y + 12
