"""Job of rule prepare_gene_models: GFF3 and knowledge tables to gene models and loci on the genome."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import resource
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.reference.loci import prepare_gene_models

    # By name, not the folder: what else is known does not change the gene models.
    tables = [
        resource("knowledge/genes.tsv"),
        resource("knowledge/hotspots.tsv"),
        resource("knowledge/alk_mutations.tsv"),
        resource("knowledge/alk_mutations.schema.json"),
    ]
    prepare_gene_models(
        gff3=Path(snakemake.input.gff3),
        fasta=Path(snakemake.input.fasta),
        knowledge=open_knowledge(tables[0].parent, snakemake.config["knowledge"]),
        out_gene_models=Path(snakemake.output.gene_models),
        out_gff3=Path(snakemake.output.gff3),
        out_loci=Path(snakemake.output.loci),
        out_hotspots=Path(snakemake.output.hotspots),
    )
