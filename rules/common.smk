# What every rule file uses: the checked configuration, the plan that follows from it, the wildcards.

import os
from pathlib import Path

from snakemake.exceptions import WorkflowError

from scripts.alktrace.errors import AlktraceError
from scripts.alktrace.inputs import check_inputs
from scripts.alktrace.models import ID_PATTERN
from scripts.alktrace.plan import Plan

try:
    PLAN = Plan.from_config(config)
    # Jobs on a cluster read this file again; the input files were checked when the run began.
    if workflow.is_main_process:
        check_inputs(PLAN.sheet, PLAN.settings)
except AlktraceError as error:
    raise WorkflowError(str(error)) from None

# Compiled kernels live with the results, by the code they come from: jobs find them on every node.
KERNELS = Path("results/reference/kernels", PLAN.code["structural"]).resolve()
os.environ.update(NUMBA_CACHE_DIR=str(KERNELS))

# Inputs by content: an edited table reruns what reads it.
KNOWLEDGE = [
    workflow.source_path(f"../resources/knowledge/{path.name}")
    for path in sorted(Path(workflow.basedir, "resources", "knowledge").glob("*.tsv"))
]


# The same pattern checks the ids of the sheet, so that no id can reach over a path level.
wildcard_constraints:
    patient=ID_PATTERN,
    timepoint=ID_PATTERN,
    specimen=ID_PATTERN,
    unit=r"u\d+",
    assay=ID_PATTERN,
