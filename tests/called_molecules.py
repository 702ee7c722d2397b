"""The molecules job run on reads made in code."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pysam
from aligned_bam import write_bam

from alktrace.consensus import molecules
from alktrace.consensus.molecule_table import MoleculeMetric
from alktrace.inputs.settings.molecule_settings import MoleculeSettings
from alktrace.inputs.settings.umi_settings import UmiSettings
from alktrace.io.tables import read_table
from alktrace.vocabulary.samples import RandomEnd, UmiSource


def umi_settings(
    source: UmiSource = UmiSource.TAG,
    *,
    duplex: bool = False,
    edits: int = 1,
    tag: str = "RX",
    random_end: RandomEnd = RandomEnd.BOTH,
) -> UmiSettings:
    return UmiSettings(
        source=source, read_structures=(), tag=tag, duplex=duplex, random_end=random_end, edits=edits,
        fixed_umis=None, max_mismatches=1, min_distance=2,
    )  # fmt: skip


SETTINGS = MoleculeSettings(
    min_mapq=1, error_rate_pre_umi=45, error_rate_post_umi=40, min_input_base_quality=20, saturation=0.2
)


def flat(templates: Iterable[list[pysam.AlignedSegment]]) -> list[pysam.AlignedSegment]:
    return [segment for template in templates for segment in template]


def run(
    tmp_path: Path,
    bams: list[Path],
    umi: UmiSettings,
    *,
    targets: Path | None = None,
    threads: int = 1,
    name: str = "out",
) -> tuple[list[pysam.AlignedSegment], dict[Any, float]]:
    """Call molecules; return the consensus records and the metrics."""
    out, table = tmp_path / f"{name}.bam", tmp_path / f"{name}.tsv"
    molecules.call_molecules(
        bams=bams, out=out, metrics=table, umi=umi, settings=SETTINGS, targets=targets, sample="p.t.s",
        threads=threads,
    )  # fmt: skip
    with pysam.AlignmentFile(str(out), check_sq=False) as bam:
        records = list(bam)
    return records, {(row.metric, row.stratum): row.value for row in read_table(table, MoleculeMetric)}


def call(
    tmp_path: Path, segments: Sequence[pysam.AlignedSegment], umi: UmiSettings | None = None, **options: Any
) -> tuple[list[pysam.AlignedSegment], dict[Any, float]]:
    return run(tmp_path, [write_bam(tmp_path / "in.bam", segments)], umi or umi_settings(), **options)


def lost(metrics: dict[tuple[str, str], float]) -> dict[str, float]:
    return {
        stratum: value for (metric, stratum), value in metrics.items() if metric == "reads_lost" and value
    }
