"""BED files, 0-based half-open: as people give them, and as the workflow has joined them.

What people give is read before work starts, and joined by one job per assay; those of samples read its file.
"""

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from ..errors import DataError, Problem
from .text import split_lines

HEADS = ("track", "browser")
MAX_DIGITS = 12
STRAND = 5
"""Column of the strand, 0-based."""
UNNAMED = "-"
"""Name of a target without one, as CNVkit writes it."""


class Target(NamedTuple):
    """A targeted interval; the name is that of the fourth column, or several, joined by commas."""

    chrom: str
    start: int
    end: int
    name: str = UNNAMED

    @property
    def span(self) -> tuple[str, int, int]:
        """The interval without its name."""
        return self[:3]


def read_bed(path: Path) -> tuple[dict[int, Target], list[Problem]]:
    """Return the targets of a BED by their line, and everything wrong with the file.

    Args:
        path: UTF-8 text with three columns or more, separated by tabs, of which four are read, in any order;
            targets may overlap. Comments, `track` and `browser` lines and blank lines are skipped.
    """
    file = str(path)
    try:
        lines = split_lines(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        remedy = "give a BED in UTF-8 text; decompress it if it is compressed"
        return {}, [Problem(file, 0, "", f"cannot be read ({error})", remedy)]
    targets: dict[int, Target] = {}
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#") or line.split()[0] in HEADS:
            continue
        found = _parse(file, number, [cell.strip() for cell in line.split("\t")])
        if isinstance(found, Problem):
            problems.append(found)
        else:
            targets[number] = found
    if not targets and not problems:
        problems.append(Problem(file, 0, "", "no intervals", "write one targeted region per line"))
    return targets, problems


def read_strands(path: Path) -> dict[int, str]:
    """Return the sixth column of a BED by line, `+` or `-`; lines without one are left out."""
    lines = split_lines(path.read_text(encoding="utf-8-sig"))
    cells = {number: line.split("\t") for number, line in enumerate(lines, start=1)}
    strands = {number: row[STRAND].strip() for number, row in cells.items() if len(row) > STRAND}
    return {number: strand for number, strand in strands.items() if strand in ("+", "-")}


def _parse(file: str, line: int, cells: list[str]) -> Target | Problem:
    if len(cells) < 3:
        remedy = "write chromosome, start and end, separated by tabs"
        return Problem(file, line, "", f"{len(cells)} columns", remedy)
    for column, text in zip(("start", "end"), cells[1:3], strict=True):
        if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
            shown = text if len(text) <= MAX_DIGITS else f"{text[:MAX_DIGITS]}..."
            return Problem(file, line, column, f"value {shown!r}", "write a whole number")
    chrom, start, end = cells[0], int(cells[1]), int(cells[2])
    if start >= end:
        remedy = "write start (0-based) below end, or remove the line"
        return Problem(file, line, "end", f"empty interval {chrom}:{start}-{end}", remedy)
    return Target(chrom, start, end, "".join(cells[3:4]) or UNNAMED)


def read_targets(path: Path) -> list[Target]:
    """Return the targets of an assay as `prepare_targets` wrote them: sorted and joined.

    Raises:
        DataError: targets overlap or touch, so that a base would count twice.
    """
    with path.open(encoding="utf-8") as stream:
        cells = [line.rstrip("\n").split("\t") for line in stream]
    targets = [Target(chrom, int(start), int(end), *name) for chrom, start, end, *name in cells]
    if any(a.chrom == b.chrom and b.start <= a.end for a, b in pairwise(targets)):
        raise DataError(path, "targets are not sorted and joined", "give what `prepare_targets` wrote")
    return targets
