"""BAM records with bytes changed at random, for whoever must not trust them.

Run as a program it sends what the reader lets through into grouping, consensus and calling, and ends with
status 0 unless a kernel fails: `python damaged_bams.py FOLDER MUTATIONS`.
"""

import random
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

import pysam
import yaml

from alktrace.errors import DataError
from alktrace.inputs.settings.configuration import Settings, check_settings
from alktrace.io.bam_io import iterate_batches
from alktrace.io.bgzf import END_OF_FILE, deflate_block

ROOT = Path(__file__).resolve().parents[1]
DRIVERS = ROOT / "resources" / "reference" / "fusion_drivers.tsv"
# What a kernel indexes by; damaged more often than bases.
PLACES = ((0, 2), (4, 2), (8, 1), (12, 2), (14, 2), (16, 2), (20, 2))
PER_RUN = 40


def raw_records(bam: Path) -> list[bytes]:
    """Return the records of a BAM as packed bytes, without their block_size."""
    return [
        batch.data[start:end].tobytes()
        for batch in iterate_batches(bam)
        for start, end in zip(batch.starts, batch.ends, strict=True)
    ]


def damage(record: bytes, rng: random.Random) -> bytes:
    """Return a record with one to three bytes or fields changed; its length stays that of the block."""
    data = bytearray(record)
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(4)
        cigar = 32 + data[8]
        if kind < 2:
            at, size = rng.choice(PLACES)
            data[at : at + size] = rng.randbytes(size)
        elif kind == 2 and cigar + 4 <= len(data):
            value = rng.choice([rng.getrandbits(32), rng.randint(0, 4000)])
            data[cigar : cigar + 4] = struct.pack("<I", value)
        else:
            data[rng.randrange(len(data))] = rng.getrandbits(8)
    return bytes(data)


def write_raw(path: Path, records: Sequence[bytes], header: pysam.AlignmentHeader) -> Path:
    """Write raw records behind a whole header, whatever is in them."""
    stream = b"".join(struct.pack("<i", len(record)) + record for record in records)
    return write_stream(path, stream, header)


def write_stream(path: Path, records: bytes, header: pysam.AlignmentHeader) -> Path:
    """Write what stands for records behind a whole header."""
    text = str(header).encode()
    body = b"BAM\x01" + struct.pack("<i", len(text)) + text + struct.pack("<i", len(header.references))
    for name, length in zip(header.references, header.lengths, strict=True):
        body += struct.pack("<i", len(name) + 1) + name.encode() + b"\0" + struct.pack("<i", length)
    body += records
    blocks = [deflate_block(body[at : at + 60_000], 1) for at in range(0, len(body), 60_000)]
    path.write_bytes(b"".join(blocks) + END_OF_FILE)
    return path


def is_accepted(path: Path) -> bool:
    """Does the reader let every record of a file through."""
    try:
        list(iterate_batches(path))
    except DataError:
        return False
    return True


def run_kernels(folder: Path, mutations: int, seed: int = 5) -> int:
    """Damage raw and consensus reads by turns and run the jobs over what is let through; return the runs."""
    from alktrace.calling.compile_calling_kernels import run_calls
    from alktrace.consensus import compile_consensus_kernels as made_up
    from alktrace.structural.call_structural import call_structural
    from alktrace.vocabulary.samples import UmiSource

    settings, rng, runs = _settings(), random.Random(seed), 0
    genome = made_up.write_genome(folder)
    consensus = made_up.make_consensus(folder, genome, UmiSource.TAG, True, settings.molecules)
    with pysam.AlignmentFile(str(consensus)) as bam:
        header = bam.header
    sound = {"raw": raw_records(folder / "raw.bam"), "consensus": raw_records(consensus)}
    for number in range(0, mutations, PER_RUN):
        kind = "raw" if number // PER_RUN % 2 else "consensus"
        try:
            path = _damaged_bam(folder, sound[kind], header, rng)
            if kind == "raw":
                made_up.group_reads(folder, path, UmiSource.TAG, True, settings.molecules)
            else:
                run_calls(folder, path, settings.calling)
                call_structural(
                    bam=path,
                    fasta=folder / "genome.fa",
                    targets=folder / "targets.bed",
                    gene_models=folder / "models.json",
                    drivers=DRIVERS,
                    fusions=settings.fusions,
                    copy_number=settings.copy_number,
                    sample="S",
                    out_vcf=folder / "fusions.vcf.gz",
                    out_coverage=folder / "coverage.cnn",
                )
            runs += 1
        except (DataError, pysam.utils.SamtoolsError):
            continue  # named and refused further on, or by the index, as it should be
    return runs


def _damaged_bam(
    folder: Path, sound: Sequence[bytes], header: pysam.AlignmentHeader, rng: random.Random
) -> Path:
    """Write a sorted, indexed BAM in which some records are damaged, but none so that the reader sees it."""
    records = list(sound)
    for at in rng.sample(range(len(records)), min(PER_RUN, len(records))):
        changed = damage(records[at], rng)
        if is_accepted(write_raw(folder / "one.bam", [changed], header)):
            records[at] = changed
    records.sort(key=lambda r: (struct.unpack_from("<I", r)[0], struct.unpack_from("<i", r, 4)[0]))
    path = write_raw(folder / "damaged.bam", records, header)
    pysam.index("-c", str(path))
    return path


def _settings() -> Settings:
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    config |= {"samples": "x", "assays": {}, "reference": config["reference"] | {"fasta": "x", "gff3": "x"}}
    return check_settings(config, file="config")


if __name__ == "__main__":
    print(run_kernels(Path(sys.argv[1]), int(sys.argv[2])), "runs")
