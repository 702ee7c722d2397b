"""Consensus reads that lie where their reads lie, and the same reads aligned."""

import shutil
import subprocess
from pathlib import Path

import pytest
from aligned_ways import Sequenced, align, align_consensus, call_consensus, placed_apart
from copied_reads import HardReads

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bwa", "fastp", "samtools")), reason="tools are missing"
)


@pytest.mark.parametrize(
    ("hard", "duplex"),
    [
        pytest.param(HardReads(11), True, id="duplex"),
        pytest.param(HardReads(12, chimeras=0.05), False, id="simplex"),
        pytest.param(HardReads(13, paired=False), False, id="single"),
    ],
)
def test_reads_at_their_place_are_as_the_aligner_puts_them(
    tmp_path: Path, hard: HardReads, duplex: bool
) -> None:
    fasta, fastqs = hard.write(tmp_path, 6000)
    subprocess.run(["bwa", "index", str(fasta)], check=True, capture_output=True)
    bam, unaligned = tmp_path / "aligned.bam", tmp_path / "unaligned.bam"
    align(Sequenced(fasta, fastqs, ("5M2S+T", "5M2S+T")[: len(fastqs)]), bam, once=True)
    call_consensus(bam, unaligned, duplex=duplex)
    one, two = tmp_path / "one.bam", tmp_path / "two.bam"
    align_consensus(unaligned, fasta, one, places=False)
    align_consensus(unaligned, fasta, two, places=True)
    placed, others = placed_apart(one, two)
    assert placed.total() > 0.4 * (placed.total() + others.total())
    # At the edge of the insert sizes, or one below the highest quality.
    assert set(placed) <= {"", "flag", "map_quality", "MQ", "MQ map_quality"}
    assert placed.total() - placed[""] <= 0.002 * placed.total()
    assert others.total() - others[""] <= 0.05 * others.total()
