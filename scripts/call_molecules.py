"""Job of rule call_molecules: aligned reads to consensus molecules."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.settings.molecule_settings import MoleculeSettings
from alktrace.inputs.settings.umi_settings import UmiSettings
from alktrace.workflow.sample_job import sample_job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with sample_job(snakemake, "bams"):
    from alktrace.consensus.molecules import call_molecules, in_rx

    call_molecules(
        bams=[Path(bam) for bam in snakemake.input.bams],
        out=Path(snakemake.output.bam),
        metrics=Path(snakemake.output.metrics),
        umi=in_rx(UmiSettings.model_validate(snakemake.params.umi)),
        settings=MoleculeSettings.model_validate(snakemake.params.settings["molecules"]),
        targets=Path(snakemake.input.targets),
        sample=snakemake.params.sample,
        threads=snakemake.threads,
    )
