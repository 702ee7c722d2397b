"""Job of rule call_structural: molecules to fusions and molecules per bin."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings.copy_number_settings import CopyNumberSettings
from alktrace.inputs.settings.fusion_settings import FusionSettings
from alktrace.io.resources import resource
from alktrace.workflow.sample_job import sample_job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with sample_job(snakemake, "bam"):
    from alktrace.structural.call_structural import call_structural

    call_structural(
        bam=Path(snakemake.input.bam),
        fasta=Path(snakemake.input.fasta),
        targets=Path(snakemake.input.targets),
        gene_models=Path(snakemake.input.gene_models),
        drivers=resource("reference/fusion_drivers.tsv"),
        fusions=FusionSettings.model_validate(snakemake.params.settings["fusions"]),
        copy_number=CopyNumberSettings.model_validate(snakemake.params.settings["copy_number"]),
        sample=snakemake.params.sample,
        out_vcf=Path(snakemake.output.vcf),
        out_coverage=Path(snakemake.output.coverage),
    )
