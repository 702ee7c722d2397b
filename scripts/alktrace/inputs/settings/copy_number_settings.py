"""The section `copy_number`."""

from pydantic import Field

from .section import AtLeastOne, Positive, Probability, Section, Share


class CopyNumberSettings(Section):
    min_bins: AtLeastOne = Field(description="bins of a gene, fewer: not assessable")
    min_arm_bins: AtLeastOne = Field(description="bins elsewhere on the arm needed to judge focality")
    min_normals: AtLeastOne = Field(description="normals of an assay needed for a pooled reference")
    amplification: dict[str, Positive] = Field(
        description="tumour copy number that counts as amplification, per gene"
    )
    loss_genes: tuple[str, ...] = Field(description="genes in which a loss is looked for")
    loss: Positive = Field(
        description="tumour copy number below which a loss, of one copy or both, is called"
    )
    min_loss_tumour_fraction: Share = Field(description="tumour fraction below which no loss is called")
    bin_size: AtLeastOne = Field(description="average size of the bins into which targets are cut, in bases")
    tail_probability: Probability = Field(
        description="one-sided probability that the noise of a gene looks like a gain or a loss"
    )
    loss_tail_probability: Probability = Field(
        description="one-sided probability that the noise of a gene looks like a loss of a copy"
    )
    power: Probability = Field(description="power at which the smallest visible copy number is stated")
