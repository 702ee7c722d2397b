"""The section `copy_number`."""

from collections.abc import Iterator

from pydantic import Field

from .section import AtLeastOne, Fault, Level, Positive, Section, Share, Tail

DIPLOID = 2


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
    tail_probability: Tail = Field(
        description="one-sided probability that the noise of a gene looks like a gain or a loss"
    )
    loss_tail_probability: Tail = Field(
        description="one-sided probability that the noise of a gene looks like a loss of a copy"
    )
    power: Level = Field(description="power at which the smallest visible copy number is stated")

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        yield from self.between("bin_size", 20, 100_000, "bases are no bin of a panel")
        for gene, copies in self.amplification.items():
            if copies <= DIPLOID:
                what = f"{copies} copies are no amplification"
                yield Fault(f"amplification.{gene}", what, "write a number above 2, such as 5")
        if self.loss >= DIPLOID:
            yield Fault("loss", f"{self.loss} copies are no loss", "write a number below 2, such as 1.5")
