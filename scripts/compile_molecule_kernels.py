"""Job of rule compile_molecule_kernels: machine code of the kernels, before many jobs need it."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.job import job_log
from alktrace.settings import MoleculeSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.umi.warm_up import compile_molecule_kernels

    compile_molecule_kernels(
        settings=MoleculeSettings.model_validate(snakemake.params.settings["molecules"]),
        out=Path(snakemake.output.done),
    )
