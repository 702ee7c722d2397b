"""Peak memory of the consensus job: many reads in all, and 100,000 of them on one position.

    python tests/bench/memory.py                      2 M reads, a minute
    python tests/bench/memory.py --reads 50000000     as the goal names it; about 10 GB of disk

The BAM is written record by record, never held in memory: 2x75 with duplex UMIs, families of four pairs over
both strands, all on one sequence with six molecules per start, and one molecule position that holds 100,000
reads. The job runs as a process of its own; its peak is what the operating system accounts to it.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pysam
from speed import run

from alktrace.consensus.encode import put_tag
from alktrace.io.bam_io import BamWriter
from alktrace.io.kernels import kernel
from alktrace.io.records import Bytes, Lies, Offsets, put_digits, write_fixed, write_int32

GOAL_MB = 1500
READ, PAIRS = 75, 4
FRAGMENTS = (120, 200)
MOLECULES_PER_START = 6
DEEP_READS = 100_000
UMI = 5
STARTS_PER_BLOCK = 2000
RECORD_BYTES = 256
CODES = np.array([1, 2, 4, 8], np.uint8)
LETTERS = np.frombuffer(b"ACGT", np.uint8)
# Base quality by four random bits: mostly 37, some 25, few 11.
QUALITIES = np.array([37] * 13 + [25, 25, 11], np.uint8)


@kernel
def mixed(value: int) -> np.int64:
    """Return 32 well mixed bits of a number: the bases of the sequence, errors and qualities."""
    state = np.uint64(value) * np.uint64(0x9E3779B97F4A7C15)
    state ^= state >> np.uint64(29)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    return np.int64(state >> np.uint64(32))


@kernel
def put_umi(out: Bytes, at: int, umi: int, turned: bool) -> int:
    """Write the RX tag of a pair: both halves, exchanged for strand B."""
    at = put_tag(out, at, ord("R"), ord("X"), ord("Z"))
    for place in range(2 * UMI):
        if place == UMI:
            out[at] = ord("-")
            at += 1
        i = (place + UMI) % (2 * UMI) if turned else place
        out[at] = LETTERS[(umi >> (2 * i)) & 3]
        at += 1
    out[at] = 0
    return at + 1


@kernel
def put_read(out: Bytes, at: int, molecule: int, copy: int, upper: int, low: int, high: int, umi: int) -> int:
    """Write one packed record; `upper` is 1 for the read at the upper end of the fragment."""
    strand_b, start = copy % 2, at
    at = put_digits(out, at + 36, molecule)
    out[at] = ord(":")
    at = put_digits(out, at + 1, copy)
    out[at] = 0
    at += 1
    first = upper == strand_b
    flags = 3 | (64 if first else 128) | (16 if upper else 32)
    own, mate = (high - READ, low) if upper else (low, high - READ)
    size = low - high if upper else high - low
    write_fixed(out, start, at - start - 37, 60, flags, READ, Lies(0, own), Lies(0, mate), size)
    write_int32(out, at, READ << 4)
    seq, qual = at + 4, at + 4 + (READ + 1) // 2
    out[seq:qual] = 0
    for i in range(READ):
        random = mixed((molecule * PAIRS + copy) * 512 + upper * 256 + i)
        base = (mixed(own + i) & 3) ^ (1 if random & 0xFFF == 0 else 0)
        out[seq + i // 2] |= CODES[base] << (0 if i & 1 else 4)
        out[qual + i] = QUALITIES[(random >> 12) & 15]
    at = put_umi(out, qual + READ, umi, strand_b == 1)
    write_int32(out, start, at - start - 4)
    return at


@kernel
def put_block(starts: Offsets, ends: Offsets, umis: Offsets, first: int, order: Offsets, out: Bytes) -> int:
    """Write the reads `order` names: molecule * 2 * PAIRS + copy * 2 + upper; return the bytes written."""
    at = 0
    for item in order:
        molecule = item // (2 * PAIRS)
        copy, upper = item % (2 * PAIRS) // 2, item % 2
        at = put_read(
            out, at, first + molecule, copy, upper, starts[molecule], ends[molecule], umis[molecule]
        )
    return at


def blocks(reads: int, deep_reads: int, rng: np.random.Generator) -> Iterator[Any]:
    """Yield packed records sorted by position; molecules of one block all start before those of the next."""
    deepest = deep_reads // (2 * PAIRS)
    count = max(1, reads // (2 * PAIRS) - deepest)
    length = count // MOLECULES_PER_START + STARTS_PER_BLOCK
    first, deep = 0, True
    waiting: tuple[Offsets, Offsets, Offsets] = tuple(np.empty(0, np.int64) for _ in range(3))  # type: ignore[assignment]
    left = np.empty(0, np.int64)
    for low in range(0, length, STARTS_PER_BLOCK):
        share = min(count, STARTS_PER_BLOCK * MOLECULES_PER_START)
        count -= share
        starts = low + rng.integers(0, STARTS_PER_BLOCK, share)
        ends = starts + rng.integers(*FRAGMENTS, share)
        if deep and low >= length // 2:
            deep = False
            starts = np.append(starts, np.full(deepest, low))
            ends = np.append(ends, np.full(deepest, low + FRAGMENTS[0]))
        fresh = starts, ends, rng.integers(0, 4 ** (2 * UMI), len(starts))
        held = [np.concatenate(pair) for pair in zip(waiting, fresh, strict=True)]
        kept, molecules = len(waiting[0]), len(fresh[0])
        items = np.concatenate([left, kept * 2 * PAIRS + np.arange(molecules * 2 * PAIRS)])
        place = np.where(items % 2 == 1, held[1][items // (2 * PAIRS)] - READ, held[0][items // (2 * PAIRS)])
        order = np.argsort(place, kind="stable")
        done = place[order] < low + STARTS_PER_BLOCK
        out = np.empty(int(done.sum()) * RECORD_BYTES, np.uint8)
        size = put_block(held[0], held[1], held[2], first - kept, items[order[done]], out)
        yield out[:size]
        # Molecules whose upper reads are still to come start within the last fragment length.
        rest = items[order[~done]]
        drop = int(rest.min()) // (2 * PAIRS) if len(rest) else kept + molecules
        waiting = tuple(values[drop:] for values in held)  # type: ignore[assignment]
        left, first = rest - drop * 2 * PAIRS, first + molecules
    rest_starts = np.argsort(waiting[1][left // (2 * PAIRS)], kind="stable")
    out = np.empty(len(left) * RECORD_BYTES, np.uint8)
    yield out[: put_block(*waiting, first - len(waiting[0]), left[rest_starts], out)]


def write_bam(path: Path, reads: int, deep_reads: int, seed: int) -> None:
    """Write about so many reads, sorted by coordinate."""
    length = reads // (2 * PAIRS * MOLECULES_PER_START) + 10 * STARTS_PER_BLOCK
    header = pysam.AlignmentHeader.from_dict(
        {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": length}]}
    )
    with BamWriter(path, header) as writer:
        for records in blocks(reads, deep_reads, np.random.default_rng(seed)):
            writer.write(records)


def main() -> None:
    """Write the BAM in one process, call its molecules in another, and print the peak."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reads", type=int, default=2_000_000, help="reads in all")
    parser.add_argument("--deep", type=int, default=DEEP_READS, help="of these, reads on one position")
    parser.add_argument("--seed", type=int, default=1, help="of all random choices")
    parser.add_argument("--folder", type=Path, help="keep the files here; else they are removed")
    parser.add_argument("--write", type=Path, help="only write the BAM")
    given = parser.parse_args()
    if given.write:
        write_bam(given.write, given.reads, given.deep, given.seed)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        bam, targets = folder / "deep.bam", folder / "targets.bed"
        targets.write_text("chr1\t0\t1000000\n")
        again = [sys.executable, __file__, "--reads", str(given.reads), "--deep", str(given.deep)]
        again += ["--seed", str(given.seed)]
        run([*again, "--write", bam])
        parts = Path(__file__).with_name("speed_parts.py")
        cost = run([sys.executable, parts, bam, folder / "consensus.bam", "--targets", targets])
        print(
            f"{given.reads:,} reads, {given.deep:,} of them on one position: peak {cost.peak_mb:,.0f} MB "
            f"(goal {GOAL_MB:,}), {cost.cpu:.0f} CPU s, {cost.wall:.0f} s"
        )


if __name__ == "__main__":
    main()
