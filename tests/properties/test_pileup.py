"""The pileup kernels against a slow reference in pysam."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from molecule_bam import CHROM, Read, make_reference, write_bam
from present_values import present

from alktrace.calling.candidates.events import CLIPPED_LEFT, CLIPPED_RIGHT
from alktrace.calling.molecules.pileup import pile_up
from alktrace.calling.molecules.reads import Filters
from alktrace.calling.molecules.regions import build_regions
from alktrace.calling.noise.molecule_classes import CLASS_NAMES
from alktrace.consensus.strict import StrictLimits
from alktrace.io.bam_io import RecordBatch

LENGTH = 1200
FILTERS = Filters(20, 20, 3, 12, 0.1, StrictLimits(3, 2, 2, 0.05, 0.05, 45, 0.2, True))


def random_molecules(reference: str, seed: int, number: int) -> list[Read]:
    """Pairs that overlap and disagree, indels, clips, masked bases, low mapping quality, single ends."""
    rng = np.random.default_rng(seed)
    reads: list[Read] = []
    for i in range(number):
        start = int(rng.integers(50, LENGTH - 400))
        size = int(rng.integers(60, 220))
        kind: dict[str, Any] = {"duplex": (int(rng.integers(1, 4)), int(rng.integers(0, 4)))} if i % 3 else {}
        if i % 7 == 0:
            kind = {"depth": None}
        elif not kind:
            kind = {"depth": int(rng.integers(1, 9)), "umi": bool(rng.integers(2))}
        first = one_read(reference, rng, start, min(100, size))
        last_start = start + size - min(100, size)
        second = one_read(reference, rng, last_start, min(100, size))
        mapq = [int(rng.choice([60, 60, 60, 5])) for _ in range(2)]
        if i % 11 == 0:
            reads.append(Read(f"m{i}", *first, flag=int(rng.choice([0, 16])), mapq=mapq[0], **kind))
            continue
        end = second[0] + pysam_length(second[1])
        span = end - first[0]
        reads.append(
            Read(f"m{i}", *first, flag=99, mapq=mapq[0], mate_start=second[0], template=span, **kind)
        )
        reads.append(
            Read(f"m{i}", *second, flag=147, mapq=mapq[1], mate_start=first[0], template=-span, **kind)
        )
        if i % 13 == 0:
            reads.append(Read(f"m{i}", *first, flag=99 | 0x800, mate_start=second[0], **kind))
    return reads


def one_read(
    reference: str, rng: np.random.Generator, start: int, size: int
) -> tuple[int, str, str, list[int]]:
    """Return start, CIGAR, bases and qualities of a read with up to one indel and clips."""
    bases, cigar, at = "", [], start
    clip = int(rng.choice([0, 0, 0, 4, 12]))
    if clip:
        bases += "".join(rng.choice(list("ACGT"), clip))
        cigar.append(f"{clip}S")
    left = size // 2
    bases += reference[at : at + left]
    cigar.append(f"{left}M")
    at += left
    change = int(rng.choice([0, 0, 1, 2]))
    amount = int(rng.integers(1, 6))
    if change == 1:
        cigar.append(f"{amount}D")
        at += amount
    elif change == 2:
        bases += "".join(rng.choice(list("ACGT"), amount))
        cigar.append(f"{amount}I")
    right = size - left
    bases += reference[at : at + right]
    cigar.append(f"{right}M")
    letters = list(bases)
    for i in np.flatnonzero(rng.random(len(letters)) < 0.02):
        letters[i] = str(rng.choice(list("ACGTN")))
    quals = [int(q) for q in rng.choice([90, 60, 30, 10], len(letters), p=[0.8, 0.1, 0.05, 0.05])]
    return start, "".join(cigar), "".join(letters), quals


def pysam_length(cigar: str) -> int:
    segment = pysam.AlignedSegment()
    segment.cigarstring = cigar
    return sum(n for op, n in present(segment.cigartuples) if op in (0, 2, 3, 7, 8))


# --- the slow reference ----------------------------------------------------------------------


def tag(read: pysam.AlignedSegment, name: str) -> Any:
    return read.get_tag(name)


def class_name(read: pysam.AlignedSegment, i: int) -> str:
    if read.has_tag("aD"):
        a = tag(read, "ad")[i]
        b = tag(read, "bd")[i] if read.has_tag("bd") else 0
        if a and b:
            return "duplex_2" if min(a, b) >= 2 else "duplex_1"
        depth = a + b
    elif read.has_tag("cD"):
        depth = tag(read, "cd")[i]
        if not read.has_tag("RX"):
            return "single_2" if depth >= 2 else "single"
    else:
        return "single"
    return {1: "simplex_1", 2: "simplex_2"}.get(depth, "simplex_3_5" if depth < 6 else "simplex_6")


def strict_read(read: pysam.AlignedSegment) -> bool:
    pairs = zip(present(read.query_sequence), present(read.query_qualities), strict=True)
    masked = sum(base == "N" or quality < 45 for base, quality in pairs)
    if not read.has_tag("cD") or masked > 0.2 * len(present(read.query_sequence)):
        return False
    if read.has_tag("aD"):
        a, b = tag(read, "aD"), tag(read, "bD")
        return bool(a + b >= 3 and max(a, b) >= 2 and min(a, b) >= 2)
    return bool(tag(read, "cD") >= 3)


def unclipped(read: pysam.AlignedSegment) -> tuple[int, int]:
    ops = present(read.cigartuples)
    left = ops[0][1] if ops[0][0] == 4 else 0
    right = ops[-1][1] if ops[-1][0] == 4 else 0
    return read.reference_start - left, present(read.reference_end) + right


def votes_of(read: pysam.AlignedSegment, limits: tuple[int, int]) -> dict[int, tuple[str, str, bool]]:
    """Per position: base (N masked, - deleted), class, strict."""
    out = {}
    n = len(present(read.query_sequence))
    for query, position in read.get_aligned_pairs():
        if position is None or not limits[0] + 3 <= position < limits[1] - 3:
            continue
        if query is None:
            out[position] = ("-", "", False)
            continue
        from_5_prime = n - 1 - query if read.is_reverse else query
        if from_5_prime < 3:
            continue
        base, quality = present(read.query_sequence)[query], present(read.query_qualities)[query]
        if base == "N" or quality < 20:
            out[position] = ("N", "", False)
        else:
            near = position < limits[0] + 12 or position >= limits[1] - 12
            out[position] = (base, class_name(read, query) + "_end" * near, quality >= 45)
    return out


def slow_pileup(bam: Path) -> tuple[dict[Any, int], dict[Any, int]]:
    molecules: dict[str, list[pysam.AlignedSegment]] = {}
    with pysam.AlignmentFile(str(bam)) as stream:
        for read in stream:
            if not read.flag & 0xF04:
                molecules.setdefault(present(read.query_name), []).append(read)
    counts: Counter[Any] = Counter()
    strict: Counter[Any] = Counter()
    for reads in molecules.values():
        if len(reads) == 2:
            forward, backward = sorted(reads, key=lambda r: r.is_reverse)
            limits = (unclipped(forward)[0], unclipped(backward)[1])
        else:
            limits = unclipped(reads[0])
        passes = all(strict_read(read) for read in reads)
        laid = [votes_of(read, limits) for read in reads if read.mapping_quality >= 20]
        for position in set().union(*laid):
            seen = [votes[position] for votes in laid if position in votes]
            told = [vote for vote in seen if vote[0] != "N"]
            if len({vote[0] for vote in told}) != 1 or told[0][0] == "-":
                continue
            best = max((vote[1] for vote in told), key=CLASS_NAMES.index)
            counts[(position, told[0][0], best)] += 1
            strict[(position, told[0][0])] += passes and any(vote[2] for vote in told)
    return counts, strict


@pytest.mark.parametrize("seed", range(4))
def test_kernel_equals_pysam_reference(tmp_path: Path, seed: int) -> None:
    reference = make_reference(tmp_path, LENGTH)
    bam = write_bam(tmp_path / "a.bam", random_molecules(reference, seed, 400), LENGTH)
    with pysam.FastaFile(str(tmp_path / "ref.fa")) as fasta, pysam.AlignmentFile(str(bam)) as stream:
        targets = [(CHROM, 100, 350), (CHROM, 600, 700)]
        regions = build_regions(targets, fasta=fasta, header=stream.header, margin=0)
    pileup = pile_up(bam, regions, FILTERS)
    counts, strict = slow_pileup(bam)
    for site in range(regions.sites):
        position = regions.place(site)[1]
        for code, base in enumerate("ACGT"):
            expected = [counts[(position, base, name)] for name in CLASS_NAMES]
            assert pileup.counts[site, code].tolist() == expected, (position, base)
            assert pileup.strict[site, code] == strict[(position, base)], (position, base)
    assert pileup.counts.sum() > 10_000
    assert pileup.strict.sum() > 1_000


def test_batches_do_not_change_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mates in different batches are one molecule all the same."""
    from alktrace.calling.molecules import stream as molecules
    from alktrace.io.bam_io import iterate_batches

    reference = make_reference(tmp_path, LENGTH)
    bam = write_bam(tmp_path / "a.bam", random_molecules(reference, 9, 400), LENGTH)
    with pysam.FastaFile(str(tmp_path / "ref.fa")) as fasta, pysam.AlignmentFile(str(bam)) as stream:
        regions = build_regions([(CHROM, 0, LENGTH)], fasta=fasta, header=stream.header)
    whole = pile_up(bam, regions, FILTERS)
    sizes = []

    def small(path: Path, *, batch_bytes: int, threads: int) -> Iterator[RecordBatch]:
        for batch in iterate_batches(path, batch_bytes=2000, threads=threads):
            for k in range(len(batch.starts)):
                sizes.append(1)
                yield type(batch)(batch.data, batch.starts[k : k + 1], batch.ends[k : k + 1])

    monkeypatch.setattr(molecules, "iterate_batches", small)
    parts = pile_up(bam, regions, FILTERS)
    assert len(sizes) > 500
    assert (whole.counts == parts.counts).all()
    assert (whole.strict == parts.strict).all()
    assert (whole.molecules, whole.untagged) == (parts.molecules, parts.untagged)
    assert whole.indels == parts.indels


