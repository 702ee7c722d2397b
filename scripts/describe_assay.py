"""Job of rule describe_assay: tables of the normals of an assay to what the assay covers and sees."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings.calling_settings import CallingSettings
from alktrace.inputs.settings.copy_number_settings import CopyNumberSettings
from alktrace.io.unreadable import is_readable
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.assay.describe import describe, read_normal

    files = zip(
        snakemake.params.samples,
        map(Path, snakemake.input.callability),
        map(Path, snakemake.input.error_rates),
        map(Path, snakemake.input.coverage),
        strict=True,
    )
    describe(
        normals=[read_normal(*own) for own in files if is_readable(own[1])],
        targets=Path(snakemake.input.targets),
        reference=Path(snakemake.input.reference),
        gene_models=Path(snakemake.input.gene_models),
        calling=CallingSettings.model_validate(snakemake.params.settings["calling"]),
        copy_number=CopyNumberSettings.model_validate(snakemake.params.settings["copy_number"]),
    ).write(Path(snakemake.output.reach).parent)
