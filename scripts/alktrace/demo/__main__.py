"""Command line of the demo generator: `python -m alktrace.demo demo --out DIR`."""

import argparse
from pathlib import Path

DEFAULT_SEED = 20240607


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m alktrace.demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="write the demo cohort with its truth")
    demo.add_argument("--out", type=Path, required=True, help="folder to write")
    demo.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of all random choices")
    demo.add_argument("--depth", type=float, default=1.0, help="factor on the depth of every specimen")
    outcomes = commands.add_parser("outcomes", help="write a cohort of outcomes with known hazards, no reads")
    outcomes.add_argument("--out", type=Path, required=True, help="folder to write")
    outcomes.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of all random choices")
    outcomes.add_argument("--patients", type=int, default=60)
    real = commands.add_parser("real-reference", help="write a reference from real panel sequence")
    real.add_argument("--data", type=Path, required=True, help="folder with reference/ of real sequence")
    real.add_argument("--out", type=Path, required=True, help="folder to write")
    options = parser.parse_args(arguments)
    if options.command == "demo":
        from .build_demo import write_demo

        cohort = write_demo(options.out, seed=options.seed, depth=options.depth)
        timepoints, specimens = len(cohort.expectations), len(cohort.specimens)
        print(f"{timepoints} timepoints, {specimens} specimens in {options.out}")
    elif options.command == "outcomes":
        from .synthetic_outcomes import write_outcomes

        write_outcomes(out=options.out, seed=options.seed, patients=options.patients)
        print(f"{options.patients} patients in {options.out}")
    else:
        from .real_reference import build_real_reference

        print(build_real_reference(data=options.data, out=options.out).fasta)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
