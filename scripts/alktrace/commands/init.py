"""Write a sheet and a configuration to edit, with comments.

`--assay` writes the layout of UMIs of a kit, with its source and whether it was checked on reads.
"""

import argparse
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputProblems, Problem
from ..io.resources import resource

EXAMPLE = "alktrace init my-study --assay twist-umi"
LAYOUTS = resource("assays")
CONFIG = """\
# Keys that are left out keep their defaults; config/README.md of the project describes all of them.
# Paths are relative to the folder in which `alktrace run config.yaml` is started.
samples: samples.tsv
# clinical: clinical  # folder with patients.tsv, treatments.tsv and others, for outcomes
reference:
  fasta: genome.fa  # whole GRCh38; its indices are used where they lie beside it, else made
  gff3: genes.gff3.gz  # gene models of Ensembl, GENCODE or RefSeq (GFF3 or GTF), GRCh38
assays:
"""
SHEET_COMMENT = """\
# One row per sequencing unit, such as a lane; rows of one patient, timepoint and specimen are one sample.
# specimen_type: plasma, csf, tissue or wbc (white cells); setting: baseline, on_treatment or progression.
# Instead of fastq_1 and fastq_2: columns bam and bam_kind (raw or consensus), or calls with a report.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    kits = sorted(path.stem for path in LAYOUTS.glob("*.yaml"))
    parser.add_argument(
        "folder", type=Path, help="folder to write, made if needed; nothing in it is overwritten"
    )
    text = f"kit of the libraries: {', '.join(kits)} (default: none)"
    parser.add_argument("--assay", choices=kits, metavar="KIT", default="none", help=text)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    for path in run(options.folder, options.assay):
        print(path)
    return 0


def run(folder: Path, assay: str) -> tuple[Path, Path]:
    """Write `samples.tsv` and `config.yaml`; return both.

    Args:
        folder: made if needed.
        assay: name of a file in `resources/assays`, without suffix.

    Raises:
        InputProblems: a file stands there already.
    """
    sheet, config = folder / "samples.tsv", folder / "config.yaml"
    there = [path for path in (sheet, config) if path.exists()]
    if there:
        remedy = "give another folder, or move it away"
        raise InputProblems([Problem(str(path), 0, "", "stands there already", remedy) for path in there])
    layout = (LAYOUTS / f"{assay}.yaml").read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    sheet.write_text(_sheet(yaml.safe_load(layout)), encoding="utf-8")
    config.write_text(CONFIG + "".join(f"  {line}\n" for line in layout.splitlines()), encoding="utf-8")
    return sheet, config


def _sheet(assays: dict[str, Any]) -> str:
    ((name, assay),) = assays.items()
    structures = assay.get("umi", {}).get("read_structures", ())
    reads = ["fastq_1"] if len(structures) == 1 else ["fastq_1", "fastq_2"]
    own = ["fastq_umi", "fastq_umi_2"][: max(0, len(structures) - 2)]
    lines = [["patient", "timepoint", "specimen_type", "assay", "collected", "setting", *reads, *own]]
    for timepoint, collected, setting in (
        ("BL", "2026-01-31", "baseline"),
        ("PD1", "2026-09-30", "progression"),
    ):
        files = [f"R{read}" for read in (1, 2)[: len(reads)]] + [f"I{read}" for read in (1, 2)[: len(own)]]
        fastqs = [f"P001_{timepoint}_{file}.fastq.gz" for file in files]
        lines.append(["P001", timepoint, "plasma", name, collected, setting, *fastqs])
    return SHEET_COMMENT + "".join("\t".join(line) + "\n" for line in lines)
