# What came next: endpoints from the clinical tables, and what mechanisms have to do with them.
# Included only where the config names clinical tables.

from alktrace.outcomes.outcome_files import measured_tables, related_tables


rule measure_outcomes:
    input:
        clinical=PLAN.clinical_tables(),
    output:
        tables=report(
            expand("results/cohort/{name}", name=measured_tables()),
            category="Outcomes",
            caption="../resources/captions/outcome_tables.rst",
        ),
    log:
        "logs/measure_outcomes.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        settings=PLAN.dump("cohort", "resistance", "exclude"),
        knowledge=PLAN.knowledge("drugs"),
        code=PLAN.code("measure_outcomes"),
    message:
        "endpoints of the cohort"
    script:
        "../scripts/measure_outcomes.py"


# Plasma against tissue needs what each specimen showed; the rest needs the class of each timepoint alone.
rule relate_outcomes:
    input:
        clinical=PLAN.clinical_tables(),
        classification="results/cohort/classification.tsv",
        resistance="results/cohort/resistance.tsv",
        evidence=PLAN.patient_files("evidence.tsv"),
        details=PLAN.timepoint_files("resistance.json"),
        endpoints="results/cohort/endpoints.tsv",
        plan=PLAN.analysis_plan(),
    output:
        tables=report(
            expand("results/cohort/{name}", name=related_tables()),
            category="Outcomes",
            caption="../resources/captions/outcome_tables.rst",
        ),
    log:
        "logs/relate_outcomes.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        settings=PLAN.dump("cohort", "resistance", "exclude"),
        knowledge=PLAN.knowledge(),
        code=PLAN.code("relate_outcomes"),
    message:
        "relating mechanisms to outcomes"
    script:
        "../scripts/relate_outcomes.py"
