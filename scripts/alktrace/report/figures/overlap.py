"""Propensities of two groups against each other, and their covariates before and after weighting."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...outcomes.adjusted_table import BalanceRow, PropensityRow
from ...outcomes.propensity import BALANCED, SUPPORT
from .style import BLUE, FAINT, INK, SOFT, VERMILION, drawing, group_word, shortened, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, LEFT, PLOT, NAMES, LOVE, BELOW, TOP = 9.4, 2.5, 0.6, 3.9, 1.9, 2.4, 0.5, 0.35
BINS = 20
LARGEST = 1.5
"""Standardised differences are drawn up to here."""


def draw_overlap(
    patients: Sequence[PropensityRow],
    covariates: Sequence[BalanceRow],
    *,
    groups: tuple[str, str],
    name: str,
    title: str,
) -> str | None:
    """Return overlap and balance of one comparison; None without propensities.

    Args:
        patients: of the comparison, `propensities.tsv`.
        covariates: of it, `balance.tsv`.
        groups: names of treatment and reference.
        name: of the figure.
        title: of the comparison.
    """
    from matplotlib.figure import Figure

    if not patients:
        return None
    with drawing(name):
        figure = Figure(figsize=(WIDTH, HEIGHT))
        size = (HEIGHT - BELOW - TOP) / HEIGHT
        axes = figure.add_axes((LEFT / WIDTH, BELOW / HEIGHT, PLOT / WIDTH, size))
        _propensities(axes, patients, groups)
        place = (LEFT + PLOT + NAMES) / WIDTH
        _balances(figure.add_axes((place, BELOW / HEIGHT, LOVE / WIDTH, size)), covariates)
        figure.text(LEFT / WIDTH, 1 - 0.12 / HEIGHT, title, va="top", fontsize=8.5, color=INK)
        return to_svg(figure, f"Propensities and balance: {title}")


def _propensities(axes: "Axes", patients: Sequence[PropensityRow], groups: tuple[str, str]) -> None:
    axes.axvspan(*SUPPORT, color=FAINT, linewidth=0, zorder=0)
    highest = 1
    for treated, side, colour, word in ((True, 1, BLUE, groups[0]), (False, -1, VERMILION, groups[1])):
        own = [min(int(row.propensity * BINS), BINS - 1) for row in patients if row.treated is treated]
        counts = [own.count(place) for place in range(BINS)]
        highest = max(highest, *counts)
        middles = [(place + 0.5) / BINS for place in range(BINS)]
        axes.bar(middles, [side * count for count in counts], width=0.9 / BINS, color=colour)
        axes.text(
            0.015, 0.5 + side * 0.44, word, transform=axes.transAxes, va="center", fontsize=7.5, color=colour
        )
    axes.axhline(0, color=SOFT, linewidth=0.8)
    axes.set_xlim(0, 1)
    axes.set_ylim(-1.25 * highest, 1.25 * highest)
    ticks = [-highest, 0, highest]
    axes.set_yticks(ticks, [str(abs(tick)) for tick in ticks])
    axes.set_ylabel("patients")
    axes.set_xlabel(f"propensity of {groups[0]}")


def _balances(axes: "Axes", rows: Sequence[BalanceRow]) -> None:
    axes.axvspan(0, BALANCED, color=FAINT, linewidth=0, zorder=0)
    widest = max([2 * BALANCED, *(_drawn(row.difference) for row in rows)])
    for y, row in enumerate(rows):
        before, after = _drawn(row.difference), _drawn(row.weighted_difference)
        axes.plot([before, after], [y, y], color=SOFT, linewidth=0.8, zorder=1)
        axes.plot([before], [y], "o", markerfacecolor="white", markeredgecolor=INK, markersize=5, zorder=2)
        axes.plot([after], [y], "o", color=INK, markersize=5, zorder=3)
        widest = max(widest, after)
    axes.set_xlim(0, widest * 1.08)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [shortened(group_word(row.covariate), 30) for row in rows])
    axes.set_xlabel("standardised difference")


def _drawn(difference: float) -> float:
    return min(abs(difference), LARGEST) if math.isfinite(difference) else LARGEST
