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
    from alktrace.inputs.settings.report_settings import ReportSettings
    from alktrace.inputs.settings.resistance_settings import ResistanceSettings
    from alktrace.report.patient_page import write_patient_page

    settings = snakemake.params.settings

    write_patient_page(
        evidence=Path(snakemake.input.evidence),
        tables=[Path(path) for path in snakemake.input.tables],
        details=[Path(path) for path in snakemake.input.details],
        bins={
            name: Path(path)
            for name, path in zip(snakemake.params.samples, snakemake.input.bins, strict=True)
            if is_readable(path)
        },
        gene_models=Path(snakemake.input.gene_models),
        clinical=next((Path(path).parent for path in snakemake.input.clinical), None),
        data_cutoff=snakemake.params.data_cutoff,
        knowledge=open_knowledge(resource("knowledge"), snakemake.config["knowledge"]),
        exports=snakemake.params.exports,
        versions=snakemake.params.versions,
        settings=ReportSettings.model_validate(settings["report"]),
        resistance=ResistanceSettings.model_validate(settings["resistance"]),
        out=Path(snakemake.output.page),
    )
