"""Commands beside the workflow: show results, classify an evidence file, renew the docs."""

import argparse
import sys
from pathlib import Path

import yaml

from .errors import AlktraceError

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    parser = argparse.ArgumentParser(prog="alktrace", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("show", help="print the classification of a finished run")
    show.add_argument("results", type=Path, help="folder `results` of the run")
    classify = commands.add_parser("classify", help="classify a patient's evidence JSON")
    classify.add_argument("evidence", type=Path, help="evidence.json of one patient")
    classify.add_argument("--out", type=Path, required=True, help="folder for the tables")
    classify.add_argument("--config", type=Path, default=ROOT / "config" / "config.yaml")
    classify.add_argument("--knowledge", type=Path, default=ROOT / "resources" / "knowledge")
    commands.add_parser("docs", help="renew the generated parts of the docs")
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except AlktraceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    if options.command == "show":
        from .report.show import show_results

        print(show_results(options.results))
    elif options.command == "classify":
        from .resistance.classify import classify_evidence_file
        from .settings import ResistanceSettings

        config = yaml.safe_load(options.config.read_text())
        classify_evidence_file(
            evidence=options.evidence,
            knowledge=options.knowledge,
            settings=ResistanceSettings.model_validate(config["resistance"]),
            out_dir=options.out,
        )
        print(f"wrote the tables to {options.out}")
    else:
        from .report.docs import write_docs

        for page in write_docs(ROOT):
            print(f"renewed {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
