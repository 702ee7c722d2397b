"""Job of rule collect_cohort: tables of timepoints and samples to tables of the cohort."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.classify.cohort_tables import collect_resistance
    from alktrace.qc.collect_quality import collect_quality, collect_unreadable

    collect_resistance(
        tables=[Path(path) for path in snakemake.input.tables],
        summaries=[Path(path) for path in snakemake.input.summaries],
        discovered=[Path(path) for path in snakemake.input.discovered],
        out_resistance=Path(snakemake.output.resistance),
        out_classification=Path(snakemake.output.classification),
        out_discovered=Path(snakemake.output.discovered),
    )
    collect_quality(
        samples=snakemake.params.samples,
        identity=[Path(path) for path in snakemake.input.identity],
        out=Path(snakemake.output.quality),
    )
    collect_unreadable(snakemake.params.all_samples, out=Path(snakemake.output.unreadable))
