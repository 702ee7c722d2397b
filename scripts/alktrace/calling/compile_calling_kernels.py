"""Compiles the kernels of small variants by calling and genotyping a few made-up molecules."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pysam

from ..consensus.compile_consensus_kernels import CHROM, SAMPLE, make_consensus, write_genome
from ..inputs.settings.calling_settings import CallingSettings
from ..inputs.settings.molecule_settings import MoleculeSettings
from ..io.atomic import atomic_output
from ..io.tables import write_table
from ..reference.gene_models import Exon, GeneModels, Transcript
from ..reference.locus_table import HotspotRow, LocusRow
from ..vocabulary.detection import LocusKind
from ..vocabulary.samples import UmiSource
from ..vocabulary.variant import SmallVariant


def compile_calling_kernels(*, molecules: MoleculeSettings, calling: CallingSettings, out: Path) -> None:
    """Run calling and genotyping once, so that their machine code lies in numba's cache.

    Args:
        molecules: any valid section.
        calling: any valid section.
        out: gets one line per kind of call that was run.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        consensus = make_consensus(folder, write_genome(folder), UmiSource.TAG, True, molecules)
        run_calls(folder, consensus, calling)
    with atomic_output(out) as (partial,):
        partial.write_text("variants\ngenotyping\n")


def run_calls(folder: Path, bam: Path, calling: CallingSettings) -> None:
    """Call variants and genotypes in a BAM of the made-up genome; files stay in the folder."""
    from .caller import call_variants
    from .genotyping.known_alleles import count_alterations

    fasta = folder / "genome.fa"
    (folder / "targets.bed").write_text(f"{CHROM}\t400\t1800\tALK\n")
    locus = LocusRow("ALK", "G1", LocusKind.ALK_HOTSPOT, 1, CHROM, 700, 703)
    write_table(folder / "loci.tsv", LocusRow, [locus])
    write_table(folder / "hotspots.tsv", HotspotRow, [])
    exons = (Exon(1, 600, 900), Exon(2, 1000, 1300))
    model = Transcript("ALK", "warm", CHROM, "+", exons, 600, 1300)
    GeneModels({"ALK": model}).save(folder / "models.json")
    call_variants(
        bam=bam,
        fasta=fasta,
        targets=folder / "targets.bed",
        loci=folder / "loci.tsv",
        hotspots=folder / "hotspots.tsv",
        gene_models=folder / "models.json",
        polymorphisms=None,
        settings=calling,
        noise_model=None,
        sample=SAMPLE,
        out_vcf=folder / "variants.vcf.gz",
        out_callability=folder / "callability.tsv",
        out_genotypes=folder / "genotypes.tsv",
        out_error_rates=folder / "error_rates.tsv",
        out_noise=folder / "noise.json",
    )
    with pysam.FastaFile(str(fasta)) as reference:
        bases = reference.fetch(CHROM, 700, 702)
    others = "".join("A" if base != "A" else "C" for base in bases)
    # A substitution within another: only such a pair reaches every kernel of joint counts.
    alleles = [SmallVariant(CHROM, 701, bases[:size], others[:size]) for size in (1, 2)]
    known = count_alterations(bam=bam, fasta=fasta, alterations=alleles, settings=calling, together=(0, 1))
    known.joint((0, 1))
    run_rule(calling)


def run_rule(calling: CallingSettings) -> None:
    """Judge an allele with the molecules that the made-up ones are too few for."""
    from .noise.molecule_classes import N_CLASSES
    from .noise.rates import prior_noise
    from .rule.power import Ceilings
    from .rule.verdict import judge, worst_limit

    noise, total = prior_noise(calling).noise(0), np.full(N_CLASSES, 50)
    judge(np.eye(1, N_CLASSES, dtype=np.int64)[0], total, (0, 0), (noise, ""), hotspot=True, settings=calling)
    worst_limit([(total, noise)] * 2, hotspot=True, settings=calling, ceilings=Ceilings(total))
