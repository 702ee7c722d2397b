# Fusions and copy number.


rule call_structural:
    input:
        bam=PLAN.consensus_bam,
        fasta=REFERENCE.fasta,
        targets=PLAN.targets,
        gene_models="results/reference/gene_models.json",
        kernels="results/reference/kernels/calling.txt",
    output:
        vcf="results/patients/{patient}/{timepoint}/{specimen}/fusions.vcf.gz",
        index="results/patients/{patient}/{timepoint}/{specimen}/fusions.vcf.gz.tbi",
        coverage="results/patients/{patient}/{timepoint}/{specimen}/coverage.cnn",
    log:
        "logs/call_structural/{patient}.{timepoint}.{specimen}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(4000, per_gb=1000, of="bam"),
        runtime=minutes(120, per_gb=60, of="bam"),
    params:
        settings=PLAN.structural_settings,
        sample=lambda wildcards: PLAN.sample(wildcards).name,
        sizes=PLAN.given_sizes,
        code=PLAN.code("call_structural"),
    message:
        "calling fusions and counting bins: {wildcards.patient} {wildcards.timepoint} {wildcards.specimen}"
    script:
        "../scripts/call_structural.py"


# One reference per assay: pooled over its normals where there are enough, flat otherwise.
rule build_copy_number_reference:
    input:
        coverage=PLAN.normal_coverage,
        fasta=REFERENCE.fasta,
        targets="results/reference/{assay}.targets.bed",
    output:
        reference="results/reference/{assay}.copy_number.cnn",
    log:
        "logs/build_copy_number_reference/{assay}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        settings=PLAN.dump("copy_number"),
        code=PLAN.code("build_copy_number_reference"),
    message:
        "building the copy-number reference: {wildcards.assay}"
    script:
        "../scripts/build_copy_number_reference.py"
