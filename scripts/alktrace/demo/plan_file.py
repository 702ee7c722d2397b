"""The analysis plan of the example configuration, beside the clinical tables of a demo."""

from pathlib import Path

from ..io.atomic import atomic_output
from ..io.resources import EXAMPLE_PLAN

PLAN = "sap.yaml"


def write_plan(out: Path) -> None:
    """Write the plan into a folder."""
    with atomic_output(out / PLAN) as (partial,):
        partial.write_bytes(EXAMPLE_PLAN.read_bytes())
