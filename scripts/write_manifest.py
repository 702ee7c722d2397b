"""Job of rule write_manifest: what made the results."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.report.manifest import write_manifest

    write_manifest(
        settings=snakemake.params.settings,
        inputs=[Path(snakemake.input.sheet), *map(Path, snakemake.input.clinical)],
        knowledge=[Path(path) for path in snakemake.input.knowledge],
        code=snakemake.params.code,
        out=Path(snakemake.output.manifest),
    )
