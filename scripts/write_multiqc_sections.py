"""Job of rule write_multiqc_sections: metrics and quality of all samples to sections of the MultiQC page."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.report.multiqc_sections import write_multiqc_sections

    write_multiqc_sections(
        molecules=dict(
            zip(snakemake.params.samples, (Path(path) for path in snakemake.input.molecules), strict=True)
        ),
        error_rates=dict(
            zip(snakemake.params.called, (Path(path) for path in snakemake.input.error_rates), strict=True)
        ),
        quality=Path(snakemake.input.quality),
        out=[Path(path) for path in snakemake.output],
    )
