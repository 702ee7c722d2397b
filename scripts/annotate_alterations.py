"""Job of rule annotate_alterations: calls of one sample to alterations, tumour fraction, copy number."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.inputs.settings.copy_number_settings import CopyNumberSettings
from alktrace.inputs.settings.origin_settings import OriginSettings
from alktrace.inputs.settings.tumour_fraction_settings import TumourFractionSettings
from alktrace.io.resources import resource
from alktrace.io.unreadable import is_readable
from alktrace.vocabulary.samples import SpecimenType
from alktrace.workflow.job import optional_path
from alktrace.workflow.sample_job import sample_job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with sample_job(snakemake, "vcf", "fusions", "coverage"):
    from alktrace.annotate.alterations import annotate_alterations

    settings = snakemake.params.settings
    annotate_alterations(
        vcf=Path(snakemake.input.vcf),
        fusions_vcf=Path(snakemake.input.fusions),
        coverage=Path(snakemake.input.coverage),
        copy_number_reference=Path(snakemake.input.copy_number_reference),
        centromeres=resource("reference/centromeres.grch38.tsv"),
        gene_models=Path(snakemake.input.gene_models),
        gff3=Path(snakemake.input.gff3),
        fasta=Path(snakemake.input.fasta),
        knowledge=open_knowledge(resource("knowledge"), snakemake.config["knowledge"]),
        white_cell_bams=[
            Path(bam)
            for bam, table in zip(snakemake.input.white_cells, snakemake.input.white_cell_tables, strict=True)
            if is_readable(table)
        ],
        population_vcf=optional_path(snakemake.input.get("population_vcf")),
        specimen_type=SpecimenType(snakemake.params.specimen_type),
        calling=CallingSettings.model_validate(settings["calling"]),
        origin=OriginSettings.model_validate(settings["origin"]),
        tumour_fraction=TumourFractionSettings.model_validate(settings["tumour_fraction"]),
        copy_number=CopyNumberSettings.model_validate(settings["copy_number"]),
        out_alterations=Path(snakemake.output.alterations),
        out_tumour_fraction=Path(snakemake.output.tumour_fraction),
        out_copy_number=Path(snakemake.output.copy_number),
        out_bins=Path(snakemake.output.bins),
    )
