# From the reads of each sequencing unit to one aligned BAM each, with the UMI in RX.

from alktrace.workflow.units import Units

UNITS = Units(PLAN.sheet, PLAN.settings, REFERENCE)


# Kernels are compiled once, before many jobs would do so at the same time.
rule compile_align_kernels:
    output:
        done="results/reference/kernels/align.txt",
    log:
        "logs/compile_align_kernels.log",
    priority: 1
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(20),
    params:
        code=PLAN.code("compile_align_kernels"),
    message:
        "compiling the kernels of alignment"
    script:
        "../scripts/compile_align_kernels.py"


# One stream, between its members nothing on disk but copies that wait; any that fails fails the job (pipefail). It
# writes to names of its own, which become the outputs at its end: a job that outlives a killed run never writes
# beside the new one.
# - Our own members run in the Python that runs Snakemake. Paths by the environment, not by a parameter:
#   a moved clone must not rerun alignments.
# - extract_reads puts the UMI behind a tab of the name line, where `bwa mem -C` takes it for tags.
# - fastp trims adapters and nothing else. No quality, N or poly-G trimming, no correction and no
#   deduplication: they move ends or change bases of single copies of a molecule. Its report holds its
#   command line: the name of this try must not be in it. On a full disk it ends well with half a report, so that
#   is read once. One thread, since with more it writes to standard output in another order each time.
# - align_once.py runs the function `align` twice: on one of all copies of a fragment, and on those that cannot
#   take its alignment over; without it `align` gets all reads.
# - Behind an aligner to a compact genome, lift_alignments.py gives the coordinates of the whole one.
# - Primers are cut before the sort: a read then begins behind its own, and so does its molecule.
# - `-K` makes the result independent of the number of threads; `-Y` keeps all bases of split reads.
rule align_unit:
    input:
        fastq=UNITS.fastqs,
        umi_fastq=UNITS.umi_fastqs,
        bam=UNITS.given_bams,
        cram_genome=UNITS.cram_genome,
        fixed_umis=UNITS.fixed_umis,
        primers=UNITS.primers,
        index=REFERENCE.index,
        fai=REFERENCE.fai,
        kernels="results/reference/kernels/align.txt",
    output:
        bam=temp("results/patients/{patient}/{timepoint}/{specimen}/units/{unit}.aligned.bam"),
        fastp="results/patients/{patient}/{timepoint}/{specimen}/units/{unit}.fastp.json",
        counts="results/patients/{patient}/{timepoint}/{specimen}/units/{unit}.extract.tsv",
    log:
        "logs/align_unit/{patient}.{timepoint}.{specimen}.{unit}.log",
    conda:
        "../envs/align.yaml"
    threads: 8
    resources:
        mem_mb=memory(REFERENCE.align_memory),
        runtime=minutes(720, per_gb=50, of="fastq umi_fastq bam"),
        disk_mb=disk(9000, of="fastq umi_fastq bam"),
    params:
        extract=UNITS.extract_options,
        align=UNITS.align,
        fastp=UNITS.fastp_options,
        min_length=PLAN.settings.align.min_length,
        aligner=PLAN.settings.reference.aligner,
        batch_bases=PLAN.settings.align.batch_bases,
        pairs=UNITS.aligner_options,
        read_group=UNITS.read_group,
        sizes=UNITS.given_sizes,
        prefix=lambda wildcards, input: input.index[0].removesuffix(".pac"),
        lift=REFERENCE.lift,
        cut_primers=UNITS.cut_primers,
        code=PLAN.code("extract_reads", "align_once", "carry_unreadable", *REFERENCE.lift_adapters),
    message:
        "aligning {wildcards.patient} {wildcards.timepoint} {wildcards.specimen} {wildcards.unit}"
    shell:
        """
        bam=$(mktemp -u {output.bam:q}.partial-XXXXXXXX)
        fastp=$(mktemp -u {output.fastp:q}.partial-XXXXXXXX)
        trap 'rm -f "$bam" "$fastp"' EXIT
        export ALKTRACE_REPORT="$fastp" ALKTRACE_INSERTS=
        align() (
            fastp --stdin --stdout --thread 1 {params.fastp} --length_required {params.min_length} \
                --disable_quality_filtering --disable_trim_poly_g --dont_eval_duplication \
                --report_title {wildcards.patient}.{wildcards.timepoint}.{wildcards.specimen}.{wildcards.unit} \
                --json /dev/fd/3 --html /dev/null 3>"$ALKTRACE_REPORT" \
                | {params.aligner} mem -t {threads} -K {params.batch_bases} -Y -C {params.pairs} $ALKTRACE_INSERTS \
                    -R {params.read_group:q} {params.prefix:q} - {params.lift}
        )
        export -f align
        ("$ALKTRACE_PYTHON" "$ALKTRACE_SCRIPTS/extract_reads.py" --unit {wildcards.unit} \
            --fastq {input.fastq:q} --umi-fastq {input.umi_fastq:q} --bam {input.bam:q} \
            --fasta {input.cram_genome:q} --fixed-umis {input.fixed_umis:q} {params.extract} --counts {output.counts:q} \
            | {params.align} {params.cut_primers} {input.primers:q} \
            | samtools sort --no-PG --threads 2 -m 256M --output-fmt bam,level=1 -T {resources.tmpdir:q} -o "$bam" - \
            && "$ALKTRACE_PYTHON" -m json.tool "$fastp" /dev/null \
            && mv "$fastp" {output.fastp:q} && mv "$bam" {output.bam:q}) 2>{log:q} \
            || "$ALKTRACE_PYTHON" "$ALKTRACE_SCRIPTS/carry_unreadable.py" --of {output.counts:q} --to {output:q}
        """


