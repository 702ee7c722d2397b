"""Job of rule prepare_targets: targets of an assay to joined ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.reference.targets import prepare_targets

    prepare_targets(Path(snakemake.input.bed), Path(snakemake.output.targets))
