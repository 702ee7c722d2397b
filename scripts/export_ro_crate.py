"""Job of rule export_ro_crate: the manifest as an RO-Crate."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.exports.ro_crate import write_crate
    from alktrace.report.manifest import digest_of

    manifest = Path(snakemake.input.manifest)
    write_crate(manifest, digest_of(manifest, ends=False), out=Path(snakemake.output.crate))
