"""Job of rule build_noise_model: normals of an assay to the noise of single positions."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.io.unreadable import is_readable
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.calling.noise.normals import build_noise_model

    build_noise_model(
        bams=[Path(path) for path in snakemake.input.bams if is_readable(path)],
        fasta=Path(snakemake.input.fasta),
        targets=Path(snakemake.input.targets),
        settings=CallingSettings.model_validate(snakemake.params.settings["calling"]),
        out=Path(snakemake.output.noise),
    )
