"""Reads aligned one by one and one of all copies of a fragment lie at the same places."""

import shutil
import subprocess
from pathlib import Path

import pysam
import pytest
from aligned_ways import Sequenced, align, counted, families
from copied_reads import HardReads

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bwa", "fastp", "samtools")), reason="tools are missing"
)

DUPLEX = ("5M2S+T", "5M2S+T")


def both_ways(folder: Path, reads: Sequenced) -> tuple[Path, Path]:
    subprocess.run(["bwa", "index", str(reads.fasta)], check=True, capture_output=True)
    alone, once = folder / "alone.bam", folder / "once.bam"
    align(reads, alone, once=False)
    align(reads, once, once=True)
    return alone, once


@pytest.mark.parametrize(
    ("hard", "structures", "least"),
    [
        pytest.param(HardReads(1), DUPLEX, 0.3, id="duplex"),
        pytest.param(HardReads(2, umis=False), (), 0.3, id="without_umi"),
        pytest.param(HardReads(3, umis=False, paired=False), (), 0.2, id="single"),
    ],
)
def test_copies_lie_where_they_would_by_themselves(
    tmp_path: Path, hard: HardReads, structures: tuple[str, ...], least: float
) -> None:
    fasta, fastqs = hard.write(tmp_path, 6000)
    alone, once = both_ways(tmp_path, Sequenced(fasta, fastqs, structures))
    took_over, others = counted(alone, once)
    assert took_over.total() > least * (took_over.total() + others.total())
    assert set(took_over) <= {"", "trimmed"}
    assert took_over["trimmed"] <= 0.002 * took_over.total()
    # Ambiguous reads: the aligner draws among equal places by the number of a read in its stream.
    assert others.total() - others[""] <= 0.01 * others.total()
    before, after = families(alone), families(once)
    same = sum(after.get(key) == names for key, names in before.items())
    assert same >= 0.995 * len(before)


def test_tags_of_copies(tmp_path: Path) -> None:
    fasta, fastqs = HardReads(4).write(tmp_path, 1000)
    _, once = both_ways(tmp_path, Sequenced(fasta, fastqs, DUPLEX))
    subprocess.run(["samtools", "quickcheck", str(once)], check=True)
    by_name: dict[tuple[str, bool], pysam.AlignedSegment] = {}
    with pysam.AlignmentFile(str(once)) as bam:
        records = [r for r in bam if not r.is_supplementary]
    for record in records:
        by_name[str(record.query_name), record.is_read2] = record
        assert not record.has_tag("xi")
    copies = [r for r in records if not r.is_unmapped and not r.has_tag("NM")]
    assert copies
    for record in copies:
        mate = by_name[str(record.query_name), not record.is_read2]
        assert record.get_tag("RG") == "u1"
        assert len(str(record.get_tag("RX"))) == 11
        assert record.get_tag("MC") == mate.cigarstring
        assert record.next_reference_start == mate.reference_start
        assert record.mate_is_reverse == mate.is_reverse
        assert record.template_length == -mate.template_length
        assert record.bin == pysam.AlignedSegment.from_dict(record.to_dict(), record.header).bin
