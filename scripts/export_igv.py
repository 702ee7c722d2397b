"""Job of rule export_igv: a session of each patient."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.exports.exported import load_patients
    from alktrace.exports.igv_session import write_sessions

    write_sessions(
        load_patients(
            snakemake.input.evidence,
            snakemake.input.tables,
            snakemake.input.details,
            inherited=snakemake.params.inherited,
        ),
        snakemake.params.tracks,
        folder=Path(snakemake.output.sessions[0]).parent,
    )
