"""Job of rule export_phenopackets: one phenopacket per patient."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import resource
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.exports.exported import load_patients
    from alktrace.exports.identifiers import load_identifiers
    from alktrace.exports.patient_records import load_records
    from alktrace.exports.phenopackets import write_phenopackets
    from alktrace.inputs.settings.cohort_settings import CohortSettings

    knowledge = open_knowledge(resource("knowledge"), snakemake.config["knowledge"])
    settings = CohortSettings.model_validate(snakemake.params.settings["cohort"])
    write_phenopackets(
        load_patients(
            snakemake.input.evidence,
            snakemake.input.tables,
            snakemake.input.details,
            inherited=snakemake.params.inherited,
        ),
        load_records(snakemake.input.clinical, knowledge, cutoff=settings.data_cutoff),
        load_identifiers(knowledge),
        folder=Path(snakemake.output.packets[0]).parent,
    )
