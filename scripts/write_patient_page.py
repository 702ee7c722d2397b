"""Job of rule write_patient_page: evidence and tables of one patient to a page."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import resource
from alktrace.io.unreadable import is_readable
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.report.patient_page import write_patient_page

    write_patient_page(
        evidence=Path(snakemake.input.evidence),
        tables=[Path(path) for path in snakemake.input.tables],
        details=[Path(path) for path in snakemake.input.details],
        tumour_fraction=Path(snakemake.input.tumour_fraction),
        bins={
            name: Path(path)
            for name, path in zip(snakemake.params.samples, snakemake.input.bins, strict=True)
            if is_readable(path)
        },
        gene_models=Path(snakemake.input.gene_models),
        knowledge=open_knowledge(resource("knowledge"), snakemake.config["knowledge"]),
        out=Path(snakemake.output.page),
    )
