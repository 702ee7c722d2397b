"""A figure or table of the cohort page."""

from dataclasses import dataclass

NO_PATIENTS = "Nothing to draw: no patient belongs here."


@dataclass(frozen=True)
class Exhibit:
    """A figure or table of the page.

    Attributes:
        name: anchor.
        title: heading.
        svgs: its parts, one below the other; empty where there is nothing to draw.
        missing: why not; empty where there is.
        caption: sentences.
        sources: tables behind it, beside the page.
        notes: caveats, `code` and `text`.
        header: columns of a table.
        lines: its cells.
        wide: does it need the whole width of the page.
        refused: what it has no figure of, and why.
    """

    name: str
    title: str
    svgs: tuple[str, ...]
    missing: str
    caption: tuple[str, ...]
    sources: tuple[str, ...]
    notes: tuple[dict[str, str], ...] = ()
    header: tuple[str, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    wide: bool = True
    refused: tuple[str, ...] = ()
