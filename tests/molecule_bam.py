"""Consensus BAMs built read by read, for the tests of calling."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pysam

CHROM = "chr2"


def make_reference(
    folder: Path, length: int = 2000, seed: int = 7, edits: dict[int, str] | None = None
) -> str:
    """Write a FASTA without long repeats and return its sequence; `edits` overwrites bases."""
    rng = np.random.default_rng(seed)
    bases: list[str] = []
    while len(bases) < length:
        base = "ACGT"[rng.integers(4)]
        if bases[-2:] != [base, base]:
            bases.append(base)
    for position, text in (edits or {}).items():
        bases[position : position + len(text)] = list(text)
    sequence = "".join(bases)
    (folder / "ref.fa").write_text(f">{CHROM}\n{sequence}\n")
    pysam.faidx(str(folder / "ref.fa"))
    return sequence


@dataclass
class Read:
    """One consensus record; `tags` beside the depths of a simplex or duplex family, `umi` of the former."""

    name: str
    start: int
    cigar: str
    bases: str
    quals: Sequence[int] | int = 90
    flag: int = 0
    mapq: int = 60
    depth: int | None = 3
    duplex: tuple[int, int] | None = None
    umi: bool = True
    mate_start: int = -1
    template: int = 0
    tags: dict[str, Any] = field(default_factory=dict)


def write_bam(path: Path, reads: Iterable[Read], length: int, chrom: str = CHROM) -> Path:
    """Write reads sorted by coordinate, with an index."""
    header = pysam.AlignmentHeader.from_dict(
        {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": chrom, "LN": length}]}
    )
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for read in sorted(reads, key=lambda r: r.start):
            out.write(_segment(read, header))
    pysam.index(str(path))
    return path


def _segment(read: Read, header: pysam.AlignmentHeader) -> pysam.AlignedSegment:
    out = pysam.AlignedSegment(header)
    out.query_name, out.flag, out.reference_id = read.name, read.flag, 0
    out.reference_start, out.mapping_quality, out.cigarstring = read.start, read.mapq, read.cigar
    out.query_sequence = read.bases
    quals = [read.quals] * len(read.bases) if isinstance(read.quals, int) else list(read.quals)
    out.query_qualities = array("B", quals)
    if read.mate_start >= 0:
        out.next_reference_id, out.next_reference_start = 0, read.mate_start
        out.template_length = read.template
    n = len(read.bases)
    if read.duplex is not None:
        a, b = read.duplex
        values: list[tuple[str, Any]] = [("aD", a), ("bD", b), ("cD", a + b), ("ad", array("h", [a] * n))]
        values += [("cE", 0.0), ("ae", array("h", [0] * n)), ("ac", read.bases)]
        if b:
            values += [("bd", array("h", [b] * n)), ("be", array("h", [0] * n)), ("bc", read.bases)]
    elif read.depth is not None:
        values = [("cD", read.depth), ("cM", read.depth), ("cE", 0.0), ("cd", array("h", [read.depth] * n))]
        values += [("ce", array("h", [0] * n)), *([("RX", "ACGT")] if read.umi else [])]
    else:
        values = []
    for tag, value in [*values, *read.tags.items()]:
        out.set_tag(tag, value)
    return out


def pair(
    name: str,
    start: int,
    fragment: str,
    *,
    length: int = 100,
    cigars: tuple[str, str] | None = None,
    second_start: int | None = None,
    **options: Any,
) -> list[Read]:
    """Return both reads of a fragment of the forward strand; the second is aligned by the fragment's end."""
    first, last = fragment[:length], fragment[-length:]
    at = start + len(fragment) - len(last) if second_start is None else second_start
    forward, backward = cigars or (f"{len(first)}M", f"{len(last)}M")
    span = at + len(last) - start
    return [
        Read(name, start, forward, first, flag=99, mate_start=at, template=span, **options),
        Read(name, at, backward, last, flag=147, mate_start=start, template=-span, **options),
    ]


def with_bases(sequence: str, edits: dict[int, str], shift: int = 0) -> str:
    """Return the sequence with bases at positions (minus shift) replaced."""
    bases = list(sequence)
    for position, base in edits.items():
        if 0 <= position - shift < len(bases):
            bases[position - shift] = base
    return "".join(bases)
