"""Aligned reads made in code: templates with UMIs, errors, indels and clips over a small reference."""

import random

import pysam

LENGTH = 2000
RNG = random.Random(7)
REFERENCE = "".join(RNG.choices("ACGT", k=LENGTH))
COMPLEMENT = str.maketrans("ACGTN", "TGCAN")
HEADER = pysam.AlignmentHeader.from_dict(
    {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": "chr1", "LN": LENGTH}, {"SN": "chr2", "LN": LENGTH}],
        "RG": [{"ID": "A", "SM": "s", "LB": "one"}, {"ID": "B", "SM": "s", "LB": "two"}],
    }
)


def aligned_bases(start, cigar, rng=RNG):
    """Return the bases that a CIGAR reads off the reference; inserted and clipped ones are drawn."""
    bases, ref = "", start
    for code, length in cigar:
        if code == 0:
            bases += REFERENCE[ref : ref + length]
        elif code in (1, 4):
            bases += "".join(rng.choices("ACGT", k=length))
        ref += length if code in (0, 2) else 0
    return bases


def read(name, start, cigar, *, flag=0, bases=None, quals=None, umi=None, mapq=60, group="A", chrom=0):
    """Return one record; `cigar` is a list of (code, length) or a number of matching bases."""
    segment = pysam.AlignedSegment(HEADER)
    cigar = [(0, cigar)] if isinstance(cigar, int) else cigar
    bases = aligned_bases(start, cigar) if bases is None else bases
    segment.query_name, segment.flag, segment.mapping_quality = name, flag, mapq
    segment.query_sequence = bases
    segment.query_qualities = pysam.qualitystring_to_array("F" * len(bases)) if quals is None else quals
    segment.reference_id, segment.reference_start = chrom, start
    if not flag & 4:
        segment.cigartuples = cigar
    segment.set_tag("RG", group)
    if umi is not None:
        segment.set_tag("RX", umi)
    return segment


def pair(one, two):
    """Set the mate fields of R1 and R2."""
    for segment, mate, number in ((one, two, 64), (two, one, 128)):
        segment.flag |= 1 | number
        segment.flag |= 32 if mate.is_reverse else 0
        segment.flag |= 8 if mate.is_unmapped else 0
        segment.next_reference_id, segment.next_reference_start = mate.reference_id, mate.reference_start
    return one, two


def fragment(name, start, end, length=30, *, strand=0, umi=None, quals=None, edit=None, **options):
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


def write_bam(path, segments, header=HEADER):
    """Write records sorted by coordinate, equal positions as given."""
    keyed = sorted(
        segments, key=lambda s: (s.reference_id if s.reference_id >= 0 else 1 << 30, s.reference_start)
    )
    with pysam.AlignmentFile(str(path), "wb", header=header) as bam:
        for segment in keyed:
            bam.write(segment)
    return path
