"""Reads aligned one by one and one of all copies of a fragment lie at the same places."""

import gzip
import random
import shutil
import subprocess
from pathlib import Path

import pysam
import pytest
from aligned_ways import Sequenced, align, counted, differences, families, placed
from copied_reads import HardReads, turn

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("bwa", "fastp", "samtools")), reason="tools are missing"
)

SWAPPED = str.maketrans("ACGT", "CATG")
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


def test_copies_of_a_paralog_lie_there(tmp_path: Path) -> None:
    # Seven bases of each read differ, so spread that no seed of the gene's reads lies in it: their XS is 0.
    rng = random.Random(3)
    gene, *spacers = ("".join(rng.choices("ACGT", k=size)) for size in (330, 4000, 4000, 4000))
    places = (10, 30, 45, 75, 85, 105, 125)
    turned = {*places, *(329 - place for place in places)}
    paralog = "".join(b.translate(SWAPPED) if i in turned else b for i, b in enumerate(gene))
    fasta = tmp_path / "genome.fa"
    fasta.write_text(f">one\n{spacers[0]}{gene}{spacers[1]}\n>two\n{paralog}{spacers[2]}\n")
    others = [spacers[0][i : i + 310 + i % 40] for i in range(0, 3000, 60)]
    fragments = [*others, gene, *[paralog] * 4]
    fastqs = []
    for mate in range(2):
        ends = [(turn(bases) if mate else bases)[:150] for bases in fragments]
        text = "".join(f"@f{i}\n{bases}\n+\n{'F' * 150}\n" for i, bases in enumerate(ends))
        fastqs.append(tmp_path / f"R{mate + 1}.fastq.gz")
        fastqs[-1].write_bytes(gzip.compress(text.encode()))
    alone, once = both_ways(tmp_path, Sequenced(fasta, fastqs))
    assert placed(alone)["f52"][False].contig == "two"
    assert [what for _, _, what in differences(alone, once) if what] == []


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
