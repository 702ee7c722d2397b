"""Plain SVG elements as text: for figures of a page that must not cost the import of a plotting library."""

import html
from collections.abc import Iterable, Sequence

from .figures.style import INK, SOFT

FONT = "DejaVu Sans, sans-serif"


def text(
    x: float, y: float, words: str, *, size: float = 11, anchor: str = "start", colour: str = INK
) -> str:
    """Return words at a place; `anchor` is start, middle or end."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{FONT}" font-size="{size:g}" text-anchor="{anchor}" '
        f'fill="{colour}">{html.escape(words)}</text>'
    )


def turned(x: float, y: float, words: str, *, size: float = 10, colour: str = INK) -> str:
    """Return words that run upwards from a place."""
    return (
        f'<text transform="translate({x:.1f} {y:.1f}) rotate(-60)" font-family="{FONT}" font-size="{size:g}" '
        f'fill="{colour}">{html.escape(words)}</text>'
    )


def line(start: tuple[float, float], end: tuple[float, float], colour: str = SOFT, width: float = 1) -> str:
    """Return a straight line."""
    (a, b), (c, d) = start, end
    return (
        f'<path d="M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}" stroke="{colour}" stroke-width="{width:g}" fill="none"/>'
    )


def path(points: Sequence[tuple[float, float]], colour: str, width: float = 1) -> str:
    """Return a line over points."""
    steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{steps}" stroke="{colour}" stroke-width="{width:g}" fill="none"/>'


def box(x: float, y: float, width: float, height: float, fill: str, edge: str = "none") -> str:
    """Return a rectangle."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="{fill}" stroke="{edge}"/>'


def dot(x: float, y: float, radius: float, fill: str, edge: str = "none") -> str:
    """Return a circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{edge}"/>'


def drawing(width: float, height: float, label: str, parts: Iterable[str]) -> str:
    """Return an SVG element.

    Args:
        width: in pixels, also of its view.
        height: in pixels.
        label: what a screen reader says.
        parts: elements.
    """
    head = (
        f'<svg role="img" aria-label="{html.escape(label)}" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}">'
    )
    return head + "".join(parts) + "</svg>"
