# Reports of laboratories, read as evidence.

from alktrace.inputs.knowledge_schemas import RECOGNITION_TABLES


# A laboratory's report: what it says, what it could have seen, and in notes.tsv what could not be read.
rule read_reported_calls:
    input:
        calls=PLAN.report,
        gene_models="results/reference/gene_models.json",
        gff3="results/reference/gene_models.gff3",
        loci="results/reference/loci.tsv",
        fasta=REFERENCE.fasta,
        own_words=PLAN.report_words(),
        covered_regions=PLAN.report_regions,
    output:
        alterations="results/patients/{patient}/{timepoint}/{specimen}/reported/alterations.tsv",
        callability="results/patients/{patient}/{timepoint}/{specimen}/reported/callability.tsv",
        tumour_fraction="results/patients/{patient}/{timepoint}/{specimen}/reported/tumour_fraction.tsv",
        notes="results/patients/{patient}/{timepoint}/{specimen}/reported/notes.tsv",
    log:
        "logs/read_reported_calls/{patient}.{timepoint}.{specimen}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(10),
    params:
        specimen_type=lambda wildcards: PLAN.sample(wildcards).specimen_type.value,
        lod_vaf=lambda wildcards: PLAN.sample(wildcards).units[0].lod_vaf,
        vaf_unit=lambda wildcards: PLAN.sample(wildcards).units[0].vaf_unit,
        sizes=PLAN.given_sizes,
        settings=PLAN.dump("calling", "origin"),
        knowledge=PLAN.knowledge(*RECOGNITION_TABLES, "report_words"),
        code=PLAN.code("read_reported_calls"),
    message:
        "reading the report of {wildcards.patient} {wildcards.timepoint} {wildcards.specimen}"
    script:
        "../scripts/read_reported_calls.py"
