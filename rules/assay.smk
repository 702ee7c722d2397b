# A panel of one's own, from its normals. Nothing else asks for these files: `alktrace assay build` does, or
# `alktrace run config.yaml -- results/assay/<assay>/reach.tsv` with normals of the sheet.


rule describe_assay:
    input:
        callability=lambda wildcards: PLAN.normal_tables(wildcards, "callability.tsv"),
        error_rates=lambda wildcards: PLAN.normal_tables(wildcards, "error_rates.tsv"),
        coverage=PLAN.normal_coverage,
        noise="results/reference/{assay}.noise.tsv",
        reference="results/reference/{assay}.copy_number.cnn",
        targets="results/reference/{assay}.targets.bed",
        gene_models="results/reference/gene_models.json",
    output:
        reach="results/assay/{assay}/reach.tsv",
        normals="results/assay/{assay}/normals.tsv",
        targets="results/assay/{assay}/targets.tsv",
        limits="results/assay/{assay}/limits.tsv",
        copies="results/assay/{assay}/copy_number.tsv",
    log:
        "logs/describe_assay/{assay}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(20),
    params:
        samples=PLAN.normal_names,
        settings=PLAN.dump("calling", "copy_number"),
        code=PLAN.code("describe_assay"),
    message:
        "describing the assay by its normals: {wildcards.assay}"
    script:
        "../scripts/describe_assay.py"
