"""The bypass matrix, gene by kind of change: found, excluded to a limit, not assessable or not looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..vocabulary.changes import ALK, VariantType
from ..vocabulary.negatives import ExclusionStatus, NegativeKind
from .language import Said, Share, say
from .verdict_card import Mechanism, amount


class Change(StrEnum):
    """Columns of the matrix."""

    MUTATION = "mutation"
    AMPLIFICATION = "amplification"
    FUSION = "fusion"
    LOSS = "loss"


CHANGE_OF_KIND = {
    NegativeKind.ALK_MUTATION: Change.MUTATION,
    NegativeKind.ALK_AMPLIFICATION: Change.AMPLIFICATION,
    NegativeKind.BYPASS_MUTATION: Change.MUTATION,
    NegativeKind.MET_AMPLIFICATION: Change.AMPLIFICATION,
    NegativeKind.BYPASS_AMPLIFICATION: Change.AMPLIFICATION,
    NegativeKind.BYPASS_FUSION: Change.FUSION,
    NegativeKind.GENE_LOSS: Change.LOSS,
}
CHANGE_OF_TYPE = {
    VariantType.AMPLIFICATION: Change.AMPLIFICATION,
    VariantType.FUSION: Change.FUSION,
    VariantType.LOSS: Change.LOSS,
}
STATES = (
    ExclusionStatus.FOUND,
    ExclusionStatus.NOT_ASSESSABLE,
    ExclusionStatus.NOT_STATED,
    ExclusionStatus.NOT_TARGETED,
)
"""What a cell says of which no locus is excluded, the first that holds of any locus."""
NOT_ASKED = "not_asked"
"""State of a cell of which the table of mechanisms asks nothing."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        state: `found`, a status of a negative, or `not_asked`.
        said: what stands in it.
    """

    state: str
    said: Said


def bypass_matrix(
    mechanisms: Sequence[Mechanism], exclusions: Sequence[Mapping[str, Any]]
) -> list[tuple[str, tuple[Cell, ...]]]:
    """Return a line per gene, ALK first, with a cell per kind of change.

    Args:
        mechanisms: of the timepoint, the listed ones too.
        exclusions: `excluded` of `resistance.json`: kinds with their loci, each a limit or a status.
    """
    found: dict[tuple[str, Change], list[Mechanism]] = {}
    for item in mechanisms:
        if item.row.gene and item.row.variant_type:
            change = CHANGE_OF_TYPE.get(item.row.variant_type, Change.MUTATION)
            found.setdefault((item.row.gene, change), []).append(item)
    loci: dict[tuple[str, Change], list[tuple[NegativeKind, Any]]] = {}
    for entry in exclusions:
        kind = NegativeKind(entry["kind"])
        # A report without coverage names no hotspot of ALK: a dash would say that nobody asks for one.
        unnamed = {ALK: entry["status"]} if kind is NegativeKind.ALK_MUTATION else {}
        for name, told in (entry["loci"] or unnamed).items():
            loci.setdefault((name.split(" ")[0], CHANGE_OF_KIND[kind]), []).append((kind, told))
    genes = sorted({gene for gene, _ in (*found, *loci)}, key=lambda gene: (gene != ALK, gene))
    return [
        (gene, tuple(_cell(found.get((gene, change), ()), loci.get((gene, change), ())) for change in Change))
        for gene in genes
    ]


def _cell(found: Sequence[Mechanism], loci: Sequence[tuple[NegativeKind, Any]]) -> Cell:
    if found:
        named = tuple(say("matrix.named", name=item.row.alteration, amount=amount(item)) for item in found)
        return Cell(ExclusionStatus.FOUND, say("matrix.all", items=named))
    if not loci:
        return Cell(NOT_ASKED, say("matrix.not_asked"))
    seen = [told for _, told in loci if isinstance(told, float) or told == ExclusionStatus.EXCLUDED]
    if len(seen) == len(loci):
        return _excluded(loci[0][0], [told for told in seen if isinstance(told, float)])
    if seen:
        # As of a kind: one hole may be the mechanism, so a part is never said to be the whole.
        return Cell(ExclusionStatus.IN_PART, say("matrix.in_part", seen=len(seen), all=len(loci)))
    states = {str(told) for _, told in loci}
    state = next((item for item in STATES if item in states), ExclusionStatus.NOT_ASSESSABLE)
    return Cell(state, say(f"matrix.{state}"))


def _excluded(kind: NegativeKind, limits: Sequence[float]) -> Cell:
    if not limits:
        return Cell(ExclusionStatus.EXCLUDED, say("matrix.excluded"))
    worst = max(limits)
    if CHANGE_OF_KIND[kind] is Change.AMPLIFICATION:
        return Cell(ExclusionStatus.EXCLUDED, say("matrix.copies", copies=f"{worst:.2g}"))
    return Cell(ExclusionStatus.EXCLUDED, say("matrix.share", share=Share(worst)))
