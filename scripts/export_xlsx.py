"""Job of rule export_xlsx: the tables of the cohort and of each patient as workbooks."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.exports.exported import load_patients
    from alktrace.exports.result_tables import write_workbooks

    write_workbooks(
        load_patients(
            snakemake.input.evidence,
            snakemake.input.tables,
            snakemake.input.details,
            inherited=snakemake.params.inherited,
        ),
        [*snakemake.input.cohort, *snakemake.input.outcomes],
        folder=Path(snakemake.output.books[0]).parent,
    )
