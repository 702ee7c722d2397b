"""Known polymorphisms of the person: molecules and genotype, for identity and contamination."""

from pathlib import Path

import pysam

from ...errors import DataError, InputProblems, Problem
from ...inputs.settings.calling_settings import CallingSettings
from ..molecules.pileup import Pileup
from ..molecules.regions import BASES
from .genotype_table import GenotypeRow

OTHER_BUILD = "give polymorphisms of the genome in the configuration"
ERROR = 0.01
"""Share of molecules that may show the other allele at a homozygous site: noise and contamination."""


def genotype_polymorphisms(
    polymorphisms: Path, pileup: Pileup, settings: CallingSettings
) -> list[GenotypeRow]:
    """Return the biallelic SNVs of a VCF that lie in targets.

    Args:
        polymorphisms: VCF or BCF of known sites.
        pileup: molecules of the sample.
        settings: calling section; `genotype_molecules` are needed for a genotype.

    Raises:
        DataError: the file is no VCF.
        InputProblems: sites whose REF is not the base of the genome.
    """
    rows: list[GenotypeRow] = []
    problems: list[Problem] = []
    try:
        with pysam.VariantFile(str(polymorphisms)) as sites:
            for site in sites:
                row = _row(site, pileup, settings.genotype_molecules)
                if row is None:
                    continue
                rows.append(row)
                there = _genome_base(pileup, row.chrom, row.pos - 1)
                if there not in (row.ref, ""):
                    # Of another build: every molecule would be homozygous for an allele that is none.
                    what = f"REF {row.ref!r} at {row.chrom}:{row.pos}, where the genome has {there!r}"
                    problems.append(Problem(str(polymorphisms), 0, "REF", what, OTHER_BUILD))
    except (OSError, ValueError) as error:
        raise DataError(polymorphisms, f"cannot be read as VCF ({error})", "give a VCF") from None
    if problems:
        raise InputProblems(problems)
    return rows


def _genome_base(pileup: Pileup, chrom: str, position: int) -> str:
    """Return the base of the genome at a 0-based position; empty where it is not A, C, G or T."""
    at = pileup.regions.site(chrom, position)
    code = len(BASES) if at is None else int(pileup.regions.reference[at])
    return BASES[code : code + 1]


def _row(site: pysam.VariantRecord, pileup: Pileup, min_molecules: int) -> GenotypeRow | None:
    alts = site.alts or ()
    if site.ref is None or len(site.ref) != 1 or len(alts) != 1 or len(alts[0]) != 1:
        return None
    ref, alt = site.ref.upper(), alts[0].upper()
    at = pileup.regions.site(site.chrom, site.pos - 1)
    if at is None or not pileup.regions.targeted[at] or ref not in BASES or alt not in BASES:
        return None
    molecules = pileup.counts[at].sum(axis=1)
    refs, mutants = int(molecules[BASES.index(ref)]), int(molecules[BASES.index(alt)])
    return GenotypeRow(
        chrom=site.chrom,
        pos=site.pos,
        ref=ref,
        alt=alt,
        ref_molecules=refs,
        alt_molecules=mutants,
        genotype=genotype(refs, mutants) if refs + mutants >= min_molecules else None,
    )


def genotype(ref_molecules: int, alt_molecules: int) -> str:
    """Return the likeliest of `0/0`, `0/1`, `1/1` for binomial molecules with alt share 0.01, 0.5, 0.99."""
    import math

    def likelihood(share: float) -> float:
        return alt_molecules * math.log(share) + ref_molecules * math.log1p(-share)

    return max((likelihood(0.5), "0/1"), (likelihood(ERROR), "0/0"), (likelihood(1 - ERROR), "1/1"))[1]
