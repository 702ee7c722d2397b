# alktrace: from reads to one resistance-mechanism table per patient and timepoint.
# This page is the table of contents; the stages stand in rules/, in the order of the data.

from snakemake.utils import min_version

min_version("9.20.0")


configfile: f"{workflow.basedir}/config/config.yaml"


# First page of what `--report` makes of a finished run.
report: "resources/captions/run.rst"


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
include: "rules/assay.smk"
include: "rules/report.smk"


if PLAN.outcome_files():

    include: "rules/outcomes.smk"


if PLAN.settings.exports:

    include: "rules/exports.smk"


# On a cluster: what takes less than a second, whatever the size of the study, is not worth a job of its own.
localrules:
    prepare_targets,
    read_reported_calls,
    classify_timepoint,
    write_patient_page,


rule all:
    default_target: True
    input:
        PLAN.results(),
        "results/cohort/run_manifest.json",
        PLAN.exports("ro_crate"),


onstart:
    from alktrace.workflow.progress import show_progress

    show_progress(logger, workflow)
    # Scripts in the pipes of rules start warm too.
    WARM.name_members()
    WARM.serve_members()


# `alktrace run` says itself what was found, also where nothing was left to do.
onsuccess:
    if is_whole(workflow.dag_settings):
        # Beside group jobs a checkpoint can make Snakemake end early and well: that is no finished run.
        if missing := what_is_missing(rules.all.input):
            raise WorkflowError(missing)
        # Snakemake deletes the temporary files of this run's jobs; those of a failed or killed run before it stay.
        if not workflow.storage_settings.notemp:
            workflow.async_run(workflow.dag.clean(only_temp=True))
        if "ALKTRACE_RUN" not in os.environ:
            from alktrace.commands.show import at_the_end

            print(at_the_end(Path("results")))


onerror:
    if "ALKTRACE_RUN" not in os.environ:
        from alktrace.commands.show import at_the_end

        print(at_the_end(Path("results"), PLAN.sheet.timepoints))
