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


def turned(x: float, y: float, words: str, *, size: float = 11, colour: str = INK) -> str:
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


def triangle(x: float, y: float, size: float, edge: str) -> str:
    """Return an open triangle that stands on its base, with its middle at a place."""
    a, b = x - size, x + size
    return (
        f'<path d="M{a:.1f} {y + size:.1f}L{b:.1f} {y + size:.1f}L{x:.1f} {y - size:.1f}Z" fill="#ffffff" '
        f'stroke="{edge}" stroke-width="1.5"/>'
    )


def diamond(x: float, y: float, size: float, fill: str) -> str:
    """Return a square on its corner."""
    return polygon([(x - size, y), (x, y - size), (x + size, y), (x, y + size)], fill)


def arc(start: float, end: float, y: float, height: float, colour: str, dash: str = "") -> str:
    """Return a bow over two places of a line."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="M{start:.1f} {y:.1f}Q{(start + end) / 2:.1f} {y - 2 * height:.1f} {end:.1f} {y:.1f}" '
        f'stroke="{colour}" stroke-width="2" fill="none"{dashed}/>'
    )


def polygon(points: Sequence[tuple[float, float]], fill: str) -> str:
    """Return a filled area."""
    steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{steps}Z" fill="{fill}" stroke="none"/>'


def drawing(width: float, height: float, title: str, parts: Iterable[str], says: str = "") -> str:
    """Return an SVG element.

    Args:
        width: in pixels, also of its view.
        height: in pixels.
        title: name of the figure.
        parts: elements.
        says: its result in words, for whom the drawing says nothing.
    """
    named = html.escape(f"{title}. {says}" if says else title)
    head = (
        f'<svg role="img" aria-label="{named}" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}">'
        f"<title>{html.escape(title)}</title>{f'<desc>{html.escape(says)}</desc>' if says else ''}"
    )
    return head + "".join(parts) + "</svg>"


def apart(heights: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Return heights moved so that neighbours lie a gap apart, in order, within bounds where they fit."""
    order = sorted(range(len(heights)), key=lambda place: heights[place])
    moved = list(heights)
    last = top - gap
    for place in order:
        last = moved[place] = max(heights[place], last + gap)
    limit = bottom
    for place in reversed(order):
        if moved[place] <= limit:
            break
        moved[place] = limit
        limit -= gap
    return moved
