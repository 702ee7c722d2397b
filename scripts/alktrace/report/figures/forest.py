"""The forest plot: ratios with their intervals, numbers and p values; biased figures look different."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...outcomes.association_table import AssociationRow
from ...vocabulary.outcomes import INTERACTION, PREDICTOR, REGIMEN, Analysis, Question, Status
from .style import BLUE, FAINT, INK, SOFT, comparison_words, drawing, group_word, shortened, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, LINE_HEIGHT, TOP, BELOW = 10.4, 0.21, 0.55, 0.6
LEFT, PLOT = 4.95, 2.35
COLUMNS = (0.55, 2.15, 2.72)
"""Inches right of the plane: ratio, p and q, test of proportional hazards."""
SECOND = (1.75, 2.3)
"""Inches right of the left edge: groups, and the terms of crossed factors."""
SCALES = ((0.25, 0.5, 1, 2, 4), (0.1, 0.3, 1, 3, 10), (0.01, 0.1, 1, 10, 100))


def draw_forest(rows: Sequence[AssociationRow], *, name: str) -> str | None:
    """Return the forest plot of one measure; None without any estimate.

    Args:
        rows: of `associations.tsv`, all of one measure; those without an estimate are left out.
        name: of the figure.
    """
    from matplotlib.figure import Figure

    shown = [row for row in rows if row.estimate is not None]
    if not shown:
        return None
    height = TOP + LINE_HEIGHT * len(shown) + BELOW
    with drawing(name):
        figure = Figure(figsize=(WIDTH, height))
        axes = figure.add_axes(
            (LEFT / WIDTH, BELOW / height, PLOT / WIDTH, LINE_HEIGHT * len(shown) / height)
        )
        scale = _scale(shown)
        axes.set_xscale("log")
        axes.set_xlim(scale[0] * 0.85, scale[-1] / 0.85)
        axes.set_xticks(scale, [f"{tick:g}" for tick in scale])
        axes.minorticks_off()
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.axvline(1, color=SOFT, linewidth=0.9)
        measure, question = shown[0].measure or "ratio", shown[0].question
        below = "rarer" if question is Question.PRIMARY_VS_ACQUIRED else "fewer events"
        axes.set_xlabel(f"{measure}; below 1: {below} in the first group")
        for y, row in enumerate(shown):
            _line(axes, y, row, shaded=bool(y % 2))
        _heads(axes, measure, question)
        return to_svg(figure, f"Forest plot of {measure}")


def _scale(rows: Sequence[AssociationRow]) -> Sequence[float]:
    """Return the narrowest scale with all estimates that are not 0 or infinite."""
    inner = [row.estimate for row in rows if row.estimate and math.isfinite(row.estimate)]
    return next(
        (scale for scale in SCALES if all(scale[0] <= value <= scale[-1] for value in inner)), SCALES[-1]
    )


def _line(axes: "Axes", y: int, row: AssociationRow, *, shaded: bool) -> None:
    if shaded:
        axes.axhspan(y - 0.5, y + 0.5, color=FAINT, linewidth=0, zorder=0)
    naive, penalised = row.analysis == Analysis.NAIVE.value, row.status is Status.PENALISED
    colour = SOFT if naive else BLUE
    left, right = axes.get_xlim()
    low = left if row.low is None else min(max(row.low, left), right)
    high = right if row.high is None else min(max(row.high, left), right)
    axes.plot([low, high], [y, y], color=colour, linewidth=1.2, linestyle="--" if naive else "-", zorder=2)
    for end, cut, symbol in (
        (left, row.low is None or row.low < left, "<"),
        (right, row.high is None or row.high > right, ">"),
    ):
        if cut:
            axes.plot([end], [y], symbol, color=colour, markersize=4, clip_on=False, zorder=2)
    value = min(max(row.estimate or left, left), right)
    axes.plot(
        [value],
        [y],
        "o" if naive else "D" if penalised else "s",
        markersize=4.5,
        markerfacecolor="white" if naive or penalised else colour,
        markeredgecolor=colour,
        zorder=3,
        clip_on=False,
    )
    _words(axes, y, row, naive=naive)


def _words(axes: "Axes", y: int, row: AssociationRow, *, naive: bool) -> None:
    place = axes.get_yaxis_transform()
    text = _groups(row)
    colour = SOFT if naive else INK

    def write(inches: float, word: str, align: str = "left") -> None:
        axes.text(inches / PLOT, y, word, transform=place, ha=align, va="center", fontsize=7.2, color=colour)

    # Crossed factors: the rows are terms of models, all of one endpoint.
    crossed = row.question is Question.BENEFIT
    write(-LEFT + 0.1, shortened(_from(row), 42 if crossed else 28))
    write(-LEFT + SECOND[crossed], shortened(text, 31 if crossed else 37))
    write(-0.12, _counts(row), "right")
    write(PLOT + 0.2, _ratio(row))
    write(PLOT + COLUMNS[1] - 0.45, _number(row.p))
    write(PLOT + COLUMNS[1] + 0.1, _number(row.q))
    if row.measure != "OR":
        write(PLOT + COLUMNS[2] + 0.03, _number(row.hazards_p))


def _heads(axes: "Axes", measure: str, question: Question) -> None:
    first, second, counted = "endpoint, analysis", "groups", "events"
    crossed = question is Question.BENEFIT
    if question is Question.PRIMARY_VS_ACQUIRED:
        first, second, counted = "counted by", "finding", "with it"
    if crossed:
        first, second = "mechanism × next treatment", "term"
    heads = [
        (-LEFT + 0.1, first, "left"),
        (-LEFT + SECOND[crossed], second, "left"),
        (-0.12, f"{counted}/n · reference", "right"),
        (PLOT + 0.2, f"{measure} (interval)", "left"),
        (PLOT + COLUMNS[1] - 0.45, "p", "left"),
        (PLOT + COLUMNS[1] + 0.1, "q", "left"),
        (PLOT + COLUMNS[2] + 0.03, "", "left"),
    ]
    if measure == "HR":
        heads[-1] = (heads[-1][0], "PH", "left")
    for inches, word, align in heads:
        axes.text(
            inches / PLOT, -0.85, word, transform=axes.get_yaxis_transform(), ha=align, va="bottom",
            fontsize=7.2, color=SOFT,
        )  # fmt: skip


def _groups(row: AssociationRow) -> str:
    if row.question is Question.PRIMARY_VS_ACQUIRED:
        return group_word(row.level)
    if row.question is Question.BENEFIT:
        # The factor names both; their order tells which of them a term is.
        terms = {row.factor.split(" x ")[0]: "mechanism, other treatments", INTERACTION: INTERACTION}
        return terms.get(row.level, "treatment, mechanism absent")
    factor = "" if row.factor in (REGIMEN, PREDICTOR) else f"{group_word(row.factor)}: "
    return f"{factor}{group_word(row.level)} vs {group_word(row.reference)}"


def _counts(row: AssociationRow) -> str:
    if not row.patients + row.reference_patients:
        return "–"
    return f"{row.events}/{row.patients} · {row.reference_events}/{row.reference_patients}"


def _from(row: AssociationRow) -> str:
    if row.question is Question.PRIMARY_VS_ACQUIRED:
        return row.factor
    if row.question is Question.BENEFIT:
        return group_word(row.factor)
    return ", ".join(comparison_words(row.endpoint, row.analysis))


def _ratio(row: AssociationRow) -> str:
    ends = [("?" if end is None else _figure(end)) for end in (row.low, row.high)]
    return f"{_figure(row.estimate or 0.0)} ({ends[0]}–{ends[1]})"


def _figure(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
