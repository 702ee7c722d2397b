"""Job of rule export_vcf: what the tumour of each patient shows."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import resource
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.exports.exported import load_patients
    from alktrace.exports.identifiers import load_identifiers
    from alktrace.exports.somatic_vcf import write_somatic_vcfs

    write_somatic_vcfs(
        load_patients(
            snakemake.input.evidence,
            snakemake.input.tables,
            snakemake.input.details,
            inherited=snakemake.params.inherited,
        ),
        fai=Path(snakemake.input.fai),
        identifiers=load_identifiers(open_knowledge(resource("knowledge"), snakemake.config["knowledge"])),
        folder=Path(snakemake.output[0]).parent,
    )
