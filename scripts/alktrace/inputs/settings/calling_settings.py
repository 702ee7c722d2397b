"""The section `calling`."""

from collections.abc import Iterator

from pydantic import Field

from .section import (
    AtLeastOne,
    BaseQuality,
    Fault,
    Level,
    MappingQuality,
    Natural,
    Positive,
    Probability,
    Section,
    Share,
    Tail,
)


class StrictSettings(Section):
    min_reads: tuple[Natural, Natural, Natural] = Field(
        description="reads in total, on the better and on the worse strand; simplex data use the first"
    )
    max_read_error_rate: Share = Field(description="errors over bases of the raw reads of a molecule")
    max_base_error_rate: Share = Field(description="errors over raw reads at one base")
    min_base_quality: BaseQuality = Field(description="consensus quality, below: N")
    max_no_calls: Share = Field(description="share of N in a consensus read")
    strand_agreement: bool = Field(description="duplex bases on which the strands differ become N")

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        total, better, worse = self.min_reads
        if not total >= better >= worse:
            what = f"{total} in total, {better} and {worse} on the strands"
            yield Fault("min_reads", what, "write three numbers that do not rise")


class TrainingSettings(Section):
    max_vaf: Share = Field(description="VAF of an allele above which its site is no training site")
    max_repeat_vaf: Share = Field(
        description="the same for insertions and deletions in homopolymers and short tandem repeats of ten "
        "units and more, which slip often"
    )
    tail_probability: Tail = Field(
        description="noise tail below which an alternative is set aside as a possible variant"
    )
    min_molecules: AtLeastOne = Field(description="molecules of such an alternative, fewer: it is kept")
    min_duplex: AtLeastOne = Field(
        description="duplex molecules from which they alone say whether a slip in a repeat is inherited"
    )

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        yield from self.in_order("max_vaf", "max_repeat_vaf")


class NormalsSettings(Section):
    advised: AtLeastOne = Field(description="normals, fewer: a warning")
    max_vaf: Share = Field(description="VAF from which an allele is inherited and says nothing on noise")
    max_repeat_vaf: Share = Field(
        description="the same for insertions and deletions in repeats of seven units and more"
    )
    strength: Positive = Field(description="molecules that an unremarkable position counts for beforehand")
    clear_molecules: AtLeastOne = Field(description="molecules from which a position is judged by itself")
    clear_normals: AtLeastOne = Field(description="normals that show them, at least")

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        yield from self.in_order("max_vaf", "max_repeat_vaf")


class NeighbourSettings(Section):
    edge_reach: AtLeastOne = Field(
        description="bases beyond a called insertion or deletion that ends of reads show shifted"
    )
    edge_share: Share = Field(
        description="molecules of such a substitution over those of the insertion or deletion, at most"
    )
    form_reach: AtLeastOne = Field(description="bases between two forms of one insertion or deletion")
    form_share: Share = Field(description="molecules of one form that carry the other too, at least")

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        yield from self.between("edge_reach", 1, 100, "bases reach behind the ends of reads")
        yield from self.between("form_reach", 1, 1000, "bases lie beyond any molecule")


class CallingSettings(Section):
    tail_probability: Tail = Field(description="noise tail probability per tested alternative")
    hotspot_tail_probability: Tail = Field(description="the same at knowledge hotspots")
    min_alt_molecules: AtLeastOne = Field(description="mutant molecules that a call needs")
    min_alt_duplex: AtLeastOne = Field(
        description="duplex ones among them that are enough without others, if the noise tail allows"
    )
    min_candidate_molecules: AtLeastOne = Field(
        description="mutant molecules below the rule that are still shown as `subthreshold`"
    )
    min_mapq: MappingQuality = Field(description="mapping quality of a consensus read")
    min_base_quality: BaseQuality = Field(description="consensus base quality, below: uninformative")
    end_distance: Natural = Field(description="bases from the fragment end that do not vote")
    end_zone: Natural = Field(description="bases from the fragment end with noise rates of their own")
    max_mismatch_share: Share = Field(description="mismatches over aligned bases of a read, above: no vote")
    power: Level = Field(description="power at which a detectable VAF is stated")
    design_vaf: Probability = Field(
        description="VAF at which the weights of the molecule classes tell mutants from noise best"
    )
    noise_bound: Level = Field(description="credible bound of a noise rate that enters the test")
    max_reference_misfit: Share = Field(
        description="bases of the reads that differ from the reference, above: not their reference"
    )
    max_repeats: AtLeastOne = Field(
        description="repeat units beyond the first; insertions and deletions in more are `long_repeat`"
    )
    training: TrainingSettings = Field(description="what of a sample its noise is learned from")
    normals: NormalsSettings = Field(description="noise per position, learned from normals")
    neighbours: NeighbourSettings = Field(
        description="what an insertion or deletion makes of its surroundings, filters `indel_edge` and "
        "`second_form`"
    )
    subthreshold_tail_probability: Tail = Field(
        description="noise tail up to which a candidate that is not called stays in the VCF"
    )
    genotype_molecules: AtLeastOne = Field(description="molecules at a polymorphism to genotype it")
    strict: StrictSettings = Field(description="strict molecules, counted beside the loose ones")

    def faults(self) -> Iterator[Fault]:
        """Yield what makes no sense."""
        # A hotspot is asked for less evidence, and what is shown below the rule for still less.
        yield from self.in_order("tail_probability", "hotspot_tail_probability")
        yield from self.in_order("hotspot_tail_probability", "subthreshold_tail_probability")
        yield from self.in_order("min_candidate_molecules", "min_alt_molecules")
        yield from self.in_order("min_alt_duplex", "min_alt_molecules")
        yield from self.in_order("end_distance", "end_zone")
        if self.max_mismatch_share == 0:
            what = "0 leaves out every molecule that shows a variant"
            yield Fault("max_mismatch_share", what, "write some 0.1")
