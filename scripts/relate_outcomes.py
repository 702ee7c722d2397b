"""Job of rule relate_outcomes: classification and clinical tables to mechanisms and their meaning."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import resource
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.inputs.settings.cohort_settings import CohortSettings
    from alktrace.inputs.settings.resistance_settings import ResistanceSettings
    from alktrace.outcomes.outcome_jobs import PlanFiles, clinic_of, relate_outcomes

    relate_outcomes(
        clinic=clinic_of(
            snakemake.input.clinical,
            open_knowledge(resource("knowledge"), snakemake.config["knowledge"]),
            settings=snakemake.params.settings,
        ),
        classification=Path(snakemake.input.classification),
        resistance=Path(snakemake.input.resistance),
        evidence=[Path(path) for path in snakemake.input.evidence],
        details=[Path(path) for path in snakemake.input.details],
        settings=CohortSettings.model_validate(snakemake.params.settings["cohort"]),
        timing=ResistanceSettings.model_validate(snakemake.params.settings["resistance"]),
        out=Path(snakemake.output.tables[0]).parent,
        plan=next(
            (PlanFiles(Path(path), Path(snakemake.input.endpoints)) for path in snakemake.input.plan), None
        ),
    )
