"""Job of rule measure_outcomes: clinical tables to the endpoints of the cohort."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import resource
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.inputs.settings.cohort_settings import CohortSettings
    from alktrace.outcomes.outcome_jobs import clinic_of, measure_outcomes

    measure_outcomes(
        clinic=clinic_of(
            snakemake.input.clinical,
            open_knowledge(resource("knowledge"), snakemake.config["knowledge"]),
            settings=snakemake.params.settings,
        ),
        settings=CohortSettings.model_validate(snakemake.params.settings["cohort"]),
        out=Path(snakemake.output.tables[0]).parent,
    )
