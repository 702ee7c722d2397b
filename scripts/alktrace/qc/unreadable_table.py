"""The columns of `unreadable.tsv`."""

from dataclasses import dataclass

from ..io.tables import column


@dataclass(frozen=True)
class UnreadableRow:
    """`unreadable.tsv`: one thing wrong with the files of one sample, of which nothing is used."""

    patient: str = column("patient id")
    timepoint: str = column("timepoint id")
    specimen: str = column("specimen id")
    file: str = column("the file, as the sheet names it or as it was made from it")
    line: int | None = column("1-based line, where one is at fault")
    place: str = column("record or column, where one is at fault")
    what: str = column("what is wrong")
    remedy: str = column("what to do about it")

    def __str__(self) -> str:
        """Return `patient.timepoint.specimen: file:line:place: what; remedy`."""
        parts = (self.file, str(self.line or ""), self.place)
        place = ":".join(part for part in parts if part)
        return f"{self.patient}.{self.timepoint}.{self.specimen}: {place}: {self.what}; {self.remedy}"
