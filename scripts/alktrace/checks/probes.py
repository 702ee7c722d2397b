"""What the head and the tail of a read file tell, before any work starts.

Cheap by design: some hundred reads from the head, the last block from the tail; only files of some
megabytes are read whole. What is damaged further inside a larger one is found by the job that reads it.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..align.read_text import (
    DAMAGED,
    REMEDY_CONSENSUS_FASTQ,
    REMEDY_NAME,
    REMEDY_PHRED_64,
    REMEDY_QUALITY,
    beyond_sequencers,
    is_phred_64,
    name_fault,
    quality_fault,
)
from ..errors import AlktraceError
from ..io.damage import REMEDY_CRAM, without_server
from ..io.digest import text_digest
from ..reference.contigs import is_bgzf, is_cram, is_plain_gzip

HEAD_READS = 512  # as many as one batch of the extraction, which makes the same judgement
TELLING_READS = 64
WHOLE_BYTES = 1 << 24
CHUNK = 1 << 20
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
CRAM_ENDS = (
    bytes.fromhex("0b000000ffffffff0fe0454f4600000000010001000600010001000100"),
    bytes.fromhex("0f000000ffffffff0fe0454f4600000000010005bdd94f0001000606010001000100ee63014b"),
)
"""End of a file of CRAM 2.1 and 3 (CRAM format specification, section 9)."""
SHOWN_PATH = 80
DEPTH_TAGS = frozenset(("cD", "aD", "bD", "cd", "ad", "bd", "XV", "XW", "FR"))
INDEX_SUFFIXES = (".bai", ".csi")
PACKED_MAGIC = (b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00")
"""Of Zstandard, bzip2 and xz."""
OTHER_KINDS = {
    b"CRAM": ("CRAM", "fill `bam` instead of fastq_1, or convert it with `samtools fastq`"),
    b"PK\x03\x04": ("a zip archive", "unpack it"),
    b"NCBI.sra": ("an SRA archive", "convert it with `fasterq-dump --split-files`"),
}
"""Files of reads that are no FASTQ: what they are and what to do, by their first bytes."""
ORA = ".ora"


class ProbeError(AlktraceError):
    """A file that cannot be used: what is wrong, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        """Keep both parts for a `Problem`."""
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True)
class FastqHead:
    """The first reads of a FASTQ; empty for a file without reads.

    Attributes:
        names: of reads, without a mate's suffix.
        bases: of reads.
        comments: what stands behind the names; empty text without.
        digest: of bases, of few reads with their names; equal where two files hold the same reads.
        total: reads of the whole file, None where it is too large to count them.
    """

    names: tuple[str, ...]
    bases: tuple[str, ...]
    comments: tuple[str, ...]
    digest: str
    total: int | None = None

    @property
    def lengths(self) -> tuple[int, ...]:
        """Lengths of the reads."""
        return tuple(map(len, self.bases))

    @property
    def interleaved(self) -> bool:
        """True if the reads stand in pairs of one name: both reads of a template in one file.

        Taken for single reads, every molecule would count twice.
        """
        first, second = self.names[::2], self.names[1::2]
        paired = len(first) == len(second) > 0 and first == second
        return paired and len(set(first)) == len(first)

    @property
    def repeated(self) -> str:
        """The first name that stands more often than once; empty without one."""
        return next((name for name, count in Counter(self.names).items() if count > 1), "")


class HeadRead(NamedTuple):
    """A primary record of the head of a BAM.

    Attributes:
        name: of the read.
        second: is it read 2.
        bases: in sequencing orientation.
        place: contig, start, start of the mate, length of the template and orientation; None if not mapped.
        tags: text by name.
    """

    name: str
    second: bool
    bases: str
    place: tuple[int, int, int, int, bool] | None
    tags: Mapping[str, str]


@dataclass(frozen=True)
class BamHead:
    """Header and first records of a BAM.

    Attributes:
        contigs: lengths by name.
        sort_order: SO of the header, `unknown` without.
        records: records looked at.
        mapped: of these, mapped.
        paired: of these, paired.
        tags: tags that any of them has.
        names: read names.
        lengths: lengths of first and of second reads, without secondary and supplementary records.
        digest: of names and bases; equal where two files hold the same reads.
        qualities: characters of the lowest and the highest base quality as Phred+33; None without any.
        negative_depth: tag and read with a count of reads below zero; empty without one.
        reads: those records that are primary.
    """

    contigs: dict[str, int]
    sort_order: str
    records: int
    mapped: int
    paired: int
    tags: frozenset[str]
    names: tuple[str, ...]
    lengths: tuple[tuple[int, ...], tuple[int, ...]]
    digest: str
    qualities: tuple[str, str] | None
    negative_depth: str
    reads: tuple[HeadRead, ...]

    @property
    def aligned(self) -> bool:
        """True if it is used as it is, False if its reads must be aligned.

        A BAM with contigs but without records is an aligned BAM of an empty sample.
        """
        return bool(self.contigs) and (self.mapped > 0 or self.records == 0)


