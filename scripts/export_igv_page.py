"""Job of rule export_igv_page: the reads at the findings of each patient."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.io.unreadable import is_readable
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.exports.exported import load_patients
    from alktrace.exports.igv_page import write_pages

    given = zip(snakemake.params.samples, snakemake.input.bams, snakemake.input.marks, strict=True)
    write_pages(
        load_patients(
            snakemake.input.evidence,
            snakemake.input.tables,
            snakemake.input.details,
            inherited=True,
        ),
        bams={name: bam for name, bam, mark in given if is_readable(mark)},
        fasta=Path(snakemake.input.fasta),
        folder=Path(snakemake.output.pages[0]).parent,
    )
