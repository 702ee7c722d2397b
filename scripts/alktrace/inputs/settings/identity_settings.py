"""The section `identity`."""

from collections.abc import Iterator

from pydantic import Field

from .section import AtLeastOne, Fault, Probability, Section, Share, Tail


class IdentitySettings(Section):
    min_sites: AtLeastOne = Field(description="shared polymorphisms needed for a verdict")
    match: Share = Field(description="concordance from which two samples are of one person")
    mismatch: Share = Field(description="concordance below which they are not")
    chance: Probability = Field(
        description="probability that two persons share a genotype by chance, at most"
    )
    alpha: Tail = Field(
        description="chance of a false match over all pairs of the cohort, at which two patients are one"
    )
    min_sex_sites: AtLeastOne = Field(
        description="sites on X or Y that must agree before sex is said: one alone may be misaligned"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        yield from self.in_order("mismatch", "match")
        # Two persons agree as often as chance has it: below that no pair would ever be a mismatch.
        yield from self.in_order("chance", "mismatch")
