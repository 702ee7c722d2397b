"""Probabilities of states over time, stacked: at every day they add up to 100 %."""

from collections.abc import Mapping, Sequence

from ...outcomes.state_table import StateRow
from .style import FAINT, INK, LINE, SERIES, SOFT, drawing, group_word, to_svg

WIDTH, HEIGHT, LEFT, RIGHT, BELOW = 8.4, 3.1, 0.7, 0.2, 1.05
ENDS = (SOFT, INK, LINE)


def draw_states(
    rows: Sequence[StateRow], states: Mapping[str, str], *, ends: Sequence[str], name: str, unit: str
) -> str | None:
    """Return the stacked probabilities of the states of one model; None without any.

    Args:
        rows: of the model, `state_probabilities.tsv`.
        states: names with their meaning, from the bottom up.
        ends: states that nobody leaves; grey, and on top.
        name: of the figure.
        unit: label of the time axis.
    """
    from matplotlib.figure import Figure

    days = sorted({row.days for row in rows})
    if len(days) < 2:
        return None
    order = [state for state in states if state not in ends] + list(ends)
    colours = [*SERIES[: len(order) - len(ends)], *ENDS[: len(ends)]]
    with drawing(name):
        figure = Figure(figsize=(WIDTH, HEIGHT + BELOW))
        place = (
            LEFT / WIDTH,
            BELOW / (HEIGHT + BELOW),
            (WIDTH - LEFT - RIGHT) / WIDTH,
            0.97 * HEIGHT / (HEIGHT + BELOW),
        )
        axes = figure.add_axes(place)
        axes.stackplot(
            days,
            [_on(days, [row for row in rows if row.state == state]) for state in order],
            labels=[group_word(state) for state in order],
            colors=colours,
            step="post",
            linewidth=0,
            alpha=0.85,
        )
        axes.set_xlim(0, days[-1])
        axes.set_ylim(0, 1)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
        axes.set_ylabel("% of patients")
        axes.set_xlabel(unit)
        axes.grid(axis="y", color=FAINT, linewidth=0.8)
        figure.legend(loc="lower center", ncol=3, columnspacing=1.4)
        return to_svg(figure, "Stacked probabilities of states over time")


def _on(days: Sequence[float], rows: Sequence[StateRow]) -> list[float]:
    """Return the probability of a state on every day: rows stand only where it changes."""
    known = {row.days: row.probability for row in rows}
    found, value = [], 0.0
    for day in days:
        value = known.get(day, value)
        found.append(value)
    return found
