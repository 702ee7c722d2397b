"""The columns of `genotypes.tsv`."""

from dataclasses import dataclass

from ...io.tables import column


@dataclass(frozen=True)
class GenotypeRow:
    """`genotypes.tsv`: one known polymorphism, for identity and contamination."""

    chrom: str = column("sequence name")
    pos: int = column("position, 1-based")
    ref: str = column("reference base")
    alt: str = column("alternative base")
    ref_molecules: int = column("molecules with the reference base")
    alt_molecules: int = column("molecules with the alternative base")
    genotype: str | None = column("`0/0`, `0/1`, `1/1`; missing where molecules do not suffice")
