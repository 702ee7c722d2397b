# Tables over all samples and patients.


# One job for all samples: identity is a statement about pairs. It is a checkpoint so that, once it is
# done, the jobs of a patient are asked anew whether that patient's verdict has changed (see DECISIONS.md).
checkpoint compare_identity:
    input:
        genotypes=PLAN.of_samples(PLAN.identified(), "genotypes.tsv"),
    output:
        table="results/cohort/identity.tsv",
        patients=list(PLAN.identity_files().values()),
    log:
        "logs/compare_identity.log",
    conda:
        own_environment
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        samples=[sample.name for sample in PLAN.identified()],
        settings=PLAN.dump("identity"),
        code=PLAN.code["annotate"],
    message:
        "comparing the identity of all samples"
    script:
        "../scripts/compare_identity.py"


rule collect_cohort:
    input:
        tables=PLAN.timepoint_files("resistance.tsv"),
        summaries=PLAN.timepoint_files("classification.tsv"),
        samples=PLAN.cohort_inputs(),
        identity=list(PLAN.identity_files().values()),
    output:
        resistance="results/cohort/resistance.tsv",
        classification="results/cohort/classification.tsv",
        quality="results/cohort/qc.tsv",
    log:
        "logs/collect_cohort.log",
    conda:
        own_environment
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=PLAN.dump("assays"),
        code=PLAN.code["clinical"],
    message:
        "collecting the tables of the cohort"
    script:
        "../scripts/collect_cohort.py"


rule write_manifest:
    input:
        sheet=PLAN.settings.samples,
        clinical=PLAN.clinical_tables(),
        knowledge=KNOWLEDGE,
        tables="results/cohort/classification.tsv",
    output:
        manifest="results/cohort/run_manifest.json",
    log:
        "logs/write_manifest.log",
    conda:
        own_environment
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=PLAN.settings.model_dump(mode="json"),
        code=PLAN.code["report"],
    message:
        "writing down versions and settings"
    script:
        "../scripts/write_manifest.py"
