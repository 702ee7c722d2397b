"""The section `tumour_fraction`."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from .section import AtLeastOne, Fault, Positive, Section, Share, Tail


class CopyState(Section):
    mutated: AtLeastOne = Field(description="copies with the marker in a tumour cell")
    total: Annotated[int, Field(ge=1, le=20)] = Field(description="all copies of the locus in a tumour cell")
    weight: Positive = Field(description="relative probability of the state")

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        yield from self.in_order("mutated", "total")


class TumourFractionSettings(Section):
    max_marker_vaf: Share = Field(description="VAF above which a marker counts as germline or imbalanced")
    min_marker_molecules: AtLeastOne = Field(
        description="mutant molecules of a marker, unless another sample of the patient shows it"
    )
    copy_states: tuple[CopyState, ...] = Field(
        min_length=1, description="copy states that a truncal marker may have where its copies are not known"
    )
    fusion_gain_tail: Tail = Field(
        description="chance below which a fusion junction with more molecules than its reciprocal was gained"
    )
    subclonal: Annotated[float, Field(ge=0, le=0.5)] = Field(
        description="probability that one of several markers is subclonal"
    )
    unrelated: Annotated[float, Field(ge=0, le=0.5)] = Field(
        description="probability that one of several markers is not of the tumour"
    )
