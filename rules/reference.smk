# The genome: indices are used where they lie beside the FASTA, else built below the results.

from alktrace.checks.input_files import REFERENCE_FOLDER
from alktrace.reference.locate import locate_reference

# Where everything of the genome is; rules of all stages ask here, never the configuration.
REFERENCE = locate_reference(PLAN.settings.reference, REFERENCE_FOLDER)


# Shared genomes are often read-only, and every tool wants the index beside the FASTA: so a link
# is made whose neighbours may be written.
rule link_fasta:
    input:
        fasta=REFERENCE.given,
    output:
        fasta=REFERENCE.linked[0],
        index=REFERENCE.linked[1:],
    log:
        "logs/link_fasta.log",
    conda:
        "../envs/samtools.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=minutes(60),
    message:
        "indexing {input.fasta}"
    shell:
        """
        fasta={output.fasta:q}
        link=$(mktemp -u "$fasta.partial-XXXXXXXX")
        trap 'rm -f "$link" "$link".*' EXIT
        (
            ln -s "$(realpath {input.fasta:q})" "$link"
            samtools faidx "$link"
            for file in "$link".* "$link"; do mv "$file" "$fasta${{file#"$link"}}"; done
        ) 2>{log:q}
        """


# On a full disk samtools would end well with half a dictionary; cat does not.
rule write_dictionary:
    input:
        fasta=REFERENCE.fasta,
        fai=REFERENCE.fai,
    output:
        dictionary=REFERENCE.built_dictionary,
    log:
        "logs/write_dictionary.log",
    conda:
        "../envs/samtools.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=minutes(60),
    message:
        "writing the sequence dictionary of {input.fasta}"
    shell:
        """
        dictionary=$(mktemp -u {output.dictionary:q}.partial-XXXXXXXX)
        trap 'rm -f "$dictionary"' EXIT
        (samtools dict {input.fasta:q} | cat >"$dictionary" && mv "$dictionary" {output.dictionary:q}) 2>{log:q}
        """


# One file of the index is named for its path without suffix; the aligner writes the others beside it.
rule index_aligner:
    input:
        fasta=REFERENCE.aligned_to,
        alt=REFERENCE.alt,
    output:
        pac=REFERENCE.built_index[0],
        others=REFERENCE.built_index[1:],
    log:
        "logs/index_aligner.log",
    conda:
        "../envs/align.yaml"
    resources:
        # bwa-mem2 keeps 28 bytes per base while it builds, bwa about 2.
        mem_mb=memory(REFERENCE.index_memory),
        runtime=minutes(360),
    params:
        aligner=PLAN.settings.reference.aligner,
    message:
        "indexing {input.fasta} for {params.aligner}"
    shell:
        """
        pac={output.pac:q}
        index=$(mktemp -u "${{pac%.pac}}.partial-XXXXXXXX")
        trap 'rm -f "$index".*' EXIT
        (
            {params.aligner} index -p "$index" {input.fasta:q}
            for alt in {input.alt:q}; do cp "$alt" "$index.alt"; done
            for file in "$index".*; do mv "$file" "${{pac%.pac}}${{file#"$index"}}"; done
        ) 2>{log:q}
        """


# The preferred transcripts of the panel genes, and the loci of the knowledge tables on this genome.
rule prepare_gene_models:
    input:
        gff3=PLAN.settings.reference.gff3,
        fasta=REFERENCE.fasta,
        fai=REFERENCE.fai,
    output:
        gene_models="results/reference/gene_models.json",
        gff3="results/reference/gene_models.gff3",
        loci="results/reference/loci.tsv",
        hotspots="results/reference/hotspots.tsv",
    log:
        "logs/prepare_gene_models.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(4000),
        runtime=minutes(30),
    params:
        knowledge=PLAN.knowledge("genes", "hotspots", "alk_mutations"),
        code=PLAN.code("prepare_gene_models"),
    message:
        "reading the gene models"
    script:
        "../scripts/prepare_gene_models.py"


# Joined once per assay, so that the jobs of samples need no more than their lines.
rule prepare_targets:
    input:
        bed=lambda wildcards: PLAN.settings.assays[wildcards.assay].targets,
    output:
        targets="results/reference/{assay}.targets.bed",
    log:
        "logs/prepare_targets/{assay}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        code=PLAN.code("prepare_targets"),
    message:
        "joining the targets: {wildcards.assay}"
    script:
        "../scripts/prepare_targets.py"
