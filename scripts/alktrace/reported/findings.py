"""A clause that names a finding, with its line and gene: what the rows of a report are built from."""

from dataclasses import dataclass
from enum import StrEnum

from ..inputs.user_tables import Line
from .clauses import Clause
from .report_words import Meaning
from .tokens import Shape


class ReportedKind(StrEnum):
    """What a clause speaks of."""

    SMALL = "small"
    FUSION = "fusion"
    COPIES = "copies"
    SKIPPING = "skipping"
    OTHER = "other"
    NONE = "none"


COPY_WORDS = (Meaning.AMPLIFICATION, Meaning.GAIN, Meaning.LOSS, Meaning.COPIES)
SMALL_NAMES = (Shape.CHANGE, Shape.CODING)


@dataclass(frozen=True)
class Finding:
    """One clause in its line.

    Attributes:
        gene: symbol; empty where neither clause nor line names one.
        said: the words, for messages.
        copies: number of the copy-number cell.
    """

    line: Line
    clause: Clause
    gene: str
    said: str
    copies: float | None = None


def kind_of(clause: Clause) -> ReportedKind:
    """Return what a clause speaks of.

    Raises:
        ValueError: of two things at once, such as a mutation and a fusion.
    """
    fused = clause.has(Meaning.FUSION, Shape.JUNCTION, Shape.PAIR)
    copies = clause.has(*COPY_WORDS) or _whole_gene_lost(clause)
    event = clause.has(Shape.EXONS) and clause.has(Meaning.DELETION, Meaning.INSERTION)
    small = clause.has(*SMALL_NAMES) or (event and not copies)
    skipped = clause.has(Meaning.SKIPPING)
    if clause.has(Meaning.OTHER):
        return ReportedKind.OTHER
    if fused + copies + (skipped or small) > 1:
        raise ValueError(f"{clause.text}: two kinds of finding at once")
    if skipped:
        return ReportedKind.SKIPPING
    if fused:
        return ReportedKind.FUSION
    if copies:
        return ReportedKind.COPIES
    return ReportedKind.SMALL if small else ReportedKind.NONE


def named_gene(finding: Finding) -> str:
    """Return the gene of a finding.

    Raises:
        ValueError: nobody names it.
    """
    if not finding.gene:
        raise ValueError(f"{finding.said}: of which gene? write its symbol in `gene`")
    return finding.gene


def _whole_gene_lost(clause: Clause) -> bool:
    """Tell whether a deletion is one of the gene: of both copies, or beside a copy word."""
    gene = clause.has(Meaning.BOTH_COPIES) and not clause.has(Shape.EXONS, *SMALL_NAMES)
    return clause.has(Meaning.DELETION) and gene
