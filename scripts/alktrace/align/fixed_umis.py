"""Correction of UMIs to a list of the UMIs that the kit holds."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import DataError, InputProblems, Problem
from ..io.text import split_lines

BASES = frozenset("ACGT")
MAX_KNOWN = 1_000_000  # answers kept; read errors make ever new UMIs and memory must stay bounded


class FixedUmis:
    """The allowed UMIs and the rule that assigns an observed one to them.

    An observed UMI is assigned when exactly one allowed UMI has fewer than `best + min_distance`
    mismatches and `best` is at most `max_mismatches`: the rule of fgbio's CorrectUmis. An N is a
    mismatch. Answers are kept, since a run shows few
    distinct UMIs.
    """

    def __init__(self, umis: Sequence[str], *, max_mismatches: int, min_distance: int) -> None:
        """Keep the UMIs; all have one length."""
        self.umis = tuple(umis)
        self.length = len(self.umis[0])
        self.max_mismatches = max_mismatches
        self.min_distance = min_distance
        self._known: dict[str, str | None] = {}

    def correct(self, observed: str) -> str | None:
        """Return the UMI with each of its `-`-joined parts corrected, None if one cannot be."""
        if observed not in self._known:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            parts = [self._search(part) for part in observed.upper().split("-")]
            self._known[observed] = None if None in parts else "-".join(part for part in parts if part)
        return self._known[observed]

    def _search(self, observed: str) -> str | None:
        if len(observed) != self.length:
            return None
        counts = [sum(a != b for a, b in zip(observed, umi, strict=True)) for umi in self.umis]
        best = min(counts)
        near = sum(count < best + self.min_distance for count in counts)
        if best > self.max_mismatches or near != 1:
            return None
        return self.umis[counts.index(best)]


def read_fixed_umis(path: Path, *, max_mismatches: int, min_distance: int) -> FixedUmis:
    """Read a list of allowed UMIs, one per line; empty lines and lines with `#` are left out.

    Raises:
        DataError: the file cannot be read or is empty.
        InputProblems: lines that are no UMI, repeat one or have another length.
    """
    try:
        lines = split_lines(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, f"cannot be read ({error})", "give a text file, one UMI per line") from None
    seen: dict[str, int] = {}
    problems = []
    for number, line in enumerate(lines, start=1):
        umi = line.strip().upper()
        if not umi or umi.startswith("#"):
            continue
        what, remedy = _line_problem(umi, seen)
        if what:
            problems.append(Problem(str(path), number, "", what, remedy))
        seen.setdefault(umi, number)
    if problems:
        raise InputProblems(problems)
    if not seen:
        raise DataError(path, "holds no UMI", "write one UMI per line")
    return FixedUmis(tuple(seen), max_mismatches=max_mismatches, min_distance=min_distance)


def _line_problem(umi: str, seen: dict[str, int]) -> tuple[str, str]:
    if set(umi) - BASES:
        return f"{umi!r} is no UMI", "write only A, C, G and T"
    if umi in seen:
        return f"{umi} stands already in line {seen[umi]}", "write every UMI once"
    if seen and len(umi) != len(first := next(iter(seen))):
        return f"{umi} has {len(umi)} bases, {first} has {len(first)}", "give UMIs of one length"
    return "", ""
