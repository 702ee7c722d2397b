"""Genome sequence by true coordinates, with N wherever the FASTA has none."""

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pysam

from .gene_models import reverse_complement


class Sequences(Protocol):
    """What breakpoints need to know of a genome."""

    def has(self, chrom: str) -> bool:
        """Say whether the sequence of a chromosome is known at all."""

    def fetch(self, chrom: str, start: int, end: int) -> str:
        """Return the plus strand in upper case, 0-based half-open; N outside what is known."""


class Genome:
    """A FASTA with index; reading outside a sequence gives N instead of an error."""

    def __init__(self, fasta: Path) -> None:
        """Open the FASTA; the `.fai` (and `.gzi`) must lie beside it."""
        self._file = pysam.FastaFile(str(fasta))
        self._lengths = dict(zip(self._file.references, self._file.lengths, strict=True))

    def has(self, chrom: str) -> bool:
        """Say whether the FASTA holds a chromosome."""
        return chrom in self._lengths

    def fetch(self, chrom: str, start: int, end: int) -> str:
        """Return the plus strand in upper case, 0-based half-open; N outside the sequence."""
        length = self._lengths.get(chrom, 0)
        inner_start, inner_end = max(0, min(start, length)), max(0, min(end, length))
        if inner_start >= inner_end:
            return "N" * (end - start)
        known: str = self._file.fetch(chrom, inner_start, inner_end)
        return "N" * (inner_start - start) + known.upper() + "N" * (end - inner_end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def read_minus(sequences: Sequences, chrom: str, start: int, end: int) -> str:
    """Return the minus strand of an interval, 5' to 3'."""
    return reverse_complement(sequences.fetch(chrom, start, end))
