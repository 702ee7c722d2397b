"""Job of rule write_cohort_page: tables of the cohort to a page."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import resource
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.inputs.settings.cohort_settings import CohortSettings
    from alktrace.report.cohort_page import write_cohort_page
    from alktrace.vocabulary.languages import Language

    write_cohort_page(
        classification=Path(snakemake.input.classification),
        resistance=Path(snakemake.input.resistance),
        discovered=Path(snakemake.input.discovered),
        quality=Path(snakemake.input.quality),
        identity=Path(snakemake.input.identity),
        outcomes=[Path(path) for path in snakemake.input.outcomes],
        knowledge=open_knowledge(resource("knowledge"), snakemake.config["knowledge"]),
        settings=CohortSettings.model_validate(snakemake.params.settings["cohort"]),
        language=Language(snakemake.params.settings["report"]["language"]),
        out=Path(snakemake.output.page),
    )
