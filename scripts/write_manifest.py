"""Job of rule write_manifest: what made the results."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import resource
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.report.manifest import write_manifest

    write_manifest(
        settings=snakemake.params.settings,
        inputs=snakemake.params.given,
        samples=snakemake.params.samples,
        made=snakemake.params.made,
        knowledge=open_knowledge(resource("knowledge"), snakemake.config["knowledge"]),
        code=snakemake.params.all_code,
        threads=snakemake.threads,
        out=Path(snakemake.output.manifest),
    )
