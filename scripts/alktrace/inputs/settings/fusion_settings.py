"""The section `fusions`."""

from collections.abc import Iterator

from pydantic import Field

from .section import AtLeastOne, Fault, Level, MappingQuality, Natural, Section, Share


class FusionSettings(Section):
    min_molecules: AtLeastOne = Field(description="distinct supporting molecules")
    min_split_molecules: Natural = Field(description="of these, with a split read")
    min_anchor: AtLeastOne = Field(description="aligned bases on each side of a split read")
    min_mapq: MappingQuality = Field(description="mapping quality on both sides")
    max_insert: AtLeastOne = Field(description="largest fragment for clustering discordant pairs")
    min_overhang: AtLeastOne = Field(
        description="bases that a molecule must reach into both sides of a junction, or of the intact site"
    )
    min_fragments: AtLeastOne = Field(description="supporting molecules that differ in an outer end")
    min_ends: AtLeastOne = Field(
        description="different outer ends on each side: a PCR chimera shares one. 1 for amplicon assays"
    )
    same_bases: Natural = Field(description="bases by which two precise breakpoints of one junction differ")
    power: Level = Field(description="power at which the detectable VAF of a fusion is stated")
    max_homology: Natural = Field(description="micro-homology above which a junction is a likely chimera")
    max_similarity: Share = Field(
        description="identity of the sequence joined to the sequence replaced, above: paralogue"
    )
    min_complexity: Share = Field(
        description="share of different triplets in the 40 bases on either side, below: simple repeat"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        # The stated limit of a fusion rests on min_molecules alone: nothing else may ask for more.
        for key in ("min_split_molecules", "min_fragments", "min_ends"):
            yield from self.in_order(key, "min_molecules")
        for key in ("min_anchor", "min_overhang"):
            yield from self.between(key, 1, 100, "is more than half of a read")
        # EML4 and ALK lie 13 Mb apart on one chromosome.
        yield from self.between("max_insert", 100, 100_000, "is the length of no fragment")
        yield from self.between("max_similarity", 0.5, 1, "is what unrelated sequences reach")
        yield from self.between("min_complexity", 0, 0.7, "is more than ordinary sequences have")
