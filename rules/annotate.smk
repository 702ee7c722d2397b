# What the alterations of a sample are: consequences, names, origin, tumour fraction, copy number.

from alktrace.inputs.knowledge_schemas import RECOGNITION_TABLES


# Origin first, then tumour fraction from what is left as markers, then copy number with it.
rule annotate_alterations:
    input:
        vcf="results/patients/{patient}/{timepoint}/{specimen}/variants.vcf.gz",
        fusions="results/patients/{patient}/{timepoint}/{specimen}/fusions.vcf.gz",
        coverage="results/patients/{patient}/{timepoint}/{specimen}/coverage.cnn",
        copy_number_reference=PLAN.copy_number_reference,
        gene_models="results/reference/gene_models.json",
        gff3="results/reference/gene_models.gff3",
        fasta=REFERENCE.fasta,
        white_cells=PLAN.white_cells,
        white_cell_tables=PLAN.white_cell_tables,
        population_vcf=PLAN.population_vcf(),
    output:
        alterations="results/patients/{patient}/{timepoint}/{specimen}/alterations.tsv",
        tumour_fraction="results/patients/{patient}/{timepoint}/{specimen}/tumour_fraction.tsv",
        copy_number="results/patients/{patient}/{timepoint}/{specimen}/copy_number.tsv",
        bins="results/patients/{patient}/{timepoint}/{specimen}/copy_number_bins.tsv",
    log:
        "logs/annotate_alterations/{patient}.{timepoint}.{specimen}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(2000, per_gb=1000, of="white_cells"),
        runtime=minutes(60, per_gb=30, of="white_cells"),
    params:
        specimen_type=lambda wildcards: PLAN.sample(wildcards).specimen_type.value,
        settings=PLAN.dump("calling", "origin", "tumour_fraction", "copy_number"),
        knowledge=PLAN.knowledge(*RECOGNITION_TABLES),
        code=PLAN.code("annotate_alterations"),
    message:
        "annotating {wildcards.patient} {wildcards.timepoint} {wildcards.specimen}"
    script:
        "../scripts/annotate_alterations.py"
