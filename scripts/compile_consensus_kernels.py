"""Job of rule compile_consensus_kernels: machine code of the kernels, before many jobs need it."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings.molecule_settings import MoleculeSettings
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.consensus.compile_consensus_kernels import compile_consensus_kernels
    from alktrace.io.kernel_folder import forget_old_kernels, kernel_folder

    forget_old_kernels(kernel_folder())
    compile_consensus_kernels(
        settings=MoleculeSettings.model_validate(snakemake.params.settings["molecules"]),
        out=Path(snakemake.output.done),
    )
