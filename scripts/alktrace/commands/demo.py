"""Run the built-in example: synthetic patients from reads to the classification table.

`inputs` only writes genome, reads, sheet, configuration, clinical tables and truth; `outcomes` writes a
cohort with known hazards and no reads, for `alktrace cohort`. Inputs that exist are not written again.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .run import add_run_arguments, cores
from .run import run as run_workflow

EXAMPLE = "alktrace demo outcomes --out synthetic"
SEED = 20240607
PARTS = ("all", "inputs", "outcomes")
# Small samples: many jobs of one thread fill the cores better than few of several.
ONE_THREAD = ("--set-threads", "align_unit=1", "align_consensus=1", "call_molecules=1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("part", nargs="?", choices=PARTS, default="all", help="what to do (default: all)")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder to write (default: demo)")
    parser.add_argument("--seed", type=int, default=SEED, help="of all random choices")
    parser.add_argument("--depth", type=float, default=1.0, help="factor on the depth of every specimen")
    parser.add_argument("--patients", type=int, default=60, help="of `outcomes` (default: 60)")
    add_run_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    if options.part == "outcomes":
        from ..demo.synthetic_outcomes import write_outcomes

        write_outcomes(out=options.out, seed=options.seed, patients=options.patients)
        print(options.out)
        return 0
    write_inputs(options.out, seed=options.seed, depth=options.depth)
    if options.part == "inputs":
        print(options.out / "config.yaml")
        return 0
    return run(options.out, options.handed_on, profile=options.profile)


def run(out: Path, handed_on: Sequence[str] = (), *, profile: str = "local") -> int:
    """Run the workflow on written inputs and print the result; return the exit status."""
    # One job more than cores works while snakemake starts the next.
    options = [*ONE_THREAD, "--cores", str(cores() + 1), *handed_on]
    return run_workflow(out / "config.yaml", options, directory=out, profile=profile, all_timepoints=True)


def write_inputs(out: Path, *, seed: int, depth: float) -> None:
    """Write the inputs of the demo, unless they stand there already as this code writes them."""
    from ..demo.build_demo import write_demo
    from ..io.digest import module_digest, text_digest
    from ..io.resources import PACKAGE

    made_by = text_digest(repr((module_digest(PACKAGE / "demo" / "build_demo.py"), seed, depth)))
    mark = out / ".inputs"
    if mark.is_file() and mark.read_text() == made_by:
        return
    print(f"writing genome, reads and truth of the demo to {out}", file=sys.stderr)
    cohort = write_demo(out, seed=seed, depth=depth)
    mark.write_text(made_by)
    print(f"{len(cohort.expectations)} timepoints, {len(cohort.specimens)} specimens", file=sys.stderr)
