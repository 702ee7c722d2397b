"""The section `tumour_fraction`."""

from pydantic import Field

from .section import AtLeastOne, Positive, Probability, Section, Share


class CopyState(Section):
    mutated: AtLeastOne = Field(description="copies with the marker in a tumour cell")
    total: AtLeastOne = Field(description="all copies of the locus in a tumour cell")
    weight: Positive = Field(description="relative probability of the state")


class TumourFractionSettings(Section):
    max_marker_vaf: Share = Field(description="VAF above which a marker counts as germline or imbalanced")
    min_marker_molecules: AtLeastOne = Field(
        description="mutant molecules of a marker, unless another sample of the patient shows it"
    )
    copy_states: tuple[CopyState, ...] = Field(
        min_length=1, description="copy states that a truncal marker may have where its copies are not known"
    )
    fusion_gain_tail: Probability = Field(
        description="chance below which a fusion junction with more molecules than its reciprocal was gained"
    )
    subclonal: Share = Field(description="probability that one of several markers is subclonal")
    unrelated: Share = Field(description="probability that one of several markers is not of the tumour")
