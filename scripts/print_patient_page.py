"""Job of rule print_patient_page: the page of one patient to a PDF."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.report.paper import print_page

    print_page(Path(snakemake.input.page), Path(snakemake.output.pdf))
