"""The BAMs of the demo written slowly, one read at a time: what the fast way is held against."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pysam

from alktrace.demo.alignments import Placement, cigar_text, place_read
from alktrace.demo.fastq import read_names
from alktrace.demo.fragments import Molecules
from alktrace.demo.made_genome import ASCII, COMPLEMENT, Bases, Genome
from alktrace.demo.made_genome import text as to_text
from alktrace.demo.read_pairs import DUPLEX_UMI, ReadPairs

MAPQ = 60
MAX_PROPER = 1000
SINGLE_READ_QUALITY, FAMILY_QUALITY = 35, 44
"""Consensus quality of one read of quality 37, and of two or more, with pre-UMI errors at 45."""
DISAGREEMENT_QUALITY = 2


@dataclass(frozen=True)
class _Mate:
    """One read of a pair before it becomes a record.

    Attributes:
        reverse: the read runs against the template (it starts at the fragment's end).
        bases, qualities: in template direction.
        tags: tags of this mate besides those of the pair; text and arrays in template direction.
    """

    number: int
    reverse: bool
    places: tuple[Placement, ...]
    bases: Bases
    qualities: Bases
    tags: dict[str, Any]


def write_plain_raw_bam(
    reads: ReadPairs, molecules: Molecules, genome: Genome, path: Path, *, sample: str
) -> None:
    """As `write_raw_bam`."""
    _write(path, genome, sample, _raw_pairs(reads, molecules))


def write_plain_consensus_bam(
    molecules: Molecules, umis: Bases, genome: Genome, path: Path, *, sample: str, rng: np.random.Generator
) -> None:
    """As `write_consensus_bam`."""
    _write(path, genome, sample, _consensus_pairs(molecules, umis, rng))


Pair = tuple[str, dict[str, Any], tuple[_Mate, _Mate]]


def _raw_pairs(reads: ReadPairs, molecules: Molecules) -> Iterator[Pair]:
    names = [row.tobytes().decode()[1:] for row in read_names(reads)]
    prefix, size = reads.library.prefixes[0], reads.library.template_bases
    for row, name in enumerate(names):
        molecule = int(reads.molecule[row])
        start, end = int(molecules.start[molecule]), int(molecules.end[molecule])
        template = molecules.templates[molecules.template[molecule]]
        shown = min(size, end - start)
        umi = to_text(reads.umi[row])
        mates = []
        for number in (0, 1):
            reverse = (reads.strand[row] == 1) == (number == 1)
            low, high = (end - shown, end) if reverse else (start, start + shown)
            bases = reads.bases[number][row, prefix : prefix + shown]
            qualities = reads.qualities[number][row, prefix : prefix + shown]
            if reverse:
                bases, qualities = COMPLEMENT[bases][::-1], qualities[::-1]
            places = place_read(template, low, high)
            mates.append(_Mate(number + 1, reverse, places, bases, qualities, {}))
        tags = {"RX": f"{umi[:DUPLEX_UMI]}-{umi[DUPLEX_UMI:]}"}
        yield name, tags, (mates[0], mates[1])


def _consensus_pairs(molecules: Molecules, umis: Bases, rng: np.random.Generator) -> Iterator[Pair]:
    size = 93
    for molecule in range(len(molecules)):
        template = molecules.templates[molecules.template[molecule]]
        start, end = int(molecules.start[molecule]), int(molecules.end[molecule])
        top, bottom = int(molecules.top[molecule]), int(molecules.bottom[molecule])
        first, second = (top, bottom) if top else (bottom, top)
        bases = template.bases[start:end].copy()
        damaged = _damage(bases, rng, both=second > 0)
        umi = to_text(umis[molecule])
        halves = (umi[:DUPLEX_UMI], umi[DUPLEX_UMI:]) if top else (umi[DUPLEX_UMI:], umi[:DUPLEX_UMI])
        shown = min(size, end - start)
        mates = []
        for number in (0, 1):
            reverse = (top > 0) == (number == 1)
            low = end - start - shown if reverse else 0
            inside = slice(low, low + shown)
            mates.append(
                _consensus_mate(
                    number + 1,
                    reverse,
                    place_read(template, start + low, start + low + shown),
                    bases[inside],
                    damaged=damaged[inside],
                    depths=(first, second),
                )
            )
        tags = {"RX": "-".join(halves), "MI": str(molecule)}
        yield f"consensus:{molecule}", tags, (mates[0], mates[1])


def _damage(bases: Bases, rng: np.random.Generator, *, both: bool) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Damage bases of one strand: changed where it is alone, marked where the other strand disagrees."""
    hit = rng.random(len(bases)) < 3e-5
    if hit.any() and not both:
        table = np.array([0, 3, 3, 3, 4], dtype=np.uint8)
        bases[hit] = table[bases[hit]]
    return hit if both else np.zeros(len(bases), dtype=np.bool_)


def _consensus_mate(
    number: int,
    reverse: bool,
    places: tuple[Placement, ...],
    bases: Bases,
    *,
    damaged: np.ndarray[Any, np.dtype[np.bool_]],
    depths: tuple[int, int],
) -> _Mate:
    size = len(bases)
    first, second = depths
    strand = [SINGLE_READ_QUALITY if depth == 1 else FAMILY_QUALITY for depth in depths]
    tags: dict[str, Any] = {
        "cD": first + second,
        "cM": first + second,
        "cE": 0.0,
        "aD": first,
        "aM": first,
        "aE": 0.0,
        "bD": second,
        "bM": second,
        "bE": 0.0,
    }
    for letter, depth, quality in zip("ab", depths, strand, strict=True):
        if depth:
            tags[f"{letter}d"] = array("h", [depth] * size)
            tags[f"{letter}e"] = array("h", [0] * size)
            tags[f"{letter}c"] = to_text(bases)
            tags[f"{letter}q"] = chr(quality + 33) * size
    qualities = np.full(size, sum(strand) if second else strand[0], dtype=np.uint8)
    if damaged.any():
        other = bases.copy()
        other[damaged] = 3
        tags["bc"] = to_text(other)
        bases = np.where(damaged, 4, bases).astype(np.uint8)
        qualities[damaged] = DISAGREEMENT_QUALITY
    return _Mate(number, reverse, places, bases, qualities, tags)


def _write(path: Path, genome: Genome, sample: str, pairs: Iterable[Pair]) -> None:
    header = pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "coordinate"},
            "SQ": [{"SN": name, "LN": length} for name, length in genome.chromosomes.items()],
            "RG": [{"ID": "A", "SM": sample, "LB": sample, "PL": "ILLUMINA"}],
        }
    )
    tids = {name: number for number, name in enumerate(genome.chromosomes)}
    records: list[Any] = []
    for name, tags, mates in pairs:
        records.extend(_records(header, tids, name, tags, mates))
    records.sort(key=lambda record: (record.reference_id, record.reference_start))
    with pysam.AlignmentFile(str(path), "wb", header=header) as stream:
        for record in records:
            stream.write(record)
    pysam.index(str(path))