def test_indels_and_clips_are_noted_as_aligned(tmp_path: Path) -> None:
    reference = make_reference(tmp_path, LENGTH)
    at = 300
    deleted = reference[at : at + 40] + reference[at + 46 : at + 106]
    inserted = reference[at : at + 40] + "ACGT" + reference[at + 40 : at + 96]
    clipped = "TTGACCATGG" + reference[at : at + 90]
    clipped_right = reference[at : at + 90] + "TTGACCATGG"
    reads = [
        Read("d1", at, "40M6D60M", deleted),
        Read("d2", at, "40M6D60M", deleted),
        Read("i1", at, "40M4I56M", inserted),
        Read("c1", at, "10S90M", clipped),
        Read("c2", at, "90M10S", clipped_right),
    ]
    bam = write_bam(tmp_path / "a.bam", reads, LENGTH)
    with pysam.FastaFile(str(tmp_path / "ref.fa")) as fasta, pysam.AlignmentFile(str(bam)) as stream:
        regions = build_regions([(CHROM, at, at + 100)], fasta=fasta, header=stream.header)
    pileup = pile_up(bam, regions, FILTERS)
    assert {key[1:4]: n for key, n in pileup.indels.items()} == {(at + 40, 6, ""): 2, (at + 40, 0, "ACGT"): 1}
    assert {key[1:3]: n for key, n in pileup.clips[CLIPPED_LEFT].items()} == {(at, "TTGACCATGG"): 1}
    assert {key[1:3]: n for key, n in pileup.clips[CLIPPED_RIGHT].items()} == {(at + 90, "TTGACCATGG"): 1}
