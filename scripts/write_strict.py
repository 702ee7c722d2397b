"""Job of rule write_strict: consensus molecules to those that pass the strict filter."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings.calling_settings import StrictSettings
from alktrace.workflow.sample_job import sample_job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with sample_job(snakemake, "bam"):
    from alktrace.consensus.strict import write_strict

    write_strict(
        bam=Path(snakemake.input.bam),
        out=Path(snakemake.output.bam),
        settings=StrictSettings.model_validate(snakemake.params.settings),
        threads=snakemake.threads,
    )
