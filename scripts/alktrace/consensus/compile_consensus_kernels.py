"""Compiles the kernels of the molecules by running their jobs on a few made-up reads.

Numba compiles a kernel when it is first called. On a cluster hundreds of first jobs would do so at the
same time, each for a minute; so one job does it before them.
"""

import random
import shlex
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pysam

from ..inputs.settings.molecule_settings import MoleculeSettings
from ..inputs.settings.umi_settings import UmiSettings
from ..io.atomic import atomic_output
from ..vocabulary.samples import RandomEnd, UmiSource

CHROM = "chrWarm"
LENGTH = 3000
READ = 80
FRAGMENT = 140
STARTS = range(500, 1500, 25)
SAMPLE = "warm.up.reads"
WAYS = (
    (UmiSource.NONE, False, RandomEnd.BOTH),
    (UmiSource.TAG, False, RandomEnd.READ1),
    (UmiSource.TAG, True, RandomEnd.BOTH),
)
"""Source of the UMI, duplex, random end: together they run all kernels."""


def compile_consensus_kernels(*, settings: MoleculeSettings, out: Path) -> None:
    """Run grouping, consensus and zipping once, so that their machine code lies in numba's cache.

    Args:
        settings: any valid section.
        out: gets one line per way that was run.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        genome = write_genome(folder)
        for source, duplex, random_end in WAYS:
            make_consensus(folder, genome, source, duplex, settings, random_end)
    with atomic_output(out) as (partial,):
        lines = [
            f"molecules {source.value} {'duplex' if duplex else 'simplex'}" for source, duplex, _ in WAYS
        ]
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_consensus(
    folder: Path,
    genome: str,
    source: UmiSource,
    duplex: bool,
    settings: MoleculeSettings,
    random_end: RandomEnd = RandomEnd.BOTH,
) -> Path:
    """Return a sorted, indexed consensus BAM of the made-up reads.

    Args:
        folder: gets all files.
        genome: bases of the one contig.
        source: where the UMI stands, or none.
        duplex: whether strands are paired.
        settings: any valid section.
        random_end: which read begins at it.
    """
    unaligned = group_reads(folder, _write_reads(folder, genome), source, duplex, settings, random_end)
    return _align(folder, genome, unaligned)


def write_genome(folder: Path) -> str:
    """Write `genome.fa` with its index and return the bases of its one contig."""
    rng = random.Random(1)
    genome = "".join(rng.choice("ACGT") for _ in range(LENGTH))
    (folder / "genome.fa").write_text(f">{CHROM}\n{genome}\n")
    pysam.faidx(str(folder / "genome.fa"))
    return genome


def _header() -> pysam.AlignmentHeader:
    return pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "coordinate"},
            "SQ": [{"SN": CHROM, "LN": LENGTH}],
            "RG": [{"ID": "u1", "SM": SAMPLE, "LB": "L1"}],
        }
    )


def _write_reads(folder: Path, genome: str) -> Path:
    """Three copies of each fragment, one of them from the other strand, some with a mismatch or a gap."""
    path = folder / "raw.bam"
    records = [record for start in STARTS for record in _family(start, genome)]
    records.sort(key=lambda record: (record.reference_start, record.query_name, record.flag))
    with pysam.AlignmentFile(str(path), "wb", header=_header()) as bam:
        for record in records:
            bam.write(record)
    return path


def _family(start: int, genome: str) -> Iterator[pysam.AlignedSegment]:
    for copy in range(4):
        other_strand = copy > 1
        umi = "AACG-TTGC"
        for forward in (True, False):
            begin = start if forward else start + FRAGMENT - READ
            bases = genome[begin : begin + READ]
            if copy == 3 and start % 50 == 0:
                bases = bases[:40] + ("A" if bases[40] != "A" else "C") + bases[41:]
            record = pysam.AlignedSegment(_header())
            record.query_name = f"{start}:{copy}"
            first = forward != other_strand
            record.flag = 0x3 | (0x40 if first else 0x80) | (0x20 if forward else 0x10)
            record.reference_id = record.next_reference_id = 0
            record.reference_start = begin
            record.next_reference_start = start + FRAGMENT - READ if forward else start
            record.template_length = FRAGMENT if forward else -FRAGMENT
            record.mapping_quality = 60
            record.query_sequence = bases
            record.query_qualities = pysam.qualitystring_to_array("I" * READ)
            record.cigarstring = f"{READ}M"
            record.set_tag("RX", umi if not other_strand else "-".join(reversed(umi.split("-"))))
            record.set_tag("MC", f"{READ}M")
            record.set_tag("RG", "u1")
            yield record


def group_reads(
    folder: Path,
    raw: Path,
    source: UmiSource,
    duplex: bool,
    settings: MoleculeSettings,
    random_end: RandomEnd = RandomEnd.BOTH,
) -> Path:
    """Return the unaligned consensus of a sorted BAM of the made-up genome."""
    from .molecules import call_molecules

    out = folder / "unaligned.bam"
    umi = UmiSettings(
        source=source, read_structures=(), tag="RX", duplex=duplex, random_end=random_end, edits=1,
        fixed_umis=None, max_mismatches=1, min_distance=2,
    )  # fmt: skip
    call_molecules(
        bams=[raw],
        out=out,
        metrics=folder / "molecules.tsv",
        umi=umi,
        settings=settings,
        targets=None,
        sample=SAMPLE,
        threads=1,
    )
    return out


def _align(folder: Path, genome: str, unaligned: Path) -> Path:
    """Put the consensus reads where their bases stand in the genome, in place of an aligner."""
    from .placing import align_consensus

    aligned, zipped, done = folder / "aligned.bam", folder / "zipped.bam", folder / "consensus.bam"
    with (
        pysam.AlignmentFile(str(unaligned), check_sq=False) as reads,
        pysam.AlignmentFile(str(aligned), "wb", header=_header()) as out,
    ):
        for read in reads:
            out.write(_placed(read, genome))
    command = f"cat > {shlex.quote(str(folder))}/others.fq; cat {shlex.quote(str(aligned))}"
    align_consensus(unaligned=unaligned, fasta=None, command=command, out=zipped)
    pysam.sort("-o", str(done), str(zipped))
    pysam.index(str(done))
    return done


def _placed(read: pysam.AlignedSegment, genome: str) -> pysam.AlignedSegment:
    record = pysam.AlignedSegment(_header())
    bases = read.query_sequence or ""
    forward = genome.find(bases)
    reverse = -1 if forward >= 0 else genome.find(read.get_forward_sequence() or "")
    record.query_name = read.query_name
    record.flag = read.flag & ~(0x4 | 0x8)
    record.reference_id = record.next_reference_id = 0
    record.reference_start = record.next_reference_start = max(forward, reverse, 0)
    record.mapping_quality = 60
    record.query_sequence = bases
    record.query_qualities = read.query_qualities
    record.cigarstring = f"{len(bases)}M"
    return record