def check_readable(path: Path) -> None:
    """Refuse a path that is no readable, non-empty file.

    Raises:
        ProbeError: what is wrong.
    """
    try:
        if not path.exists():
            raise ProbeError(f"no file {str(path)!r}", "correct the path")
    except OSError as error:  # a name that is too long
        shown = str(path)[:SHOWN_PATH]
        raise ProbeError(f"{shown!r}: {error.strerror}", "correct the path") from None
    if not path.is_file():
        raise ProbeError(f"{str(path)!r} is no file", "correct the path")
    if not os.access(path, os.R_OK):
        raise ProbeError(f"{str(path)!r} may not be read", "ask for the permission to read it")
    if path.stat().st_size == 0:
        raise ProbeError(f"{str(path)!r} is empty (0 bytes)", "fetch it again or remove the row")


def check_whole(path: Path) -> None:
    """Refuse a compressed file that is visibly cut off.

    Files compressed in blocks must have the block that ends them; of other gzip files only those of
    some megabytes are read to their end.

    Raises:
        ProbeError: the file is truncated or damaged.
    """
    if is_bgzf(path) or is_cram(path):
        ends = (BGZF_END,) if is_bgzf(path) else CRAM_ENDS
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - max(map(len, ends))))
            if not stream.read().endswith(ends):
                raise _truncated(path)
    elif is_plain_gzip(path):
        count_lines(path)


def count_lines(path: Path) -> int | None:
    """Return the number of lines of a text file, plain or compressed; None where it is large.

    Raises:
        ProbeError: the file is truncated or damaged.
    """
    from isal import igzip
    from isal.igzip_lib import IsalError

    if path.stat().st_size > WHOLE_BYTES:
        return None
    lines, last = 0, b"\n"
    opener = igzip.open if is_bgzf(path) or is_plain_gzip(path) else open
    try:
        with opener(path, "rb") as stream:
            while chunk := stream.read(CHUNK):
                lines += chunk.count(b"\n")
                last = chunk[-1:]
    except (EOFError, OSError, IsalError):  # type: ignore[misc]  # its stub names an instance
        raise _truncated(path) from None
    return lines + (last != b"\n")


def _truncated(path: Path) -> ProbeError:
    return ProbeError(f"{str(path)!r} is truncated or damaged", "fetch it again; compare its checksum")


@cache
def fastq_head(path: Path) -> FastqHead:
    """Return the first reads of a FASTQ.

    Raises:
        ProbeError: the file is missing, truncated or no FASTQ.
    """
    import dnaio

    check_readable(path)
    packed = _packed(path)
    if is_bgzf(path):
        check_whole(path)
    lines = None if packed else count_lines(path)
    try:
        with dnaio.open(path, mode="r", fileformat="fastq", open_threads=0) as reader:
            records = list(islice(reader, HEAD_READS))
            if packed and path.stat().st_size <= WHOLE_BYTES:
                lines = 4 * (len(records) + sum(1 for _ in reader))
    except EOFError:
        raise _truncated(path) from None
    except (dnaio.FileFormatError, *DAMAGED) as error:
        text = " ".join(str(error).split())
        raise ProbeError(
            f"{str(path)!r} is no valid FASTQ: {text}", "give a FASTQ, or fetch it again"
        ) from None
    if lines is not None and lines % 4:
        raise ProbeError(f"{str(path)!r} is cut off: {lines} lines, not four per read", "fetch it again")
    names = tuple(_mate_name(r.id) for r in records)
    _refuse_text(path, names, [r.qualities for r in records])
    return FastqHead(
        names,
        tuple(r.sequence for r in records),
        tuple(r.comment or "" for r in records),
        _digest_of_reads(names, [r.sequence for r in records]),
        None if lines is None else lines // 4,
    )


def _digest_of_reads(names: Sequence[str], bases: Sequence[str]) -> str:
    """Return what is equal for two files of the same reads, also where one was given other names."""
    # Of few reads, such as those of a blank, bases alone may be equal by chance.
    said = names if len(names) < TELLING_READS else [""] * len(names)
    return text_digest("\n".join(f"{name} {text}" for name, text in zip(said, bases, strict=True)))


def _packed(path: Path) -> bool:
    """Tell whether a file is compressed by something other than gzip that is read, such as Zstandard.

    Raises:
        ProbeError: it is of a kind that holds reads and is not read.
    """
    with path.open("rb") as stream:
        magic = stream.read(8)
    for begin, (kind, remedy) in OTHER_KINDS.items():
        if magic.startswith(begin):
            raise ProbeError(f"{str(path)!r} is no FASTQ but {kind}", remedy)
    if path.suffix == ORA:
        raise ProbeError(f"{str(path)!r} is compressed by DRAGEN ORA", "decompress it with `orad`")
    return magic.startswith(PACKED_MAGIC)


