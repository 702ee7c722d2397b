# Used by all files beside this one: the checked configuration, the plan that follows from it, the wildcards.

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.jobs import Job
from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod

# A clone runs as it is: its own package goes before an installed one.
sys.path.insert(
    0, str(Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent / "scripts")
)

from alktrace.errors import AlktraceError
from alktrace.inputs.config_lines import with_places
from alktrace.io.kernel_folder import VARIABLE, kernel_folder, writable_kernel_folder
from alktrace.io.tools import prepare_jobs
from alktrace.vocabulary.samples import ID_PATTERN
from alktrace.workflow.finished import is_whole, made_by, what_is_missing
from alktrace.workflow.mended import mend_snakemake
from alktrace.workflow.needs import disk, memory, minutes
from alktrace.workflow.plan import Plan
from alktrace.workflow.readiness import checked_plan

prepare_jobs()
try:
    # Jobs on a cluster read this file again; everything was checked when the run began.
    if workflow.is_main_process:
        from_conda = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
        PLAN = checked_plan(config, tools=not from_conda, say=logger.warning)
        PLAN.write_refusals()
    else:
        PLAN = Plan.from_config(config)
except AlktraceError as error:
    raise WorkflowError(with_places(error, workflow.configfiles)) from None

# Compiled kernels are kept once per user; where that cannot be, with the results, which every node can reach.
IN_RESULTS = Path("results/reference/kernels").resolve()
WANTED, KERNELS = kernel_folder(), writable_kernel_folder(IN_RESULTS)
os.environ[VARIABLE] = str(KERNELS)
if workflow.is_main_process and KERNELS == IN_RESULTS:
    logger.warning(f"{WANTED} cannot be written to: compiled kernels are kept in {KERNELS}")

# A job of a cluster is alone, or one of few.
if workflow.is_main_process:
    WARM = mend_snakemake(
        sys.modules,
        kernels=Path("results/reference/kernels"),
        libraries=["lifelines"] if PLAN.outcome_files() else [],
    )

# What Snakemake compares with the results are content and paths below the working directory, so that results
# may be moved to another clone: resources count with the code that names them (`io.resources`), and scripts by
# their digest, not by their date, which every clone makes anew.


async def no_outputs(job):
    for path in ():
        yield path


Job.outputs_older_than_script_or_notebook = no_outputs


# Rules in Python run in the environment that runs Snakemake, also where the tools come from conda.
def own_environment(wildcards):
    return None


# The same pattern checks the ids of the sheet, so that no id can reach over a path level.
wildcard_constraints:
    patient=ID_PATTERN,
    timepoint=ID_PATTERN,
    specimen=ID_PATTERN,
    unit=r"u\d+",
    assay=ID_PATTERN,
