"""A sheet and a config for one BAM, for whoever re-runs a single test file."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputProblems, Problem
from ..vocabulary.samples import BamKind, Setting, SpecimenType, UmiSource

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


def write_one(one: OneBam, out: Path) -> None:
    """Write `samples.tsv` and `config.yaml` for one BAM into a folder.

    Args:
        one: the BAM and what belongs to it.
        out: folder, made if needed; paths inside are absolute.

    Raises:
        InputProblems: files that do not exist, all at once.
    """
    named = {"BAM": one.bam, "TARGETS": one.targets, "FASTA": one.fasta, "GFF3": one.gff3}
    if one.align_fasta is not None:
        named["ALIGN_FASTA"] = one.align_fasta
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
    (out / "samples.tsv").write_text("\t".join(row) + "\n" + "\t".join(row.values()) + "\n")
    (out / "config.yaml").write_text(yaml.safe_dump(_config(one), sort_keys=False))


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
