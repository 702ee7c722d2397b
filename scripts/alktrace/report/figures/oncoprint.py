"""The oncoprint: patients at progression by timing and class, their mechanisms below each other."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from ...outcomes.course_table import OncoprintRow
from ...vocabulary.resistance import Classification, Component, Confidence, Emergence, Timing
from .style import COLOURS, FAINT, HATCH, INK, LINE, SOFT, canvas, chunks, drawing, shortened, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PER_PART = 50
MOST_LINES = 40
MOST_BESIDE = 12
CELL, LINE_HEIGHT, GAP = 0.17, 0.2, 0.14
LEFT, RIGHT, BELOW = 2.1, 0.55, 1.25
LETTER, WIDE_LETTER = 0.062, 0.078
"""Inches of a letter in the words of classes and of timings."""
LABEL = 30
NO_TIMING = "no progression"
TINTS: Mapping[str | None, float] = {Confidence.ESTABLISHED: 1.0, Confidence.CANDIDATE: 0.5}
"""Opacity by confidence; an uncertain mechanism is an outline."""


@dataclass(frozen=True)
class _Line:
    component: Component
    label: str


@dataclass(frozen=True)
class _Patient:
    name: str
    timing: Timing | None
    classification: Classification
    cells: tuple[OncoprintRow, ...]


def draw_oncoprint(
    rows: Sequence[OncoprintRow], beside: Mapping[str, frozenset[str]] | None = None
) -> tuple[str, ...]:
    """Return the oncoprint in parts of up to 50 patients, none without rows.

    Args:
        rows: `oncoprint.tsv`.
        beside: names of alterations that are no mechanisms, by patient.
    """
    patients = [
        _Patient(name, own[0].timing, own[0].classification, tuple(own))
        for (_, name), own in (
            (key, list(found))
            for key, found in groupby(
                sorted(rows, key=lambda r: (r.order, r.patient)), lambda r: (r.order, r.patient)
            )
        )
    ]
    lines = oncoprint_lines(rows)
    most = sorted(lines, key=lambda item: -item[1])[:MOST_LINES]
    lines = [item for item in lines if item in most]
    parts = chunks(patients, PER_PART) if patients else []
    others = _others(beside or {}, {patient.name for patient in patients})
    return tuple(_part(part, lines, others, f"oncoprint-{i}") for i, part in enumerate(parts, start=1))


def _others(
    beside: Mapping[str, frozenset[str]], patients: Collection[str]
) -> list[tuple[str, frozenset[str]]]:
    """Return the most frequent alterations beside the mechanisms, with those who have them."""
    who: dict[str, set[str]] = {}
    for patient in patients:
        for name in beside.get(patient, ()):
            who.setdefault(name, set()).add(patient)
    ordered = sorted(who.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(name, frozenset(found)) for name, found in ordered[:MOST_BESIDE]]


def oncoprint_lines(rows: Iterable[OncoprintRow]) -> list[tuple[_Line, int]]:
    """Return the findings with their numbers of patients, by component, most frequent first."""
    seen = {(_line(row), row.patient) for row in rows if row.component is not None}
    counts = Counter(line for line, _ in seen if line is not None)
    order = list(Component)
    return sorted(counts.items(), key=lambda item: (order.index(item[0].component), -item[1], item[0].label))


def _line(row: OncoprintRow) -> _Line | None:
    if row.component is None:
        return None
    name = " ".join(part for part in (row.gene, row.alteration) if part).replace("_", " ")
    return _Line(row.component, name or f"{row.component.value.replace('_', ' ')}, not named")


def _part(
    patients: Sequence[_Patient],
    lines: Sequence[tuple[_Line, int]],
    others: Sequence[tuple[str, frozenset[str]]],
    name: str,
) -> str:
    places = _places(patients)
    width = max(LEFT + places[-1] + CELL + RIGHT, 7.2)
    rule = _rule(patients)
    top = rule + 0.2 + LETTER * max(len(patient.classification.value) for patient in patients)
    middle = top + LINE_HEIGHT * max(len(lines), 1)
    bottom = middle + (LINE_HEIGHT * len(others) + GAP if others else 0)
    with drawing(name):
        figure, plane = canvas(width, bottom + BELOW)
        _columns(plane, patients, places, top, bottom)
        _labels(plane, lines, LEFT + places[-1] + CELL, top)
        for patient, place in zip(patients, places, strict=True):
            _cells(plane, patient, LEFT + place, top, [line for line, _ in lines])
        _beside(plane, patients, places, others, middle + GAP)
        _headings(plane, patients, places, rule, top)
        _legend(plane, bottom + 0.85)
        return to_svg(figure, f"Oncoprint of {len(patients)} patients: {_most(lines)}")


def _most(lines: Sequence[tuple[_Line, int]]) -> str:
    said = ", ".join(f"{line.label} {count}" for line, count in sorted(lines, key=lambda item: -item[1])[:5])
    return f"most frequent over all patients: {said}" if said else "no mechanism"


def _beside(
    plane: "Axes",
    patients: Sequence[_Patient],
    places: Sequence[float],
    others: Sequence[tuple[str, frozenset[str]]],
    top: float,
) -> None:
    """Draw a small grey mark for each alteration beside the mechanisms."""
    right = LEFT + places[-1] + CELL
    for i, (name, who) in enumerate(others):
        y = top + LINE_HEIGHT * (i + 0.5)
        plane.text(LEFT - 0.08, y, shortened(name, LABEL), ha="right", va="center", color=SOFT)
        plane.text(right + 0.08, y, str(len(who)), ha="left", va="center", color=SOFT)
        found = [place for patient, place in zip(patients, places, strict=True) if patient.name in who]
        plane.plot(
            [LEFT + place + CELL / 2 for place in found], [y] * len(found), "s", color=SOFT, markersize=5
        )


def _places(patients: Sequence[_Patient]) -> list[float]:
    """Return the left edge of each column, with a gap where the timing changes."""
    place, found = 0.0, []
    for i, patient in enumerate(patients):
        if i and patient.timing is not patients[i - 1].timing:
            place += GAP
        found.append(place)
        place += CELL
    return found


def _columns(
    plane: "Axes", patients: Sequence[_Patient], places: Sequence[float], top: float, bottom: float
) -> None:
    from matplotlib.patches import Rectangle

    for patient, place in zip(patients, places, strict=True):
        blind = patient.classification is Classification.NOT_EVALUABLE
        plane.add_patch(
            Rectangle(
                (LEFT + place + 0.01, top),
                CELL - 0.02,
                bottom - top,
                facecolor="white" if blind else FAINT,
                edgecolor=LINE if blind else "none",
                hatch=HATCH if blind else None,
                linewidth=0.4,
            )
        )
        plane.text(
            LEFT + place + CELL / 2,
            bottom + 0.05,
            shortened(patient.name, 10),
            rotation=90,
            ha="center",
            va="top",
            fontsize=6.5,
        )


def _labels(plane: "Axes", lines: Sequence[tuple[_Line, int]], right: float, top: float) -> None:
    for i, (line, count) in enumerate(lines):
        y = top + LINE_HEIGHT * (i + 0.5)
        plane.text(LEFT - 0.08, y, shortened(line.label, LABEL), ha="right", va="center")
        plane.text(right + 0.08, y, str(count), ha="left", va="center", color=SOFT)
        if i and line.component is not lines[i - 1][0].component:
            plane.plot([0.1, right], [top + LINE_HEIGHT * i] * 2, color=SOFT, linewidth=0.5)
    if lines:
        plane.text(right + 0.08, top - 0.08, "n", ha="left", va="bottom", color=SOFT)
    else:
        plane.text(LEFT - 0.08, top + LINE_HEIGHT / 2, "no mechanism", ha="right", va="center")


def _cells(plane: "Axes", patient: _Patient, left: float, top: float, lines: Sequence[_Line]) -> None:
    for row in patient.cells:
        line = _line(row)
        if line is not None and line in lines:
            emergent = row.emergence is not Emergence.PERSISTENT
            place = top + LINE_HEIGHT * lines.index(line)
            _cell(plane, left, place, line.component, row.confidence, emergent=emergent)


def _cell(
    plane: "Axes", left: float, top: float, component: Component, confidence: str | None, *, emergent: bool
) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    colour = COLOURS[component.value]
    tint = TINTS.get(confidence, 0.0)
    plane.add_patch(
        Rectangle(
            (left + 0.02, top + 0.02),
            CELL - 0.04,
            LINE_HEIGHT - 0.04,
            facecolor=to_rgba(colour, tint) if tint else "white",
            edgecolor=colour,
            linewidth=1.0,
        )
    )
    if not emergent:
        plane.plot([left + CELL / 2], [top + LINE_HEIGHT / 2], "o", color=INK, markersize=2.5)


def _timings(patients: Sequence[_Patient]) -> list[tuple[str, int, int]]:
    """Return the word of each timing with its first and last column."""
    found = []
    for timing, own in groupby(enumerate(patients), lambda item: item[1].timing):
        columns = [i for i, _ in own]
        name = timing.value.replace("_", " ").lower() if timing else NO_TIMING
        word = f"{name} ({len(columns)})"
        found.append((word, columns[0], columns[-1]))
    return found


def _upright(word: str, first: int, last: int) -> bool:
    return len(word) * WIDE_LETTER > (last - first + 1) * CELL


def _rule(patients: Sequence[_Patient]) -> float:
    """Return the height of the line below the timings: narrow ones have their words upright."""
    upright = [len(word) for word, first, last in _timings(patients) if _upright(word, first, last)]
    return 0.32 + WIDE_LETTER * max(upright, default=0)


def _headings(
    plane: "Axes", patients: Sequence[_Patient], places: Sequence[float], rule: float, top: float
) -> None:
    """Write timing above the classes above the columns."""
    indexed = list(enumerate(patients))
    for word, start, end in _timings(patients):
        first, last = LEFT + places[start], LEFT + places[end] + CELL
        plane.plot([first + 0.02, last - 0.02], [rule, rule], color=INK, linewidth=1)
        if _upright(word, start, end):
            plane.text((first + last) / 2, rule - 0.06, word, ha="center", va="bottom", rotation=90)
        else:
            plane.text(first + 0.02, rule - 0.06, word, ha="left", va="bottom")
    runs = groupby(indexed, lambda item: (item[1].timing, item[1].classification))
    for (_, classification), found in runs:
        own = [i for i, _ in found]
        first, last = LEFT + places[own[0]], LEFT + places[own[-1]] + CELL
        plane.plot([first + 0.02, last - 0.02], [top - 0.05] * 2, color=SOFT, linewidth=0.8)
        plane.text(
            (first + last) / 2,
            top - 0.09,
            classification.value.replace("_", " ").lower(),
            rotation=90,
            ha="center",
            va="bottom",
            fontsize=6.5,
        )


def _legend(plane: "Axes", top: float) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    blue = COLOURS["on_target"]
    handles = [
        *(Patch(facecolor=COLOURS[one.value], label=one.value.replace("_", " ")) for one in Component),
        Patch(facecolor=blue, label="established"),
        Patch(facecolor=blue, alpha=0.5, label="candidate"),
        Patch(facecolor="white", edgecolor=blue, label="uncertain"),
        Line2D([], [], marker="o", color=INK, linestyle="", markersize=2.5, label="persistent from baseline"),
        Patch(facecolor="white", edgecolor=LINE, hatch=HATCH, label="not evaluable"),
    ]
    plane.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.1, top),
        bbox_transform=plane.transData,
        ncol=4,
        columnspacing=1.4,
        handlelength=1.2,
        borderaxespad=0,
    )
