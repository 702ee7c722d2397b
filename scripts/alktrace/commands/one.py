"""Classify one BAM: sheet and configuration are written, the workflow runs, the result is shown.

The setting is progression. A BAM does not say when its sample was taken, so `--collected` has a placeholder.
"""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputProblems, Problem
from ..vocabulary.samples import BamKind, Setting, SpecimenType, UmiSource
from .run import add_run_arguments
from .run import run as run_workflow

EXAMPLE = (
    "alktrace one --bam a.bam --targets panel.bed --fasta genome.fa --gff3 genes.gff3.gz --out one "
    "-- --dry-run"
)
PATIENT, TIMEPOINT, ASSAY = "one", "T1", "one"


@dataclass(frozen=True)
class OneBam:
    """What describes one BAM; paths as the user gave them."""

    bam: Path
    targets: Path
    fasta: Path
    gff3: Path
    collected: str
    align_fasta: Path | None = None
    kind: BamKind = BamKind.RAW
    umi: UmiSource = UmiSource.NONE
    duplex: bool = False
    specimen_type: SpecimenType = SpecimenType.PLASMA


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    files = {
        "bam": "reads, or consensus reads of fgbio, fgumi or DRAGEN",
        "targets": "BED of the targeted regions",
        "fasta": "genome, GRCh38",
        "gff3": "gene models of Ensembl, GENCODE or RefSeq, GRCh38",
    }
    for name, text in files.items():
        parser.add_argument(f"--{name}", type=Path, required=True, help=text)
    parser.add_argument("--align-fasta", type=Path, help="compact FASTA to align to, for tests")
    kinds, sources, specimens = (
        [kind.value for kind in BamKind],
        ["none", "tag", "name"],
        ["plasma", "csf", "tissue"],
    )
    parser.add_argument("--kind", choices=kinds, default="raw", help="what the BAM holds (default: raw)")
    parser.add_argument("--umi", choices=sources, default="none", help="where the UMI is (default: none)")
    parser.add_argument("--duplex", action="store_true", help="both strands carry paired UMIs (A-B and B-A)")
    parser.add_argument("--specimen-type", choices=specimens, default="plasma", help="(default: plasma)")
    parser.add_argument("--collected", default="2000-01-01", help="date of the sample, YYYY-MM-DD")
    parser.add_argument("--out", type=Path, required=True, help="folder for sheet, configuration and results")
    add_run_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    one = OneBam(
        bam=options.bam,
        targets=options.targets,
        fasta=options.fasta,
        gff3=options.gff3,
        collected=options.collected,
        align_fasta=options.align_fasta,
        kind=BamKind(options.kind),
        umi=UmiSource(options.umi),
        duplex=options.duplex,
        specimen_type=SpecimenType(options.specimen_type),
    )
    return run(one, options.out, options.handed_on, profile=options.profile)


def run(one: OneBam, out: Path, handed_on: Sequence[str] = (), *, profile: str = "local") -> int:
    """Write sheet and configuration, run the workflow, print the result; return the exit status.

    Args:
        one: the BAM and what belongs to it.
        out: folder of the run, made if needed.
        handed_on: further options of snakemake.
        profile: as for `alktrace run`.

    Raises:
        InputProblems: files that do not exist, all at once.
    """
    write_one(one, out)
    return run_workflow(out / "config.yaml", handed_on, directory=out, profile=profile, all_timepoints=True)


def write_one(one: OneBam, out: Path) -> None:
    """Write `samples.tsv` and `config.yaml` for one BAM into a folder.

    Args:
        one: the BAM and what belongs to it.
        out: folder, made if needed; paths inside are absolute.

    Raises:
        InputProblems: files that do not exist, all at once.
    """
    named = {"--bam": one.bam, "--targets": one.targets, "--fasta": one.fasta, "--gff3": one.gff3}
    if one.align_fasta is not None:
        named["--align-fasta"] = one.align_fasta
    missing = [
        Problem(name, 0, "", f"no file {str(path)!r}", "correct the path")
        for name, path in named.items()
        if not path.is_file()
    ]
    if missing:
        raise InputProblems(missing)
    patient = re.sub("[^A-Za-z0-9]+", "-", one.bam.name.removesuffix(".bam")).strip("-")[:64] or PATIENT
    row = {
        "patient": patient,
        "timepoint": TIMEPOINT,
        "specimen_type": one.specimen_type.value,
        "assay": ASSAY,
        "collected": one.collected,
        "setting": Setting.PROGRESSION.value,
        "bam": str(one.bam.resolve()),
        "bam_kind": one.kind.value,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "samples.tsv").write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n", encoding="utf-8")
    (out / "config.yaml").write_text(yaml.safe_dump(_config(one), sort_keys=False), encoding="utf-8")


def _config(one: OneBam) -> dict[str, Any]:
    return {
        "samples": "samples.tsv",
        "reference": {
            "fasta": str(one.fasta.resolve()),
            "gff3": str(one.gff3.resolve()),
            "align_fasta": str(one.align_fasta.resolve()) if one.align_fasta else None,
        },
        "assays": {
            ASSAY: {
                "targets": str(one.targets.resolve()),
                "umi": {"source": one.umi.value, "duplex": one.duplex},
                # One sample of unknown depth is shown, not judged: only nothing at all fails.
                "qc": {"min_molecules": 1, "warn_molecules": 300, "min_on_target": 0},
            }
        },
    }
