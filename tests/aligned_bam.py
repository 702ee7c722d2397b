"""Aligned reads made in code: templates with UMIs, errors, indels and clips over a small reference."""

import random
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import pysam

LENGTH = 2000
RNG = random.Random(7)
REFERENCE = "".join(RNG.choices("ACGT", k=LENGTH))
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")
Cigar = list[tuple[int, int]]
Quals: TypeAlias = "array[int] | None"
"""Phred values; None: good ones."""
HEADER = pysam.AlignmentHeader.from_dict(
    {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": "chr1", "LN": LENGTH}, {"SN": "chr2", "LN": LENGTH}],
        "RG": [{"ID": "A", "SM": "s", "LB": "one"}, {"ID": "B", "SM": "s", "LB": "two"}],
    }
)


def aligned_bases(start: int, cigar: Cigar, rng: random.Random = RNG) -> str:
    """Return the bases that a CIGAR reads off the reference; inserted and clipped ones are drawn."""
    bases, ref = "", start
    for code, length in cigar:
        if code == 0:
            bases += REFERENCE[ref : ref + length]
        elif code in (1, 4):
            bases += "".join(rng.choices("ACGT", k=length))
        ref += length if code in (0, 2) else 0
    return bases


def read(
    name: str,
    start: int,
    cigar: Cigar | int,
    *,
    flag: int = 0,
    bases: str | None = None,
    quals: Quals = None,
    umi: str | None = None,
    mapq: int = 60,
    group: str = "A",
    chrom: int = 0,
) -> pysam.AlignedSegment:
    """Return one record; `cigar` is a list of (code, length) or a number of matching bases."""
    segment = pysam.AlignedSegment(HEADER)
    operations = [(0, cigar)] if isinstance(cigar, int) else cigar
    bases = aligned_bases(start, operations) if bases is None else bases
    segment.query_name, segment.flag, segment.mapping_quality = name, flag, mapq
    segment.query_sequence = bases
    segment.query_qualities = pysam.qualitystring_to_array("F" * len(bases)) if quals is None else quals
    segment.reference_id, segment.reference_start = chrom, start
    if not flag & 4:
        segment.cigartuples = operations
    segment.set_tag("RG", group)
    if umi is not None:
        segment.set_tag("RX", umi)
    return segment


def pair(one: pysam.AlignedSegment, two: pysam.AlignedSegment) -> list[pysam.AlignedSegment]:
    """Set the mate fields of R1 and R2."""
    for segment, mate, number in ((one, two, 64), (two, one, 128)):
        segment.flag |= 1 | number
        segment.flag |= 32 if mate.is_reverse else 0
        segment.flag |= 8 if mate.is_unmapped else 0
        segment.next_reference_id, segment.next_reference_start = mate.reference_id, mate.reference_start
    return [one, two]


def fragment(
    name: str,
    start: int,
    end: int,
    length: int = 30,
    *,
    strand: int = 0,
    umi: str | None = None,
    quals: Quals = None,
    edit: Callable[[int, str], str] | None = None,
    **options: Any,
) -> list[pysam.AlignedSegment]:
    """Return an FR pair that spans [start, end); strand 1 has R1 at the upper end.

    `edit` changes the bases of a read: it is called with the end (0 lower, 1 upper) and the bases as aligned.
    """
    size = min(length, end - start)
    lower, upper = REFERENCE[start : start + size], REFERENCE[end - size : end]
    if edit is not None:
        lower, upper = edit(0, lower), edit(1, upper)
    low = read(name, start, size, bases=lower, umi=umi, quals=quals, **options)
    high = read(name, end - size, size, bases=upper, umi=umi, quals=quals, flag=16, **options)
    return pair(high, low) if strand else pair(low, high)


def write_bam(
    path: Path, segments: Iterable[pysam.AlignedSegment], header: pysam.AlignmentHeader = HEADER
) -> Path:
    """Write records sorted by coordinate, equal positions as given."""
    keyed = sorted(
        segments, key=lambda s: (s.reference_id if s.reference_id >= 0 else 1 << 30, s.reference_start)
    )
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for segment in keyed:
            bam.write(segment)
    return path
