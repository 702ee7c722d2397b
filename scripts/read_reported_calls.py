"""Job of rule read_reported_calls: a laboratory's report to alterations and callability."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.inputs.settings.origin_settings import OriginSettings
from alktrace.io.resources import resource
from alktrace.vocabulary.samples import SpecimenType
from alktrace.workflow.sample_job import sample_job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with sample_job(snakemake, "calls", "covered_regions"):
    from alktrace.reported.read_report import read_reported_calls

    read_reported_calls(
        calls=Path(snakemake.input.calls),
        gene_models=Path(snakemake.input.gene_models),
        gff3=Path(snakemake.input.gff3),
        fasta=Path(snakemake.input.fasta),
        loci=Path(snakemake.input.loci),
        knowledge=open_knowledge(resource("knowledge"), snakemake.config["knowledge"]),
        own_words=next(map(Path, snakemake.input.own_words), None),
        fusion_drivers=resource("reference/fusion_drivers.tsv"),
        specimen_type=SpecimenType(snakemake.params.specimen_type),
        origin=OriginSettings.model_validate(snakemake.params.settings["origin"]),
        calling=CallingSettings.model_validate(snakemake.params.settings["calling"]),
        covered_regions=next(map(Path, snakemake.input.covered_regions), None),
        lod_vaf=snakemake.params.lod_vaf,
        vaf_unit=snakemake.params.vaf_unit,
        out_alterations=Path(snakemake.output.alterations),
        out_callability=Path(snakemake.output.callability),
        out_tumour_fraction=Path(snakemake.output.tumour_fraction),
        out_notes=Path(snakemake.output.notes),
    )
