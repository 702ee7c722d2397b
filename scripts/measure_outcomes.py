"""Job of rule measure_outcomes: clinical tables to the endpoints of the cohort."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.clinical.outcomes import clinic_of, measure_outcomes
    from alktrace.settings import CohortSettings

    measure_outcomes(
        clinic=clinic_of(
            snakemake.input.clinical, snakemake.input.knowledge, settings=snakemake.params.settings
        ),
        settings=CohortSettings.model_validate(snakemake.params.settings["cohort"]),
        out=Path(snakemake.output.tables[0]).parent,
    )
