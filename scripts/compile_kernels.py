"""Job of rule compile_kernels: machine code of the kernels, before many jobs need it."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.structural.warm_up import compile_kernels

    compile_kernels(Path(snakemake.output[0]))
