"""Run the built-in example: synthetic patients from reads to the classification table.

`inputs` only writes genome, reads, sheet, configuration, clinical tables and truth; `outcomes` writes a
cohort with known hazards and no reads, for `alktrace cohort`; `centres` three hospitals with reports alone,
classified, exported and merged. Inputs that exist are not written again.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import AlktraceError
from ..io.resources import DEFAULTS, resource
from .run import add_run_arguments, cores
from .run import run as run_workflow

EXAMPLE = "alktrace demo outcomes --out synthetic"
SEED = 20240607
PARTS = ("all", "inputs", "outcomes", "centres")
LIMITS = {"seed": (0, 1e9), "depth": (1e-3, 1e3), "patients": (1, 1e6)}
# Small samples: many jobs of one thread fill the cores better than few of several.
ONE_THREAD = ("--set-threads", "align_unit=1", "align_consensus=1", "call_molecules=1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("part", nargs="?", choices=PARTS, default="all", help="what to do (default: all)")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder to write (default: demo)")
    parser.add_argument("--seed", type=int, default=SEED, help="of all random choices")
    parser.add_argument("--depth", type=float, default=1.0, help="factor on the depth of every specimen")
    parser.add_argument(
        "--patients", type=int, default=60, help="of `outcomes`, or of each of the `centres` (default: 60)"
    )
    add_run_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status.

    Raises:
        AlktraceError: a number of which no example can be made.
    """
    for name, (low, high) in LIMITS.items():
        if not low <= (value := getattr(options, name)) <= high:
            raise AlktraceError(f"--{name}: {value:g}; give a number from {low:g} to {high:g}")
    if options.part == "outcomes":
        from ..demo.plan_file import write_plan
        from ..demo.synthetic_outcomes import write_outcomes

        write_outcomes(out=options.out, seed=options.seed, patients=options.patients)
        write_plan(options.out)
        print(options.out)
        return 0
    if options.part == "centres":
        print(run_centres(options.out, seed=options.seed, patients=options.patients))
        return 0
    write_inputs(options.out, seed=options.seed, depth=options.depth)
    if options.part == "inputs":
        print(options.out / "config.yaml")
        return 0
    return run(options.out, options.handed_on, profile=options.profile)


def run_centres(out: Path, *, seed: int, patients: int) -> Path:
    """Write three hospitals, classify the reports of each, export and merge them; return the cohort page.

    Raises:
        AlktraceError: something lies in the folders of the exports.
    """
    from ..centres.reports_alone import classify_reports, prepare_models
    from ..demo.centre_inputs import HOSPITALS, write_centres
    from ..inputs.config_file import load_settings
    from ..inputs.knowledge_files import open_knowledge
    from .cohort import run as merge
    from .export_site import run as export

    knowledge = open_knowledge(resource("knowledge"), None)
    genome = write_centres(out, seed=seed, patients=patients)
    models = prepare_models(genome.fasta, genome.gff3, knowledge, out / "reference" / "models")
    exports = []
    for hospital in HOSPITALS:
        folder, name = out / hospital.name, hospital.name
        print(f"{name}: reading and classifying the reports", file=sys.stderr)
        config = folder / "config.yaml"
        tables = classify_reports(folder, models, knowledge, load_settings(config, defaults=DEFAULTS))
        exports.append(out / "exports" / name)
        for line in export(
            folder / "clinical", tables, site=name, key=folder / "key", out=exports[-1], config=config
        ):
            print(line, file=sys.stderr)
    return merge(exports, out=out / "study")


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
    cohort = write_demo(out, seed=seed, depth=depth, jobs=cores())
    mark.write_text(made_by)
    print(f"{len(cohort.expectations)} timepoints, {len(cohort.specimens)} specimens", file=sys.stderr)
