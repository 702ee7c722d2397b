"""Job of rule write_multiqc_sections: metrics and quality of all samples to sections of the MultiQC page."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.io.unreadable import is_readable
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.report.multiqc_sections import write_multiqc_sections

    write_multiqc_sections(
        molecules={
            name: Path(path)
            for name, path in zip(snakemake.params.samples, snakemake.input.molecules, strict=True)
            if is_readable(path)
        },
        error_rates={
            name: Path(path)
            for name, path in zip(snakemake.params.called, snakemake.input.error_rates, strict=True)
            if is_readable(path)
        },
        quality=Path(snakemake.input.quality),
        out=[Path(path) for path in snakemake.output],
    )
