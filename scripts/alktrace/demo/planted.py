"""What can be wrong with a genome of the demo, and in which cells.

Positions are 0-based; small variants are written as in VCF (left-aligned, indels with the base before).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .made_genome import Genome

COMPLEMENT_TEXT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True)
class PlantedVariant:
    """A substitution, insertion or deletion; `name` is what a reader calls it, such as `G1202R`."""

    gene: str
    name: str
    hgvs_p: str
    chrom: str
    pos: int
    ref: str
    alt: str

    @property
    def key(self) -> str:
        """Identity as in the tables of the workflow: `chr2:29220747:C:T`."""
        return f"{self.chrom}:{self.pos + 1}:{self.ref}:{self.alt}"


@dataclass(frozen=True)
class Inversion:
    """An inversion that joins two genes, such as EML4-ALK.

    Attributes:
        low, high: last base kept on the low side of either breakpoint, 0-based. The genome up to `low` is
            followed by the reverse complement of what ends at `high`; the rest is the reciprocal junction.
    """

    gene: str
    partner: str
    junction: str
    chrom: str
    low: int
    high: int

    @property
    def name(self) -> str:
        """Such as `EML4-ALK E13;A20`."""
        return f"{self.partner}-{self.gene} {self.junction}"

    @property
    def key(self) -> str:
        """Identity as in the tables of the workflow."""
        return f"fusion:{self.partner}:{self.gene}"


@dataclass(frozen=True)
class Amplification:
    """Extra copies of an interval of one haplotype, per cell that carries it."""

    gene: str
    chrom: str
    start: int
    end: int
    extra: float

    @property
    def name(self) -> str:
        """Always `amplification`."""
        return "amplification"

    @property
    def key(self) -> str:
        """Identity as in the tables of the workflow."""
        return f"copy_number:{self.gene}:amplification"


@dataclass(frozen=True)
class Loss:
    """Loss of one copy of an interval."""

    gene: str
    chrom: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """Always `loss`."""
        return "loss"

    @property
    def key(self) -> str:
        """Identity as in the tables of the workflow."""
        return f"copy_number:{self.gene}:loss"


Alteration = PlantedVariant | Inversion | Amplification | Loss


@dataclass(frozen=True)
class Placed:
    """An alteration on one of the two haplotypes (0 or 1)."""

    alteration: Alteration
    haplotype: int = 0


def placed(*alterations: Alteration, on: int = 0) -> tuple[Placed, ...]:
    """Put alterations on one haplotype."""
    return tuple(Placed(item, on) for item in alterations)


@dataclass(frozen=True)
class Population:
    """Cells with one genotype.

    Attributes:
        share: share of all genomes of the specimen; the shares of a specimen add up to 1.
        placed: everything these cells carry beyond the germline SNPs.
    """

    name: str
    share: float
    placed: tuple[Placed, ...] = ()


def substitution(genome: Genome, gene: str, hgvs_p: str, first: int, change: str) -> PlantedVariant:
    """Return a substitution from its coding position.

    Args:
        genome: checked to hold `ref` there.
        gene: symbol.
        hgvs_p: such as `p.Gly1202Arg`.
        first: c. number (1-based) of the first base changed.
        change: bases on the transcript strand, such as `G>A` or `GG>TC`.

    Raises:
        ValueError: the genome holds other bases.
    """
    model = genome.genes[gene]
    ref, alt = change.split(">")
    positions = sorted(model.coding_positions[first - 1 : first - 1 + len(ref)])
    if model.strand == "-":
        ref, alt = ref.translate(COMPLEMENT_TEXT)[::-1], alt.translate(COMPLEMENT_TEXT)[::-1]
    seen = genome.fetch(model.chrom, positions[0], positions[-1] + 1)
    if seen != ref:
        raise ValueError(f"{gene} c.{first}: the genome has {seen} on the plus strand, not {ref}")
    return PlantedVariant(gene, short_name(hgvs_p), hgvs_p, model.chrom, positions[0], ref, alt)


def duplication(genome: Genome, gene: str, hgvs_p: str, first: int, last: int) -> PlantedVariant:
    """Return the duplication of c.first to c.last, left-aligned on the genome."""
    model = genome.genes[gene]
    positions = sorted(model.coding_positions[first - 1 : last])
    unit = genome.fetch(model.chrom, positions[0], positions[-1] + 1)
    anchor = positions[0] - 1
    while genome.fetch(model.chrom, anchor, anchor + 1) == unit[-1]:
        unit = unit[-1] + unit[:-1]
        anchor -= 1
    before = genome.fetch(model.chrom, anchor, anchor + 1)
    return PlantedVariant(gene, short_name(hgvs_p), hgvs_p, model.chrom, anchor, before, before + unit)


RESIDUES = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G",
    "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S",
    "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Ter": "*",
}  # fmt: skip


def short_name(hgvs_p: str) -> str:
    """Return `G1202R` for `p.Gly1202Arg`."""
    name = hgvs_p.removeprefix("p.")
    for long, short in RESIDUES.items():
        name = name.replace(long, short)
    return name


def protein_name(old: str, number: int, new: str) -> str:
    """Return `p.Gly1202Arg` for one-letter residues."""
    long = {short: name for name, short in RESIDUES.items()}
    return f"p.{long[old]}{number}{long[new]}"


def distinct(populations: Iterable[Population]) -> tuple[Alteration, ...]:
    """Return every alteration of the populations once, in order of first appearance."""
    return tuple(dict.fromkeys(item.alteration for pop in populations for item in pop.placed))
