"""Job of rule export_maf: the small variants of all patients."""

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
    from alktrace.exports.maf import write_maf

    write_maf(
        load_patients(
            snakemake.input.evidence,
            snakemake.input.tables,
            snakemake.input.details,
            inherited=snakemake.params.inherited,
        ),
        load_identifiers(open_knowledge(resource("knowledge"), snakemake.config["knowledge"])),
        Path(snakemake.output.maf),
    )
