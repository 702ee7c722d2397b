"""Job of rule compile_align_kernels: machine code of the kernels, before many jobs need it."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.align.compile_align_kernels import compile_align_kernels

    compile_align_kernels(Path(snakemake.output.done))