# Alignments that the user gives are kept; they get the read groups of the sheet and, where the UMI
# is in the read name or in another tag or is corrected to a list, their RX.
rule adopt_unit:
    input:
        bam=UNITS.given_bams,
        cram_genome=UNITS.cram_genome,
        fixed_umis=UNITS.fixed_umis,
        primers=UNITS.primers,
    output:
        bam=temp("results/patients/{patient}/{timepoint}/{specimen}/units/{unit}.adopted.bam"),
        counts="results/patients/{patient}/{timepoint}/{specimen}/units/{unit}.adopted.tsv",
    log:
        "logs/adopt_unit/{patient}.{timepoint}.{specimen}.{unit}.log",
    conda:
        "../envs/samtools.yaml"
    threads: 2
    resources:
        mem_mb=memory(3000),
        runtime=minutes(240, per_gb=20, of="bam"),
        disk_mb=disk(5000, of="bam"),
    params:
        group=UNITS.group_options,
        umi=UNITS.umi_options,
        cut_primers=UNITS.cut_primers,
        finish=UNITS.finish,
        sizes=UNITS.given_sizes,
        code=PLAN.code("tag_alignments", "carry_unreadable"),
    message:
        "adopting alignments: {wildcards.patient} {wildcards.timepoint} {wildcards.specimen} {wildcards.unit}"
    shell:
        """
        bam=$(mktemp -u {output.bam:q}.partial-XXXXXXXX)
        trap 'rm -f "$bam"' EXIT
        ("$ALKTRACE_PYTHON" "$ALKTRACE_SCRIPTS/tag_alignments.py" --bam {input.bam:q} \
            --fasta {input.cram_genome:q} {params.group} \
            {params.umi} --fixed-umis {input.fixed_umis:q} --counts {output.counts:q} {params.cut_primers} {input.primers:q} \
            | samtools {params.finish} --no-PG --threads {threads} --output-fmt bam,level=1 -o "$bam" - \
            && mv "$bam" {output.bam:q}) 2>{log:q} \
            || "$ALKTRACE_PYTHON" "$ALKTRACE_SCRIPTS/carry_unreadable.py" --of {output.counts:q} --to {output:q}
        """
