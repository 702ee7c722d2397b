"""Reads with their UMI, from FASTQ or unaligned BAM to one interleaved stream for the aligner.

The stream is FASTQ whose name lines are `name`, or `name<TAB>RX:Z:..<TAB>QX:Z:..` where there is a
UMI, so that `bwa mem -C` turns them into tags; the comment of the sequencer is dropped, because
`-C` would write it into the BAM as a broken tag. Work goes column by column over batches of
clusters: one list of names, one of bases per read, which costs a third of a loop over records.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import compress, islice
from pathlib import Path
from typing import Any, BinaryIO

import dnaio

from ..errors import DataError
from ..vocabulary.samples import UmiSource
from .extract_table import ExtractRow
from .fixed_umis import FixedUmis
from .read_structure import Layout, ReadStructureError, parse_read_structure, plan_layout
from .read_text import (
    DAMAGED,
    REMEDY_NAME,
    REMEDY_NO_QUALITIES,
    REMEDY_QUALITY,
    REMEDY_UMI,
    name_fault,
    plain_bases,
    quality_fault,
    umi_fault,
)
from .umi_text import JOINTS, in_halves, umi_from_comment, umi_from_name, umi_from_tags

BATCH = 512  # clusters; large enough to hide the cost of a batch, small enough to stay in the cache
KERNELS = f"{__package__}.fastq_text"
"""Module that reads by kernels; loaded already in a fork of the warm process."""
KERNELS_FROM = 16 << 20  # about 0.2 M reads; with fewer, kernels cost more to load than they save


@dataclass
class Counts:
    """Counts while they grow; see `ExtractRow`."""

    templates: int = 0
    reads: int = 0
    failed_filter: int = 0
    too_short: int = 0
    without_umi: int = 0
    corrected: int = 0
    uncorrectable: int = 0
    written: int = 0
    other_bases: int = 0

    def add(self, counts: dict[str, int]) -> None:
        """Add other counts by name."""
        for name, count in counts.items():
            setattr(self, name, getattr(self, name) + count)

    def row(self, unit: str) -> ExtractRow:
        """Return the counts as a row of a table."""
        return ExtractRow(unit, **{item.name: getattr(self, item.name) for item in fields(self)})


@dataclass
class Batch:
    """Clusters as columns; `bases[i]` and `qualities[i]` are the i-th read of every cluster.

    Attributes:
        umis: UMI from read names or tags, empty text where there is none; None if the source has none.
        umi_qualities: their qualities, None if not known.
        passed: False for clusters that the sequencer marked as failed; None if all passed.
    """

    names: list[str]
    bases: list[list[str]]
    qualities: list[list[str]]
    umis: list[str] | None = None
    umi_qualities: list[str] | None = None
    passed: list[bool] | None = None

    def keep(self, wanted: Sequence[bool]) -> None:
        """Drop the clusters that are not wanted."""
        self.names = list(compress(self.names, wanted))
        self.bases = [list(compress(texts, wanted)) for texts in self.bases]
        self.qualities = [list(compress(texts, wanted)) for texts in self.qualities]
        if self.umis is not None:
            self.umis = list(compress(self.umis, wanted))
        if self.umi_qualities is not None:
            self.umi_qualities = list(compress(self.umi_qualities, wanted))
        if self.passed is not None:
            self.passed = list(compress(self.passed, wanted))


@dataclass(frozen=True)
class Extraction:
    """How reads are taken apart.

    Attributes:
        layout: where template and UMI parts are.
        source: where the UMI is; parts in the layout are added behind one from a name or tag.
        tag: BAM tag with the UMI, for `UmiSource.TAG`.
        fixed: list of allowed UMIs, None for random ones.
        duplex: have UMIs two halves, so that one word of a name or tag is both of them.
    """

    layout: Layout
    source: UmiSource
    tag: str = "RX"
    fixed: FixedUmis | None = None
    duplex: bool = False

    @property
    def has_plain_umis(self) -> bool:
        """Are UMIs what stands in the reads, if there are any."""
        return self.fixed is None and self.source not in (UmiSource.NAME, UmiSource.TAG)

    def __post_init__(self) -> None:
        """Check that source and layout fit."""
        has_parts = bool(self.layout.umis)
        if self.source in (UmiSource.INLINE, UmiSource.FASTQ) and not has_parts:
            raise ReadStructureError(
                f"UMI source `{self.source}` but no M segment in the read structures; add one, as in 5M2S+T"
            )
        if self.source is UmiSource.NONE and has_parts:
            raise ReadStructureError(
                "UMI source `none` but an M segment in the read structures; write S for M"
            )


def layout_for(texts: Sequence[str], *, reads: int, umi_reads: int) -> Layout:
    """Return the layout of a unit's reads.

    Args:
        texts: read structures in the order fastq_1, fastq_2, fastq_umi, fastq_umi_2; empty for `+T` and, of
            UMI reads, `+M`.
        reads: number of reads without those of UMIs.
        umi_reads: reads that hold a UMI or a half of it.

    Raises:
        ReadStructureError: their number does not fit the reads.
    """
    if not texts:
        texts = ["+T"] * reads + ["+M"] * umi_reads
    if len(texts) != reads + umi_reads:
        raise ReadStructureError(
            f"{len(texts)} read structures ({', '.join(texts)}) for {reads + umi_reads} reads; give one per "
            "read in the order fastq_1, fastq_2, fastq_umi, fastq_umi_2"
        )
    return plan_layout(tuple(parse_read_structure(text) for text in texts))


def extract_fastq(
    *,
    fastqs: Sequence[Path],
    extraction: Extraction,
    out: BinaryIO,
    counts: Counts | None = None,
    interleaved: bool = False,
    kernels_from: int | None = None,
) -> Counts:
    """Stream the clusters of one to four FASTQs (plain or compressed) to `out`.

    Args:
        fastqs: files in the order of the layout.
        extraction: how reads are taken apart.
        out: binary stream for interleaved FASTQ.
        counts: counted into, also when an error ends the stream early.
        interleaved: both reads of a pair stand after each other in the one file.
        kernels_from: bytes of all files from which on kernels read them; they give the same.
            None: where it pays.

    Raises:
        DataError: a file is truncated or no FASTQ, mates differ in number or name, a name or quality is none
            that SAM holds, or all of the first reads are shorter than their read structure or lack the UMI.
    """
    counts = counts or Counts()
    if kernels_from is None:
        kernels_from = 0 if KERNELS in sys.modules else KERNELS_FROM
    done, last = 0, False
    if not interleaved and extraction.has_plain_umis and _size(fastqs) >= kernels_from:
        done, last = _write_texts(fastqs, extraction, out, counts)
    if not last:
        batches = _fastq_batches(fastqs, extraction, interleaved, done)
        _write_batches(batches, extraction, out, counts, fastqs[0], first=done < BATCH)
    return counts


def _write_texts(
    fastqs: Sequence[Path], extraction: Extraction, out: BinaryIO, counts: Counts
) -> tuple[int, bool]:
    """Write what kernels understand; return the clusters that are done and whether they are all."""
    # Here, since what is read without kernels starts in half a second less.
    from .fastq_text import take_texts_apart

    done, last, checked, layout = 0, False, False, extraction.layout
    for piece in take_texts_apart(fastqs, layout, halves=extraction.duplex, first=BATCH):
        templates, last = piece.counts["templates"], piece.last
        counts.add(piece.counts | {"reads": templates * len(layout.templates)})
        done += templates
        if not checked and done and (last or done >= BATCH):
            _check_first(counts, extraction, fastqs[0])
            checked = True
        out.write(piece.text.data)
    return done, last


def _size(paths: Iterable[Path]) -> int:
    """Return the bytes of all files; what is missing is told by who reads it."""
    return sum(path.stat().st_size for path in paths if path.is_file())


def extract_bam(
    *,
    bam: Path,
    extraction: Extraction,
    out: BinaryIO,
    counts: Counts | None = None,
    fasta: Path | None = None,
) -> Counts:
    """Stream the clusters of an unaligned BAM to `out`.

    Mates must follow each other; secondary and supplementary records are left out, and reads of
    aligned records come in sequencing orientation. A CRAM needs the genome that it was written with.

    Raises:
        DataError: the BAM is truncated, or mates do not follow each other; as for FASTQ otherwise.
    """
    counts = counts or Counts()
    _write_batches(_bam_batches(bam, extraction, fasta), extraction, out, counts, bam)
    return counts


def _write_batches(
    batches: Iterable[Batch],
    extraction: Extraction,
    out: BinaryIO,
    counts: Counts,
    file: Path,
    *,
    first: bool = True,
) -> None:
    for batch in batches:
        size = len(batch.names)
        counts.templates += size
        counts.reads += size * len(extraction.layout.templates)
        _make_plain(batch, counts, file)
        _drop_failed(batch, counts)
        _drop_short(batch, extraction.layout, counts)
        umis, qualities = _umis(batch, extraction, counts)
        if first and size:
            _check_first(counts, extraction, file)
        first = False
        counts.written += len(batch.names)
        out.write("".join(_format(batch, extraction.layout, umis, qualities)).encode("ascii"))


def _make_plain(batch: Batch, counts: Counts, file: Path) -> None:
    if fault := name_fault(batch.names):
        raise DataError(file, fault, REMEDY_NAME)
    for read, (bases, qualities) in enumerate(zip(batch.bases, batch.qualities, strict=True)):
        if fault := quality_fault(qualities, batch.names):
            raise DataError(file, fault, REMEDY_QUALITY)
        if list(map(len, bases)) != list(map(len, qualities)):
            raise DataError(file, "a read has no base qualities", REMEDY_NO_QUALITIES)
        batch.bases[read], other = plain_bases(bases)
        counts.other_bases += other
    for texts in filter(None, (batch.umis, batch.umi_qualities)):
        if fault := umi_fault(texts, batch.names):
            raise DataError(file, fault, REMEDY_UMI)


def _drop_failed(batch: Batch, counts: Counts) -> None:
    if batch.passed is not None:
        counts.failed_filter += batch.passed.count(False)
        batch.keep(batch.passed)


def _drop_short(batch: Batch, layout: Layout, counts: Counts) -> None:
    for read, needed in enumerate(layout.min_lengths):
        lengths = list(map(len, batch.bases[read]))
        if lengths and min(lengths) < needed:
            wanted = [length >= needed for length in lengths]
            counts.too_short += wanted.count(False)
            batch.keep(wanted)


def _umis(batch: Batch, extraction: Extraction, counts: Counts) -> tuple[list[str], list[str]]:
    """Return UMI and qualities of each cluster that stays; both empty where the source has none."""
    if batch.umis is not None and "" in batch.umis:
        wanted = [bool(umi) for umi in batch.umis]
        counts.without_umi += wanted.count(False)
        batch.keep(wanted)
    parts = [[text[part] for text in batch.bases[read]] for read, part in extraction.layout.umis]
    scores = [[text[part] for text in batch.qualities[read]] for read, part in extraction.layout.umis]
    if batch.umis is not None:
        parts.insert(0, batch.umis)
        # Qualities are written for all parts or for none.
        scores = [batch.umi_qualities, *scores] if batch.umi_qualities is not None else []
    umis = _join(parts, "-")
    qualities = _join(scores, " ")
    if extraction.duplex:
        umis = list(map(in_halves, umis))
    if "".join(umis).strip("ACGTN-"):
        umis = [umi.translate(JOINTS) for umi in umis]
    return (
        _correct(batch, umis, qualities, extraction.fixed, counts) if extraction.fixed else (umis, qualities)
    )


def _join(columns: list[list[str]], joint: str) -> list[str]:
    if not columns:
        return []
    return columns[0] if len(columns) == 1 else list(map(joint.join, zip(*columns, strict=True)))


def _correct(
    batch: Batch, umis: list[str], qualities: list[str], fixed: FixedUmis, counts: Counts
) -> tuple[list[str], list[str]]:
    answers = [fixed.correct(umi) for umi in umis]
    if None in answers:
        wanted = [answer is not None for answer in answers]
        counts.uncorrectable += wanted.count(False)
        batch.keep(wanted)
        umis = list(compress(umis, wanted))
        qualities = list(compress(qualities, wanted))
    known = [answer for answer in answers if answer is not None]
    counts.corrected += sum(map(str.__ne__, umis, known))
    # What was read stays visible, as fgbio keeps it.
    return [
        new if new == old else f"{new}\tOX:Z:{old}" for new, old in zip(known, umis, strict=True)
    ], qualities


def _check_first(counts: Counts, extraction: Extraction, file: Path) -> None:
    """End at the first batch where nothing can come: the settings do not fit the reads."""
    if counts.too_short == counts.templates:
        shown = " ".join(map(str, extraction.layout.structures))
        raise DataError(
            file,
            f"all of the first {counts.templates} reads are shorter than the read structures `{shown}`",
            "correct `read_structures` of the assay or the order of the files",
        )
    if counts.without_umi == counts.templates:
        place = f"tag {extraction.tag}" if extraction.source is UmiSource.TAG else "read name"
        raise DataError(
            file,
            f"none of the first {counts.templates} reads has a UMI in its {place}",
            "correct `umi.source` of the assay",
        )


def _format(batch: Batch, layout: Layout, umis: list[str], qualities: list[str]) -> Iterator[str]:
    names = batch.names
    if umis and qualities:
        heads = [f"@{n}\tRX:Z:{u}\tQX:Z:{q}\n" for n, u, q in zip(names, umis, qualities, strict=True)]
    elif umis:
        heads = [f"@{n}\tRX:Z:{u}\n" for n, u in zip(names, umis, strict=True)]
    else:
        heads = [f"@{n}\n" for n in names]
    texts = []
    for read, part in layout.templates:
        texts.append([text[part] for text in batch.bases[read]])
        texts.append([text[part] for text in batch.qualities[read]])
    if len(layout.templates) == 1:
        return (f"{h}{s}\n+\n{q}\n" for h, s, q in zip(heads, *texts, strict=True))
    return (f"{h}{s1}\n+\n{q1}\n{h}{s2}\n+\n{q2}\n" for h, s1, q1, s2, q2 in zip(heads, *texts, strict=True))


def _fastq_batches(
    fastqs: Sequence[Path], extraction: Extraction, interleaved: bool, done: int
) -> Iterator[Batch]:
    """Yield the clusters behind those that are done, in the batches in which all would come."""
    known = done % BATCH
    read = done - known
    try:
        # Decompressed in this process: a truncated file then raises here, whatever tools are installed.
        with (
            dnaio.open(fastqs[0], mode="r", open_threads=0, interleaved=True)
            if interleaved
            else dnaio.open(*fastqs, mode="r", open_threads=0)
        ) as reader:
            records: Iterator[Any] = islice(reader, read, None)
            while chunk := list(islice(records, BATCH)):
                several = interleaved or len(fastqs) > 1
                reads = list(zip(*chunk, strict=True)) if several else [chunk]
                batch = _fastq_batch(reads, extraction)
                if known:
                    batch.keep([place >= known for place in range(len(chunk))])
                yield batch
                known = 0
                read += len(chunk)
    except (dnaio.FileFormatError, *DAMAGED) as error:
        raise _fastq_error(fastqs, error, read) from None


def _fastq_batch(reads: Sequence[Sequence[Any]], extraction: Extraction) -> Batch:
    names = [record.id for record in reads[0]]
    batch = Batch(
        names,
        [[record.sequence for record in column] for column in reads],
        [[record.qualities for record in column] for column in reads],
    )
    if names[0].endswith(("/1", "/2")):
        batch.names = [name[:-2] if name.endswith(("/1", "/2")) else name for name in names]
    if extraction.source is UmiSource.NAME:
        batch.umis = list(map(umi_from_name, batch.names))
    elif extraction.source is UmiSource.TAG:
        batch.umis = [umi_from_comment(record.comment or "", extraction.tag) for record in reads[0]]
    if any(":Y:" in record.name for record in reads[0]):
        batch.passed = [(record.comment or "")[1:4] != ":Y:" for record in reads[0]]
    return batch


def _fastq_error(fastqs: Sequence[Path], error: Exception, read: int) -> DataError:
    names = ", ".join(map(str, fastqs))
    text = " ".join(str(error).split())
    if isinstance(error, EOFError):
        what = f"compressed data end too early ({text})"
        return DataError(names, what, "copy or fetch the file again", f"behind read {read}")
    if "improperly paired" in text or "out of sync" in text:
        return DataError(names, text, "give the files of one run, unsorted and with all their reads")
    if isinstance(error, dnaio.FileFormatError):
        return DataError(names, f"no valid FASTQ: {text}", "copy or fetch the file again")
    return DataError(
        names, f"cannot be read: {text}", "check the path and the permissions, or fetch it again"
    )


def _bam_batches(bam: Path, extraction: Extraction, fasta: Path | None) -> Iterator[Batch]:
    from ..io.damage import opened, read_records

    expected = len(extraction.layout.structures)
    with opened(bam, fasta) as alignments:
        clusters = _clusters(read_records(alignments, bam), bam, expected)
        try:
            while chunk := list(islice(clusters, BATCH)):
                yield _bam_batch(list(zip(*chunk, strict=True)), extraction)
        except UnicodeDecodeError:
            raise DataError(bam, "a read name that is no text", REMEDY_NAME) from None


def _clusters(alignments: Iterable[Any], bam: Path, expected: int) -> Iterator[tuple[Any, ...]]:
    """Yield the records of each cluster, first read first."""
    waiting: list[Any] = []
    for record in alignments:
        if record.is_secondary or record.is_supplementary:
            continue
        if waiting and record.query_name != waiting[0].query_name:
            raise _mate_error(bam, waiting[0].query_name, expected, len(waiting))
        waiting.append(record)
        if len(waiting) == expected:
            yield tuple(waiting) if not waiting[0].is_read2 else tuple(reversed(waiting))
            waiting = []
        elif record.is_paired is False:
            raise _mate_error(bam, record.query_name, expected, 1)
    if waiting:
        raise _mate_error(bam, waiting[0].query_name, expected, len(waiting))


def _mate_error(bam: Path, name: str, expected: int, seen: int) -> DataError:
    return DataError(
        bam,
        f"read {name} has {seen} record where {expected} were expected to follow each other",
        "order the BAM with `samtools collate` and drop reads without mate",
    )


def _bam_batch(reads: Sequence[Sequence[Any]], extraction: Extraction) -> Batch:
    batch = Batch(
        [record.query_name for record in reads[0]],
        [[_bases(record) for record in column] for column in reads],
        [[_qualities(record) for record in column] for column in reads],
    )
    if extraction.source is UmiSource.NAME:
        batch.umis = list(map(umi_from_name, batch.names))
    elif extraction.source is UmiSource.TAG:
        tag = extraction.tag
        batch.umis = [umi_from_tags(record, tag) for record in reads[0]]
        if tag == "RX" and all(r.has_tag("QX") for r in reads[0]):
            from ..io.damage import text_tag

            batch.umi_qualities = [text_tag(record, "QX") for record in reads[0]]
    if any(record.is_qcfail for column in reads for record in column):
        batch.passed = [not any(r.is_qcfail for r in cluster) for cluster in zip(*reads, strict=True)]
    return batch


def _bases(record: Any) -> str:
    return (record.get_forward_sequence() if record.is_reverse else record.query_sequence) or ""


def _qualities(record: Any) -> str:
    text: str = record.query_qualities_str or ""
    return text[::-1] if record.is_reverse else text
