"""Classify one BAM: sheet and configuration are written, the workflow runs, the result is shown.

The setting is progression. A BAM does not say when its sample was taken, so `--collected` has a placeholder.
"""

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
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
    parser.add_argument(
        "--bam", type=Path, required=True, help="reads, or consensus reads of fgbio, fgumi or DRAGEN"
    )
    add_sample_arguments(parser)
    parser.add_argument("--collected", default="2000-01-01", help="date of the sample, YYYY-MM-DD")
    parser.add_argument("--out", type=Path, required=True, help="folder for sheet, configuration and results")
    add_run_arguments(parser)


def add_sample_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of every command that describes BAM files by its options."""
    files = {
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


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    one = described(options, options.bam, options.collected)
    return run(one, options.out, options.handed_on, profile=options.profile)


def described(options: argparse.Namespace, bam: Path, collected: str) -> OneBam:
    """Return a BAM with what the options say of it."""
    return OneBam(
        bam=bam,
        targets=options.targets,
        fasta=options.fasta,
        gff3=options.gff3,
        collected=collected,
        align_fasta=options.align_fasta,
        kind=BamKind(options.kind),
        umi=UmiSource(options.umi),
        duplex=options.duplex,
        specimen_type=SpecimenType(options.specimen_type),
    )


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
    look_for([("--bam", one.bam), *named_files(one)])
    row = {
        "patient": id_of(one.bam, PATIENT),
        "timepoint": TIMEPOINT,
        "specimen_type": one.specimen_type.value,
        "assay": ASSAY,
        "collected": one.collected,
        "setting": Setting.PROGRESSION.value,
        "bam": str(one.bam.resolve()),
        "bam_kind": one.kind.value,
    }
    write_project([row], config_of(one, ASSAY), out)


def named_files(one: OneBam) -> list[tuple[str, Path]]:
    """Return what belongs to a BAM, with the options that name it."""
    files = [("--targets", one.targets), ("--fasta", one.fasta), ("--gff3", one.gff3)]
    return files if one.align_fasta is None else [*files, ("--align-fasta", one.align_fasta)]


def look_for(files: Iterable[tuple[str, Path]]) -> None:
    """Look whether files are there.

    Raises:
        InputProblems: those that are not, all at once.
    """
    missing = [
        Problem(name, 0, "", f"no file {str(path)!r}", "correct the path")
        for name, path in files
        if not path.is_file()
    ]
    if missing:
        raise InputProblems(missing)


def id_of(bam: Path, otherwise: str) -> str:
    """Return the name of a BAM as an id of the sheet."""
    return re.sub("[^A-Za-z0-9]+", "-", bam.name.removesuffix(".bam")).strip("-")[:64] or otherwise


def write_project(rows: Sequence[Mapping[str, str]], config: Mapping[str, Any], out: Path) -> None:
    """Write `samples.tsv`, whose rows have the same columns, and `config.yaml` into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    lines = ["\t".join(rows[0]), *("\t".join(row.values()) for row in rows)]
    (out / "samples.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (out / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def config_of(one: OneBam, assay: str) -> dict[str, Any]:
    """Return the configuration of a run of BAM files, all of one assay; paths are absolute."""
    return {
        "samples": "samples.tsv",
        "reference": {
            "fasta": str(one.fasta.resolve()),
            "gff3": str(one.gff3.resolve()),
            "align_fasta": str(one.align_fasta.resolve()) if one.align_fasta else None,
        },
        "assays": {
            assay: {
                "targets": str(one.targets.resolve()),
                "umi": {"source": one.umi.value, "duplex": one.duplex},
                # One sample of unknown depth is shown, not judged: only nothing at all fails.
                "qc": {"min_molecules": 1, "warn_molecules": 300, "min_on_target": 0},
            }
        },
    }
