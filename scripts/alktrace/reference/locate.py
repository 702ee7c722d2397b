"""The genome: where its FASTA and indices are or will be built, and which build a file belongs to.

The FASTA is used where it lies if its index stands beside it; else it is linked into the results and
indexed there, so that nothing is ever written beside a shared genome.
"""

import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import DataError
from ..inputs.settings.reference_settings import ReferenceSettings

INDEX_SUFFIXES = {
    "bwa": (".pac", ".amb", ".ann", ".bwt", ".sa"),
    "bwa-mem2": (".pac", ".0123", ".amb", ".ann", ".bwt.2bit.64"),
}
# Megabytes per megabase to build an index and to align with it, as their authors state, rounded up;
# and what sorting and the members of the pipe need besides.
INDEX_MB = {"bwa": 3, "bwa-mem2": 30}
ALIGN_MB = {"bwa": 2, "bwa-mem2": 8}
OTHER_INDEX_MB = 500
OTHER_ALIGN_MB = 3000
COMPRESSION = 4
ALT_SUFFIX = ".alt"
BGZF_MAGIC = b"\x1f\x8b\x08\x04"
GZIP_MAGIC = b"\x1f\x8b"
# Without an index the lengths of a FASTA are counted only up to this size.
LONGEST_TITLE = 4096
MAX_COUNTED_BYTES = 200 << 20

# Chromosome lengths: assembly reports of the Genome Reference Consortium.
GRCH37 = {
    "1": 249250621, "2": 243199373, "3": 198022430, "4": 191154276, "5": 180915260, "6": 171115067,
    "7": 159138663, "8": 146364022, "9": 141213431, "10": 135534747, "11": 135006516, "12": 133851895,
    "13": 115169878, "14": 107349540, "15": 102531392, "16": 90354753, "17": 81195210, "18": 78077248,
    "19": 59128983, "20": 63025520, "21": 48129895, "22": 51304566, "X": 155270560, "Y": 59373566,
}  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """Paths of the genome as every rule uses them.

    Attributes:
        given: the FASTA of the configuration.
        fasta: the FASTA to use: the given one, or its link below the results.
        fai: its index; gzi: a second one if the FASTA is compressed.
        dictionary: sequence dictionary.
        linked: paths that the rule `link_fasta` makes, FASTA first, whether used or not.
        built_dictionary: path that the rule `write_dictionary` makes.
        aligned_to: FASTA that the aligner indexes: the genome or the compact one.
        compact: are alignments lifted.
        index: files of the aligner index, `.pac` first; their path without suffix is its name.
        built_index: files that the rule `index_aligner` makes, in the same order.
        alt: list of alternative contigs beside the FASTA, if there is one.
        index_memory: megabytes to build the index.
        align_memory: megabytes to align and sort.
    """

    given: str
    fasta: str
    fai: str
    gzi: tuple[str, ...]
    dictionary: str
    linked: tuple[str, ...]
    built_dictionary: str
    aligned_to: str
    compact: bool
    index: tuple[str, ...]
    built_index: tuple[str, ...]
    alt: tuple[str, ...]
    index_memory: int
    align_memory: int

    @property
    def lift_adapters(self) -> tuple[str, ...]:
        """Our own members of the pipe behind the aligner, for the digest of its code."""
        return ("lift_alignments",) if self.compact else ()

    @property
    def lift(self) -> str:
        """Member of the pipe behind the aligner, with its bar: SAM in, BAM in genome coordinates out."""
        if not self.compact:
            return "| samtools view --uncompressed -"
        program = '"$ALKTRACE_PYTHON" "$ALKTRACE_SCRIPTS/lift_alignments.py"'
        return f"| {program} --fai {shlex.quote(self.fai)}"


