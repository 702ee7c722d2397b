"""Classify a patient's evidence, without reads.

The evidence is a JSON file as the workflow writes it; its schema is `resources/schemas/evidence.schema.json`.
"""

import argparse
from pathlib import Path

from ..io.resources import DEFAULTS, resource

EXAMPLE = "alktrace classify evidence.json --out results"
CONFIG_HELP = "configuration of a run, or the keys in it that differ from the defaults"

KNOWLEDGE = resource("knowledge")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("evidence", type=Path, help="evidence.json of one patient")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables")
    parser.add_argument("--config", type=Path, default=DEFAULTS, help=CONFIG_HELP)
    parser.add_argument("--knowledge", type=Path, default=KNOWLEDGE, help="folder of the knowledge tables")


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    for path in run(options.evidence, out=options.out, config=options.config, knowledge=options.knowledge):
        print(path)
    return 0


def run(evidence: Path, *, out: Path, config: Path = DEFAULTS, knowledge: Path = KNOWLEDGE) -> list[Path]:
    """Classify every timepoint of an evidence file; return the files written, by name.

    Raises:
        AlktraceError: what is wrong in the evidence, the configuration or the tables.
    """
    from ..classify.classify_files import classify_evidence_file
    from ..inputs.config_file import load_settings

    settings = load_settings(config, defaults=DEFAULTS)
    classify_evidence_file(
        evidence=evidence,
        knowledge=knowledge,
        settings=settings.resistance,
        origin=settings.origin,
        out_dir=out,
    )
    return sorted(path for path in out.iterdir() if path.is_file())
