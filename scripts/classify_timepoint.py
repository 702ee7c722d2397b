"""Job of rule classify_timepoint: a patient's evidence to the table of one timepoint."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.inputs.settings.resistance_settings import ResistanceSettings
from alktrace.io.resources import resource
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.classify.classify_files import classify_timepoint_file

    classify_timepoint_file(
        evidence=Path(snakemake.input.evidence),
        knowledge=open_knowledge(resource("knowledge"), snakemake.config["knowledge"]),
        settings=ResistanceSettings.model_validate(snakemake.params.settings["resistance"]),
        timepoint=snakemake.wildcards.timepoint,
        out_table=Path(snakemake.output.table),
        out_summary=Path(snakemake.output.summary),
        out_discovered=Path(snakemake.output.discovered),
        out_json=Path(snakemake.output.detail),
    )
