# Files for other programs, each where `exports` of the configuration names it. What they hold is decided before.


from alktrace.exports.result_tables import COHORT_TABLES


# Seconds for a cohort of hundreds.
localrules:
    export_maf,
    export_vcf,
    export_cbioportal,
    export_xlsx,
    export_phenopackets,
    export_igv,
    export_igv_page,
    export_ro_crate,


rule export_maf:
    input:
        evidence=PLAN.patient_files("evidence.json"),
        tables=PLAN.timepoint_files("resistance.tsv"),
        details=PLAN.timepoint_files("resistance.json"),
    output:
        maf="results/exports/alterations.maf",
    log:
        "logs/export_maf.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(30),
    params:
        inherited=PLAN.settings.export_inherited,
        knowledge=PLAN.knowledge("genes", "identifiers"),
        code=PLAN.code("export_maf"),
    message:
        "exporting MAF"
    script:
        "../scripts/export_maf.py"


rule export_vcf:
    input:
        evidence=PLAN.patient_files("evidence.json"),
        tables=PLAN.timepoint_files("resistance.tsv"),
        details=PLAN.timepoint_files("resistance.json"),
        fai=REFERENCE.fai,
    output:
        vcfs=PLAN.exports("vcf"),
    log:
        "logs/export_vcf.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(30),
    params:
        inherited=PLAN.settings.export_inherited,
        knowledge=PLAN.knowledge("genes", "identifiers"),
        code=PLAN.code("export_vcf"),
    message:
        "exporting a VCF of each patient"
    script:
        "../scripts/export_vcf.py"


rule export_cbioportal:
    input:
        evidence=PLAN.patient_files("evidence.json"),
        tables=PLAN.timepoint_files("resistance.tsv"),
        details=PLAN.timepoint_files("resistance.json"),
        clinical=PLAN.clinical_tables(),
    output:
        study=PLAN.exports("cbioportal"),
    log:
        "logs/export_cbioportal.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(30),
    params:
        inherited=PLAN.settings.export_inherited,
        settings=PLAN.dump("cohort"),
        knowledge=PLAN.knowledge("genes", "identifiers", "drugs"),
        code=PLAN.code("export_cbioportal"),
    message:
        "exporting a study for cBioPortal"
    script:
        "../scripts/export_cbioportal.py"


rule export_xlsx:
    input:
        evidence=PLAN.patient_files("evidence.json"),
        tables=PLAN.timepoint_files("resistance.tsv"),
        details=PLAN.timepoint_files("resistance.json"),
        cohort=expand("results/cohort/{name}", name=COHORT_TABLES),
        outcomes=PLAN.outcome_files(),
    output:
        books=PLAN.exports("xlsx"),
    log:
        "logs/export_xlsx.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        inherited=PLAN.settings.export_inherited,
        code=PLAN.code("export_xlsx"),
    message:
        "exporting workbooks"
    script:
        "../scripts/export_xlsx.py"


rule export_phenopackets:
    input:
        evidence=PLAN.patient_files("evidence.json"),
        tables=PLAN.timepoint_files("resistance.tsv"),
        details=PLAN.timepoint_files("resistance.json"),
        clinical=PLAN.clinical_tables(),
    output:
        packets=PLAN.exports("phenopackets"),
    log:
        "logs/export_phenopackets.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(30),
    params:
        inherited=PLAN.settings.export_inherited,
        settings=PLAN.dump("cohort"),
        knowledge=PLAN.knowledge("genes", "identifiers", "drugs"),
        code=PLAN.code("export_phenopackets"),
    message:
        "exporting phenopackets"
    script:
        "../scripts/export_phenopackets.py"


# A session names the files of the samples and opens them where they lie.
rule export_igv:
    input:
        evidence=PLAN.patient_files("evidence.json"),
        tables=PLAN.timepoint_files("resistance.tsv"),
        details=PLAN.timepoint_files("resistance.json"),
    output:
        sessions=PLAN.exports("igv"),
    log:
        "logs/export_igv.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(30),
    params:
        inherited=PLAN.settings.export_inherited,
        tracks=PLAN.tracks(),
        code=PLAN.code("export_igv"),
    message:
        "exporting sessions for IGV"
    script:
        "../scripts/export_igv.py"


# The table of a sample says whether its BAM can be read, also of one that was given.
rule export_igv_page:
    input:
        evidence=PLAN.patient_files("evidence.json"),
        tables=PLAN.timepoint_files("resistance.tsv"),
        details=PLAN.timepoint_files("resistance.json"),
        bams=[PLAN.consensus(sample) for sample in PLAN.shown_reads()],
        marks=PLAN.of_samples(PLAN.shown_reads(), "callability.tsv"),
        fasta=REFERENCE.fasta,
    output:
        pages=PLAN.exports("igv_page"),
    log:
        "logs/export_igv_page.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        samples=[sample.name for sample in PLAN.shown_reads()],
        code=PLAN.code("export_igv_page"),
    message:
        "exporting pages of IGV"
    script:
        "../scripts/export_igv_page.py"


# Made of the manifest, and so not in it.
rule export_ro_crate:
    input:
        manifest="results/cohort/run_manifest.json",
    output:
        crate="results/ro-crate-metadata.json",
    log:
        "logs/export_ro_crate.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        code=PLAN.code("export_ro_crate"),
    message:
        "describing the results as an RO-Crate"
    script:
        "../scripts/export_ro_crate.py"
