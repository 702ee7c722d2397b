"""Errors that a user can act on: file, place, value seen, remedy."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class AlktraceError(Exception):
    """An input or setting that the user can correct; shown without a traceback."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong at one place of one file.

    Attributes:
        file: the file as the user named it.
        line: 1-based line; 0 where the whole file is meant.
        column: name of the column or key; empty where the whole line is meant.
        what: what is wrong, with the value seen.
        remedy: what to write or do instead.
    """

    file: str
    line: int
    column: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """Return `file:line:column: what; remedy`, leaving out empty places."""
        place = ":".join(
            part for part in (self.file, str(self.line) if self.line else "", self.column) if part
        )
        return f"{place}: {self.what}; {self.remedy}"


class InputProblems(AlktraceError):
    """All problems found in the input files or the configuration, reported together."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems in file order, each once."""
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DataError(AlktraceError):
    """A data file that cannot be used as it is."""

    def __init__(self, file: Path | str, what: str, remedy: str, place: str = "") -> None:
        """Build the message `file[:place]: what; remedy`."""
        self.problem = Problem(str(file), 0, place, what, remedy)
        super().__init__(str(self.problem))
