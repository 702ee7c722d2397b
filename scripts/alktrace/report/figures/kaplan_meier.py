"""Kaplan-Meier curves with their intervals, censoring and numbers at risk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...outcomes.curve_table import AtRiskRow, KaplanMeierRow
from .style import DASHES, FAINT, INK, SERIES, SOFT, drawing, group_word, shortened, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT_WIDTH, PLOT, LINE_HEIGHT = 3.5, 2.5, 0.17
LEFT, LEFT_OF_GROUPS, RIGHT, TOP, AXIS = 0.8, 1.55, 0.2, 0.15, 0.62
MOST_TICKS = 8


@dataclass(frozen=True)
class Panel:
    """One plane of curves.

    Attributes:
        title: above it.
        unit: label of the time axis.
        steps: of all its curves, one group after the other.
        numbers: at risk.
    """

    title: str
    unit: str
    steps: Sequence[KaplanMeierRow]
    numbers: Sequence[AtRiskRow]

    @property
    def groups(self) -> list[str]:
        """Groups with a curve or numbers at risk, by name."""
        return sorted({row.group for row in self.steps} | {row.group for row in self.numbers})


def draw_curves(panels: Sequence[Panel], *, name: str, label: str) -> str | None:
    """Return Kaplan-Meier curves side by side, two in a row; None if no panel has a curve.

    Args:
        panels: what to draw; numbers at risk stand below the times they hold for.
        name: of the figure.
        label: what a screen reader says.
    """
    from matplotlib.figure import Figure

    shown = [panel for panel in panels if panel.steps]
    if not shown:
        return None
    rows = -(-len(shown) // 2)
    table = LINE_HEIGHT * (1 + max(len(panel.groups) for panel in shown))
    head = TOP + max(_head(panel) for panel in shown)
    one = head + PLOT + AXIS + table + 0.1
    margin = LEFT_OF_GROUPS if any(len(panel.groups) > 1 for panel in shown) else LEFT
    across = margin + PLOT_WIDTH + RIGHT
    width, height = across * min(len(shown), 2), one * rows
    with drawing(name):
        figure = Figure(figsize=(width, height))
        for i, panel in enumerate(shown):
            left, top = across * (i % 2) + margin, one * (i // 2) + head
            place = (left / width, 1 - (top + PLOT) / height, PLOT_WIDTH / width, PLOT / height)
            _panel(figure.add_axes(place), panel)
        return to_svg(figure, label)


def _head(panel: Panel) -> float:
    """Return the height of title and legend, inches; groups stand two in a line."""
    legend = -(-len(panel.groups) // 2) * 0.17 + 0.08 if len(panel.groups) > 1 else 0.0
    return legend + (0.25 if panel.title else 0.0)


def _panel(axes: "Axes", panel: Panel) -> None:
    last = max((row.days for row in panel.steps), default=1.0) or 1.0
    axes.set_xlim(0, last * 1.02)
    axes.set_ylim(0, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    axes.set_ylabel("% without event")
    axes.set_xlabel(panel.unit)
    axes.text(
        0, 1 + (_head(panel) - 0.2) / PLOT, panel.title, transform=axes.transAxes, fontsize=9, va="bottom"
    )
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    ticks = _ticks(panel.numbers)
    if ticks:
        axes.set_xticks(ticks)
    several = len(panel.groups) > 1
    for i, group in enumerate(panel.groups):
        steps = [row for row in panel.steps if row.group == group]
        if steps:
            _curve(axes, steps, SERIES[i % len(SERIES)], DASHES[i % len(DASHES)], group if several else None)
    if several:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1.01),
            ncol=2,
            handlelength=2.6,
            borderaxespad=0,
            columnspacing=1.2,
        )
    _table(axes, panel, ticks)


def _curve(
    axes: "Axes", steps: Sequence[KaplanMeierRow], colour: str, dash: object, label: str | None
) -> None:
    ordered = sorted(steps, key=lambda row: row.days)
    days = [row.days for row in ordered]
    share = [row.survival for row in ordered]
    axes.step(
        days,
        share,
        where="post",
        color=colour,
        linestyle=dash,
        linewidth=1.5,
        label=label and group_word(label),
    )
    # At 0 and 1 the log-log interval does not exist: the band has a gap there.
    low = [float("nan") if row.low is None else row.low for row in ordered]
    high = [float("nan") if row.high is None else row.high for row in ordered]
    axes.fill_between(days, low, high, step="post", color=colour, alpha=0.11, linewidth=0)
    out = [row for row in ordered if row.censored]
    axes.plot(
        [row.days for row in out],
        [row.survival for row in out],
        "|",
        color=colour,
        markersize=6,
        markeredgewidth=1,
    )


def _ticks(numbers: Iterable[AtRiskRow]) -> list[int]:
    """Return times of the table, thinned to what the axis can hold."""
    days = sorted({row.days for row in numbers})
    return days[:: max(1, -(-len(days) // MOST_TICKS))]


def _table(axes: "Axes", panel: Panel, ticks: Sequence[int]) -> None:
    """Write the numbers at risk below the axis, one line per group."""
    top = -(AXIS / PLOT)
    step = LINE_HEIGHT / PLOT
    place = axes.get_xaxis_transform()
    edge = -0.08
    axes.text(
        edge, top, "at risk", transform=axes.transAxes, ha="right", va="center", fontsize=7.5, color=SOFT
    )
    for i, group in enumerate(panel.groups):
        at = {row.days: row.at_risk for row in panel.numbers if row.group == group}
        y = top - step * (i + 1) if len(panel.groups) > 1 else top
        colour = SERIES[i % len(SERIES)] if len(panel.groups) > 1 else INK
        if len(panel.groups) > 1:
            word = shortened(group_word(group), 23)
            axes.text(
                edge, y, word, transform=axes.transAxes, ha="right", va="center", fontsize=7, color=colour
            )
        for day in ticks:
            axes.text(
                day,
                y,
                str(at.get(day, 0)),
                transform=place,
                ha="center",
                va="center",
                fontsize=7.5,
                color=INK,
            )
