"""Patients on their way into the analyses: who is left at each step, who dropped out and why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .. import svg
from .style import FAINT, INK, LINE, SOFT

WIDTH, LETTER = 920, 6.3
BOX, SIDE, GAP, LINE_HEIGHT, PAD = 330, 400, 34, 16, 9
"""Widths of the boxes in the middle and at the side, pixels between steps, and of a line of text."""
END_WIDTH = 168
LAST_LATIN, WIDE_LETTER = "\u2e7f", 1.9
PIECES = re.compile(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+")
"""Where a line may break: behind a word, and behind every Chinese sign."""


@dataclass(frozen=True)
class Step:
    """Patients who are left, and those who drop out before the next step.

    Attributes:
        text: who they are.
        patients: how many.
        left_out: why others go no further, with numbers.
    """

    text: str
    patients: int
    left_out: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class End:
    """An analysis: its name, who is in it, and who of those before it is not."""

    text: str
    patients: int
    events: int
    left_out: tuple[tuple[str, int], ...] = ()


def flow_in_words(steps: Sequence[Step], ends: Sequence[End]) -> str:
    """Return the flow in a sentence per step, as a figure says it to who cannot see it."""
    parts = [f"{step.text}: {step.patients}{_without(step.left_out)}" for step in steps]
    parts += [f"{end.text}: {end.patients} patients, {end.events} events" for end in ends]
    return "; ".join(parts)


def draw_patients_flow(steps: Sequence[Step], ends: Sequence[End]) -> str:
    """Return the flow from top to bottom, dropouts at the side, the analyses in rows below."""
    parts: list[str] = []
    y, left = 8.0, 60.0
    for i, step in enumerate(steps):
        lines = _wrapped(f"{step.text}: n = {step.patients}", BOX)
        out = [line for why, number in step.left_out for line in _wrapped(f"{why}: {number}", SIDE)]
        height = _height(lines)
        parts += _box(left, y, BOX, lines)
        below = y + height
        if out:
            side = left + BOX + 60
            middle = below + GAP / 2
            parts += [svg.line((left + BOX / 2, middle), (side, middle), SOFT)]
            parts += _box(side, middle - _height(out) / 2, SIDE, out, dashed=True)
            below = max(below, middle + _height(out) / 2 - GAP / 2)
        if i < len(steps) - 1 or ends:
            parts.append(svg.line((left + BOX / 2, y + height), (left + BOX / 2, below + GAP), INK, 1.4))
        y = below + GAP
    if ends:
        y = _ends(parts, ends, y)
    return svg.drawing(WIDTH, y + 8, f"Patients into analyses. {flow_in_words(steps, ends)}", parts)


def _ends(parts: list[str], ends: Sequence[End], y: float) -> float:
    across = (WIDTH - 12) // (END_WIDTH + 10)
    for start in range(0, len(ends), across):
        heights = []
        for place, end in enumerate(ends[start : start + across]):
            lines = _wrapped(end.text, END_WIDTH)
            lines += [f"n = {end.patients}, {end.events} events"]
            lines += [
                line for why, number in end.left_out for line in _wrapped(f"– {why} {number}", END_WIDTH)
            ]
            parts += _box(6 + place * (END_WIDTH + 10), y, END_WIDTH, lines)
            heights.append(_height(lines))
        y += max(heights) + 12
    return y


def _box(x: float, y: float, width: float, lines: Sequence[str], *, dashed: bool = False) -> list[str]:
    words = [svg.text(x + PAD, y + PAD + 11 + i * LINE_HEIGHT, line) for i, line in enumerate(lines)]
    return [svg.box(x, y, width, _height(lines), FAINT if dashed else "#ffffff", LINE), *words]


def _height(lines: Sequence[str]) -> float:
    return len(lines) * LINE_HEIGHT + 2 * PAD


def _wrapped(text: str, width: float) -> list[str]:
    """Return a text in lines that fit into a box; a word that is too long is cut, Chinese breaks anywhere."""
    most, lines = (width - 2 * PAD) / LETTER, [""]
    for word in PIECES.findall(text):
        if lines[-1] and _length(lines[-1] + word.rstrip()) > most:
            lines.append("")
        lines[-1] += word if lines[-1] else word.lstrip()
    return [_cut(line.strip(), most) for line in lines]


def _length(text: str) -> float:
    """Return the length of a text in Latin letters."""
    return sum(WIDE_LETTER if letter > LAST_LATIN else 1 for letter in text)


def _cut(line: str, most: float) -> str:
    if _length(line) <= most:
        return line
    while _length(line) > most - 1:
        line = line[:-1]
    return f"{line}…"


def _without(left_out: Sequence[tuple[str, int]]) -> str:
    said = ", ".join(f"{number} {why}" for why, number in left_out)
    return f" (without {said})" if said else ""
