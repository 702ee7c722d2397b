"""Job of rule build_copy_number_reference: normals of an assay to its copy-number reference."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings.copy_number_settings import CopyNumberSettings
from alktrace.io.unreadable import is_readable
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.structural.copy_number.normalise import build_copy_number_reference

    settings = CopyNumberSettings.model_validate(snakemake.params.settings["copy_number"])
    build_copy_number_reference(
        coverages=[Path(path) for path in snakemake.input.coverage if is_readable(path)],
        fasta=Path(snakemake.input.fasta),
        targets=Path(snakemake.input.targets),
        out=Path(snakemake.output.reference),
        bin_size=settings.bin_size,
        min_normals=settings.min_normals,
    )
