"""Job of rule gather_evidence: all samples of a patient to the patient's evidence."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.io.resources import resource
from alktrace.workflow.job import job_log
from alktrace.workflow.plan import Plan

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.evidence.gather import gather_evidence
    from alktrace.knowledge.load import load_knowledge
    from alktrace.outcomes.clinical_context import load_context

    plan = Plan.from_config(snakemake.config)
    settings, patient = plan.settings, snakemake.wildcards.patient
    knowledge = load_knowledge(resource("knowledge"))
    gather_evidence(
        samples=plan.patient_files_of(patient),
        fasta=Path(snakemake.input.fasta),
        identity=Path(snakemake.input.identity),
        blood_genes=sorted(knowledge.blood_genes),
        clinical=load_context(settings.clinical, patient, knowledge=knowledge, settings=settings),
        calling=settings.calling,
        fusions=settings.fusions,
        origin=settings.origin,
        phase=settings.resistance.phase,
        tumour_fraction=settings.tumour_fraction,
        copy_number=settings.copy_number,
        gene_models=Path(snakemake.input.gene_models),
        centromeres=resource("reference/centromeres.grch38.tsv"),
        out_table=Path(snakemake.output.table),
        out_tumour_fraction=Path(snakemake.output.tumour_fraction),
        out_evidence=Path(snakemake.output.evidence),
    )
