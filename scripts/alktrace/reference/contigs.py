"""Contigs of a genome: their names and lengths, and which build they belong to."""

import gzip
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import BinaryIO

from ..errors import DataError

BGZF_MAGIC = b"\x1f\x8b\x08\x04"
GZIP_MAGIC = b"\x1f\x8b"
CRAM_MAGIC = b"CRAM"
LONGEST_TITLE = 4096
# Without an index the lengths of a FASTA are counted only up to this size.
MAX_COUNTED_BYTES = 200 << 20

# Chromosome lengths: assembly reports of the Genome Reference Consortium.
GRCH37 = {
    "1": 249250621, "2": 243199373, "3": 198022430, "4": 191154276, "5": 180915260, "6": 171115067,
    "7": 159138663, "8": 146364022, "9": 141213431, "10": 135534747, "11": 135006516, "12": 133851895,
    "13": 115169878, "14": 107349540, "15": 102531392, "16": 90354753, "17": 81195210, "18": 78077248,
    "19": 59128983, "20": 63025520, "21": 48129895, "22": 51304566, "X": 155270560, "Y": 59373566,
}  # fmt: skip
# Versions of the accessions NC_000001 to NC_000024: assembly report of GRCh38, Genome Reference Consortium.
_VERSIONS = (11, 12, 12, 12, 10, 12, 14, 11, 12, 11, 10, 12, 11, 9, 10, 10, 11, 10, 10, 11, 9, 11, 11, 10)
ACCESSIONS = {
    f"NC_{number:06}.{version}": name
    for number, (name, version) in enumerate(zip(GRCH37, _VERSIONS, strict=True), start=1)
} | {"NC_012920.1": "MT"}
CHROMOSOMES = frozenset(GRCH37)
"""Names without `chr`."""


def is_bgzf(path: Path) -> bool:
    """Tell whether a file is compressed in blocks (bgzip, BAM); False where it cannot be read."""
    return _magic(path) == BGZF_MAGIC


def is_cram(path: Path) -> bool:
    """Tell whether a file is CRAM; False where it cannot be read."""
    return _magic(path) == CRAM_MAGIC


def is_gzip(path: Path) -> bool:
    """Tell whether a file is compressed by gzip, in blocks or not."""
    return _magic(path).startswith(GZIP_MAGIC)


def is_plain_gzip(path: Path) -> bool:
    """Tell whether a file is compressed by gzip but not in blocks."""
    return is_gzip(path) and not is_bgzf(path)


def contig_lengths(fasta: Path, built_fai: Path | None = None) -> dict[str, int] | None:
    """Return the contig lengths of a FASTA in its order, None where they would take long to count.

    Args:
        fasta: FASTA, plain or compressed.
        built_fai: an index elsewhere, used if it is there and none stands beside the FASTA.

    Raises:
        DataError: an index or the FASTA cannot be read.
    """
    for fai in (fasta.with_name(f"{fasta.name}.fai"), built_fai):
        if fai is not None and fai.is_file():
            return read_fai(fai)
    if fasta.stat().st_size > MAX_COUNTED_BYTES:
        return None
    return _count_lengths(fasta)


def read_fai(path: Path) -> dict[str, int]:
    """Return the contig lengths of a FASTA index, in its order.

    Raises:
        DataError: the file cannot be read or is no FASTA index.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            cells = [line.rstrip("\n").split("\t") for line in stream]
        return {row[0]: int(row[1]) for row in cells}
    except (OSError, ValueError, IndexError) as error:
        raise DataError(path, f"is no FASTA index ({error})", "write it with `samtools faidx`") from None


def check_index(fasta: Path) -> None:
    """Refuse an index beside a plain FASTA that was made for another one: it would give wrong bases.

    Each sequence must stand between its name and the next one, where the index says.

    Raises:
        DataError: it does not, or the file is no index.
    """
    fai = fasta.with_name(f"{fasta.name}.fai")
    if not fai.is_file() or is_gzip(fasta):
        return
    remedy = f"write it anew with `samtools faidx {fasta}`"
    with fai.open() as lines, fasta.open("rb") as stream:
        for number, line in enumerate(lines, start=1):
            name, *numbers = line.rstrip("\n").split("\t")
            if len(numbers) != 4 or not all(map(str.isdecimal, numbers)):
                raise DataError(fai, f"line {number} is not that of a FASTA index", remedy)
            if not _stands_there(stream, name, *map(int, numbers)):
                what = f"is not the index of {str(fasta)!r}: {name!r} of {numbers[0]} bases is not there"
                raise DataError(fai, what, remedy)


def _stands_there(stream: BinaryIO, name: str, length: int, offset: int, per_line: int, width: int) -> bool:
    """Tell whether a sequence stands between its title and the next one."""
    start = max(0, offset - LONGEST_TITLE)
    stream.seek(start)
    before = stream.read(offset - start)
    title = b"".join(before.splitlines()[-1:]) if before.endswith(b"\n") else b""
    full, rest = divmod(length, max(1, per_line))
    stream.seek(offset + full * width + rest)
    after = stream.read(LONGEST_TITLE).lstrip()
    return title[:1] == b">" and title[1:].split()[:1] == [name.encode()] and after[:1] in (b"", b">")


def same_contig(name: str, contigs: Collection[str]) -> str | None:
    """Return the contig that a name means.

    It may differ by `chr`, in the mitochondrion's name, or be the accession of a chromosome of GRCh38.
    """
    bare = ACCESSIONS.get(name, name).removeprefix("chr")
    mitochondrion = {"M": "MT", "MT": "M"}.get(bare, bare)
    return next(
        (n for n in (name, bare, f"chr{bare}", mitochondrion, f"chr{mitochondrion}") if n in contigs), None
    )


def grch37_contig(contigs: Mapping[str, int]) -> str | None:
    """Return a chromosome that has its GRCh37 length, None if there is none.

    No chromosome has the same length in GRCh37 and GRCh38.
    """
    for name, length in contigs.items():
        if GRCH37.get(name.removeprefix("chr")) == length:
            return name
    return None


def _magic(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(4)
    except OSError:
        return b""


def _count_lengths(fasta: Path) -> dict[str, int]:
    lengths: dict[str, int] = {}
    name = ""
    try:
        with gzip.open(fasta) if is_gzip(fasta) else fasta.open("rb") as stream:
            for line in stream:
                if line.startswith(b">"):
                    name = line[1:].split()[0].decode()
                    lengths[name] = 0
                else:
                    lengths[name] += len(line.strip())
    except (OSError, EOFError, KeyError, IndexError, UnicodeDecodeError) as error:
        raise DataError(fasta, f"is no FASTA ({error!r})", "give a genome in FASTA") from None
    return lengths
