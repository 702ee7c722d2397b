"""Job of rule compile_calling_kernels: machine code of the callers, before many jobs need it."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.inputs.settings.molecule_settings import MoleculeSettings
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.calling.compile_calling_kernels import compile_calling_kernels

    settings = snakemake.params.settings
    compile_calling_kernels(
        molecules=MoleculeSettings.model_validate(settings["molecules"]),
        calling=CallingSettings.model_validate(settings["calling"]),
        out=Path(snakemake.output.done),
    )
