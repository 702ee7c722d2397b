"""What a report says that it covered: genes, exons, introns."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass


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
    return match["intron"] is not None, range(first, last + 1)
