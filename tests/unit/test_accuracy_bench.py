"""The accuracy benchmark: molecules counted without a BAM between are those of the BAM."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from shipped_settings import SHIPPED

from alktrace.calling.molecules.pileup import pile_up
from alktrace.calling.molecules.reads import make_filters
from alktrace.calling.molecules.regions import build_regions
from alktrace.io.bam_io import read_header
from alktrace.io.bed import read_targets

BENCH = Path(__file__).resolve().parents[1] / "bench"


@pytest.fixture(scope="module")
def bench() -> Any:
    sys.path.insert(0, str(BENCH))
    try:
        import accuracy_counts

        yield accuracy_counts
    finally:
        sys.path.remove(str(BENCH))


@pytest.mark.parametrize("umis", [True, False])
def test_counts_are_those_of_the_bam(tmp_path: Path, bench: Any, umis: bool) -> None:
    """Errors so frequent that every kind is there; alignment at an indel is what the BAM alone can show."""
    from accuracy_molecules import Library, write_molecules
    from accuracy_panel import make_panel, write_panel

    library = Library(
        genomes=60, deamination=1e-3, oxidation=1e-3, both_strands=1e-4, pcr=1e-3, slip=0.0, umis=umis
    )
    panel = make_panel(3, planted=True, contigs=1)
    panel = replace(panel, planted=tuple(v for v in panel.planted if v.kind == "snv"))
    bam, files = tmp_path / "a.bam", write_panel(panel, tmp_path)
    truth = write_molecules(panel, library, bam, seed=3)
    with pysam.FastaFile(str(files.fasta)) as fasta:
        spans = [target.span for target in read_targets(files.targets)]
        regions = build_regions(spans, fasta=fasta, header=read_header(bam))
    counted, covering, tallies = bench.count_panel(panel, library, regions, 3)
    assert np.array_equal(counted.counts, pile_up(bam, regions, make_filters(SHIPPED.calling)).counts)
    assert counted.counts.sum() > 50_000
    assert np.array_equal(covering, truth.covering)
    assert tallies.tolist() == [truth.molecules, truth.duplex]
