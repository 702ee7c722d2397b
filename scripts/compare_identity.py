"""Job of rule compare_identity: genotypes of all samples to pairs and verdicts."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.workflow.job import job_log
from alktrace.workflow.plan import Plan

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.qc.identity import compare_identity

    plan = Plan.from_config(snakemake.config)
    samples = plan.identified()
    compare_identity(
        genotypes={sample.name: Path(plan.path(sample, "genotypes.tsv")) for sample in samples},
        patients={sample.name: sample.patient for sample in samples},
        settings=plan.settings.identity,
        out_table=Path(snakemake.output.table),
        out_patients={patient: Path(path) for patient, path in plan.identity_files().items()},
    )
