"""Job of rule compare_identity: genotypes of all samples to pairs and verdicts."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings.identity_settings import IdentitySettings
from alktrace.io.unreadable import is_readable
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.qc.identity import compare_identity

    patients = snakemake.params.patients
    compare_identity(
        genotypes={
            name: Path(path)
            for name, path in zip(patients, snakemake.input.genotypes, strict=True)
            if is_readable(path)
        },
        patients=patients,
        settings=IdentitySettings.model_validate(snakemake.params.settings["identity"]),
        out_table=Path(snakemake.output.table),
        out_patients=dict(zip(snakemake.params.files, map(Path, snakemake.output.patients), strict=True)),
    )
