"""Figures of the validation page: hit rates with the fitted line, stated limits, measured on expected."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from .. import svg
from .style import BLUE, FAINT, INK, SOFT, VERMILION

WIDTH, HEIGHT = 440, 280
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 30, 46
GOAL = 0.95
POINTS = 60


@dataclass(frozen=True)
class Point:
    """A value with its interval over a place of the axis."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Axes:
    """A plane with a logarithmic x axis, and a y axis from 0 to 1 or logarithmic too.

    Attributes:
        x, y: from and to; y is None for shares.
        labels: under x and beside y.
    """

    x: tuple[float, float]
    y: tuple[float, float] | None
    labels: tuple[str, str]

    def across(self, value: float) -> float:
        """Return the place of an x."""
        low, high = map(log10, self.x)
        return LEFT + (log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def up(self, value: float) -> float:
        """Return the place of a y; what lies outside is put on the edge."""
        low, high = (0.0, 1.0) if self.y is None else (log10(self.y[0]), log10(self.y[1]))
        at = value if self.y is None else log10(max(value, self.y[0]))
        share = min(1.0, max(0.0, (at - low) / (high - low)))
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def draw_hits(
    title: str,
    points: Sequence[Point],
    line: Callable[[float], float] | None,
    limit: float | None,
    labels: tuple[str, str],
) -> str:
    """Return shares called by level or ratio, with a fitted line, the 95 % mark and a limit."""
    axes = Axes(_range([point.x for point in points] + ([limit] if limit else [])), None, labels)
    parts = list(_frame(axes))
    parts.append(_level(axes, GOAL))
    if limit:
        x = axes.across(limit)
        parts.append(svg.line((x, TOP), (x, HEIGHT - BOTTOM), VERMILION, 1.5))
    if line is not None:
        low, high = map(log10, axes.x)
        xs = [10 ** (low + (high - low) * i / POINTS) for i in range(POINTS + 1)]
        parts.append(svg.path([(axes.across(x), axes.up(line(x))) for x in xs], SOFT, 1.5))
    parts += _points(axes, points)
    return svg.drawing(WIDTH, HEIGHT, title, [svg.text(LEFT, 16, title, size=13), *parts], _said(points))


def draw_linearity(title: str, points: Sequence[Point], labels: tuple[str, str]) -> str:
    """Return what was measured on what is expected, with the line of equality."""
    values = [value for point in points for value in (point.x, point.y) if value > 0]
    both = _range(values)
    axes = Axes(both, both, labels)
    ends = [(axes.across(value), axes.up(value)) for value in both]
    parts = [*_frame(axes), svg.path(ends, SOFT, 1.5), *_points(axes, points)]
    return svg.drawing(WIDTH, HEIGHT, title, [svg.text(LEFT, 16, title, size=13), *parts], _said(points))


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return low / 1.4, high * 1.4


def _ticks(low: float, high: float) -> list[float]:
    """Return round values within: powers of ten with twos and fives, powers alone where those are many."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    found: list[float] = []
    for steps in ((1, 2, 5), (1,)):
        found = [
            step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high
        ]
        if len(found) <= 8:
            break
    return found


def _frame(axes: Axes) -> Iterator[str]:
    bottom = HEIGHT - BOTTOM
    yield svg.box(LEFT, TOP, WIDTH - LEFT - RIGHT, bottom - TOP, "#ffffff", FAINT)
    for value in _ticks(*axes.x):
        x = axes.across(value)
        yield svg.line((x, bottom), (x, bottom + 4))
        yield svg.text(x, bottom + 16, f"{value:.3g}", anchor="middle", colour=SOFT)
    for value in (0.0, 0.25, 0.5, 0.75, 1.0) if axes.y is None else _ticks(*axes.y):
        y = axes.up(value)
        yield svg.line((LEFT - 4, y), (LEFT, y))
        yield svg.text(LEFT - 7, y + 4, f"{value:.3g}", anchor="end", colour=SOFT)
    yield svg.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, axes.labels[0], anchor="middle", colour=INK)
    yield svg.text(WIDTH - RIGHT, 16, axes.labels[1], anchor="end", colour=SOFT)


def _level(axes: Axes, value: float) -> str:
    y = axes.up(value)
    return svg.line((LEFT, y), (WIDTH - RIGHT, y), VERMILION, 1)


def _points(axes: Axes, points: Sequence[Point]) -> Iterator[str]:
    for point in points:
        x = axes.across(point.x)
        yield svg.line((x, axes.up(point.low)), (x, axes.up(point.high)), BLUE, 1.5)
        yield svg.dot(x, axes.up(point.y), 4, BLUE)


def _said(points: Sequence[Point]) -> str:
    return "; ".join(f"{point.x:.3g}: {point.y:.3g} ({point.low:.3g}–{point.high:.3g})" for point in points)
