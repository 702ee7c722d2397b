# Small variants on molecules, with what the same rule could have seen.


# Makes its own molecules, so it comes after the kernels of those. Early: from then on jobs start warm.
rule compile_calling_kernels:
    input:
        molecules="results/reference/kernels/consensus.txt",
    output:
        done="results/reference/kernels/calling.txt",
    log:
        "logs/compile_calling_kernels.log",
    priority: 1
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(20),
    params:
        settings=PLAN.dump("molecules", "calling"),
        code=PLAN.code("compile_calling_kernels"),
    message:
        "compiling the kernels of variants"
    script:
        "../scripts/compile_calling_kernels.py"


rule call_variants:
    input:
        bam=PLAN.consensus_bam,
        fasta=REFERENCE.fasta,
        targets=PLAN.targets,
        loci="results/reference/loci.tsv",
        hotspots="results/reference/hotspots.tsv",
        gene_models="results/reference/gene_models.json",
        noise_model=PLAN.noise_model,
        polymorphisms=PLAN.polymorphisms(),
        kernels="results/reference/kernels/calling.txt",
    output:
        vcf="results/patients/{patient}/{timepoint}/{specimen}/variants.vcf.gz",
        index="results/patients/{patient}/{timepoint}/{specimen}/variants.vcf.gz.tbi",
        callability="results/patients/{patient}/{timepoint}/{specimen}/callability.tsv",
        genotypes="results/patients/{patient}/{timepoint}/{specimen}/genotypes.tsv",
        error_rates="results/patients/{patient}/{timepoint}/{specimen}/error_rates.tsv",
        noise="results/patients/{patient}/{timepoint}/{specimen}/noise.json",
    log:
        "logs/call_variants/{patient}.{timepoint}.{specimen}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(4000, per_gb=1000, of="bam"),
        runtime=minutes(120, per_gb=60, of="bam"),
    params:
        settings=PLAN.dump("calling"),
        sample=lambda wildcards: PLAN.sample(wildcards).name,
        sizes=PLAN.given_sizes,
        code=PLAN.code("call_variants"),
    message:
        "calling variants: {wildcards.patient} {wildcards.timepoint} {wildcards.specimen}"
    script:
        "../scripts/call_variants.py"


# Made where somebody asks for the file: a noise model that came and went with the normals of a sheet would
# change calls of patients from run to run. `assays.<name>.noise_model` names it.
rule build_noise_model:
    input:
        bams=PLAN.normal_bams,
        fasta=REFERENCE.fasta,
        targets="results/reference/{assay}.targets.bed",
        kernels="results/reference/kernels/calling.txt",
    output:
        noise="results/reference/{assay}.noise.tsv",
    log:
        "logs/build_noise_model/{assay}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(4000),
        runtime=minutes(240),
    params:
        settings=PLAN.dump("calling"),
        code=PLAN.code("build_noise_model"),
    message:
        "learning the noise of positions from normals: {wildcards.assay}"
    script:
        "../scripts/build_noise_model.py"
