# Pages for people.

from alktrace.io.digest import module_digest
from alktrace.io.resources import resource


rule write_patient_page:
    input:
        evidence="results/patients/{patient}/evidence.json",
        tables=lambda wildcards: PLAN.timepoints_of(wildcards.patient, "resistance.tsv"),
        details=lambda wildcards: PLAN.timepoints_of(wildcards.patient, "resistance.json"),
        bins=lambda wildcards: PLAN.copy_number_bins(wildcards).values(),
        gene_models="results/reference/gene_models.json",
        clinical=ancient(PLAN.clinical_tables()),
    output:
        page=report(
            "results/patients/{patient}/report.html",
            category="Patients",
            caption="../resources/captions/patient_page.rst",
            labels={"patient": "{patient}"},
        ),
    log:
        "logs/write_patient_page/{patient}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        samples=lambda wildcards: list(PLAN.copy_number_bins(wildcards)),
        clinical=PLAN.clinical_digest,
        data_cutoff=PLAN.settings.cohort.data_cutoff,
        exports=PLAN.exports_of,
        versions=PLAN.versions_of,
        settings=PLAN.dump("report", "resistance"),
        knowledge=PLAN.knowledge(),
        code=PLAN.code("write_patient_page"),
    message:
        "writing the page of {wildcards.patient}"
    script:
        "../scripts/write_patient_page.py"


# Where the configuration asks for paper; it costs nothing else where it does not.
rule print_patient_page:
    input:
        page="results/patients/{patient}/report.html",
    output:
        pdf="results/patients/{patient}/report.pdf",
    log:
        "logs/print_patient_page/{patient}.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        code=PLAN.code("print_patient_page"),
    message:
        "printing the page of {wildcards.patient}"
    script:
        "../scripts/print_patient_page.py"


rule write_cohort_page:
    input:
        classification="results/cohort/classification.tsv",
        resistance="results/cohort/resistance.tsv",
        discovered="results/cohort/emergent_unknown.tsv",
        quality="results/cohort/qc.tsv",
        identity="results/cohort/identity.tsv",
        outcomes=PLAN.outcome_files(),
    output:
        page=report(
            "results/cohort/report.html",
            category="Cohort",
            caption="../resources/captions/cohort_page.rst",
        ),
    log:
        "logs/write_cohort_page.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        settings=PLAN.dump("cohort", "report"),
        knowledge=PLAN.knowledge(),
        code=PLAN.code("write_cohort_page"),
    message:
        "writing the page of the cohort"
    script:
        "../scripts/write_cohort_page.py"


rule write_batch_page:
    input:
        quality="results/cohort/qc.tsv",
        classification="results/cohort/classification.tsv",
        identity="results/cohort/identity.tsv",
        patients=list(PLAN.identity_files().values()),
        genotypes=PLAN.of_samples(PLAN.identified(), "genotypes.tsv"),
        molecules=list(PLAN.molecule_tables().values()),
        error_rates=list(PLAN.error_rate_tables().values()),
    output:
        page=report(
            "results/cohort/batch.html",
            category="Cohort",
            caption="../resources/captions/batch_page.rst",
        ),
    log:
        "logs/write_batch_page.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        identified=[sample.name for sample in PLAN.identified()],
        samples=list(PLAN.molecule_tables()),
        called=list(PLAN.error_rate_tables()),
        limits=PLAN.quality_limits(),
        processing=PLAN.processing(),
        settings=PLAN.dump("identity", "report"),
        knowledge=PLAN.knowledge(),
        code=PLAN.code("write_batch_page"),
    message:
        "writing the page of the newest batch"
    script:
        "../scripts/write_batch_page.py"


rule write_multiqc_sections:
    input:
        molecules=list(PLAN.molecule_tables().values()),
        error_rates=list(PLAN.error_rate_tables().values()),
        quality="results/cohort/qc.tsv",
    output:
        multiext(
            "results/cohort/multiqc/",
            "samples_mqc.json",
            "duplex_yield_mqc.json",
            "error_rates_mqc.json",
            "family_sizes_mqc.json",
            "insert_sizes_mqc.json",
            "reads_lost_mqc.json",
        ),
    log:
        "logs/write_multiqc_sections.log",
    conda:
        own_environment
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        samples=list(PLAN.molecule_tables()),
        called=list(PLAN.error_rate_tables()),
        code=PLAN.code("write_multiqc_sections"),
    message:
        "writing the sections of the quality page"
    script:
        "../scripts/write_multiqc_sections.py"


# fastp's reports and our own figures; nothing is sent or fetched. An unreadable sample has no report.
rule collect_multiqc:
    input:
        fastp=PLAN.fastp_reports(),
        sections=rules.write_multiqc_sections.output,
    output:
        page=report(
            "results/cohort/multiqc.html",
            category="Quality",
            caption="../resources/captions/multiqc.rst",
        ),
    log:
        "logs/collect_multiqc.log",
    conda:
        "../envs/multiqc.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        folder=subpath(output.page, parent=True),
        config=module_digest(resource("multiqc.yaml")),
        code=PLAN.code("settle_multiqc"),
    message:
        "collecting quality reports"
    shell:
        """
        page=$(mktemp -u {output.page:q}.partial-XXXXXXXX)
        trap 'rm -f "$page".*' EXIT
        (
            awk 'FNR == 1 && !/^#unreadable/ {{ print FILENAME }}' {input.fastp:q} {input.sections:q} >"$page.list"
            multiqc --force --quiet --no-version-check --no-data-dir --config "$ALKTRACE_RESOURCES/multiqc.yaml" \
                --file-list "$page.list" --outdir {params.folder:q} --filename "${{page##*/}}.html"
            "$ALKTRACE_PYTHON" "$ALKTRACE_SCRIPTS/settle_multiqc.py" "$page.html"
            mv "$page.html" {output.page:q}
        ) 2>{log:q}
        """


# The last job: it takes the digests of what was read and of what came out. Reads of a panel are read at the speed
# of the disk; of large files their ends do (`report.manifest`), so that hundreds of samples take minutes.
rule write_manifest:
    input:
        sheet=PLAN.settings.samples,
        clinical=PLAN.clinical_tables(),
        results=PLAN.results(),
    output:
        manifest=report(
            "results/cohort/run_manifest.json",
            category="Proof",
            caption="../resources/captions/manifest.rst",
        ),
    log:
        "logs/write_manifest.log",
    conda:
        own_environment
    threads: 4
    resources:
        mem_mb=memory(1000),
        runtime=minutes(120),
    params:
        settings=PLAN.settings.model_dump(mode="json"),
        given=PLAN.inputs(),
        samples=[sample.folder for sample in PLAN.used_samples],
        made=lambda wildcards: made_by(workflow.rules),
        knowledge=PLAN.knowledge(),
        code=PLAN.code("write_manifest"),
        all_code=PLAN.code(),
    message:
        "writing down versions, settings and digests"
    script:
        "../scripts/write_manifest.py"