def _refuse_text(path: Path, names: Sequence[str], qualities: Sequence[str]) -> None:
    if fault := name_fault(names) if names else "":
        raise ProbeError(f"{fault} in {str(path)!r}", REMEDY_NAME)
    if fault := quality_fault(qualities, names):
        raise ProbeError(f"{fault} in {str(path)!r}", REMEDY_QUALITY)
    seen = "".join(qualities)
    if seen and beyond_sequencers(min(seen), max(seen)):
        highest = ord(max(seen)) - ord("!")
        what = f"{str(path)!r} has qualities up to Q{highest}: they look like those of a consensus"
        raise ProbeError(what, REMEDY_CONSENSUS_FASTQ)
    if seen and is_phred_64(min(seen), max(seen)):
        what = f"{str(path)!r} has qualities from {min(seen)!r} to {max(seen)!r}, which are Phred+64"
        raise ProbeError(what, REMEDY_PHRED_64)


def _mate_name(name: str) -> str:
    return name[:-2] if name.endswith(("/1", "/2", "/3")) else name


@cache
def bam_head(path: Path, fasta: Path | None = None) -> BamHead:
    """Return header and first records of a BAM or CRAM.

    Args:
        path: the file.
        fasta: genome that a CRAM was written with.

    Raises:
        ProbeError: the file is missing, truncated, or neither BAM nor CRAM, or a CRAM of another genome.
    """
    import pysam

    check_readable(path)
    cram = is_cram(path)
    if not cram and not is_bgzf(path):
        found = "a gzip file" if is_plain_gzip(path) else "another kind of file"
        raise ProbeError(f"{str(path)!r} is no BAM but {found}", "give a BAM, or fill fastq_1 instead")
    check_whole(path)
    # htslib would write the index beside the genome, where a run may not be allowed to, nor be alone.
    if cram and fasta is not None and not Path(f"{fasta}.fai").exists():
        raise ProbeError(
            f"{str(path)!r} is CRAM, but the genome has no index", f"run `samtools faidx {fasta}`"
        )
    try:
        with (
            _quiet(pysam),
            without_server(),
            pysam.AlignmentFile(
                str(path), "r", check_sq=False, reference_filename=str(fasta) if cram and fasta else None
            ) as bam,
        ):
            contigs = dict(zip(bam.references, bam.lengths, strict=True))
            order = bam.header.to_dict().get("HD", {}).get("SO", "unknown")
            return _summarise(contigs, order, list(islice(bam.fetch(until_eof=True), HEAD_READS)))
    except (OSError, ValueError) as error:
        what = f"{str(path)!r} is no valid {'CRAM of this genome' if cram else 'BAM'}: {error}"
        raise ProbeError(what, REMEDY_CRAM if cram else "fetch or write it again") from None


def _summarise(contigs: dict[str, int], order: str, records: list[Any]) -> BamHead:
    whole = [r for r in records if not r.is_secondary and not r.is_supplementary]
    seen = "".join(r.query_qualities_str or "" for r in whole)
    tags = [(record.query_name, *field.split(":", 2)) for record in records for field in _tags(record)]
    return BamHead(
        contigs=contigs,
        sort_order=str(order),
        records=len(records),
        mapped=sum(not r.is_unmapped for r in records),
        paired=sum(r.is_paired for r in records),
        tags=frozenset(name for _, name, *_ in tags),
        names=tuple(r.query_name for r in records),
        lengths=(
            tuple(r.query_length for r in whole if not r.is_read2),
            tuple(r.query_length for r in whole if r.is_read2),
        ),
        digest=text_digest("\n".join(f"{r.query_name} {r.query_sequence}" for r in records)),
        qualities=(min(seen), max(seen)) if seen else None,
        negative_depth=next(
            (
                f"{tag} of {name!r} is negative"
                for name, tag, _, value in tags
                if tag in DEPTH_TAGS and ",-" in f",{value}"
            ),
            "",
        ),
        reads=tuple(map(_head_read, whole)),
    )


def _head_read(record: Any) -> HeadRead:
    place = (
        record.reference_id,
        record.reference_start,
        record.next_reference_start,
        record.template_length,
        record.is_reverse,
    )
    return HeadRead(
        record.query_name,
        record.is_read2,
        record.get_forward_sequence() or "",
        None if record.is_unmapped else place,
        {name: value for name, _, value in (text.split(":", 2) for text in _tags(record))},
    )


def _tags(record: Any) -> list[str]:
    """Return the tags of a record as SAM writes them: `get_tags` of pysam reads behind damaged ones.

    Raises:
        ValueError: a tag does not fit.
    """
    return str(record.to_string()).split("\t")[11:]


@contextmanager
def _quiet(pysam: Any) -> Iterator[None]:
    """Silence htslib: what it would print is said by the problem."""
    verbosity = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(verbosity)


def has_index(bam: Path) -> bool:
    """Tell whether an index stands beside a BAM, as x.bam.bai, x.bai or .csi."""
    stems = (bam, bam.with_suffix(""))
    return any(stem.with_name(stem.name + suffix).is_file() for stem in stems for suffix in INDEX_SUFFIXES)
