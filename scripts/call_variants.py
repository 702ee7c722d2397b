"""Job of rule call_variants: molecules to small variants, callability and genotypes."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.workflow.job import optional_path
from alktrace.workflow.sample_job import sample_job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with sample_job(snakemake, "bam"):
    from alktrace.calling.caller import call_variants

    call_variants(
        bam=Path(snakemake.input.bam),
        fasta=Path(snakemake.input.fasta),
        targets=Path(snakemake.input.targets),
        loci=Path(snakemake.input.loci),
        hotspots=Path(snakemake.input.hotspots),
        gene_models=Path(snakemake.input.gene_models),
        polymorphisms=optional_path(snakemake.input.get("polymorphisms")),
        settings=CallingSettings.model_validate(snakemake.params.settings["calling"]),
        noise_model=optional_path(snakemake.input.get("noise_model")),
        sample=snakemake.params.sample,
        out_vcf=Path(snakemake.output.vcf),
        out_callability=Path(snakemake.output.callability),
        out_genotypes=Path(snakemake.output.genotypes),
        out_error_rates=Path(snakemake.output.error_rates),
        out_noise=Path(snakemake.output.noise),
        threads=snakemake.threads,
    )
