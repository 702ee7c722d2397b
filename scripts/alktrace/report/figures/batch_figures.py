"""Figures of the batch page: plate, figures beside the batches before, concordance of genotypes."""

import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from statistics import median

from .. import svg
from ..language import Listed, Words, say
from .style import BLUE, INK, LINE, SOFT, VERMILION

WELL_WIDTH, WELL_HEIGHT, EDGE = 84, 34, 26
LONGEST_NAME = 11
FILLS = {"pass": "#d9ecd9", "warn": "#fdf1cf", "fail": "#f6c9bd", "": "#ffffff"}
MARKS = {"pass": "✓", "warn": "!", "fail": "✗", "": ""}
PANEL_WIDTH, PANEL_HEIGHT = 330, 190
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 30, 40
MOST_BATCHES = 8
SPREAD = (0.0, -0.3, 0.3, -0.15, 0.15, -0.24, 0.24, -0.08, 0.08)
"""Where dots of one batch lie beside each other, as shares of its room."""
CELL = 15
SHADES = ((0.95, "#0b4f6c"), (0.8, "#5b93ab"), (0.65, "#a9c7d3"), (0.0, "#e3edf1"))
"""Colours from a concordance on."""
FEW_SITES = "#ffffff"


@dataclass(frozen=True)
class Well:
    """A filled well of a plate."""

    place: str
    name: str
    verdict: str
    control: bool = False


def draw_plate(name: str, wells: Sequence[Well], words: Words) -> str:
    """Return the map of a plate of 96 wells, or of 384 where a well lies outside of those."""
    large = any(well.place[0] > "H" or int(well.place[1:]) > 12 for well in wells)
    rows, columns = ("ABCDEFGHIJKLMNOP", 24) if large else ("ABCDEFGH", 12)
    found = {well.place: well for well in wells}
    parts = [
        svg.text(EDGE + (column + 0.5) * WELL_WIDTH, 16, str(column + 1), anchor="middle", colour=SOFT)
        for column in range(columns)
    ]
    for i, row in enumerate(rows):
        parts.append(svg.text(8, EDGE + i * WELL_HEIGHT + 21, row, colour=SOFT))
        for column in range(columns):
            well = found.get(f"{row}{column + 1}")
            parts += _well(EDGE + column * WELL_WIDTH, EDGE + i * WELL_HEIGHT, well, words)
    bad = tuple(say("plate.in", name=well.name, place=well.place) for well in wells if well.verdict == "fail")
    failed = Listed(bad) if bad else say("batch.none")
    said = words("plate.says", name=name, number=len(wells), failed=failed)
    return svg.drawing(EDGE + columns * WELL_WIDTH + 4, EDGE + len(rows) * WELL_HEIGHT + 4, said, parts)


def _well(x: float, y: float, well: Well | None, words: Words) -> Iterable[str]:
    if well is None:
        return (svg.box(x + 1, y + 1, WELL_WIDTH - 2, WELL_HEIGHT - 2, "#ffffff", "#e3e7eb"),)
    edge = INK if well.control else "#c3cbd3"
    name = well.name if len(well.name) <= LONGEST_NAME else f"{well.name[: LONGEST_NAME - 1]}…"
    said = f"{well.place}: {well.name}, {words.word('verdict', well.verdict)}"
    below = f"{MARKS[well.verdict]} {words('plate.control') if well.control else ''}"
    return (
        f"<g><title>{html.escape(said)}</title>",
        svg.box(x + 1, y + 1, WELL_WIDTH - 2, WELL_HEIGHT - 2, FILLS[well.verdict], edge),
        svg.text(x + 5, y + 15, name),
        svg.text(x + 5, y + 29, below, colour=SOFT),
        "</g>",
    )


@dataclass(frozen=True)
class Panel:
    """One figure of the samples over the batches.

    Attributes:
        batches: values of each batch by name, the newest last; a dot is marked where it failed.
        limit: threshold, None without one or where assays differ.
        log: logarithmic axis; values of zero lie on its lower end.
    """

    title: str
    batches: Mapping[str, Sequence[tuple[float, bool]]]
    limit: float | None = None
    log: bool = False

    def said(self, words: Words) -> str:
        """Return what the figure shows, in a sentence."""
        parts = tuple(
            say(
                "panel.median" if dots else "panel.no_figure",
                batch=name or say("panel.this"),
                median=f"{median(value for value, _ in dots):.3g}" if dots else "",
                number=len(dots),
            )
            for name, dots in reversed(list(self.batches.items()))
        )
        limit = () if self.limit is None else (say("panel.threshold", limit=f"{self.limit:g}"),)
        return words("panel.says", title=self.title, parts=Listed((*parts, *limit), "list.semicolon"))


