"""Compiles the kernels of alignment by running their job on a few made-up reads, without an aligner."""

import io
import random
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

import pysam

from ..io.atomic import atomic_output
from ..vocabulary.samples import UmiSource
from .copy_keys import fill_larger, new_table
from .extract import Extraction, extract_fastq, layout_for
from .once import align_once

CHROM = "chrWarm"
READ = 80
FRAGMENT = 140
UNIT = "u1"
PAIR_FLAGS = (99, 147)
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def compile_align_kernels(out: Path) -> None:
    """Align made-up copies once, so that the machine code of the kernels lies in the cache.

    Args:
        out: gets a line that says so.
    """
    rng = random.Random(1)
    fragment = "".join(rng.choice("ACGT") for _ in range(FRAGMENT))
    with TemporaryDirectory() as name:
        folder = Path(name)
        aligned = folder / "aligned.bam"
        _write_alignment(aligned, fragment)
        align_once(
            reads=io.BytesIO(b"".join(_pair(copy, fragment) for copy in range(3))),
            paired=True,
            command=f"cat >/dev/null; cat {shlex.quote(str(aligned))}",
            group=UNIT,
            out=folder / "all.bam",
        )
        _extract(folder / "reads.fastq")
    # Else called only where there are many fragments.
    fill_larger(new_table(2), new_table(4))
    with atomic_output(out) as (partial,):
        partial.write_text("alignment\n")


def _extract(path: Path) -> None:
    path.write_bytes(_pair(0, "A" * FRAGMENT))
    layout = layout_for([], reads=1, umi_reads=0)
    extraction = Extraction(layout, UmiSource.NONE)
    extract_fastq(fastqs=[path], extraction=extraction, out=io.BytesIO(), kernels_from=0)


def _pair(copy: int, fragment: str) -> bytes:
    reads = (fragment[:READ], fragment[::-1].translate(COMPLEMENT)[:READ])
    return "".join(f"@r{copy}\tRX:Z:AC-GT\n{bases}\n+\n{'I' * READ}\n" for bases in reads).encode()


def _write_alignment(path: Path, fragment: str) -> None:
    """Write the pair of the first read, the representative of the others, as an aligner would."""
    contigs = [{"SN": CHROM, "LN": FRAGMENT}]
    header = pysam.AlignmentHeader.from_dict({"SQ": contigs, "RG": [{"ID": UNIT, "SM": "warm"}]})
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for flag, start, size in zip(PAIR_FLAGS, (0, FRAGMENT - READ), (FRAGMENT, -FRAGMENT), strict=True):
            record = pysam.AlignedSegment(header)
            record.query_name, record.flag, record.mapping_quality = "r0", flag, 60
            record.reference_id = record.next_reference_id = 0
            record.reference_start, record.next_reference_start = start, FRAGMENT - READ - start
            record.template_length, record.cigarstring = size, f"{READ}M"
            record.query_sequence = fragment[start : start + READ]
            record.query_qualities = pysam.qualitystring_to_array("I" * READ)
            record.set_tag("MD", str(READ))
            record.set_tag("xi", 0)
            bam.write(record)