def locate_reference(settings: ReferenceSettings, folder: str) -> Reference:
    """Return where everything of the genome is, or where it will be built.

    Args:
        settings: the genome of the configuration.
        folder: where missing parts are built, `results/reference`.
    """
    given = Path(settings.fasta)
    link = Path(folder, "genome", given.name)
    sides = (".fai", ".gzi") if is_bgzf(given) else (".fai",)
    beside = all(_with(given, suffix).is_file() for suffix in sides)
    fasta = given if beside else link
    built_dictionary = Path(folder, "genome", f"{_stem(given)}.dict")
    dictionaries = (given.with_name(f"{_stem(given)}.dict"), _with(given, ".dict"))
    dictionary = next((path for path in dictionaries if path.is_file()), built_dictionary)
    aligned_to = Path(settings.align_fasta) if settings.align_fasta else fasta
    # The index of the genome is looked for beside the given FASTA even where only the link has a .fai.
    beside_prefix = Path(settings.align_fasta or settings.fasta)
    suffixes = INDEX_SUFFIXES[settings.aligner]
    alt = (ALT_SUFFIX,) if _with(beside_prefix, ALT_SUFFIX).is_file() else ()
    built_prefix = Path(folder, settings.aligner, beside_prefix.name)
    complete = all(_with(beside_prefix, suffix).is_file() for suffix in suffixes)
    prefix = beside_prefix if complete else built_prefix
    megabases = _megabytes(beside_prefix) * (COMPRESSION if _magic(beside_prefix)[:2] == GZIP_MAGIC else 1)
    return Reference(
        given=str(given),
        fasta=str(fasta),
        fai=str(_with(fasta, ".fai")),
        gzi=tuple(str(_with(fasta, suffix)) for suffix in sides[1:]),
        dictionary=str(dictionary),
        linked=(str(link), *(str(_with(link, suffix)) for suffix in sides)),
        built_dictionary=str(built_dictionary),
        aligned_to=str(aligned_to),
        compact=settings.align_fasta is not None,
        index=tuple(str(_with(prefix, suffix)) for suffix in suffixes + alt),
        built_index=tuple(str(_with(built_prefix, suffix)) for suffix in suffixes + alt),
        alt=tuple(str(_with(beside_prefix, suffix)) for suffix in alt),
        index_memory=OTHER_INDEX_MB + INDEX_MB[settings.aligner] * megabases,
        align_memory=OTHER_ALIGN_MB + ALIGN_MB[settings.aligner] * megabases,
    )


def is_bgzf(path: Path) -> bool:
    """Tell whether a file is compressed in blocks (bgzip, BAM); False where it cannot be read."""
    return _magic(path) == BGZF_MAGIC


def is_plain_gzip(path: Path) -> bool:
    """Tell whether a file is compressed by gzip but not in blocks."""
    magic = _magic(path)
    return magic.startswith(GZIP_MAGIC) and magic != BGZF_MAGIC


def contig_lengths(fasta: Path, built_fai: Path | None = None) -> dict[str, int] | None:
    """Return the contig lengths of a FASTA in its order, None where they would take long to count.

    Args:
        fasta: FASTA, plain or compressed.
        built_fai: an index elsewhere, used if it is there and none stands beside the FASTA.

    Raises:
        DataError: an index or the FASTA cannot be read.
    """
    for fai in (_with(fasta, ".fai"), built_fai):
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
        with path.open() as stream:
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
    fai = _with(fasta, ".fai")
    if not fai.is_file() or _magic(fasta).startswith(GZIP_MAGIC):
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
    title = b"".join(stream.read(offset - start).splitlines()[-1:])
    full, rest = divmod(length, max(1, per_line))
    stream.seek(offset + full * width + rest)
    after = stream.read(LONGEST_TITLE).lstrip()
    return title[:1] == b">" and title[1:].split()[:1] == [name.encode()] and after[:1] in (b"", b">")


def same_contig(name: str, contigs: Collection[str]) -> str | None:
    """Return the contig that a name means, which may differ by `chr` and in the mitochondrion's name."""
    bare = name.removeprefix("chr")
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


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _stem(path: Path) -> str:
    name = path.name
    for suffix in (".gz", ".bgz", ".fasta", ".fa", ".fna"):
        name = name.removesuffix(suffix)
    return name


def _megabytes(path: Path) -> int:
    return path.stat().st_size // 10**6 if path.is_file() else 0


def _magic(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(4)
    except OSError:
        return b""


def _count_lengths(fasta: Path) -> dict[str, int]:
    import gzip

    lengths: dict[str, int] = {}
    name = ""
    try:
        with gzip.open(fasta) if _magic(fasta).startswith(GZIP_MAGIC) else fasta.open("rb") as stream:
            for line in stream:
                if line.startswith(b">"):
                    name = line[1:].split()[0].decode()
                    lengths[name] = 0
                else:
                    lengths[name] += len(line.strip())
    except (OSError, EOFError, KeyError, IndexError, UnicodeDecodeError) as error:
        raise DataError(fasta, f"is no FASTA ({error!r})", "give a genome in FASTA") from None
    return lengths
