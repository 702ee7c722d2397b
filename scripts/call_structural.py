"""Job of rule call_structural: molecules to fusions and molecules per bin."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings import CopyNumberSettings, FusionSettings
from alktrace.io.resources import resource
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.structural.copy_number.coverage import measure_coverage
    from alktrace.structural.fusions.fusion_calls import call_fusions
    from alktrace.structural.fusions.partners import read_drivers

    drivers = resource("reference/fusion_drivers.tsv")
    fusions = FusionSettings.model_validate(snakemake.params.settings["fusions"])
    copy_number = CopyNumberSettings.model_validate(snakemake.params.settings["copy_number"])
    call_fusions(
        bam=Path(snakemake.input.bam),
        fasta=Path(snakemake.input.fasta),
        targets=Path(snakemake.input.targets),
        gene_models=Path(snakemake.input.gene_models),
        drivers=drivers,
        fusion_genes=tuple(read_drivers(drivers)),
        settings=fusions,
        sample=snakemake.params.sample,
        out_vcf=Path(snakemake.output.vcf),
    )
    measure_coverage(
        bam=Path(snakemake.input.bam),
        targets=Path(snakemake.input.targets),
        out_cnn=Path(snakemake.output.coverage),
        bin_size=copy_number.bin_size,
        min_mapq=fusions.min_mapq,
        max_insert=fusions.max_insert,
    )
