"""Alignments on compact contigs, named chr:start-end, lifted to the coordinates of the genome.

Contig names are 1-based inclusive, positions inside pysam 0-based. Lifted are position, mate, SA and
XA; a contig that the genome itself has under its name stays as it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysam

from ..errors import DataError
from ..reference.contigs import read_fai

_COMPACT = re.compile(r"(.+):(\d+)-(\d+)")
_REFERENCE_LENGTH = re.compile(r"(\d+)[MDN=X]")


@dataclass(frozen=True)
class Place:
    """Where a contig lies: name of the chromosome and 0-based position of its first base."""

    chrom: str
    offset: int


def place_contig(name: str, length: int, genome: Mapping[str, int], *, file: Path | str) -> Place:
    """Return where a contig of the compact reference lies on the genome.

    Args:
        name: `chr:start-end` (1-based inclusive), or a contig of the genome.
        length: its length in the compact reference.
        genome: contig lengths of the genome.
        file: named in the message.

    Raises:
        DataError: the name is neither, or does not fit the lengths.
    """
    if genome.get(name) == length:
        return Place(name, 0)
    found = _COMPACT.fullmatch(name)
    remedy = "name the contigs of `align_fasta` chr:start-end (1-based inclusive) after the genome FASTA"
    if not found:
        raise DataError(file, f"contig {name!r} ({length} bases) is not in the genome", remedy)
    chrom, start, end = found[1], int(found[2]), int(found[3])
    if end - start + 1 != length:
        raise DataError(file, f"contig {name!r} has {length} bases, its name says {end - start + 1}", remedy)
    if not 1 <= start <= end <= genome.get(chrom, 0):
        known = f"ends at {genome[chrom]}" if chrom in genome else "is not in the genome"
        raise DataError(file, f"contig {name!r} does not fit: {chrom} {known}", remedy)
    return Place(chrom, start - 1)


class Lift:
    """Lifts records of one compact reference."""

    def __init__(self, contigs: Mapping[str, int], genome: Mapping[str, int], *, file: Path | str) -> None:
        """Place every contig.

        Args:
            contigs: lengths of the contigs aligned to, in the order of the header.
            genome: contig lengths of the genome, in its order.
            file: the compact reference, named in messages.

        Raises:
            DataError: a contig does not fit the genome.
        """
        order = {name: i for i, name in enumerate(genome)}
        self.places = {
            name: place_contig(name, length, genome, file=file) for name, length in contigs.items()
        }
        self._ids = [order[place.chrom] for place in self.places.values()]
        self._offsets = [place.offset for place in self.places.values()]

    def record(self, record: Any) -> None:
        """Lift one pysam record in place; its reference ids are those of the genome afterwards."""
        here, there = record.reference_id, record.next_reference_id
        start, mate_start = record.reference_start, record.next_reference_start
        if here >= 0:
            record.reference_id = self._ids[here]
            record.reference_start = start + self._offsets[here]
        if there >= 0:
            record.next_reference_id = self._ids[there]
            record.next_reference_start = mate_start + self._offsets[there]
        if here != there and here >= 0 and there >= 0 and self._ids[here] == self._ids[there]:
            record.template_length = _template_length(record)
        if record.has_tag("SA"):
            record.set_tag("SA", self._alternatives(record.get_tag("SA"), sign=False), "Z")
        if record.has_tag("XA"):
            record.set_tag("XA", self._alternatives(record.get_tag("XA"), sign=True), "Z")

    def _alternatives(self, text: str, *, sign: bool) -> str:
        """Lift the items of SA (`name,pos,strand,..`) or XA (`name,strand and pos,..`)."""
        items = []
        for item in text.rstrip(";").split(";"):
            name, position, rest = item.split(",", 2)
            place = self.places[name]
            strand, digits = (position[0], position[1:]) if sign else ("", position)
            items.append(f"{place.chrom},{strand}{int(digits) + place.offset},{rest};")
        return "".join(items)


def _template_length(record: Any) -> int:
    """Return the distance of the 5' ends as bwa counts it; 0 where an end is not known.

    bwa leaves it out for mates on two contigs, which here may be one chromosome.
    """
    if record.is_unmapped or record.mate_is_unmapped or not record.has_tag("MC"):
        return 0
    mate_bases = sum(map(int, _REFERENCE_LENGTH.findall(record.get_tag("MC"))))
    mine = record.reference_end - 1 if record.is_reverse else record.reference_start
    other = record.next_reference_start + (mate_bases - 1 if record.mate_is_reverse else 0)
    return int(other - mine + ((other > mine) - (other < mine)))


def lifted_header(header: Mapping[str, Any], genome: Mapping[str, int]) -> pysam.AlignmentHeader:
    """Return the header with the contigs of the genome instead of the compact ones.

    Args:
        header: header lines as pysam gives them.
        genome: contig lengths of the genome, in its order.
    """
    first = {"HD": header["HD"]} if "HD" in header else {}
    lines = {"SQ": [{"SN": name, "LN": length} for name, length in genome.items()]}
    rest = {key: value for key, value in header.items() if key not in ("HD", "SQ")}
    return pysam.AlignmentHeader.from_dict(first | lines | rest)


def lift_alignments(*, source: str, fai: Path, out: str) -> int:
    """Lift a stream of alignments.

    Args:
        source: SAM or BAM; `-` is standard input.
        fai: index of the genome FASTA with true coordinates.
        out: where uncompressed BAM goes; `-` is standard output.

    Returns:
        The number of records.

    Raises:
        DataError: a contig does not fit the genome, or the stream is no SAM or BAM.
    """
    genome = read_fai(fai)
    count = 0
    try:
        with pysam.AlignmentFile(source, "r", check_sq=False) as stream:
            contigs = dict(zip(stream.references, stream.lengths, strict=True))
            lift = Lift(contigs, genome, file=fai)
            header = lifted_header(stream.header.to_dict(), genome)
            with pysam.AlignmentFile(out, "wbu", header=header) as target:
                for record in stream:
                    lift.record(record)
                    target.write(record)
                    count += 1
    except (OSError, ValueError) as error:
        raise DataError(
            "alignments", f"cannot be lifted: {error}", "see the aligner's message above"
        ) from None
    return count
