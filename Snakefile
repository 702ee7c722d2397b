# alktrace: from reads to one resistance-mechanism table per patient and timepoint.
# This page is the table of contents; the stages stand in rules/, in the order of the data.

from snakemake.utils import min_version

min_version("9.20.0")


configfile: f"{workflow.basedir}/config/config.yaml"


include: "rules/common.smk"
include: "rules/reference.smk"
include: "rules/align.smk"
include: "rules/consensus.smk"
include: "rules/calling.smk"
include: "rules/structural.smk"
include: "rules/annotate.smk"
include: "rules/reported.smk"
include: "rules/qc.smk"
include: "rules/evidence.smk"
include: "rules/classify.smk"
include: "rules/report.smk"


if PLAN.outcome_files():

    include: "rules/outcomes.smk"


rule all:
    default_target: True
    input:
        PLAN.results(),
        "results/cohort/run_manifest.json",


# Beside group jobs a checkpoint can make Snakemake end early and well: nobody shall take that for a finished run.
onsuccess:
    if missing := what_is_missing(rules.all.input, workflow.dag_settings):
        raise WorkflowError(missing)
