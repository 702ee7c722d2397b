"""Job of rule gather_evidence: all samples of a patient to the patient's evidence."""

from pathlib import Path
from typing import TYPE_CHECKING

from alktrace.inputs.knowledge_files import open_knowledge
from alktrace.io.resources import resource
from alktrace.workflow.job import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    from alktrace.evidence.gather import gather_evidence
    from alktrace.inputs.settings.calling_settings import CallingSettings
    from alktrace.inputs.settings.copy_number_settings import CopyNumberSettings
    from alktrace.inputs.settings.fusion_settings import FusionSettings
    from alktrace.inputs.settings.origin_settings import OriginSettings
    from alktrace.inputs.settings.phase_settings import PhaseSettings
    from alktrace.inputs.settings.tumour_fraction_settings import TumourFractionSettings
    from alktrace.knowledge.load import load_knowledge
    from alktrace.outcomes.clinical_context import load_context

    settings = snakemake.params.settings
    knowledge = load_knowledge(open_knowledge(resource("knowledge"), snakemake.config["knowledge"]))
    gather_evidence(
        samples=snakemake.params.samples,
        fasta=Path(snakemake.input.fasta),
        identity=Path(snakemake.input.identity),
        blood_genes=sorted(knowledge.blood_genes),
        clinical=load_context(
            next((Path(path).parent for path in snakemake.input.clinical), None),
            snakemake.wildcards.patient,
            knowledge=knowledge,
            data_cutoff=snakemake.params.data_cutoff,
            days_after_last_dose=snakemake.params.days_after_last_dose,
            treatment_gap_days=snakemake.params.treatment_gap_days,
        ),
        calling=CallingSettings.model_validate(settings["calling"]),
        fusions=FusionSettings.model_validate(settings["fusions"]),
        origin=OriginSettings.model_validate(settings["origin"]),
        phase=PhaseSettings.model_validate(settings["phase"]),
        tumour_fraction=TumourFractionSettings.model_validate(settings["tumour_fraction"]),
        copy_number=CopyNumberSettings.model_validate(settings["copy_number"]),
        gene_models=Path(snakemake.input.gene_models),
        centromeres=resource("reference/centromeres.grch38.tsv"),
        out_table=Path(snakemake.output.table),
        out_tumour_fraction=Path(snakemake.output.tumour_fraction),
        out_evidence=Path(snakemake.output.evidence),
    )
