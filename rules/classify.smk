# One table per timepoint, then those of the cohort.

from functools import partial


rule classify_timepoint:
    input:
        evidence="results/patients/{patient}/evidence.json",
    output:
        table="results/patients/{patient}/{timepoint}/resistance.tsv",
        summary="results/patients/{patient}/{timepoint}/classification.tsv",
        discovered="results/patients/{patient}/{timepoint}/emergent_unknown.tsv",
        detail="results/patients/{patient}/{timepoint}/resistance.json",
    log:
        "logs/classify_timepoint/{patient}.{timepoint}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        settings=PLAN.dump("resistance"),
        knowledge=PLAN.knowledge(),
        code=PLAN.code("classify_timepoint"),
    message:
        "classifying {wildcards.patient} {wildcards.timepoint}"
    script:
        "../scripts/classify_timepoint.py"


cohort_table = partial(report, category="Tables", caption="../resources/captions/cohort_table.rst")


rule collect_cohort:
    input:
        tables=PLAN.timepoint_files("resistance.tsv"),
        summaries=PLAN.timepoint_files("classification.tsv"),
        discovered=PLAN.timepoint_files("emergent_unknown.tsv"),
        samples=PLAN.cohort_inputs(),
        identity=list(PLAN.identity_files().values()),
    output:
        resistance=cohort_table("results/cohort/resistance.tsv"),
        classification=cohort_table("results/cohort/classification.tsv"),
        discovered=cohort_table("results/cohort/emergent_unknown.tsv"),
        quality=cohort_table("results/cohort/qc.tsv"),
        unreadable="results/cohort/unreadable.tsv",
    log:
        "logs/collect_cohort.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        samples=PLAN.quality_files(),
        all_samples=PLAN.all_files(),
        code=PLAN.code("collect_cohort"),
    message:
        "collecting the tables of the cohort"
    script:
        "../scripts/collect_cohort.py"
