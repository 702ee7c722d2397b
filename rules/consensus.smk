# From aligned reads to consensus molecules, aligned again.


# Kernels are compiled once, before many jobs would do so at the same time.
rule compile_consensus_kernels:
    output:
        done="results/reference/kernels/consensus.txt",
    log:
        "logs/compile_consensus_kernels.log",
    priority: 1
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(20),
    params:
        settings=PLAN.dump("molecules"),
        code=PLAN.code("compile_consensus_kernels"),
    message:
        "compiling the kernels of molecules"
    script:
        "../scripts/compile_consensus_kernels.py"


# The consensus holds every molecule, also those of one read; what is strict is decided by the caller.
rule call_molecules:
    input:
        bams=UNITS.unit_bams,
        targets=PLAN.targets,
        kernels="results/reference/kernels/consensus.txt",
    output:
        bam=temp("results/patients/{patient}/{timepoint}/{specimen}/consensus_unaligned.bam"),
        metrics="results/patients/{patient}/{timepoint}/{specimen}/molecules.tsv",
    log:
        "logs/call_molecules/{patient}.{timepoint}.{specimen}.log",
    conda:
        own_environment
    threads: 2
    resources:
        mem_mb=memory(4000, per_gb=500, of="bams"),
        runtime=minutes(240, per_gb=30, of="bams"),
    params:
        umi=lambda wildcards: PLAN.assay(wildcards).umi.model_dump(mode="json"),
        settings=PLAN.dump("molecules"),
        sample=lambda wildcards: PLAN.sample(wildcards).name,
        code=PLAN.code("call_molecules"),
    message:
        "grouping reads into molecules: {wildcards.patient} {wildcards.timepoint} {wildcards.specimen}"
    script:
        "../scripts/call_molecules.py"


# The consensus lies where its reads lie, if it can lie nowhere else; else it is aligned like the reads. The aligner
# sees bases alone; align_consensus gives the tags back, turned round on the negative strand. Names in the index:
# `REFERENCE.lift` is empty for a genome.
rule align_consensus:
    input:
        bam="results/patients/{patient}/{timepoint}/{specimen}/consensus_unaligned.bam",
        index=REFERENCE.index,
        fasta=REFERENCE.fasta,
        fai=REFERENCE.fai,
        gzi=REFERENCE.gzi,
        kernels="results/reference/kernels/consensus.txt",
    output:
        bam="results/patients/{patient}/{timepoint}/{specimen}/consensus.bam",
        index="results/patients/{patient}/{timepoint}/{specimen}/consensus.bam.csi",
    log:
        "logs/align_consensus/{patient}.{timepoint}.{specimen}.log",
    conda:
        "../envs/align.yaml"
    threads: 8
    resources:
        mem_mb=memory(REFERENCE.align_memory),
        runtime=minutes(360, per_gb=50, of="bam"),
        disk_mb=disk(5000, of="bam"),
    params:
        aligner=PLAN.settings.reference.aligner,
        batch_bases=PLAN.settings.align.batch_bases,
        prefix=lambda wildcards, input: input.index[0].removesuffix(".pac"),
        lift=REFERENCE.lift,
        places=UNITS.places,
        code=PLAN.code("align_consensus", "carry_unreadable", *REFERENCE.lift_adapters),
    message:
        "aligning molecules: {wildcards.patient} {wildcards.timepoint} {wildcards.specimen}"
    shell:
        """
        bam=$(mktemp -u {output.bam:q}.partial-XXXXXXXX)
        trap 'rm -f "$bam" "$bam.csi"' EXIT
        align() (
            {params.aligner} mem -t {threads} -K {params.batch_bases} -Y -p $ALKTRACE_INSERTS \
                {params.prefix:q} - {params.lift}
        )
        export -f align
        "$ALKTRACE_PYTHON" "$ALKTRACE_SCRIPTS/carry_unreadable.py" --of {input.bam:q} --to {output:q} \
            || ("$ALKTRACE_PYTHON" "$ALKTRACE_SCRIPTS/align_consensus.py" --unaligned {input.bam:q} {params.places} \
                --aligner align \
                | samtools sort --no-PG --threads 2 -m 768M --output-fmt bam,level=1 -T {resources.tmpdir:q} --write-index -o "$bam" - \
                && mv "$bam.csi" {output.index:q} && mv "$bam" {output.bam:q}) 2>{log:q}
        """


# No other rule needs it: the caller decides for itself what is strict. Made where somebody asks for the file.
rule write_strict:
    input:
        bam=PLAN.consensus_bam,
    output:
        bam="results/patients/{patient}/{timepoint}/{specimen}/strict.bam",
        index="results/patients/{patient}/{timepoint}/{specimen}/strict.bam.bai",
    log:
        "logs/write_strict/{patient}.{timepoint}.{specimen}.log",
    conda:
        own_environment
    threads: 2
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        settings=PLAN.settings.calling.strict.model_dump(mode="json"),
        sizes=PLAN.given_sizes,
        code=PLAN.code("write_strict"),
    message:
        "strict molecules: {wildcards.patient} {wildcards.timepoint} {wildcards.specimen}"
    script:
        "../scripts/write_strict.py"
