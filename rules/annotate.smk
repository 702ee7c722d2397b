# What an alteration means: gene models, consequences, names, origin, tumour fraction.


rule prepare_gene_models:
    input:
        gff3=PLAN.settings.reference.gff3,
        fasta=PLAN.settings.reference.fasta,
        genes=workflow.source_path("../resources/knowledge/genes.tsv"),
        hotspots=workflow.source_path("../resources/knowledge/hotspots.tsv"),
        mutations=workflow.source_path("../resources/knowledge/alk_mutations.tsv"),
    output:
        gene_models="results/reference/gene_models.json",
        loci="results/reference/loci.tsv",
        hotspots="results/reference/hotspots.tsv",
    log:
        "logs/prepare_gene_models.log",
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=PLAN.code["annotate"],
    message:
        "reading the gene models"
    script:
        "../scripts/prepare_gene_models.py"
