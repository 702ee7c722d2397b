# From aligned reads to consensus molecules, aligned again.


# The consensus holds every molecule, also those of one read; what is strict is decided by the caller.
rule call_molecules:
    input:
        bam="results/patients/{patient}/{timepoint}/{specimen}/aligned.bam",
        targets=PLAN.targets,
        kernels="results/reference/kernels.txt",
    output:
        bam=temp("results/patients/{patient}/{timepoint}/{specimen}/consensus_unaligned.bam"),
        metrics="results/patients/{patient}/{timepoint}/{specimen}/molecules.tsv",
    log:
        "logs/call_molecules/{patient}.{timepoint}.{specimen}.log",
    threads: 2
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        umi=lambda wildcards: PLAN.assay(wildcards).umi.model_dump(mode="json"),
        settings=PLAN.dump("molecules"),
        sample=lambda wildcards: PLAN.sample(wildcards).name,
        code=PLAN.code["umi"],
    message:
        "grouping reads into molecules: {wildcards.patient} {wildcards.timepoint} {wildcards.specimen}"
    script:
        "../scripts/call_molecules.py"
