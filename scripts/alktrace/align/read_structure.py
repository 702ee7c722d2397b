"""Read structures in fgbio's notation: which bases of a read are template, UMI, barcode or spacer."""

import re
from dataclasses import dataclass
from itertools import accumulate

from ..errors import AlktraceError

TEMPLATE, UMI, SAMPLE_BARCODE, CELL_BARCODE, SKIP = "T", "M", "B", "C", "S"
OPERATORS = TEMPLATE + UMI + SAMPLE_BARCODE + CELL_BARCODE + SKIP
_SEGMENT = re.compile(rf"([0-9]{{1,5}}|\+)([{OPERATORS}])")


class ReadStructureError(AlktraceError):
    """A text that is no read structure, or structures that do not fit the files."""


@dataclass(frozen=True)
class Segment:
    """One segment; `length` is None for `+`, all bases that are left (none is allowed)."""

    length: int | None
    operator: str


@dataclass(frozen=True)
class ReadStructure:
    """The segments of one read in sequencing order."""

    segments: tuple[Segment, ...]

    def __str__(self) -> str:
        """Return the structure in its notation."""
        return "".join(f"{'+' if s.length is None else s.length}{s.operator}" for s in self.segments)

    @property
    def min_length(self) -> int:
        """Bases that a read needs for all segments of fixed length."""
        return sum(segment.length or 0 for segment in self.segments)

    def slices(self, operator: str) -> tuple[slice, ...]:
        """Return the slice of the read (0-based half-open) of each segment with that operator."""
        starts = accumulate((segment.length or 0 for segment in self.segments), initial=0)
        return tuple(
            slice(start, None if segment.length is None else start + segment.length)
            for start, segment in zip(starts, self.segments, strict=False)
            if segment.operator == operator
        )


def parse_read_structure(text: str) -> ReadStructure:
    """Return the read structure that a text describes.

    The notation is fgbio's: pairs of a length and one of T (template), M (UMI), B (sample
    barcode), C (cell barcode) and S (skip), such as `5M2S+T`; only the last length may be `+`.
    White space and case do not matter.

    Raises:
        ReadStructureError: what is wrong and what to write.
    """
    compact = "".join(text.split()).upper()
    parts = _SEGMENT.findall(compact)
    if not parts or "".join(length + operator for length, operator in parts) != compact:
        raise ReadStructureError(
            f"read structure {text!r} is not made of pairs of a length and one of "
            f"{', '.join(OPERATORS)}; write it as 5M2S+T"
        )
    if any(length == "+" for length, _ in parts[:-1]):
        raise ReadStructureError(f"read structure {text!r} has a `+` before its end; only the last may be")
    if any(length != "+" and int(length) == 0 for length, _ in parts):
        raise ReadStructureError(f"read structure {text!r} has a segment of length 0; leave it out")
    return ReadStructure(
        tuple(Segment(None if length == "+" else int(length), operator) for length, operator in parts)
    )


@dataclass(frozen=True)
class Layout:
    """Where template and UMI stand over all reads of one cluster.

    Attributes:
        structures: one per read, in file order.
        templates: read and slice of each template; one (single end) or two (a pair).
        umis: read and slice of each UMI part, in the order in which they are joined.
    """

    structures: tuple[ReadStructure, ...]
    templates: tuple[tuple[int, slice], ...]
    umis: tuple[tuple[int, slice], ...]

    @property
    def min_lengths(self) -> tuple[int, ...]:
        """Bases that each read needs: its fixed segments, and one base where a template is open."""
        open_reads = {read for read, part in self.templates if part.stop is None}
        return tuple(s.min_length + (i in open_reads) for i, s in enumerate(self.structures))


def plan_layout(structures: tuple[ReadStructure, ...]) -> Layout:
    """Return where template and UMI stand.

    As in fgbio every T segment is a read of its own and every M segment one part of the UMI.

    Raises:
        ReadStructureError: no template, or more than two.
    """
    templates = tuple((i, part) for i, s in enumerate(structures) for part in s.slices(TEMPLATE))
    umis = tuple((i, part) for i, s in enumerate(structures) for part in s.slices(UMI))
    if not 1 <= len(templates) <= 2:
        shown = " ".join(map(str, structures))
        raise ReadStructureError(
            f"read structures `{shown}` have {len(templates)} template segments; one (single end) or "
            "two (pairs) are needed"
        )
    return Layout(structures, templates, umis)