def _records(
    header: Any, tids: dict[str, int], name: str, tags: dict[str, Any], mates: tuple[_Mate, _Mate]
) -> Iterator[Any]:
    """Yield primary and supplementary records of a pair."""
    first, second = (mate.places[0] for mate in mates)
    low = min(first.start, second.start)
    high = max(first.start + first.length, second.start + second.length)
    strands = [mate.reverse != mate.places[0].falling for mate in mates]
    proper = first.chrom == second.chrom and strands[0] != strands[1] and high - low <= MAX_PROPER
    for mate, other in ((mates[0], mates[1]), (mates[1], mates[0])):
        partner = other.places[0]
        for rank, place in enumerate(mate.places):
            record = pysam.AlignedSegment(header)
            record.query_name = name
            record.flag = 1 | (2 if proper else 0) | (64 if mate.number == 1 else 128)
            record.is_reverse = mate.reverse != place.falling
            record.mate_is_reverse = other.reverse != partner.falling
            record.is_supplementary = rank > 0
            record.reference_id, record.reference_start = tids[place.chrom], place.start
            record.next_reference_id, record.next_reference_start = tids[partner.chrom], partner.start
            record.mapping_quality = MAPQ
            record.cigartuples = list(place.cigar)
            flip = place.falling
            bases = COMPLEMENT[mate.bases][::-1] if flip else mate.bases
            record.query_sequence = ASCII[bases].tobytes().decode()
            record.query_qualities = array("B", (mate.qualities[::-1] if flip else mate.qualities).tobytes())
            own = mate.places[0]
            leftmost = own.start < partner.start or (own.start == partner.start and mate.number == 1)
            record.template_length = (high - low) * (1 if leftmost else -1)
            extra = _flipped(mate.tags) if flip else mate.tags
            record.set_tags(
                [
                    *tags.items(),
                    ("MC", cigar_text(partner.cigar)),
                    ("MQ", MAPQ),
                    ("RG", "A"),
                    *extra.items(),
                    *_sa(mate, rank),
                ]
            )
            yield record


def _sa(mate: _Mate, rank: int) -> list[tuple[str, str]]:
    others = [
        f"{p.chrom},{p.start + 1},{'-' if mate.reverse != p.falling else '+'},{cigar_text(p.cigar)},{MAPQ},0;"
        for number, p in enumerate(mate.places)
        if number != rank
    ]
    return [("SA", "".join(others))] if others else []


def _flipped(tags: dict[str, Any]) -> dict[str, Any]:
    """Return the tags of a read whose template direction is against the genome."""
    table = str.maketrans("ACGT", "TGCA")
    flipped = dict(tags)
    for name, value in tags.items():
        if isinstance(value, array):
            flipped[name] = value[::-1]
        elif name in ("ac", "bc"):
            flipped[name] = value.translate(table)[::-1]
        elif name in ("aq", "bq"):
            flipped[name] = value[::-1]
    return flipped
