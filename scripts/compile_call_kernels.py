"""Job of rule compile_call_kernels: machine code of the callers, before many jobs need it."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.job import job_log
from alktrace.settings import CallingSettings, FusionSettings, MoleculeSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.structural.warm_up import compile_call_kernels

    settings = snakemake.params.settings
    compile_call_kernels(
        molecules=MoleculeSettings.model_validate(settings["molecules"]),
        calling=CallingSettings.model_validate(settings["calling"]),
        fusions=FusionSettings.model_validate(settings["fusions"]),
        drivers=Path(snakemake.input.drivers),
        out=Path(snakemake.output.done),
    )
