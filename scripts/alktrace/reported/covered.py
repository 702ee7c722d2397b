"""What a report says that it covered: genes, exons, introns, or the regions of a BED beside it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputProblems
from ..io.bed import read_bed
from ..reference.locus_table import LocusRow
from ..vocabulary.detection import LocusKind


@dataclass(frozen=True)
class Coverage:
    """What a report says it covered.

    Attributes:
        genes: genes covered.
        exons: exons by gene, where the report lists them; a gene without entry is covered as a whole.
        introns: introns by gene.
    """

    genes: frozenset[str]
    exons: dict[str, frozenset[int]]
    introns: dict[str, frozenset[int]]

    def covers(self, locus: LocusRow) -> bool | None:
        """Tell whether a locus was looked at; None where the report does not say."""
        if locus.gene not in self.genes:
            return False
        number = number_of(locus)
        if locus.kind is LocusKind.FUSION_INTRON:
            # Reports list genes and exons; whether introns are baited they rarely say.
            return True if number in self.introns.get(locus.gene, ()) else None
        listed = self.exons.get(locus.gene)
        return listed is None or locus.locus == WHOLE_GENE or number in listed


@dataclass(frozen=True)
class CoveredRegions:
    """Regions in which small variants would have been found, by chromosome; 0-based half-open, sorted."""

    spans: dict[str, tuple[tuple[int, int], ...]]

    @classmethod
    def read(cls, bed: Path) -> "CoveredRegions":
        """Read a BED.

        Raises:
            InputProblems: everything wrong in it.
        """
        targets, problems = read_bed(bed)
        if problems:
            raise InputProblems(problems)
        spans: dict[str, list[tuple[int, int]]] = {}
        for target in sorted(targets.values()):
            own = spans.setdefault(target.chrom, [])
            if own and target.start <= own[-1][1]:
                own[-1] = (own[-1][0], max(own[-1][1], target.end))
            else:
                own.append((target.start, target.end))
        return cls({chrom: tuple(own) for chrom, own in spans.items()})

    def covers(self, locus: LocusRow) -> bool | None:
        """Tell whether a locus was looked at; None where a part was, or where regions cannot say it.

        Copies of a gene and breakpoints in an intron are found by other means than the bases covered.
        """
        touched = [
            (start, end)
            for start, end in self.spans.get(locus.chrom, ())
            if start < locus.end and locus.start < end
        ]
        if not touched:
            return False
        if locus.kind is LocusKind.FUSION_INTRON or locus.locus == WHOLE_GENE:
            return None
        return True if any(s <= locus.start and locus.end <= e for s, e in touched) else None


WHOLE_GENE = "gene"
MOST_EXONS = 999
"""TTN has 363."""


def number_of(locus: LocusRow) -> int | None:
    """Return the number of an exon or intron locus, of a codon that of its exon."""
    return int(locus.locus.split(" ")[1]) if " " in locus.locus else locus.exon


def as_written(name: str) -> str:
    """Return a gene name unchanged."""
    return name


def read_coverage(
    genes: str | None, exons: str | None, symbol: Callable[[str], str] = as_written
) -> Coverage:
    """Return the coverage from its two cells.

    Args:
        genes: `ALK;EGFR;KRAS`; commas and blanks separate too.
        exons: `ALK:20-28;KRAS:2,3;ALK:intron 19`.
        symbol: gives the symbol of a gene name.

    Raises:
        ValueError: a part that cannot be read, named.
    """
    named = {symbol(name) for name in re.split(r"[;,、\s]+", genes or "") if name}
    listed: dict[str, set[int]] = {}
    introns: dict[str, set[int]] = {}
    gene = ""
    for part in re.split(r"[;,、]", exons or ""):
        name, _, span = part.strip().rpartition(":")
        gene = symbol(name.strip()) if name.strip() else gene
        if not span.strip():
            continue
        intron, numbers = _read_span(gene, span)
        (introns if intron else listed).setdefault(gene, set()).update(numbers)
    return Coverage(
        frozenset(named | set(listed) | set(introns)),
        {name: frozenset(numbers) for name, numbers in listed.items()},
        {name: frozenset(numbers) for name, numbers in introns.items()},
    )


def _read_span(gene: str, span: str) -> tuple[bool, Sequence[int]]:
    match = re.fullmatch(
        r"\s*(?P<intron>in?(?:tron)?s?\s*)?(?P<first>\d+)(?:\s*[-–]\s*(?P<last>\d+))?\s*", span
    )
    if match is None or not gene:
        raise ValueError(f"{span.strip()!r}: write exons as ALK:20-28 and introns as ALK:intron 19")
    first = int(match["first"])
    last = int(match["last"] or first)
    if last < first:
        raise ValueError(f"{gene}:{span.strip()}: the last exon is before the first")
    if last > MOST_EXONS:
        # A digit too many would take all memory for the numbers between.
        raise ValueError(f"{gene}:{span.strip()}: no gene has so many exons")
    return match["intron"] is not None, range(first, last + 1)
