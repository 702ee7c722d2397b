"""FASTQ of read pairs, assembled as byte tables and compressed with a fixed header, so that bytes repeat."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from ..io.atomic import atomic_output
from .fragments import Ints
from .made_genome import ASCII, LETTER_OF_CODE, Bases, translated
from .read_pairs import ReadPairs

NAME_HEAD = b"@SIM:1:DEMO:1:"
COMMENT = (b" 1:N:0:ACGTAC", b" 2:N:0:ACGTAC")
MOLECULE_DIGITS, COPY_DIGITS = 7, 3


@dataclass(frozen=True)
class FastqFiles:
    """Paths of one library; `umi` is set where UMIs have their own file."""

    fastq_1: Path
    fastq_2: Path
    umi: Path | None = None


def write_fastq(reads: ReadPairs, folder: Path, stem: str) -> FastqFiles:
    """Write gzipped FASTQ of a library.

    The name of a read tells its truth: fields 5 to 7 are strand, molecule and copy.
    """
    own = reads.library.umi == "fastq"
    files = FastqFiles(
        folder / f"{stem}_R1.fastq.gz",
        folder / f"{stem}_R2.fastq.gz",
        folder / f"{stem}_UMI.fastq.gz" if own else None,
    )
    names = read_names(reads)
    for mate, path in enumerate((files.fastq_1, files.fastq_2)):
        _write(path, names, COMMENT[mate], reads.bases[mate], reads.qualities[mate])
    if files.umi is not None:
        _write(files.umi, names, COMMENT[0], reads.umi, reads.umi_quality)
    return files


def read_names(reads: ReadPairs) -> Bases:
    """Return ASCII names with `@`, shape (pairs, width), with the UMI as last field for `name`."""
    colon = np.full((len(reads), 1), ord(":"), dtype=np.uint8)
    parts: list[NDArray[np.uint8]] = [
        np.broadcast_to(np.frombuffer(NAME_HEAD, dtype=np.uint8), (len(reads), len(NAME_HEAD))),
        _digits(reads.strand, 1),
        colon,
        _digits(reads.molecule, MOLECULE_DIGITS),
        colon,
        _digits(reads.copy, COPY_DIGITS),
    ]
    if reads.library.umi == "name":
        parts += [colon, ASCII[reads.umi]]
    return np.concatenate(parts, axis=1)


def _digits(numbers: Ints, width: int) -> NDArray[np.uint8]:
    powers = 10 ** np.arange(width - 1, -1, -1)
    return (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def _write(path: Path, names: Bases, comment: bytes, bases: Bases, qualities: Bases) -> None:
    rows = len(names)

    def constant(text: bytes) -> NDArray[np.uint8]:
        return np.broadcast_to(np.frombuffer(text, dtype=np.uint8), (rows, len(text)))

    letters = translated(bases, LETTER_OF_CODE)
    table = np.concatenate(
        [names, constant(comment + b"\n"), letters, constant(b"\n+\n"), qualities + 33, constant(b"\n")],
        axis=1,
    )
    with atomic_output(path) as (partial,):
        partial.write_bytes(igzip.compress(table, 1, mtime=0))
