"""Fusions and molecules per bin of one sample."""

from pathlib import Path

from ..inputs.settings.copy_number_settings import CopyNumberSettings
from ..inputs.settings.fusion_settings import FusionSettings
from ..io.bam_io import iterate_batches
from ..io.record_columns import read_columns
from ..reference.gene_models import GeneModels
from ..reference.genome import Genome
from .copy_number.coverage import Stretches, make_bins, write_coverage
from .fusions.fusion_calls import find_fusions, fusion_regions, make_records, open_indexed
from .fusions.fusion_vcf import write_fusions
from .fusions.partners import read_drivers
from .fusions.scan import SignCollector

# Arrays of this size are used again; larger ones are new memory each time, a tenth of the pass.
BATCH_BYTES = 8 << 20


def call_structural(
    *,
    bam: Path,
    fasta: Path,
    targets: Path,
    gene_models: Path,
    drivers: Path,
    fusions: FusionSettings,
    copy_number: CopyNumberSettings,
    sample: str,
    out_vcf: Path,
    out_coverage: Path,
) -> None:
    """Call fusions as pairs of breakends and count molecules per bin, in one pass over the reads.

    Behind it only the surroundings of candidate junctions are looked up, by the index.

    Args:
        bam: coordinate-sorted, indexed consensus reads; one molecule = records of one name.
        fasta: genome with true coordinates; N where unknown.
        targets: joined targets; fusion genes without a gene model are searched in those that bear their name.
        gene_models: JSON of `GeneModels`.
        drivers: `fusion_drivers.tsv`, whose genes are looked at.
        fusions: section `fusions` of the configuration.
        copy_number: section `copy_number` of the configuration.
        sample: sample name of the VCF.
        out_vcf: bgzip VCF; its tabix index is written beside it.
        out_coverage: CNVkit coverage table: `chromosome start end gene depth log2`.

    Raises:
        DataError: the BAM has no index.
    """
    models, known = GeneModels.load(gene_models), read_drivers(drivers)
    regions = fusion_regions(models, tuple(known), targets)
    signs = SignCollector(regions, min_clip=fusions.min_overhang, max_insert=fusions.max_insert)
    stretches = Stretches(min_mapq=fusions.min_mapq, max_insert=fusions.max_insert)
    with Genome(fasta) as genome, open_indexed(bam) as reads:
        contigs = list(zip(reads.references, reads.lengths, strict=True))
        for batch in iterate_batches(bam, batch_bytes=BATCH_BYTES):
            columns = read_columns(batch)
            signs.take(batch, columns, reads.header)
            stretches.take(columns)
        found = find_fusions(
            reads, signs.found, genome, regions=regions, models=models, drivers=known, settings=fusions
        )
        records = make_records(found, genome)
    write_fusions(out_vcf, records, contigs=contigs, sample=sample, settings=fusions)
    bins = make_bins(targets, copy_number.bin_size)
    write_coverage(out_coverage, bins, [name for name, _ in contigs], stretches.found)
