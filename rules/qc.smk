# Whose sample it is. The quality of the samples is collected with the tables of the cohort.


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
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        patients={sample.name: sample.patient for sample in PLAN.identified()},
        files=list(PLAN.identity_files()),
        settings=PLAN.dump("identity"),
        code=PLAN.code("compare_identity"),
    message:
        "comparing the identity of all samples"
    script:
        "../scripts/compare_identity.py"
