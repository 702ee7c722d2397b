"""A drug as tables and pages name it: with its mark, and with what the reader must know beside it."""

import re
from dataclasses import dataclass

from .marks import Mark

_CELL = re.compile(r"(?P<name>.+?) \((?P<mark>verified|cited)(?P<notes>(?:, [^,()]+)*)\)")


@dataclass(frozen=True)
class NamedDrug:
    """One drug of a list, as `lorlatinib (cited)` or `lorlatinib (verified, already given from 2024-02-01)`.

    Attributes:
        notes: without commas and brackets, which part them.
    """

    name: str
    mark: Mark
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({', '.join((self.mark.value, *self.notes))})"

    @classmethod
    def parse(cls, text: str) -> "NamedDrug":
        """Return the drug of its text.

        Raises:
            ValueError: the text has no mark, as in tables of earlier versions.
        """
        found = _CELL.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no drug with its mark, such as `lorlatinib (cited)`")
        notes = found["notes"].removeprefix(", ")
        return cls(found["name"], Mark(found["mark"]), tuple(notes.split(", ")) if notes else ())
