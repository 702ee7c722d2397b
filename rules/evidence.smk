# One patient's evidence over all timepoints and specimens.


# Every alteration of the patient is counted in every sample of the patient, so that gained, lost and
# not assessable are statements about molecules, and the tumour fraction rests on all markers known. What is
# shared with other patients (verdicts on identity, clinical tables, assays) counts by content, as parameters:
# a new patient reruns nobody else's job.
rule gather_evidence:
    input:
        samples=PLAN.patient_inputs,
        identity=ancient(
            lambda wildcards: checkpoints.compare_identity.get() and PLAN.identity_file(wildcards)
        ),
        clinical=ancient(PLAN.clinical_tables()),
        fasta=REFERENCE.fasta,
        gene_models="results/reference/gene_models.json",
        kernels=PLAN.genotyping_kernels,
    output:
        table="results/patients/{patient}/evidence.tsv",
        tumour_fraction="results/patients/{patient}/tumour_fraction.tsv",
        evidence="results/patients/{patient}/evidence.json",
    log:
        "logs/gather_evidence/{patient}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(4000),
        runtime=minutes(120),
    params:
        samples=PLAN.patient_files_of,
        identity=PLAN.identity_digest,
        clinical=PLAN.clinical_digest,
        data_cutoff=PLAN.settings.cohort.data_cutoff,
        days_after_last_dose=PLAN.settings.resistance.window.days_after_last_dose,
        treatment_gap_days=PLAN.settings.cohort.treatment_gap_days,
        settings=PLAN.dump("calling", "fusions", "origin", "tumour_fraction", "copy_number")
        | {"phase": PLAN.settings.resistance.phase.model_dump(mode="json")},
        knowledge=PLAN.knowledge("ch_genes", "drugs"),
        code=PLAN.code("gather_evidence"),
    message:
        "gathering the evidence of {wildcards.patient}"
    script:
        "../scripts/gather_evidence.py"
