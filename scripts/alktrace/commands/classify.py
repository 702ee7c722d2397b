"""Classify a patient's evidence, without reads; of a folder, that of all patients in it.

The evidence is a JSON file as the workflow writes it; its schema is `resources/schemas/evidence.schema.json`.
Of a folder all `*.json` are read, and `evidence.json` of the folders in it (`results/patients`): the tables
hold all patients, as `alktrace cohort` reads them.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..io.resources import DEFAULTS, resource

EXAMPLE = "alktrace classify evidence.json --out results"
CONFIG_HELP = "configuration of a run, or the keys in it that differ from the defaults"
KNOWLEDGE_HELP = "folder with tables of your own, laid over ours (default: `knowledge` of the configuration)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("evidence", type=Path, help="evidence.json of one patient, or a folder of them")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables")
    parser.add_argument("--config", type=Path, default=DEFAULTS, help=CONFIG_HELP)
    parser.add_argument("--knowledge", help=KNOWLEDGE_HELP)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    for path in run(options.evidence, out=options.out, config=options.config, knowledge=options.knowledge):
        print(path)
    return 0


def run(evidence: Path, *, out: Path, config: Path = DEFAULTS, knowledge: str | None = None) -> list[Path]:
    """Classify every timepoint of an evidence file, or of a folder of them; return the tables written.

    Raises:
        AlktraceError: what is wrong in the evidence, the configuration or the tables.
    """
    from ..classify.classify_files import classify_evidence_file, classify_evidence_files
    from ..inputs.config_file import load_settings
    from ..inputs.knowledge_files import open_knowledge
    from ..knowledge.load import edition_of

    settings = load_settings(config, defaults=DEFAULTS)
    files = open_knowledge(resource("knowledge"), knowledge or settings.knowledge)
    print(edition_of(files), file=sys.stderr)
    given: dict[str, Any] = {
        "knowledge": files,
        "settings": settings.resistance,
        "origin": settings.origin,
        "out_dir": out,
    }
    if evidence.is_dir():
        classify_evidence_files(evidence=evidence_files(evidence), **given)
    else:
        classify_evidence_file(evidence=evidence, **given)
    return sorted(path for path in out.iterdir() if path.is_file())


def evidence_files(folder: Path) -> list[Path]:
    """Return the evidence files in a folder and in the folders of patients in it.

    Raises:
        DataError: there are none.
    """
    found = [*sorted(folder.glob("*.json")), *sorted(folder.glob("*/evidence.json"))]
    if not found:
        remedy = "give evidence JSON files, or folders with an evidence.json each"
        raise DataError(folder, "no evidence in the folder", remedy)
    return found