def draw_panel(panel: Panel, words: Words) -> str:
    """Return dots per batch with their median; the newest batch is in full colour."""
    names = list(panel.batches)[-MOST_BATCHES:]
    values = [value for name in names for value, _ in panel.batches[name]]
    if panel.limit is not None:
        values.append(panel.limit)
    low, high = _range(values, panel.log)

    def place(value: float) -> float:
        share = (_scaled(value, panel.log, low) - low) / (high - low)
        return PANEL_HEIGHT - BOTTOM - share * (PANEL_HEIGHT - TOP - BOTTOM)

    room = (PANEL_WIDTH - LEFT - RIGHT) / len(names)
    parts = [svg.text(4, 16, panel.title, size=12)]
    for tick in (low, (low + high) / 2, high):
        value = 10**tick if panel.log else tick
        parts.append(svg.text(LEFT - 6, place(value) + 4, _tick(value), anchor="end", colour=SOFT))
        parts.append(svg.line((LEFT, place(value)), (PANEL_WIDTH - RIGHT, place(value)), "#e3e7eb"))
    if panel.limit is not None:
        y = place(panel.limit)
        parts.append(svg.line((LEFT, y), (PANEL_WIDTH - RIGHT, y), VERMILION, 1.5))
    for i, name in enumerate(names):
        middle = LEFT + (i + 0.5) * room
        newest = i == len(names) - 1
        parts += _dots(panel.batches[name], middle, room, BLUE if newest else LINE, place)
        shown = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
        parts.append(svg.text(middle, PANEL_HEIGHT - 18, shown or words("batch.all"), anchor="middle"))
    return svg.drawing(PANEL_WIDTH, PANEL_HEIGHT, panel.said(words), parts)


def _dots(
    dots: Sequence[tuple[float, bool]],
    middle: float,
    room: float,
    colour: str,
    place: Callable[[float], float],
) -> Iterator[str]:
    for j, (value, failed) in enumerate(dots):
        x = middle + SPREAD[j % len(SPREAD)] * room * 0.8
        yield svg.dot(x, place(value), 3.5 if failed else 2.6, VERMILION if failed else colour)
    if dots:
        y = place(median(value for value, _ in dots))
        yield svg.line((middle - room * 0.34, y), (middle + room * 0.34, y), INK, 1.5)


def _scaled(value: float, log: bool, low: float) -> float:
    if not log:
        return value
    return log10(value) if value > 0 else low


def _range(values: Sequence[float], log: bool) -> tuple[float, float]:
    scaled = [log10(value) for value in values if value > 0] if log else list(values)
    if not log and max(scaled, default=0.0) <= 1:
        scaled.append(0.0)  # shares
    low, high = min(scaled, default=0.0), max(scaled, default=1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def draw_identity(
    names: Sequence[str],
    concordance: Mapping[tuple[str, str], float | None],
    conflicts: Iterable[tuple[str, str]],
    label: str,
) -> str:
    """Return the share of equal genotypes of every pair of samples, conflicts crossed.

    Args:
        names: samples, those of a patient beside each other.
        concordance: by pair in the order of the names; None with too few sites.
        conflicts: pairs that are not what their labels say.
        label: what the figure shows.
    """
    margin = 8 + max((len(name) for name in names), default=0) * 6.7
    shades: dict[str, list[str]] = {}
    crossed = {frozenset(pair) for pair in conflicts}
    crosses = []
    for i, name in enumerate(names):
        for j, other in enumerate(names[:i]):
            x, y = margin + j * CELL, 8 + i * CELL
            colour = _shade(concordance.get((other, name)))
            shades.setdefault(colour, []).append(f"M{x:g} {y}h{CELL - 1}v{CELL - 1}h-{CELL - 1}z")
            if frozenset((name, other)) in crossed:
                crosses.append(f"M{x + 2:g} {y + 2}l10 10m-10 0l10 -10")
    parts = [svg.text(margin - 6, 8 + i * CELL + 11, name, anchor="end") for i, name in enumerate(names)]
    parts += [f'<path d="{"".join(cells)}" fill="{colour}"/>' for colour, cells in shades.items()]
    parts.append(f'<path d="{"".join(crosses)}" stroke="{VERMILION}" stroke-width="2.5" fill="none"/>')
    # Names once more beside the diagonal, for the columns.
    parts += [svg.text(margin + i * CELL + 3, 8 + i * CELL + 11, name) for i, name in enumerate(names)]
    width = margin + len(names) * CELL + max((len(name) for name in names), default=0) * 6.7
    return svg.drawing(width, 16 + len(names) * CELL, label, parts)


def _tick(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _shade(value: float | None) -> str:
    if value is None:
        return FEW_SITES
    return next(colour for least, colour in SHADES if value >= least)
