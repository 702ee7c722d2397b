"""Job of rule write_batch_page: quality and identity of all samples to the page of the newest batch."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import resource
from alktrace.io.unreadable import is_readable
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def readable(names: list[str], paths: list[str]) -> dict[str, Path]:
    """Return the files of samples that could be read, by sample."""
    return {name: Path(path) for name, path in zip(names, paths, strict=True) if is_readable(path)}


with job_log(snakemake.log[0]):
    from alktrace.inputs.sample import Processing
    from alktrace.inputs.settings.assay_settings import AssayQc
    from alktrace.inputs.settings.identity_settings import IdentitySettings
    from alktrace.report.batch_page import write_batch_page
    from alktrace.vocabulary.languages import Language

    write_batch_page(
        quality=Path(snakemake.input.quality),
        classification=Path(snakemake.input.classification),
        identity=Path(snakemake.input.identity),
        patients=[Path(path) for path in snakemake.input.patients],
        genotypes=readable(snakemake.params.identified, snakemake.input.genotypes),
        molecules=readable(snakemake.params.samples, snakemake.input.molecules),
        error_rates=readable(snakemake.params.called, snakemake.input.error_rates),
        limits={name: AssayQc.model_validate(limits) for name, limits in snakemake.params.limits.items()},
        processing={name: Processing(**said) for name, said in snakemake.params.processing.items()},
        settings=IdentitySettings.model_validate(snakemake.params.settings["identity"]),
        knowledge=open_knowledge(resource("knowledge"), snakemake.config["knowledge"]),
        language=Language(snakemake.params.settings["report"]["language"]),
        out=Path(snakemake.output.page),
    )
