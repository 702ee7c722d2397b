"""The section `reference`."""

from typing import Literal

from pydantic import Field

from .section import Section


class ReferenceSettings(Section):
    fasta: str = Field(description="genome FASTA with true coordinates (plain or bgzip, with .fai)")
    gff3: str = Field(description="gene models of the same build, GFF3 or GTF of Ensembl, GENCODE or RefSeq")
    align_fasta: str | None = Field(
        description="compact FASTA with contigs named chr:start-end to align to instead; alignments are "
        "lifted to true coordinates. For demos and tests: real runs align to the whole genome"
    )
    polymorphisms: str | None = Field(
        description="VCF of common polymorphisms for identity and contamination"
    )
    population_vcf: str | None = Field(
        description="VCF with INFO/AF of population frequencies, used to recognise germline variants"
    )
    aligner: Literal["bwa", "bwa-mem2"] = Field(description="program that aligns")
